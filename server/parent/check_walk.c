#include "parent/check_walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/date.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/text.h"
#include "parent/rows.h"
#include "wire/item_file.h"
#include "wire/wire.h"

#define BLOCK_SIZE   (256 * 1024)
#define SETTLING_SEC 2 /* a commit, or a deletion, that was seen half-way is done by then */
#define SUSPECTS     LIMIT_ROWS_PAGE /* that are looked at once more together */

struct id {
	char text[RANDOM_ID_LEN + 1];
};

struct walk {
	struct check_walk *w;
	struct check_report *r;
	struct reason *why;
	struct rows rows;
	struct buf suspects; /* struct id each: half there */
	struct buf mends;    /* struct op_mend each, not yet told */
	uint8_t *block;
	size_t n_row, n_file, n_size, n_mode, n_hash;
};

/* ---- findings */

static enum err
mend(struct walk *x, const char *id, enum mend what)
{
	struct op_mend m = {.what = what};

	if (!x->w->is_mending)
		return ERR_OK;
	memcpy(m.id, id, sizeof m.id);
	return buf_add(&x->mends, &m, sizeof m);
}

static enum err
tell_mends(struct walk *x)
{
	struct wire_msg m = {.op = OP_MEND, .fd = -1};
	size_t n = x->mends.len / sizeof(struct op_mend);
	int list = -1;
	enum err e;

	if (n == 0)
		return ERR_OK;
	if ((e = wire_memfd(x->mends.p, x->mends.len, &list)) != ERR_OK)
		return reason_sys(x->why, e, "Can't hand over what is to be mended");
	m.fd = list;
	e = link_ask(x->w->link, &m, OP_RESULT, x->why);
	io_close(&list);
	buf_reset(&x->mends);
	x->w->mended += n;
	return e;
}

static enum err
say_missing(struct walk *x, const struct op_export_item *row)
{
	char day[DATE_DAY_LEN + 1];
	enum err e;

	date_format(day, row->day);
	e = check_say(x->r, CHECK_PROBLEM, &x->n_row,
	    "The file of submission %s is missing (%s, inbox %s, epoch %u, %llu bytes): restore it "
	    "from a backup.",
	    row->id, day, row->inbox, row->epoch, (unsigned long long)row->size);
	return e == ERR_OK ? mend(x, row->id, MEND_FORGET) : e;
}

static enum err
say_unknown(struct walk *x, const char *id)
{
	return check_say(x->r, CHECK_PROBLEM, &x->n_file,
	    "The index doesn't know submission %s: restart the server, or say check --repair.", id);
}

/* ---- an item that is there */

/* *is_strange: it was told, and has no content to compare. */
static enum err
check_outside(struct walk *x, const char *id, const struct stat *st, bool *is_strange)
{
	const struct check_files *f = x->w->files;

	*is_strange = !S_ISREG(st->st_mode) || st->st_nlink != 1 || st->st_uid != f->owner;
	if (*is_strange)
		return check_say(x->r, CHECK_PROBLEM, &x->w->files->n_odd,
		    "items/%s.age must be a file with one name that belongs to user %u: find out who "
		    "made it something else.",
		    id, f->owner);
	if (st->st_mtime % DATE_DAY_SEC != 0)
		return check_say(x->r, CHECK_PROBLEM, &x->w->files->n_odd,
		    "items/%s.age has a time of day: somebody has written to it, or put it there.",
		    id);
	return ERR_OK;
}

static enum err
hash_file(struct walk *x, const char *id, uint8_t hash[static HASH_LEN])
{
	enum err e;
	struct hash h;
	size_t got = 0;
	int fd = -1;

	if ((e = item_file_open(x->w->files->items, id, &fd)) != ERR_OK)
		return e;
	hash_init(&h, HASH_LEN);
	while ((e = io_read_full(fd, x->block, BLOCK_SIZE, &got)) == ERR_OK && got > 0)
		hash_put(&h, x->block, got);
	hash_finish(&h, hash);
	io_close(&fd);
	x->w->read++;
	return e;
}

