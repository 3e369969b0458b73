#include "age_seal.h"

#include <sodium.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "seal/hkdf.h"

#define NONCE         crypto_aead_chacha20poly1305_ietf_NPUBBYTES
#define KEY_B64       TEXT_B64_LEN(AGE_KEY)
#define WRAPPED       (AGE_FILE_KEY + AGE_TAG)
#define STANZA_PREFIX "-> X25519 "
#define MAC_PREFIX    "---"
#define HEADER_MAX    (AGE_X25519_HEADER(LIMIT_AGE_RECIPIENTS) + AGE_NONCE)
#define MAC_LABEL     "header"
#define PAYLOAD_LABEL "payload"

_Static_assert(AGE_KEY == crypto_scalarmult_BYTES, "X25519 keys");
_Static_assert(AGE_KEY == HKDF_LEN, "derived keys");
_Static_assert(AGE_KEY == crypto_aead_chacha20poly1305_ietf_KEYBYTES, "payload key");
_Static_assert(AGE_TAG == crypto_aead_chacha20poly1305_ietf_ABYTES, "tag");
_Static_assert(WRAPPED == AGE_KEY, "a stanza's body is one short line");

/* Text that grows in a buffer which is known to be large enough. */
struct pen {
	char *at;
};

static void
pen_text(struct pen *w, const char *s)
{
	size_t n = strlen(s);

	memcpy(w->at, s, n);
	w->at += n;
}

/* A base64 line, as the argument and the body of a stanza are, and the MAC. */
static void
pen_line32(struct pen *w, const uint8_t p[static AGE_KEY])
{
	char b64[KEY_B64 + 1];

	text_b64(b64, p, AGE_KEY);
	pen_text(w, b64);
	pen_text(w, "\n");
}

/* The file key under the key that an ephemeral X25519 exchange with pk gives. */
static enum err
wrap(uint8_t body[static WRAPPED], uint8_t share[static AGE_KEY], const uint8_t *file_key,
    const uint8_t pk[static AGE_KEY])
{
	static const uint8_t nonce[NONCE];
	struct {
		uint8_t ephemeral[AGE_KEY], shared[AGE_KEY], key[AGE_KEY];
	} secret;
	uint8_t salt[2 * AGE_KEY];
	enum err e = ERR_CRYPTO;

	randombytes_buf(secret.ephemeral, sizeof secret.ephemeral);
	if (crypto_scalarmult_base(share, secret.ephemeral) != 0 ||
	    crypto_scalarmult(secret.shared, secret.ephemeral, pk) != 0)
		goto done; /* all-zero result: pk is a point of small order */
	memcpy(salt, share, AGE_KEY);
	memcpy(salt + AGE_KEY, pk, AGE_KEY);
	hkdf_sha256(
	    secret.key, secret.shared, sizeof secret.shared, salt, sizeof salt, AGE_X25519_INFO);
	crypto_aead_chacha20poly1305_ietf_encrypt(
	    body, NULL, file_key, AGE_FILE_KEY, NULL, 0, NULL, nonce, secret.key);
	e = ERR_OK;
done:
	sodium_memzero(&secret, sizeof secret);
	return e;
}

static enum err
write_stanza(struct pen *w, const uint8_t *file_key, const uint8_t pk[static AGE_KEY])
{
	uint8_t share[AGE_KEY], body[WRAPPED];
	enum err e;

	if ((e = wrap(body, share, file_key, pk)) != ERR_OK)
		return e;
	pen_text(w, STANZA_PREFIX);
	pen_line32(w, share);
	pen_line32(w, body);
	return ERR_OK;
}

/* The MAC covers everything from the first byte up to and including "---". */
static void
write_mac(struct pen *w, const char *header, const uint8_t *file_key)
{
	uint8_t key[AGE_KEY], mac[AGE_KEY];
	crypto_auth_hmacsha256_state st;

	pen_text(w, MAC_PREFIX);
	hkdf_sha256(key, file_key, AGE_FILE_KEY, NULL, 0, MAC_LABEL);
	crypto_auth_hmacsha256_init(&st, key, sizeof key);
	crypto_auth_hmacsha256_update(&st, (const uint8_t *)header, (size_t)(w->at - header));
	crypto_auth_hmacsha256_final(&st, mac);
	pen_text(w, " ");
	pen_line32(w, mac);
	sodium_memzero(key, sizeof key);
	sodium_memzero(&st, sizeof st);
}

