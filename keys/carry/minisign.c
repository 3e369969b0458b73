#include "minisign.h"

#include <sodium.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "lines.h"

_Static_assert(MINISIGN_PK == crypto_sign_PUBLICKEYBYTES, "Ed25519 public key");
_Static_assert(MINISIGN_SIG == crypto_sign_BYTES, "Ed25519 signature");

/* A key line is b64("Ed" | keyid | pk); a signature line is b64("ED" | keyid | signature). */
#define ALG_LEN      2
#define KEY_RAW_LEN  (ALG_LEN + MINISIGN_KEYID + MINISIGN_PK)
#define SIG_RAW_LEN  (ALG_LEN + MINISIGN_KEYID + MINISIGN_SIG)
#define COMMENT_LINE 1024 /* bytes of an untrusted comment that minisign writes at most */

_Static_assert(TEXT_B64_PAD_LEN(KEY_RAW_LEN) == MINISIGN_KEY_LEN, "key line");

static void
keyid_of(uint8_t out[static MINISIGN_KEYID], const uint8_t pk[static MINISIGN_PK])
{
	struct hash h;

	hash_init(&h, MINISIGN_KEYID);
	hash_put(&h, pk, MINISIGN_PK);
	hash_finish(&h, out);
}

void
minisign_key_init(struct minisign_key *k, const uint8_t pk[static MINISIGN_PK])
{
	memcpy(k->pk, pk, MINISIGN_PK);
	keyid_of(k->keyid, pk);
}

bool
minisign_key_is_ours(const struct minisign_key *k)
{
	uint8_t keyid[MINISIGN_KEYID];

	keyid_of(keyid, k->pk);
	return memcmp(keyid, k->keyid, sizeof keyid) == 0;
}

void
minisign_key_format(char out[static MINISIGN_KEY_LEN + 1], const struct minisign_key *k)
{
	uint8_t raw[KEY_RAW_LEN] = {'E', 'd'};

	memcpy(raw + ALG_LEN, k->keyid, MINISIGN_KEYID);
	memcpy(raw + ALG_LEN + MINISIGN_KEYID, k->pk, MINISIGN_PK);
	text_b64_pad(out, raw, sizeof raw);
}

enum err
minisign_key_parse(struct minisign_key *k, const char *s, size_t len)
{
	uint8_t raw[KEY_RAW_LEN];
	enum err e;

	if ((e = text_unb64_pad(raw, sizeof raw, s, len)) != ERR_OK)
		return e;
	if (memcmp(raw, "Ed", ALG_LEN) != 0)
		return ERR_FORMAT;
	memcpy(k->keyid, raw + ALG_LEN, MINISIGN_KEYID);
	memcpy(k->pk, raw + ALG_LEN + MINISIGN_KEYID, MINISIGN_PK);
	return ERR_OK;
}

/* The next line behind a prefix; every way to be wrong is ERR_FORMAT here. */
static enum err
next(struct lines *l, const char *prefix, struct lines_piece *line)
{
	const char *why;

	if (lines_next(l, COMMENT_LINE, line, &why) != ERR_OK || !lines_take(line, prefix))
		return ERR_FORMAT;
	return ERR_OK;
}

enum err
minisign_key_parse_file(struct minisign_key *k, const void *p, size_t n)
{
	struct lines_piece comment, line;
	struct minisign_key key;
	struct lines l;
	enum err e;

	if (n > LIMIT_SIGNATURE)
		return ERR_LIMIT;
	lines_init(&l, p, n);
	if ((e = next(&l, "untrusted comment: ", &comment)) != ERR_OK ||
	    (e = next(&l, "", &line)) != ERR_OK ||
	    (e = minisign_key_parse(&key, line.p, line.len)) != ERR_OK)
		return e;
	if (l.left != 0)
		return ERR_FORMAT;
	*k = key;
	return ERR_OK;
}

/* Printable ASCII and the tabs that minisign's own default comment has. */
static enum err
parse_comment(char out[static MINISIGN_COMMENT_MAX + 1], struct lines_piece line)
{
	size_t i;

	if (line.len > MINISIGN_COMMENT_MAX)
		return ERR_FORMAT;
	for (i = 0; i < line.len; i++)
		if ((line.p[i] < 0x20 && line.p[i] != '\t') || line.p[i] == 0x7f)
			return ERR_FORMAT;
	memcpy(out, line.p, line.len);
	out[line.len] = '\0';
	return ERR_OK;
}

enum err
minisign_sig_parse(struct minisign_sig *s, const void *p, size_t n)
{
	uint8_t raw[SIG_RAW_LEN];
	struct minisign_sig sig = {0};
	struct lines_piece line;
	struct lines l;
	enum err e;

	if (n > LIMIT_SIGNATURE)
		return ERR_LIMIT;
	lines_init(&l, p, n);
	if ((e = next(&l, "untrusted comment: ", &line)) != ERR_OK ||
	    (e = next(&l, "", &line)) != ERR_OK ||
	    (e = text_unb64_pad(raw, sizeof raw, line.p, line.len)) != ERR_OK ||
	    (e = next(&l, "trusted comment: ", &line)) != ERR_OK ||
	    (e = parse_comment(sig.comment, line)) != ERR_OK ||
	    (e = next(&l, "", &line)) != ERR_OK ||
	    (e = text_unb64_pad(sig.global, MINISIGN_SIG, line.p, line.len)) != ERR_OK)
		return e;
	/* "Ed", minisign's old form, signs the text itself: not ours. */
	if (memcmp(raw, "ED", ALG_LEN) != 0 || l.left != 0)
		return ERR_FORMAT;
	memcpy(sig.keyid, raw + ALG_LEN, MINISIGN_KEYID);
	memcpy(sig.sig, raw + ALG_LEN + MINISIGN_KEYID, MINISIGN_SIG);
	*s = sig;
	return ERR_OK;
}

enum err
minisign_verify(const struct minisign_key *k, const struct minisign_sig *s, const void *msg,
    size_t n, const char *expect)
{
	uint8_t hash[MINISIGN_HASH];
	struct hash h;

	hash_init(&h, sizeof hash);
	hash_put(&h, msg, n);
	hash_finish(&h, hash);
	return minisign_verify_hash(k, s, hash, expect);
}

enum err
minisign_verify_hash(const struct minisign_key *k, const struct minisign_sig *s,
    const uint8_t hash[static MINISIGN_HASH], const char *expect)
{
	uint8_t global[MINISIGN_SIG + MINISIGN_COMMENT_MAX];
	size_t len = strlen(s->comment);

	if (memcmp(k->keyid, s->keyid, MINISIGN_KEYID) != 0)
		return ERR_NOMATCH;
	if (crypto_sign_verify_detached(s->sig, hash, MINISIGN_HASH, k->pk) != 0)
		return ERR_AUTH;
	memcpy(global, s->sig, MINISIGN_SIG);
	memcpy(global + MINISIGN_SIG, s->comment, len);
	if (crypto_sign_verify_detached(s->global, global, MINISIGN_SIG + len, k->pk) != 0)
		return ERR_AUTH;
	if (expect != NULL && strcmp(expect, s->comment) != 0)
		return ERR_AUTH;
	return ERR_OK;
}
