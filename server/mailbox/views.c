#include "views.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "open/secret.h"
#include "wire/wire.h"

/* All sealed replies that one mailbox may have, with their heads. */
#define ITEMS_MAX ((LIMIT_REPLIES + 1) * (LIMIT_REPLY + sizeof(struct op_reply_item)))

struct view {
	bool is_taken;
	uint32_t ref;
	int64_t since_ms;
	struct codename_keys keys; /* until store has answered */
	struct letters *letters;   /* afterwards */
};

struct views {
	struct view all[LIMIT_VIEWS];
};

enum err
views_new(struct views **out)
{
	struct views *v = secret_new(sizeof *v);

	if (v == NULL)
		return ERR_NOMEM;
	*out = v;
	return ERR_OK;
}

void
views_free(struct views *v)
{
	if (v != NULL)
		views_clear(v);
	secret_free(v);
}

static void
end(struct view *w)
{
	letters_free(w->letters);
	explicit_bzero(w, sizeof *w);
}

static struct view *
find(struct views *v, uint32_t ref)
{
	size_t i;

	for (i = 0; i < LIMIT_VIEWS; i++)
		if (v->all[i].is_taken && v->all[i].ref == ref)
			return &v->all[i];
	return NULL;
}

enum err
views_open(struct views *v, uint32_t ref, const struct codename_keys *keys, int64_t now_ms)
{
	size_t i;

	if (find(v, ref) != NULL)
		return ERR_EXISTS;
	for (i = 0; i < LIMIT_VIEWS && v->all[i].is_taken; i++)
		continue;
	if (i == LIMIT_VIEWS)
		return ERR_BUSY;
	v->all[i] = (struct view){
	    .is_taken = true, .ref = ref, .since_ms = now_ms, .keys = *keys, .letters = NULL};
	return ERR_OK;
}

bool
views_waits(struct views *v, uint32_t ref)
{
	const struct view *w = find(v, ref);

	return w != NULL && w->letters == NULL;
}

void
views_drop(struct views *v, uint32_t ref)
{
	struct view *w = find(v, ref);

	if (w != NULL)
		end(w);
}

enum err
views_fill(struct views *v, uint32_t ref, int fd)
{
	struct view *w = find(v, ref);
	struct buf items;
	enum err e;

	if (w == NULL || w->letters != NULL)
		return ERR_NOTFOUND;
	buf_init(&items, ITEMS_MAX);
	if ((e = wire_memfd_read(fd, &items)) == ERR_OK)
		e = letters_new(items.p, items.len, &w->keys, &w->letters);
	buf_wipe(&items);
	explicit_bzero(&w->keys, sizeof w->keys);
	if (e != ERR_OK)
		end(w);
	return e;
}

enum err
views_next(
    struct views *v, uint32_t ref, struct op_text *head, uint8_t *piece, size_t max, size_t *n)
{
	struct view *w = find(v, ref);
	enum err e;

	if (w == NULL || w->letters == NULL)
		return ERR_STATE;
	if ((e = letters_next(w->letters, head, piece, max, n)) != ERR_OK)
		end(w);
	return e;
}

/* Ends it. Who waits for store is told; who has had replies asks for the next piece, or never
 * again. */
static void
give_up(struct view *w, views_tell *tell, void *ctx)
{
	uint32_t ref = w->ref;
	bool is_waiting = w->letters == NULL;

	end(w);
	if (is_waiting)
		tell(ctx, ref);
}

void
views_lose_store(struct views *v, views_tell *tell, void *ctx)
{
	struct view *w;

	for (w = v->all; w < v->all + LIMIT_VIEWS; w++)
		if (w->is_taken && w->letters == NULL)
			give_up(w, tell, ctx);
}

void
views_sweep(struct views *v, int64_t now_ms, views_tell *tell, void *ctx)
{
	struct view *w;

	for (w = v->all; w < v->all + LIMIT_VIEWS; w++)
		if (w->is_taken && now_ms - w->since_ms > LIMIT_VIEW_MS)
			give_up(w, tell, ctx);
}

void
views_clear(struct views *v)
{
	struct view *w;

	for (w = v->all; w < v->all + LIMIT_VIEWS; w++)
		end(w);
}

size_t
views_count(const struct views *v)
{
	size_t i, n = 0;

	for (i = 0; i < LIMIT_VIEWS; i++)
		n += v->all[i].is_taken;
	return n;
}