enum err
age_header_write(
    struct age_payload *p, const uint8_t (*recipients)[AGE_KEY], size_t n, struct sink out)
{
	uint8_t file_key[AGE_FILE_KEY], nonce[AGE_NONCE];
	char header[HEADER_MAX];
	struct pen w = {header};
	enum err e;
	size_t i;

	if (n == 0 || n > LIMIT_AGE_RECIPIENTS)
		return ERR_USAGE;
	randombytes_buf(file_key, sizeof file_key);
	randombytes_buf(nonce, sizeof nonce);
	pen_text(&w, AGE_VERSION_LINE);
	for (i = 0; i < n; i++)
		if ((e = write_stanza(&w, file_key, recipients[i])) != ERR_OK)
			goto done;
	write_mac(&w, header, file_key);
	memcpy(w.at, nonce, sizeof nonce);
	w.at += sizeof nonce;
	if ((e = sink_put(out, header, (size_t)(w.at - header))) != ERR_OK)
		goto done;
	hkdf_sha256(p->key, file_key, sizeof file_key, nonce, sizeof nonce, PAYLOAD_LABEL);
done:
	sodium_memzero(file_key, sizeof file_key);
	return e;
}

void
age_chunk_seal(const struct age_payload *p, uint64_t counter, bool is_last, uint8_t *out,
    const uint8_t *in, size_t n)
{
	uint8_t nonce[NONCE] = {0};
	size_t i;

	/* 11 bytes of big-endian counter, of which the upper three stay 0, then the flag. */
	for (i = NONCE - 2; counter > 0; i--, counter >>= 8)
		nonce[i] = (uint8_t)counter;
	nonce[NONCE - 1] = is_last;
	crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, in, n, NULL, 0, NULL, nonce, p->key);
}

void
age_payload_wipe(struct age_payload *p)
{
	sodium_memzero(p, sizeof *p);
}

uint64_t
age_sealed_size(size_t n_recipients, uint64_t plain_len)
{
	uint64_t chunks = plain_len / AGE_CHUNK + (plain_len % AGE_CHUNK != 0);

	if (chunks == 0)
		chunks = 1;
	return AGE_X25519_HEADER(n_recipients) + AGE_NONCE + plain_len + AGE_TAG * chunks;
}

enum err
age_seal_init(struct age_seal *s, const uint8_t (*recipients)[AGE_KEY], size_t n, struct sink out)
{
	enum err e;

	s->out = out;
	s->counter = 0;
	s->fill = 0;
	sodium_memzero(&s->payload, sizeof s->payload);
	e = age_header_write(&s->payload, recipients, n, out);
	s->is_dead = e != ERR_OK;
	return e;
}

/* Seals n bytes at in, which may be the chunk buffer itself, and passes them on. */
static enum err
seal(struct age_seal *s, const uint8_t *in, size_t n, bool is_last)
{
	enum err e;

	age_chunk_seal(&s->payload, s->counter, is_last, s->chunk, in, n);
	s->counter++;
	s->fill = 0;
	if ((e = sink_put(s->out, s->chunk, n + AGE_TAG)) != ERR_OK)
		s->is_dead = true;
	return e;
}

/*
 * A full chunk is sealed only when a byte behind it has come: only then is it
 * known not to be the last.
 */
enum err
age_seal_put(struct age_seal *s, const void *p, size_t n)
{
	const uint8_t *from = p;
	enum err e = ERR_OK;
	size_t take;

	if (s->is_dead)
		return ERR_STATE;
	while (n > 0 && e == ERR_OK) {
		if (s->fill == AGE_CHUNK) {
			e = seal(s, s->chunk, AGE_CHUNK, false);
			continue;
		}
		take = n < AGE_CHUNK - s->fill ? n : AGE_CHUNK - s->fill;
		if (s->fill == 0 && n > AGE_CHUNK) {
			e = seal(s, from, AGE_CHUNK, false);
		} else {
			memcpy(s->chunk + s->fill, from, take);
			s->fill += take;
		}
		from += take;
		n -= take;
	}
	return e;
}

enum err
age_seal_finish(struct age_seal *s)
{
	enum err e;

	if (s->is_dead)
		return ERR_STATE;
	e = seal(s, s->chunk, s->fill, true);
	s->is_dead = true;
	return e;
}

void
age_seal_wipe(struct age_seal *s)
{
	sodium_memzero(s, sizeof *s);
	s->is_dead = true;
}

static enum err
put_seal(void *ctx, const void *p, size_t n)
{
	return age_seal_put(ctx, p, n);
}

struct sink
age_seal_sink(struct age_seal *s)
{
	return (struct sink){put_seal, s};
}
