#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "item.h"
#include "seal/crc.h"
#include "seal/zip_record.h"
#include "sweep.h"

#define GATHER (256 * 1024)
#define LONG   (4 * SWEEP_RUN) /* plaintext bytes; below, no thread is worth its start */

/* ---- in order, on one thread */

enum err
item_read_member(struct item *it, const struct zip_member *m, struct sink out)
{
	enum err e;

	if ((e = opener_ahead(it->opener, m->header,
		 m->data + zip_record_packed(m->size) + ZIP_DESC_LEN)) != ERR_OK)
		return e;
	return zip_read_member(it->zip, m, out);
}

/* The archive comes in pieces of 8 KiB; files are written in larger ones. */
struct gather {
	int fd;
	size_t fill;
	uint8_t bytes[GATHER];
};

static enum err
flush(struct gather *g)
{
	size_t n = g->fill;

	g->fill = 0;
	return io_write_all(g->fd, g->bytes, n);
}

static enum err
put_gather(void *ctx, const void *p, size_t n)
{
	struct gather *g = ctx;
	enum err e;

	if (n > GATHER - g->fill && (e = flush(g)) != ERR_OK)
		return e;
	memcpy(g->bytes + g->fill, p, n);
	g->fill += n;
	return ERR_OK;
}

static enum err
write_short(struct item *it, const struct zip_member *m, int fd)
{
	struct gather *g;
	enum err e;

	if ((g = calloc(1, sizeof *g)) == NULL)
		return ERR_NOMEM;
	g->fd = fd;
	if ((e = zip_read_member(it->zip, m, (struct sink){put_gather, g})) == ERR_OK)
		e = flush(g);
	explicit_bzero(g, sizeof *g);
	free(g);
	return e;
}

/* ---- by all cores */

struct run {
	uint32_t crc;
	uint32_t len; /* of content */
};

/* One member, each run written where it belongs, and its own CRC taken. */
struct member_sweep {
	const struct zip_member *m;
	int fd;            /* -1: nothing is written */
	struct sink watch; /* put NULL: nobody watches */
	pthread_mutex_t watching;
	struct run *runs;
};

static enum err
show(struct member_sweep *s, const struct zip_piece *piece)
{
	enum err e;

	if (s->watch.put == NULL)
		return ERR_OK;
	pthread_mutex_lock(&s->watching);
	e = sink_put(s->watch, piece->p, piece->n);
	pthread_mutex_unlock(&s->watching);
	return e;
}

static enum err
visit_member(void *ctx, size_t i, uint64_t at, uint8_t *p, size_t n)
{
	struct member_sweep *s = ctx;
	struct zip_piece piece;
	enum err e;

	if ((e = zip_read_pick(s->m, at, p, n, &piece)) != ERR_OK)
		return e;
	s->runs[i].crc = crc_add(CRC_NONE, piece.p, piece.n);
	s->runs[i].len = (uint32_t)piece.n;
	if (s->fd != -1 && (e = io_pwrite_all(s->fd, piece.p, piece.n, (off_t)piece.at)) != ERR_OK)
		return e;
	return show(s, &piece);
}

static uint32_t
crc_of_runs(const struct run *r, size_t n)
{
	uint32_t crc = CRC_NONE;
	size_t i;

	for (i = 0; i < n; i++)
		crc = crc_join(crc, r[i].crc, r[i].len);
	return crc;
}

static enum err
sweep_member(struct item *it, const struct zip_member *m, int fd, struct sink watch)
{
	struct member_sweep s = {.m = m, .fd = fd, .watch = watch};
	uint64_t end = m->data + zip_record_packed(m->size);
	size_t n = sweep_runs(m->data, end);
	enum err e;

	if ((s.runs = calloc(n, sizeof *s.runs)) == NULL)
		return ERR_NOMEM;
	pthread_mutex_init(&s.watching, NULL);
	e = sweep(it->age, m->data, end, (struct sweep_visitor){&s, visit_member});
	pthread_mutex_destroy(&s.watching);
	if (e == ERR_OK && crc_of_runs(s.runs, n) != m->crc)
		e = ERR_FORMAT;
	free(s.runs);
	return e;
}

enum err
item_write_member(struct item *it, const struct zip_member *m, int fd)
{
	if (m->size < LONG)
		return write_short(it, m, fd);
	return sweep_member(it, m, fd, (struct sink){NULL, NULL});
}

/* ---- everything */

static enum err
visit_padding(void *ctx, size_t i, uint64_t at, uint8_t *p, size_t n)
{
	(void)ctx;
	(void)i;
	(void)at;
	/* All are zero if the first is, and each is as the one before it. */
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0) ? ERR_OK : ERR_PROFILE;
}

static enum err
check_padding(struct item *it)
{
	const struct zip_read *z = it->zip;

	if (z->padding < LONG)
		return zip_read_check_padding(it->zip);
	return sweep(it->age, z->padding_at, z->padding_at + z->padding,
	    (struct sweep_visitor){NULL, visit_padding});
}

/* What is neither content nor padding was read when the archive was opened. */
enum err
item_check_all(struct item *it, struct sink watch)
{
	const struct zip_member *m;
	enum err e;

	for (m = it->zip->members; m < it->zip->members + it->zip->n_members; m++) {
		e = m->size < LONG ? zip_read_member(it->zip, m, watch)
				   : sweep_member(it, m, -1, watch);
		if (e != ERR_OK)
			return e;
	}
	return check_padding(it);
}
