#include "front/receipts.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/text.h"

struct receipt {
	uint8_t token[HASH_LEN];
	uint8_t cookie[HASH_LEN];
	int64_t until;
};

/* A ring in the order of commits, which is the order of expiry. */
struct receipts {
	struct receipt ring[LIMIT_RECEIPTS];
	size_t first, n;
};

enum err
receipts_new(struct receipts **out)
{
	struct receipts *r = calloc(1, sizeof *r);

	if (r == NULL)
		return ERR_NOMEM;
	*out = r;
	return ERR_OK;
}

void
receipts_free(struct receipts *r)
{
	if (r == NULL)
		return;
	explicit_bzero(r, sizeof *r);
	free(r);
}

void
receipts_token(char out[static RECEIPTS_TOKEN + 1])
{
	uint8_t raw[32];
	char *p;

	random_bytes(raw, sizeof raw);
	text_b64(out, raw, sizeof raw);
	explicit_bzero(raw, sizeof raw);
	for (p = out; *p != '\0'; p++)
		*p = (char)(*p == '+' ? '-' : *p == '/' ? '_' : *p);
}

static void
hash_of(uint8_t out[static HASH_LEN], const char *token)
{
	hash_256(out, token, strlen(token));
}

static void
drop_first(struct receipts *r)
{
	explicit_bzero(&r->ring[r->first], sizeof r->ring[r->first]);
	r->first = (r->first + 1) % LIMIT_RECEIPTS;
	r->n--;
}

void
receipts_expire(struct receipts *r, int64_t now)
{
	while (r->n > 0 && r->ring[r->first].until <= now)
		drop_first(r);
}

static void
renew_cookie(struct receipt *e, char cookie[static RECEIPTS_TOKEN + 1])
{
	receipts_token(cookie);
	hash_of(e->cookie, cookie);
}

void
receipts_add(
    struct receipts *r, const char *token, int64_t now, char cookie[static RECEIPTS_TOKEN + 1])
{
	struct receipt *e;

	receipts_expire(r, now);
	if (r->n == LIMIT_RECEIPTS)
		drop_first(r);
	e = &r->ring[(r->first + r->n++) % LIMIT_RECEIPTS];
	hash_of(e->token, token);
	e->until = now + LIMIT_RECEIPT_MS;
	renew_cookie(e, cookie);
}

/* Comparing hashes needs no constant time: nobody can choose them byte by byte. */
static struct receipt *
find(struct receipts *r, const char *token, size_t field, int64_t now)
{
	uint8_t h[HASH_LEN];
	size_t i;

	receipts_expire(r, now);
	hash_of(h, token);
	for (i = 0; i < r->n; i++) {
		struct receipt *e = &r->ring[(r->first + i) % LIMIT_RECEIPTS];

		if (memcmp((const uint8_t *)e + field, h, sizeof h) == 0)
			return e;
	}
	return NULL;
}

bool
receipts_again(
    struct receipts *r, const char *token, int64_t now, char cookie[static RECEIPTS_TOKEN + 1])
{
	struct receipt *e = find(r, token, offsetof(struct receipt, token), now);

	if (e != NULL)
		renew_cookie(e, cookie);
	return e != NULL;
}

bool
receipts_has(struct receipts *r, const char *cookie, int64_t now)
{
	return find(r, cookie, offsetof(struct receipt, cookie), now) != NULL;
}
