#include "front/form_token.h"

#include <string.h>

#include "base/hash.h"
#include "base/random.h"
#include "base/text.h"

#define HALF 16

/* out: 16 bytes that belong to the first 16. */
static void
seal(uint8_t out[static HALF], const uint8_t nonce[static HALF], const uint8_t *key)
{
	static const char label[] = "sealslot form 1";
	struct hash h;

	hash_init(&h, HALF);
	hash_put(&h, label, sizeof label);
	hash_put(&h, key, FORM_TOKEN_KEY);
	hash_put(&h, nonce, HALF);
	hash_finish(&h, out);
}

/* base64 and base64url differ in two characters. */
static void
translate(char *s, const char *from, const char *to)
{
	const char *at;

	for (; *s != '\0'; s++)
		if ((at = strchr(from, *s)) != NULL)
			*s = to[at - from];
}

static void
format(char *out, uint8_t raw[static 2 * HALF])
{
	text_b64(out, raw, 2 * HALF);
	translate(out, "+/", "-_");
	explicit_bzero(raw, 2 * HALF);
}

void
form_token_make(char out[static FORM_TOKEN_LEN + 1], const uint8_t key[static FORM_TOKEN_KEY])
{
	uint8_t raw[2 * HALF];

	random_bytes(raw, HALF);
	seal(raw + HALF, raw, key);
	format(out, raw);
}

void
form_token_random(char out[static FORM_TOKEN_LEN + 1])
{
	uint8_t raw[2 * HALF];

	random_bytes(raw, sizeof raw);
	format(out, raw);
}

bool
form_token_fits(const char *token, const uint8_t key[static FORM_TOKEN_KEY])
{
	char text[FORM_TOKEN_LEN + 1];
	uint8_t raw[2 * HALF], want[HALF], difference = 0;
	size_t i;

	if (strnlen(token, FORM_TOKEN_LEN + 1) != FORM_TOKEN_LEN || strpbrk(token, "+/") != NULL)
		return false;
	memcpy(text, token, sizeof text);
	translate(text, "-_", "+/");
	if (text_unb64(raw, sizeof raw, text, FORM_TOKEN_LEN) != ERR_OK)
		return false;
	seal(want, raw, key);
	for (i = 0; i < HALF; i++)
		difference |= want[i] ^ raw[HALF + i];
	explicit_bzero(want, sizeof want);
	explicit_bzero(raw, sizeof raw);
	return difference == 0;
}
