#include "chunks.h"

#include <string.h>

void
chunks_init(struct chunks *c, struct sealer *s, struct sealer_file *f)
{
	*c = (struct chunks){.sealer = s, .file = f};
}

static size_t
room(const struct chunks *c)
{
	size_t here = c->current == NULL ? 0 : AGE_CHUNK - c->fill;

	return here + c->n_spare * AGE_CHUNK;
}

enum err
chunks_reserve(struct chunks *c, size_t n)
{
	enum err e;

	if (n > CHUNKS_SPARE * (size_t)AGE_CHUNK)
		return ERR_USAGE;
	while (room(c) < n) {
		if ((e = sealer_buffer(c->file, &c->spare[c->n_spare])) != ERR_OK)
			return e;
		c->n_spare++;
	}
	return ERR_OK;
}

/* The next buffer; a full one goes to the workers. */
static enum err
next_buffer(struct chunks *c)
{
	if (c->n_spare == 0)
		return ERR_STATE;
	if (c->current != NULL)
		sealer_submit(c->file, c->current, c->fill, false);
	c->current = c->spare[--c->n_spare];
	c->spare[c->n_spare] = NULL;
	c->fill = 0;
	return ERR_OK;
}

static enum err
put(void *ctx, const void *p, size_t n)
{
	struct chunks *c = ctx;
	const uint8_t *from = p;
	enum err e;
	size_t take;

	while (n > 0) {
		if (c->current == NULL || c->fill == AGE_CHUNK)
			if ((e = next_buffer(c)) != ERR_OK)
				return e;
		take = n < AGE_CHUNK - c->fill ? n : AGE_CHUNK - c->fill;
		memcpy(c->current + c->fill, from, take);
		c->fill += take;
		from += take;
		n -= take;
	}
	return ERR_OK;
}

struct sink
chunks_sink(struct chunks *c)
{
	return (struct sink){put, c};
}

enum err
chunks_finish(struct chunks *c)
{
	if (c->current == NULL)
		return ERR_STATE;
	sealer_submit(c->file, c->current, c->fill, true);
	c->current = NULL;
	chunks_wipe(c);
	return ERR_OK;
}

void
chunks_wipe(struct chunks *c)
{
	if (c->current != NULL)
		sealer_drop(c->sealer, c->current, c->fill);
	while (c->n_spare > 0)
		sealer_drop(c->sealer, c->spare[--c->n_spare], 0);
	*c = (struct chunks){0};
}
