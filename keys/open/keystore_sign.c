#include "keystore.h"

#include <sodium.h>

#include "base/text.h"

/* What root.age and reply.age mean: signing keys. */

#define SEED_B64 TEXT_B64_LEN(SIGN_SEED)

enum err
keystore_get_sign(struct keystore *k, const char *name, struct sign_key *out)
{
	struct secret_text text = {0};
	uint8_t seed[SIGN_SEED];
	enum err e;

	if ((e = keystore_get(k, name, &text)) != ERR_OK)
		return e;
	if (text.len != SEED_B64 + 1 || text.p[SEED_B64] != '\n')
		e = ERR_FORMAT;
	else if ((e = text_unb64(seed, sizeof seed, text.p, SEED_B64)) == ERR_OK)
		sign_key_from_seed(out, seed);
	sodium_memzero(seed, sizeof seed);
	secret_text_wipe(&text);
	return e;
}

bool
keystore_is_noise(enum err e)
{
	return e == ERR_FORMAT || e == ERR_LIMIT || e == ERR_TRUNCATED || e == ERR_AUTH ||
	       e == ERR_NOMATCH;
}

enum err
keystore_put_sign(struct keystore *k, const char *name, const struct sign_key *key)
{
	struct secret_text text = {0};
	enum err e;

	if ((e = secret_text_new(&text, SEED_B64 + 1)) != ERR_OK)
		return e;
	text_b64(text.p, key->seed, SIGN_SEED);
	text.len = SEED_B64;
	if ((e = secret_text_add(&text, "\n", 1)) == ERR_OK)
		e = keystore_put(k, name, text.p, text.len);
	secret_text_wipe(&text);
	return e;
}
