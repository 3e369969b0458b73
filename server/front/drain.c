#include "front/drain.h"

#include "wire/wire.h"

#define LATE_RECEIPT_MS 5000 /* for a browser to come back for its receipt before we end */

static void
say_drained(void *owner)
{
	struct drain *d = owner;

	if (d->is_over)
		return;
	d->is_over = true;
	loop_timer_stop(&d->deadline);
	loop_timer_stop(&d->last_word);
	/* If it can't be told, its own deadline ends us. */
	(void)!wire_send(d->parent, OP_DRAINED, 0, ERR_OK, NULL, 0, -1);
}

void
drain_init(struct drain *d, struct loop *loop, struct site *site, int parent)
{
	d->loop = loop;
	d->site = site;
	d->parent = parent;
	loop_queue_add(loop, &d->last_words, LATE_RECEIPT_MS, say_drained);
}

void
drain_begin(struct drain *d, uint32_t ms)
{
	if (d->site->is_draining)
		return;
	d->site->is_draining = true;
	d->had_uploads = d->site->submits != NULL;
	loop_queue_add(d->loop, &d->deadlines, ms, say_drained);
	loop_timer_start(&d->deadlines, &d->deadline, d);
}

void
drain_turn(struct drain *d)
{
	if (!d->site->is_draining || d->is_over || d->site->submits != NULL)
		return;
	if (!d->had_uploads)
		say_drained(d);
	else if (d->last_word.queue == NULL)
		loop_timer_start(&d->last_words, &d->last_word, d);
}
