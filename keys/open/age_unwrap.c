#include "age_unwrap.h"

#include <sodium.h>
#include <string.h>

#include "base/text.h"
#include "open/age_scrypt.h"
#include "seal/hkdf.h"

#define X25519_TYPE "X25519"
#define X25519_ARGS 2

static const uint8_t zero_nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES];

struct x25519 {
	uint8_t share[AGE_KEY];
	uint8_t body[AGE_FILE_KEY + AGE_TAG];
};

static enum err
x25519_parse(const struct age_header *h, const struct age_header_stanza *s, struct x25519 *x)
{
	const char *share;
	size_t len = 0;
	enum err e;

	if (age_header_args(h, s) != X25519_ARGS)
		return ERR_FORMAT;
	share = age_header_arg(h, s, 1, &len);
	if ((e = text_unb64(x->share, AGE_KEY, share, len)) != ERR_OK)
		return e;
	return age_header_body(h, s, x->body, sizeof x->body);
}

/* ERR_NOMATCH if the stanza is for somebody else. */
static enum err
x25519_open(
    const struct x25519 *x, const struct identity *id, uint8_t file_key[static AGE_FILE_KEY])
{
	uint8_t shared[AGE_KEY], key[HKDF_LEN], salt[2 * AGE_KEY];
	enum err e = ERR_OK;

	/* A point of low order: the result would be zero, and known to everybody. */
	if (crypto_scalarmult(shared, id->sk, x->share) != 0)
		return ERR_FORMAT;
	memcpy(salt, x->share, AGE_KEY);
	memcpy(salt + AGE_KEY, id->pk, AGE_KEY);
	hkdf_sha256(key, shared, sizeof shared, salt, sizeof salt, AGE_X25519_INFO);
	if (crypto_aead_chacha20poly1305_ietf_decrypt(
		file_key, NULL, NULL, x->body, sizeof x->body, NULL, 0, zero_nonce, key) != 0)
		e = ERR_NOMATCH;
	sodium_memzero(shared, sizeof shared);
	sodium_memzero(key, sizeof key);
	return e;
}

static enum err
x25519_check_all(const struct age_header *h)
{
	struct x25519 x;
	enum err e;
	size_t i;

	for (i = 0; i < h->n_stanzas; i++)
		if (age_header_is(h, &h->stanzas[i], X25519_TYPE) &&
		    (e = x25519_parse(h, &h->stanzas[i], &x)) != ERR_OK)
			return e;
	return ERR_OK;
}

static enum err
x25519_try_all(const struct age_header *h, const struct identity_set *ids,
    uint8_t file_key[static AGE_FILE_KEY], const struct identity **id)
{
	struct x25519 x;
	size_t i, k;
	enum err e;

	for (i = 0; i < h->n_stanzas; i++) {
		if (!age_header_is(h, &h->stanzas[i], X25519_TYPE))
			continue;
		if ((e = x25519_parse(h, &h->stanzas[i], &x)) != ERR_OK)
			return e;
		for (k = 0; k < ids->n; k++) {
			e = x25519_open(&x, &ids->p[k], file_key);
			if (e == ERR_OK)
				*id = &ids->p[k];
			if (e != ERR_NOMATCH)
				return e;
		}
	}
	return ERR_NOMATCH;
}

static bool
has_scrypt(const struct age_header *h)
{
	size_t i;

	for (i = 0; i < h->n_stanzas; i++)
		if (age_header_is(h, &h->stanzas[i], AGE_SCRYPT_TYPE))
			return true;
	return false;
}

static enum err
unwrap(const struct age_header *h, const struct identity_set *ids, const struct secret_text *pass,
    uint8_t file_key[static AGE_FILE_KEY], const struct identity **id)
{
	enum err e;

	if (has_scrypt(h) && h->n_stanzas != 1)
		return ERR_FORMAT;
	if (pass != NULL)
		return has_scrypt(h) ? age_scrypt_unwrap(h, pass, file_key) : ERR_NOMATCH;
	if ((e = x25519_check_all(h)) != ERR_OK)
		return e;
	return x25519_try_all(h, ids, file_key, id);
}

void
age_unwrap_mac(uint8_t mac[static AGE_HEADER_MAC], const uint8_t file_key[static AGE_FILE_KEY],
    const void *header, size_t n)
{
	uint8_t key[HKDF_LEN];

	hkdf_sha256(key, file_key, AGE_FILE_KEY, NULL, 0, "header");
	crypto_auth_hmacsha256(mac, header, n, key);
	sodium_memzero(key, sizeof key);
}

enum err
age_unwrap(const struct age_header *h, const struct identity_set *ids,
    const struct secret_text *pass, uint8_t file_key[static AGE_FILE_KEY],
    const struct identity **id)
{
	const struct identity *found = NULL;
	uint8_t mac[AGE_HEADER_MAC];
	enum err e;

	if (h->state != AGE_HEADER_DONE || (ids == NULL) == (pass == NULL))
		return ERR_USAGE;
	if ((e = unwrap(h, ids, pass, file_key, &found)) == ERR_OK) {
		age_unwrap_mac(mac, file_key, h->raw, h->mac_len);
		if (sodium_memcmp(mac, h->mac, sizeof mac) != 0)
			e = ERR_MAC;
	}
	if (e == ERR_OK)
		*id = found;
	else
		sodium_memzero(file_key, AGE_FILE_KEY);
	return e;
}