static enum err
compare_content(struct walk *x, const struct op_export_item *row)
{
	uint8_t hash[HASH_LEN];
	enum err e;

	if ((e = hash_file(x, row->id, hash)) == ERR_NOTFOUND)
		return ERR_OK; /* deleted meanwhile, as the retention says */
	if (e == ERR_OK && memcmp(hash, row->hash, HASH_LEN) == 0)
		return ERR_OK;
	if (e != ERR_OK)
		return check_say(x->r, CHECK_PROBLEM, &x->n_hash,
		    "items/%s.age can't be read (%s): look after the disk.", row->id,
		    e == ERR_SYS ? strerror(errno) : err_text(e));
	e = check_say(x->r, CHECK_PROBLEM, &x->n_hash,
	    "items/%s.age was changed or damaged since its hash was taken: restore it from a backup.",
	    row->id);
	return e == ERR_OK ? mend(x, row->id, MEND_ASIDE) : e;
}

static enum err
on_both(struct walk *x, const struct op_export_item *row, const struct stat *st)
{
	enum err e;

	if ((uint64_t)st->st_size != row->size) {
		e = check_say(x->r, CHECK_PROBLEM, &x->n_size,
		    "items/%s.age has %lld bytes, but came with %llu: restore it from a backup.",
		    row->id, (long long)st->st_size, (unsigned long long)row->size);
		return e == ERR_OK ? mend(x, row->id, MEND_ASIDE) : e;
	}
	if ((st->st_mode & 07777) != 0400 &&
	    ((e = check_say(x->r, CHECK_PROBLEM, &x->n_mode,
		  "items/%s.age has mode %04o, not 0400: check --repair sets it.", row->id,
		  st->st_mode & 07777u)) != ERR_OK ||
		(e = mend(x, row->id, MEND_MODE)) != ERR_OK))
		return e;
	return x->w->with_content && row->has_hash ? compare_content(x, row) : ERR_OK;
}

/* ---- half there */

static enum err
look_again(struct walk *x, const char *id)
{
	struct op_export_item row;
	bool has_file, has_row = false;
	struct stat st;
	enum err e;

	/* In the order in which they come: a row that comes in between makes no finding. */
	has_file = item_file_stat(x->w->files->items, id, &st) == ERR_OK;
	if ((e = rows_find(&x->rows, id, &row, &has_row, x->why)) != ERR_OK)
		return e;
	if (has_row && !has_file)
		return say_missing(x, &row);
	return has_file && !has_row ? say_unknown(x, id) : ERR_OK;
}

static enum err
look_at_suspects(struct walk *x)
{
	const struct id *id = (const struct id *)(const void *)x->suspects.p;
	size_t i, n = x->suspects.len / sizeof *id;
	enum err e = ERR_OK;

	if (n > 0 && x->w->link->is_serving)
		sleep(SETTLING_SEC);
	for (i = 0; i < n && e == ERR_OK; i++)
		e = look_again(x, id[i].text);
	buf_reset(&x->suspects);
	return e == ERR_OK ? tell_mends(x) : e;
}

static enum err
suspect(struct walk *x, const char *id)
{
	struct id s;
	enum err e;

	if (x->suspects.len == SUSPECTS * sizeof s && (e = look_at_suspects(x)) != ERR_OK)
		return e;
	memcpy(s.text, id, sizeof s.text);
	return buf_add(&x->suspects, &s, sizeof s);
}

/* ---- the walk */

