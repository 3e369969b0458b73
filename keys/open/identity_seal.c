#include "identity.h"

#include <sodium.h>
#include <string.h>

#include "base/limits.h"
#include "base/random.h"
#include "base/text.h"
#include "open/age_scrypt.h"
#include "open/age_unwrap.h"
#include "seal/age_seal.h"
#include "seal/hkdf.h"

_Static_assert(LIMIT_KEY_FILE <= AGE_CHUNK, "a key file is one chunk");

/* A failed call leaves the buffer as it was. */
static void
cut(struct buf *out, size_t len)
{
	explicit_bzero(out->p + len, out->len - len);
	out->len = len;
}

static enum err
put_buf(void *ctx, const void *p, size_t n)
{
	return buf_add(ctx, p, n);
}

enum err
identity_seal(
    const uint8_t (*recipients)[AGE_KEY], size_t n, const void *text, size_t len, struct buf *out)
{
	size_t before = out->len;
	struct age_seal *s;
	enum err e;

	if (len > LIMIT_KEY_FILE)
		return ERR_LIMIT;
	if ((s = secret_new(sizeof *s)) == NULL)
		return ERR_NOMEM;
	if ((e = age_seal_init(s, recipients, n, (struct sink){put_buf, out})) == ERR_OK &&
	    (e = age_seal_put(s, text, len)) == ERR_OK)
		e = age_seal_finish(s);
	if (e != ERR_OK && out->len > before)
		cut(out, before);
	secret_free(s);
	return e;
}

/* MAC line and payload nonce behind the stanza; gives the payload key. */
static enum err
finish_header(const uint8_t file_key[static AGE_FILE_KEY], size_t start, struct buf *out,
    struct age_payload *p)
{
	uint8_t mac[AGE_HEADER_MAC], nonce[AGE_NONCE];
	char mac_text[TEXT_B64_LEN(AGE_HEADER_MAC) + 1];
	enum err e;

	if ((e = buf_add_str(out, "---")) != ERR_OK)
		return e;
	age_unwrap_mac(mac, file_key, out->p + start, out->len - start);
	text_b64(mac_text, mac, sizeof mac);
	random_bytes(nonce, sizeof nonce);
	hkdf_sha256(p->key, file_key, AGE_FILE_KEY, nonce, sizeof nonce, "payload");
	if ((e = buf_addf(out, " %s\n", mac_text)) != ERR_OK)
		return e;
	return buf_add(out, nonce, sizeof nonce);
}

enum err
identity_seal_passphrase(
    const struct secret_text *pass, unsigned log2n, const void *text, size_t len, struct buf *out)
{
	struct {
		uint8_t file_key[AGE_FILE_KEY];
		struct age_payload payload;
	} secret = {0};
	size_t before = out->len;
	uint8_t *sealed;
	enum err e;

	if (len > LIMIT_KEY_FILE)
		return ERR_LIMIT;
	random_bytes(secret.file_key, sizeof secret.file_key);
	if ((e = age_scrypt_wrap(pass, log2n, secret.file_key, out)) != ERR_OK ||
	    (e = finish_header(secret.file_key, before, out, &secret.payload)) != ERR_OK ||
	    (e = buf_grow(out, len + AGE_TAG, &sealed)) != ERR_OK)
		goto done;
	age_chunk_seal(&secret.payload, 0, true, sealed, text, len);
done:
	if (e != ERR_OK && out->len > before)
		cut(out, before);
	sodium_memzero(&secret, sizeof secret);
	return e;
}
