#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alarm.h"
#include "base/io.h"
#include "import_part.h"
#include "item.h"

#define BATCH_BYTES   (256 * LIMIT_MIB) /* copied again at most after a kill */
#define HASH_PIECE    65536
#define PROGRESS_STEP (4 * LIMIT_MIB)

/* ---- copying */

/* Where the bytes of an item go: file and hash at once. */
struct copy {
	struct import *im;
	int fd;
	struct hash hash;
	uint64_t next; /* progress is told when this many bytes were read */
};

static enum err
put_copy(void *ctx, const void *p, size_t n)
{
	struct copy *c = ctx;
	struct import *im = c->im;

	hash_put(&c->hash, p, n);
	if (im->ev->progress != NULL && im->feed.done >= c->next) {
		im->ev->progress(im->ev->ctx, im->feed.done);
		c->next = im->feed.done + PROGRESS_STEP;
	}
	return io_write_all(c->fd, p, n);
}

/* The whole current member into f; *is_good: it is what the index lists. */
static enum err
copy_member(struct import *im, struct newfile *f, const struct bundle_item *want, bool *is_good)
{
	struct copy c = {.im = im, .fd = f->fd};
	uint8_t got[HASH_LEN];
	enum err e;

	hash_init(&c.hash, HASH_LEN);
	if ((e = feed_copy(&im->feed, (struct sink){put_copy, &c})) != ERR_OK)
		return e;
	hash_finish(&c.hash, got);
	*is_good = memcmp(got, want->hash, HASH_LEN) == 0;
	return ERR_OK;
}

/* Does the file have the listed size and hash? */
static enum err
check_file(int fd, const struct bundle_item *want, bool *is_good)
{
	uint8_t piece[HASH_PIECE], got[HASH_LEN];
	uint64_t size = 0;
	struct hash h;
	size_t n;
	enum err e;

	hash_init(&h, HASH_LEN);
	do {
		if ((e = io_read_full(fd, piece, sizeof piece, &n)) != ERR_OK)
			return e;
		hash_put(&h, piece, n);
		size += n;
	} while (n == sizeof piece);
	hash_finish(&h, got);
	*is_good = size == want->size && memcmp(got, want->hash, HASH_LEN) == 0;
	return ERR_OK;
}

/* ---- rows */

/* Fills the row's state, flags and what the manifest says, and puts it into the catalog. */
static enum err
judge(struct vault *v, int fd, struct catalog_item *row, enum err *opened)
{
	const struct schedule *s = NULL;
	struct item *it = NULL;
	enum err e;

	*opened = item_open_in(v, fd, row->epoch, &it);
	if (*opened != ERR_OK && !item_state_of(*opened, &row->state))
		return *opened;
	e = it == NULL ? ERR_OK : item_schedule(v, it, &s);
	if (e == ERR_OK && it != NULL)
		item_judge(it, v->catalog.instance, s, row);
	if (e == ERR_OK)
		e = catalog_put_item(&v->catalog, row);
	item_free(it);
	return e;
}

static enum err
add_row(struct import *im, int fd, const struct bundle_item *b)
{
	struct catalog_item row = {.day = b->day, .epoch = b->epoch, .size = b->size};
	enum err e, opened = ERR_OK;

	memcpy(row.id, b->id, sizeof row.id);
	memcpy(row.inbox, b->inbox, sizeof row.inbox);
	memcpy(row.hash, b->hash, HASH_LEN);
	if ((e = judge(im->v, fd, &row, &opened)) != ERR_OK)
		return e;
	im->r->added++;
	if (row.state != CATALOG_OPENED) {
		im->r->unopened++;
		import_note(im, IMPORT_UNOPENED, b->id, opened, NULL);
	} else if (row.flags != 0) {
		import_note(im, IMPORT_FLAGGED, b->id, ERR_OK, NULL);
	}
	return ERR_OK;
}

