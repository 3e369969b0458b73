#include "sign.h"

#include <sodium.h>
#include <string.h>

#include "base/hash.h"
#include "base/random.h"
#include "base/text.h"

_Static_assert(SIGN_SEED == crypto_sign_SEEDBYTES, "Ed25519 seed");

#define ALG_LEN     2
#define SIG_RAW_LEN (ALG_LEN + MINISIGN_KEYID + MINISIGN_SIG)

/* What no signature covers: the first line, for who looks at the file. */
#define UNTRUSTED "untrusted comment: signed by Sealslot, verify with minisign\n"

void
sign_key_from_seed(struct sign_key *k, const uint8_t seed[static SIGN_SEED])
{
	uint8_t pk[MINISIGN_PK], sk[crypto_sign_SECRETKEYBYTES];

	crypto_sign_seed_keypair(pk, sk, seed);
	memmove(k->seed, seed, SIGN_SEED);
	minisign_key_init(&k->public, pk);
	sodium_memzero(sk, sizeof sk);
}

void
sign_key_new(struct sign_key *k)
{
	random_bytes(k->seed, sizeof k->seed);
	sign_key_from_seed(k, k->seed);
}

void
sign_key_wipe(struct sign_key *k)
{
	sodium_memzero(k, sizeof *k);
}

static bool
is_printable(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (s[i] < 0x20 || s[i] > 0x7e)
			return false;
	return true;
}

/* The signature of the message's hash, and that of the signature with the trusted comment. */
static void
sign_both(const struct sign_key *k, const uint8_t hash[static MINISIGN_HASH], const char *comment,
    struct minisign_sig *s)
{
	uint8_t pk[MINISIGN_PK], sk[crypto_sign_SECRETKEYBYTES];
	uint8_t covered[MINISIGN_SIG + MINISIGN_COMMENT_MAX];
	size_t len = strlen(comment);

	crypto_sign_seed_keypair(pk, sk, k->seed);
	crypto_sign_detached(s->sig, NULL, hash, MINISIGN_HASH, sk);
	memcpy(covered, s->sig, MINISIGN_SIG);
	memcpy(covered + MINISIGN_SIG, comment, len);
	crypto_sign_detached(s->global, NULL, covered, MINISIGN_SIG + len, sk);
	sodium_memzero(sk, sizeof sk);
}

enum err
sign_message(
    const struct sign_key *k, const void *msg, size_t n, const char *comment, struct buf *out)
{
	uint8_t hash[MINISIGN_HASH], raw[SIG_RAW_LEN] = {'E', 'D'};
	char sig_text[TEXT_B64_PAD_LEN(SIG_RAW_LEN) + 1];
	char global_text[TEXT_B64_PAD_LEN(MINISIGN_SIG) + 1];
	struct minisign_sig s;
	struct hash h;

	if (strlen(comment) > MINISIGN_COMMENT_MAX)
		return ERR_LIMIT;
	if (!is_printable(comment, strlen(comment)))
		return ERR_USAGE;
	hash_init(&h, sizeof hash);
	hash_put(&h, msg, n);
	hash_finish(&h, hash);
	sign_both(k, hash, comment, &s);
	memcpy(raw + ALG_LEN, k->public.keyid, MINISIGN_KEYID);
	memcpy(raw + ALG_LEN + MINISIGN_KEYID, s.sig, MINISIGN_SIG);
	text_b64_pad(sig_text, raw, sizeof raw);
	text_b64_pad(global_text, s.global, MINISIGN_SIG);
	return buf_addf(
	    out, UNTRUSTED "%s\ntrusted comment: %s\n%s\n", sig_text, comment, global_text);
}