/* One id that has a row (or NULL), or was seen in the folder. */
static enum err
look_at(struct walk *x, const char *id, const struct op_export_item *row)
{
	bool is_strange = false;
	struct stat st;
	enum err e;

	if ((e = item_file_stat(x->w->files->items, id, &st)) == ERR_NOTFOUND)
		return row != NULL ? suspect(x, id) : ERR_OK;
	if (e != ERR_OK || (e = check_outside(x, id, &st, &is_strange)) != ERR_OK || is_strange)
		return e;
	if (row != NULL)
		return on_both(x, row, &st);
	return x->w->is_index_damaged ? ERR_OK : suspect(x, id);
}

/* Where the walk is in the two lists. */
struct place {
	size_t row, id; /* bytes behind which the next one is */
};

static enum err
refill(struct walk *x, struct place *p)
{
	enum err e;

	if (p->row == x->rows.page.len && !x->rows.is_end) {
		if ((e = tell_mends(x)) != ERR_OK || (e = rows_next(&x->rows, x->why)) != ERR_OK)
			return e;
		x->w->rows += x->rows.page.len / sizeof(struct op_export_item);
		p->row = 0;
	}
	if (p->id == x->w->files->ids.len && !x->w->files->is_end) {
		if ((e = check_files_more(x->w->files)) != ERR_OK)
			return e;
		p->id = 0;
	}
	return ERR_OK;
}

/* The next row, the next file, or both if they belong together. */
static enum err
step(struct walk *x, struct place *p, bool *is_over)
{
	const struct buf *page = &x->rows.page, *ids = &x->w->files->ids;
	const struct op_export_item *row = NULL;
	char id[RANDOM_ID_LEN + 1];
	int order = 1;
	enum err e;

	if ((e = refill(x, p)) != ERR_OK)
		return e;
	*is_over = p->row == page->len && p->id == ids->len;
	if (*is_over)
		return ERR_OK;
	if (p->id < ids->len)
		text_hex(id, ids->p + p->id, CHECK_ID);
	if (p->row < page->len) {
		row = (const struct op_export_item *)(const void *)(page->p + p->row);
		order = p->id == ids->len ? -1 : strcmp(row->id, id);
	}
	if (order <= 0)
		p->row += sizeof *row;
	if (order >= 0)
		p->id += CHECK_ID;
	return order <= 0 ? look_at(x, row->id, row) : look_at(x, id, NULL);
}

static enum err
say_rest(struct walk *x)
{
	const struct {
		size_t n;
		const char *what;
	} all[] = {
	    {x->w->files->n_odd, "files that aren't as they should be"},
	    {x->n_row, "submissions whose file is missing"},
	    {x->n_file, "submissions that the index doesn't know"},
	    {x->n_size, "files of a wrong size"},
	    {x->n_mode, "files of a wrong mode"},
	    {x->n_hash, "files that were changed"},
	};
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < sizeof all / sizeof all[0] && e == ERR_OK; i++)
		e = check_say_more(x->r, CHECK_PROBLEM, all[i].n, all[i].what);
	return e;
}

enum err
check_walk(struct check_walk *w, struct check_report *r, struct reason *why)
{
	struct walk x = {.w = w, .r = r, .why = why};
	struct place p = {0, 0};
	bool is_over = false;
	enum err e = ERR_OK;

	rows_init(&x.rows, w->link);
	x.rows.is_index_damaged = w->is_index_damaged;
	buf_init(&x.suspects, SUSPECTS * sizeof(struct id));
	buf_init(&x.mends, SIZE_MAX); /* told after each page */
	if ((x.block = malloc(BLOCK_SIZE)) == NULL)
		e = ERR_NOMEM;
	while (e == ERR_OK && !is_over)
		e = step(&x, &p, &is_over);
	if (e == ERR_OK && (e = look_at_suspects(&x)) == ERR_OK)
		e = say_rest(&x);
	if (e != ERR_OK && why->text[0] == '\0')
		reason_sys(why, e, "Can't look at the store");
	rows_wipe(&x.rows);
	buf_wipe(&x.suspects);
	buf_wipe(&x.mends);
	free(x.block);
	return e;
}