enum err
import_retry(struct vault *v, size_t *n)
{
	const struct identity_set *ids;
	struct catalog_item row;
	enum err e, opened;
	size_t i;
	int fd;

	*n = 0;
	if ((e = vault_identities(v, &ids)) != ERR_OK)
		return e;
	for (i = 0; i < v->catalog.n_items; i++) {
		row = *v->catalog.items[i];
		if (row.state != CATALOG_NO_KEY)
			continue;
		if ((e = vault_identities_of(v, row.epoch, &ids)) != ERR_OK)
			return e;
		if (ids->n == 0 || vault_open_item(v, row.id, &fd) != ERR_OK)
			continue;
		e = judge(v, fd, &row, &opened);
		io_close(&fd);
		if (e == ERR_SYS) /* it can't be read now: another time */
			continue;
		if (e != ERR_OK)
			return e;
		*n += opened == ERR_OK;
	}
	return vault_commit(v);
}

/* ---- the batch */

void
import_drop(struct import *im)
{
	while (im->n_batch > 0)
		newfile_end(&im->batch[--im->n_batch].file);
	im->batch_bytes = 0;
}

/*
 * One sync for the contents of the whole batch, then the names, then one for
 * the names, then the rows: so a name means that the file is complete, and a
 * row that both would survive a power cut.
 */
enum err
import_flush(struct import *im)
{
	bool has_work = im->n_batch > 0 || im->v->catalog.pending.len > 0;
	char name[VAULT_ITEM_NAME];
	enum err e = ERR_OK;
	size_t i;

	if (im->is_failed)
		return ERR_STATE;
	if (has_work && syncfs(im->v->items) == -1)
		e = io_errno();
	for (i = 0; e == ERR_OK && i < im->n_batch; i++) {
		vault_item_name(name, im->batch[i].id);
		e = im->batch[i].replaces ? newfile_replace(&im->batch[i].file, name)
					  : newfile_name(&im->batch[i].file, name);
	}
	if (e == ERR_OK && has_work)
		e = io_sync(im->v->items);
	if (e == ERR_OK)
		e = vault_commit(im->v);
	im->is_failed = e != ERR_OK;
	import_drop(im);
	return e;
}

static enum err
add_copy(struct import *im, struct newfile *f, const struct bundle_item *b, bool is_healing)
{
	struct import_copy *copy = &im->batch[im->n_batch];
	bool has_row = catalog_find(&im->v->catalog, b->id) != NULL;
	enum err e;

	/* A row that is there says of the same bytes what was found in them. */
	if (!is_healing && (e = add_row(im, f->fd, b)) != ERR_OK)
		return e;
	copy->replaces = has_row;
	copy->file = *f;
	memcpy(copy->id, b->id, sizeof copy->id);
	*f = NEWFILE_NONE;
	im->n_batch++;
	im->batch_bytes += b->size;
	if (im->n_batch == IMPORT_BATCH || im->batch_bytes >= BATCH_BYTES)
		return import_flush(im);
	return ERR_OK;
}

/* ---- one item */

