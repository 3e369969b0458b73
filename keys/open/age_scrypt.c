#include "age_scrypt.h"

#include <sodium.h>
#include <string.h>

#include "base/random.h"
#include "base/text.h"

#define SALT_LEN    16
#define STANZA_ARGS 3
#define SCRYPT_R    8
#define SCRYPT_P    1
#define STACK_USED  8192 /* bytes that libsodium's scrypt uses at most, generously */

static const uint8_t zero_nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES];

struct stanza {
	uint8_t salt[SALT_LEN];
	uint8_t body[AGE_FILE_KEY + AGE_TAG];
	unsigned log2n;
};

static enum err
parse(const struct age_header *h, struct stanza *out)
{
	const struct age_header_stanza *s = &h->stanzas[0];
	size_t salt_len = 0, n_len = 0;
	const char *salt, *n;
	uint64_t log2n;
	enum err e;

	if (h->n_stanzas != 1 || age_header_args(h, s) != STANZA_ARGS)
		return ERR_FORMAT;
	salt = age_header_arg(h, s, 1, &salt_len);
	n = age_header_arg(h, s, 2, &n_len);
	if ((e = text_unb64(out->salt, SALT_LEN, salt, salt_len)) != ERR_OK ||
	    (e = age_header_body(h, s, out->body, sizeof out->body)) != ERR_OK ||
	    (e = text_number(n, n_len, LIMIT_AGE_SCRYPT_LOG2N, &log2n)) != ERR_OK)
		return e;
	if (log2n == 0)
		return ERR_FORMAT;
	out->log2n = (unsigned)log2n;
	return ERR_OK;
}

static enum err
derive(uint8_t key[static AGE_KEY], const struct secret_text *pass,
    const uint8_t salt[static SALT_LEN], unsigned log2n)
{
	uint8_t labelled[sizeof AGE_SCRYPT_LABEL - 1 + SALT_LEN];
	enum err e = ERR_OK;

	memcpy(labelled, AGE_SCRYPT_LABEL, sizeof AGE_SCRYPT_LABEL - 1);
	memcpy(labelled + sizeof AGE_SCRYPT_LABEL - 1, salt, SALT_LEN);
	/* The only way to fail is the memory it needs: 1 KiB << log2n. */
	if (crypto_pwhash_scryptsalsa208sha256_ll((const uint8_t *)pass->p, pass->len, labelled,
		sizeof labelled, 1ULL << log2n, SCRYPT_R, SCRYPT_P, key, AGE_KEY) != 0)
		e = ERR_NOMEM;
	/* libsodium's PBKDF2 leaves the key on its stack. */
	sodium_stackzero(STACK_USED);
	return e;
}

enum err
age_scrypt_unwrap(const struct age_header *h, const struct secret_text *pass,
    uint8_t file_key[static AGE_FILE_KEY])
{
	struct stanza s;
	uint8_t key[AGE_KEY];
	enum err e;

	if ((e = parse(h, &s)) != ERR_OK)
		return e;
	if ((e = derive(key, pass, s.salt, s.log2n)) == ERR_OK &&
	    crypto_aead_chacha20poly1305_ietf_decrypt(
		file_key, NULL, NULL, s.body, sizeof s.body, NULL, 0, zero_nonce, key) != 0)
		e = ERR_PASSPHRASE;
	sodium_memzero(key, sizeof key);
	return e;
}

enum err
age_scrypt_wrap(const struct secret_text *pass, unsigned log2n,
    const uint8_t file_key[static AGE_FILE_KEY], struct buf *out)
{
	uint8_t key[AGE_KEY], salt[SALT_LEN], body[AGE_FILE_KEY + AGE_TAG];
	char salt_text[TEXT_B64_LEN(SALT_LEN) + 1], body_text[TEXT_B64_LEN(sizeof body) + 1];
	enum err e;

	if (log2n < 1 || log2n > LIMIT_AGE_SCRYPT_LOG2N)
		return ERR_USAGE;
	random_bytes(salt, sizeof salt);
	if ((e = derive(key, pass, salt, log2n)) != ERR_OK)
		return e;
	crypto_aead_chacha20poly1305_ietf_encrypt(
	    body, NULL, file_key, AGE_FILE_KEY, NULL, 0, NULL, zero_nonce, key);
	sodium_memzero(key, sizeof key);
	text_b64(salt_text, salt, sizeof salt);
	text_b64(body_text, body, sizeof body);
	return buf_addf(out, AGE_VERSION_LINE "-> " AGE_SCRYPT_TYPE " %s %u\n%s\n", salt_text,
	    log2n, body_text);
}
