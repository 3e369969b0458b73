#include "front/endings.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/limits.h"

struct ending {
	uint8_t token[HASH_LEN];
	unsigned how;
	int64_t until;
};

/* A ring; next is where the oldest stands. */
struct endings {
	struct ending ring[LIMIT_RECEIPTS];
	size_t next;
};

enum err
endings_new(struct endings **out)
{
	struct endings *e = calloc(1, sizeof *e);

	if (e == NULL)
		return ERR_NOMEM;
	*out = e;
	return ERR_OK;
}

void
endings_free(struct endings *e)
{
	if (e == NULL)
		return;
	explicit_bzero(e, sizeof *e);
	free(e);
}

void
endings_note(struct endings *e, const char *token, unsigned how, int64_t now)
{
	struct ending *one = &e->ring[e->next];

	hash_256(one->token, token, strlen(token));
	one->how = how;
	one->until = now + LIMIT_RECEIPT_MS;
	e->next = (e->next + 1) % LIMIT_RECEIPTS;
}

unsigned
endings_find(const struct endings *e, const char *token, int64_t now)
{
	uint8_t h[HASH_LEN];
	size_t i;

	hash_256(h, token, strlen(token));
	for (i = 1; i <= LIMIT_RECEIPTS; i++) {
		const struct ending *one =
		    &e->ring[(e->next + LIMIT_RECEIPTS - i) % LIMIT_RECEIPTS];

		if (one->how != 0 && one->until > now && memcmp(one->token, h, sizeof h) == 0)
			return one->how;
	}
	return 0;
}