enum err
import_has(const struct import *im, size_t i, bool *has)
{
	const struct bundle_item *b = &im->index->items[i];
	const struct catalog_item *row = catalog_find(&im->v->catalog, b->id);
	char name[VAULT_ITEM_NAME];
	struct stat st;

	*has = false;
	if (row == NULL || row->state == CATALOG_MISSING)
		return ERR_OK;
	vault_item_name(name, b->id);
	if (fstatat(im->v->items, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		*has = S_ISREG(st.st_mode) && (uint64_t)st.st_size == row->size;
	else if (errno != ENOENT)
		return io_errno();
	return ERR_OK;
}

/*
 * A file that has its name but no row: an import was killed between the two.
 * *is_there: it is whole. Otherwise it is no copy of anything, and goes; with a row it may be all
 * that is left of one, and stays until a good copy takes its place.
 */
static enum err
adopt(struct import *im, const struct bundle_item *b, bool *is_there)
{
	char name[VAULT_ITEM_NAME];
	int fd = -1;
	enum err e;

	*is_there = false;
	if ((e = vault_open_item(im->v, b->id, &fd)) == ERR_NOTFOUND)
		return ERR_OK;
	/* What can't be read isn't whole, and must not end every import from now on. */
	if (e == ERR_OK && check_file(fd, b, is_there) != ERR_OK)
		*is_there = false;
	if (e == ERR_OK && *is_there)
		e = add_row(im, fd, b);
	io_close(&fd);
	if ((e == ERR_OK && *is_there) || (e != ERR_OK && e != ERR_MODE))
		return e;
	if (catalog_find(&im->v->catalog, b->id) != NULL)
		return ERR_OK;
	vault_item_name(name, b->id);
	return unlinkat(im->v->items, name, 0) == -1 ? io_errno() : ERR_OK;
}

static enum err
copy_item(struct import *im, size_t i, bool is_healing)
{
	const struct bundle_item *b = &im->index->items[i];
	struct newfile f = NEWFILE_NONE;
	bool is_good = false;
	enum err e;

	if ((e = newfile_begin(&f, im->v->items)) != ERR_OK ||
	    (e = copy_member(im, &f, b, &is_good)) != ERR_OK)
		goto done;
	if (!is_good)
		import_note(im, IMPORT_DAMAGED, b->id, ERR_OK, NULL);
	else if ((e = add_copy(im, &f, b, is_healing)) == ERR_OK)
		im->has[i] = true;
	if (e == ERR_OK && is_good && is_healing)
		import_note(im, IMPORT_HEALED, b->id, ERR_OK, NULL);
done:
	newfile_end(&f);
	return e;
}

/*
 * Is the vault's own file still what the server sent? What can't be read isn't. One that
 * has no name yet is in the batch, and was checked.
 */
static bool
is_sound(const struct import *im, const struct bundle_item *b)
{
	bool is_good = false;
	int fd = -1;
	enum err e = vault_open_item(im->v, b->id, &fd);

	if (e == ERR_OK && check_file(fd, b, &is_good) != ERR_OK)
		is_good = false;
	io_close(&fd);
	return e == ERR_NOTFOUND || is_good;
}

/* The vault has a file under this id already, and it isn't this one. */
static enum err
refuse_changed(struct import *im, const struct catalog_item *old)
{
	struct catalog_item row = *old;
	enum err e;

	import_note(im, IMPORT_CHANGED, old->id, ERR_OK, NULL);
	if ((old->flags & CATALOG_CHANGED) == 0) {
		row.flags |= CATALOG_CHANGED;
		if ((e = catalog_put_item(&im->v->catalog, &row)) != ERR_OK)
			return e;
	}
	return alarm_raise(&im->v->catalog, CATALOG_ITEM_CHANGED, 0, 0, row.id);
}

enum err
import_item(struct import *im, size_t i)
{
	const struct bundle_item *b = &im->index->items[i];
	const struct catalog_item *row = catalog_find(&im->v->catalog, b->id);
	bool is_known = row != NULL && row->state != CATALOG_MISSING, is_whole, is_there = false;
	enum err e;

	if (is_known && memcmp(row->hash, b->hash, HASH_LEN) != 0)
		return refuse_changed(im, row);
	is_whole = !is_known || is_sound(im, b);
	if (im->has[i] && is_whole)
		return ERR_OK;
	if (im->feed.member.size != b->size) {
		import_note(im, IMPORT_DAMAGED, b->id, ERR_OK, NULL);
		return ERR_OK;
	}
	if (!is_whole)
		return copy_item(im, i, true);
	if ((e = adopt(im, b, &is_there)) != ERR_OK)
		return e;
	if (is_there) {
		im->has[i] = true;
		return ERR_OK;
	}
	return copy_item(im, i, false);
}
