#include "front/news.h"

static void
hear(struct news *n, bool *what)
{
	*what = true;
	n->site->has_store = n->has_schedule && n->has_room;
}

static void
on_schedule(void *ctx, enum err why, const struct schedule *s, const struct buf *text,
    const struct buf *sig, int32_t today)
{
	struct news *n = ctx;

	if (why == ERR_OK && s != NULL)
		site_take_schedule(n->site, text, sig, today);
	else
		site_drop_schedule(n->site);
	hear(n, &n->has_schedule);
}

static void
on_room(void *ctx, uint64_t bytes, bool is_writable)
{
	struct news *n = ctx;

	n->site->room = bytes;
	n->site->signed_in_room = store_signed_in_room(n->site->env.store);
	n->site->is_writable = is_writable;
	hear(n, &n->has_room);
}

static void
on_gone(void *ctx)
{
	struct news *n = ctx;

	n->has_schedule = n->has_room = n->site->has_store = false;
}

struct store_events
news_events(struct news *n)
{
	return (struct store_events){n, on_schedule, on_room, on_gone};
}
