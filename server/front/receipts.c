#include "front/receipts.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/limits.h"

struct receipt {
	uint8_t token[HASH_LEN];
	uint8_t cookie[HASH_LEN];
	char hidden[RECEIPTS_TOKEN]; /* the cookie itself, under the token */
	struct receipt_note note;
	bool is_forgotten;
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

/* Its own inverse. A token is used for one cookie only. */
static void
hide(char out[static RECEIPTS_TOKEN], const char in[static RECEIPTS_TOKEN], const char *token)
{
	static const char label[] = "sealslot receipt 1";
	uint8_t pad[64];
	struct hash h;
	size_t i;

	hash_init(&h, sizeof pad);
	hash_put(&h, label, sizeof label);
	hash_put(&h, token, strlen(token));
	hash_finish(&h, pad);
	for (i = 0; i < RECEIPTS_TOKEN; i++)
		out[i] = (char)((uint8_t)in[i] ^ pad[i]);
	explicit_bzero(pad, sizeof pad);
}

void
receipts_add(struct receipts *r, const char *token, const char cookie[static RECEIPTS_TOKEN + 1],
    const struct receipt_note *note, int64_t now)
{
	struct receipt *e;

	receipts_expire(r, now);
	if (r->n == LIMIT_RECEIPTS)
		drop_first(r);
	e = &r->ring[(r->first + r->n++) % LIMIT_RECEIPTS];
	hash_of(e->token, token);
	hash_of(e->cookie, cookie);
	if (note->is_signed_in)
		explicit_bzero(e->hidden, sizeof e->hidden);
	else
		hide(e->hidden, cookie, token);
	e->note = *note;
	e->is_forgotten = false;
	e->until = now + LIMIT_RECEIPT_MS;
}

/* The latest one. Comparing hashes needs no constant time: nobody can choose them byte by byte. */
static struct receipt *
find(struct receipts *r, const char *token, size_t field)
{
	uint8_t h[HASH_LEN];
	size_t i;

	hash_of(h, token);
	for (i = r->n; i > 0; i--) {
		struct receipt *e = &r->ring[(r->first + i - 1) % LIMIT_RECEIPTS];

		if (memcmp((const uint8_t *)e + field, h, sizeof h) == 0)
			return e;
	}
	return NULL;
}

bool
receipts_again(
    struct receipts *r, const char *token, int64_t now, char cookie[static RECEIPTS_TOKEN + 1])
{
	struct receipt *e;

	receipts_expire(r, now);
	if ((e = find(r, token, offsetof(struct receipt, token))) == NULL)
		return false;
	if (e->is_forgotten || e->note.is_signed_in) {
		cookie[0] = '\0';
		return true;
	}
	hide(cookie, e->hidden, token);
	cookie[RECEIPTS_TOKEN] = '\0';
	return true;
}

bool
receipts_knows(struct receipts *r, const char *token, int64_t now)
{
	receipts_expire(r, now);
	return find(r, token, offsetof(struct receipt, token)) != NULL;
}

bool
receipts_find(struct receipts *r, const char *cookie, int64_t now, struct receipt_note *note)
{
	struct receipt *e;

	receipts_expire(r, now);
	if ((e = find(r, cookie, offsetof(struct receipt, cookie))) == NULL)
		return false;
	*note = e->note;
	return true;
}

void
receipts_forget(struct receipts *r, const char *cookie)
{
	struct receipt *e;

	/* The form stays known, so that it isn't stored twice. */
	while ((e = find(r, cookie, offsetof(struct receipt, cookie))) != NULL) {
		explicit_bzero(e->cookie, sizeof e->cookie);
		explicit_bzero(e->hidden, sizeof e->hidden);
		e->is_forgotten = true;
	}
}
