#ifndef SEALSLOT_TEST_TRANSCRIPT_H
#define SEALSLOT_TEST_TRANSCRIPT_H

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "front/multipart.h"

/*
 * What a multipart parser told about a body, as one text: two parses agree when
 * their transcripts are equal bytes. Content is joined, so that slices don't show.
 * Shared by the unit test and the fuzz target; never fails but for lack of memory.
 */
struct transcript {
	struct buf b;
	struct multipart *m; /* on the heap, so that sanitizers see its edges */
	enum err e;
};

static inline void
transcript_need(enum err e)
{
	if (e != ERR_OK)
		abort();
}

static inline void
transcript_start(struct transcript *t, const char *boundary, size_t n)
{
	buf_init(&t->b, 1 << 26);
	if ((t->m = calloc(1, sizeof *t->m)) == NULL)
		abort();
	t->e = multipart_init(t->m, boundary, n);
}

static inline void
transcript_part(struct buf *b, const struct part_header *h)
{
	transcript_need(buf_addf(b, "\n[part %s|", h->name));
	if (h->is_file)
		transcript_need(buf_addf(b, "file %s|", h->filename));
	transcript_need(buf_addf(b, "%s]\n", h->type));
}

static inline void
transcript_feed(struct transcript *t, const void *p, size_t n)
{
	enum multipart_event event = MULTIPART_PART;
	const uint8_t *at = p;

	while (t->e == ERR_OK && event != MULTIPART_MORE) {
		if ((t->e = multipart_next(t->m, &at, &n, &event)) != ERR_OK)
			return;
		switch (event) {
		case MULTIPART_MORE:
			if (n != 0)
				abort();
			break;
		case MULTIPART_PART: transcript_part(&t->b, &t->m->part); break;
		case MULTIPART_DATA:
			if (t->m->data_len == 0)
				abort();
			transcript_need(buf_add(&t->b, t->m->data, t->m->data_len));
			break;
		case MULTIPART_PART_END: transcript_need(buf_add_str(&t->b, "\n[end]")); break;
		case MULTIPART_END: transcript_need(buf_add_str(&t->b, "\n[close]")); break;
		}
	}
}

static inline void
transcript_finish(struct transcript *t)
{
	if (t->e == ERR_OK)
		t->e = multipart_finish(t->m);
	multipart_wipe(t->m);
	free(t->m);
	t->m = NULL;
}

static inline void
transcript_free(struct transcript *t)
{
	free(t->m);
	buf_wipe(&t->b);
}

#endif
