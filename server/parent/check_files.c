#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/date.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/random.h"
#include "base/text.h"
#include "parent/check.h"
#include "wire/item_file.h"

#define COPY_EXT   ".copy"
#define BLOCK_SIZE (256 * 1024)

struct check_file {
	char id[RANDOM_ID_LEN + 1];
	bool is_strange; /* told already: no content to compare */
	struct stat st;
};

/* The store's own files beside the folders. admin.sock is there while a server runs. */
static const char *const own[] = {
    "index.db", "state", "transfer.key", "transfer.pub", "lock", NULL};
static const char *const others[] = {"items", "keys", "index.db-journal", "admin.sock", "spare",
    "serving", "restoring", "lost+found", NULL};

enum err
check_files_open(const struct setup *s, struct check_files *f, struct reason *why)
{
	enum err e;

	*f = (struct check_files){.root = -1, .items = -1, .owner = s->uid};
	buf_init(&f->files, SIZE_MAX);
	if ((e = io_open_dir(AT_FDCWD, s->conf->store_path, &f->root)) != ERR_OK ||
	    (e = io_open_dir(f->root, "items", &f->items)) != ERR_OK)
		return reason_sys(why, e, "Can't read the store in %s", s->conf->store_path);
	return ERR_OK;
}

void
check_files_close(struct check_files *f)
{
	io_close(&f->items);
	io_close(&f->root);
	buf_wipe(&f->files);
}

static bool
is_in(const char *const *list, const char *name)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

/* ---- owners, modes, links, names */

static enum err
check_own(const struct check_files *f, const char *name, struct check_report *r)
{
	struct stat st;

	if (fstatat(f->root, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return strcmp(name, "index.db") == 0 /* told as what it is: a lost index */
			   ? ERR_OK
			   : check_say(r, CHECK_PROBLEM, NULL,
				 "The store's file %s is missing: restore it from the backup.",
				 name);
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return check_say(r, CHECK_PROBLEM, NULL,
		    "The store's %s must be a file with one name, not a link: find out who made it one.",
		    name);
	if (st.st_uid != f->owner || (st.st_mode & 077) != 0)
		return check_say(r, CHECK_PROBLEM, NULL,
		    "The store's file %s belongs to user %u with mode %03o: say chown and chmod 600, and "
		    "find out who has read it.",
		    name, st.st_uid, st.st_mode & 0777u);
	return ERR_OK;
}

/* What doesn't belong into the folder. */
static enum err
check_root_name(const char *name, struct check_report *r, size_t *same)
{
	if (name[0] == '.' && (name[1] == '\0' || strcmp(name, "..") == 0))
		return ERR_OK;
	if (is_in(own, name) || is_in(others, name))
		return ERR_OK;
	if (strncmp(name, "index.db.damaged-", strlen("index.db.damaged-")) == 0)
		return check_say(r, CHECK_NOTICE, same,
		    "%.64s was kept by a repair; it may tell the order of a day: delete it once it isn't "
		    "needed.",
		    name);
	if (strncmp(name, IO_TMP_PREFIX, strlen(IO_TMP_PREFIX)) == 0)
		return check_say(r, CHECK_NOTICE, same,
		    "%.64s is half a file that a power cut left: it can be deleted while no server runs.",
		    name);
	return check_say(
	    r, CHECK_PROBLEM, same, "%.64s in the store's folder isn't the store's.", name);
}

static enum err
check_item_file(
    const struct check_files *f, struct check_file *file, struct check_report *r, size_t *same)
{
	if (!S_ISREG(file->st.st_mode) || file->st.st_nlink != 1 || file->st.st_uid != f->owner) {
		file->is_strange = true;
		return check_say(r, CHECK_PROBLEM, same,
		    "items/%s.age must be a file with one name that belongs to user %u: find out who "
		    "made it something else.",
		    file->id, f->owner);
	}
	if (file->st.st_mtime % DATE_DAY_SEC != 0)
		return check_say(r, CHECK_PROBLEM, same,
		    "items/%s.age has a time of day: somebody has written to it, or put it there.",
		    file->id);
	return ERR_OK;
}

static enum err
check_item_name(struct check_files *f, const char *name, struct check_report *r, size_t *same)
{
	struct check_file file = {.id = ""};
	size_t n = strlen(name);
	uint8_t id[RANDOM_ID_LEN / 2];
	enum err e;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return ERR_OK;
	if (n > RANDOM_ID_LEN && text_unhex(id, sizeof id, name, RANDOM_ID_LEN) == ERR_OK) {
		if (strcmp(name + RANDOM_ID_LEN, COPY_EXT) == 0)
			return ERR_OK; /* the settle's, for a moment, or swept at the next start */
		if (strcmp(name + RANDOM_ID_LEN, ".damaged") == 0)
			return check_say(r, CHECK_NOTICE, same,
			    "items/%s was set aside by a repair: bring back the item from a backup, then "
			    "delete it.",
			    name);
		if (strcmp(name + RANDOM_ID_LEN, ITEM_FILE_EXT) == 0 ||
		    strcmp(name + RANDOM_ID_LEN, ITEM_FILE_MOVING) == 0) {
			memcpy(file.id, name, RANDOM_ID_LEN);
			if ((e = item_file_stat(f->items, file.id, &file.st)) != ERR_OK)
				return e == ERR_NOTFOUND ? ERR_OK : e;
			if ((e = check_item_file(f, &file, r, same)) != ERR_OK)
				return e;
			return buf_add(&f->files, &file, sizeof file);
		}
	}
	return check_say(
	    r, CHECK_PROBLEM, same, "%.64s in the folder items isn't the store's.", name);
}

static int
compare_files(const void *a, const void *b)
{
	return memcmp(
	    ((const struct check_file *)a)->id, ((const struct check_file *)b)->id, RANDOM_ID_LEN);
}

/* Ascending; one that changed its name while the folder was read was seen under both. */
static void
sort_files(struct buf *files)
{
	struct check_file *f = (struct check_file *)(void *)files->p;
	size_t i, kept = 0, n = files->len / sizeof *f;

	if (n == 0)
		return;
	qsort(f, n, sizeof *f, compare_files);
	for (i = 0; i < n; i++)
		if (i == 0 || compare_files(&f[kept - 1], &f[i]) != 0)
			f[kept++] = f[i];
	files->len = kept * sizeof *f;
}

static enum err
open_list(int dirfd, DIR **out)
{
	int fd;

	if ((fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return io_errno();
	if ((*out = fdopendir(fd)) != NULL)
		return ERR_OK;
	io_close(&fd);
	return ERR_SYS;
}

enum err
check_files_outside(struct check_files *f, struct check_report *r)
{
	struct dirent *d;
	size_t i, same = 0;
	enum err e = ERR_OK;
	DIR *dir = NULL;

	for (i = 0; own[i] != NULL && e == ERR_OK; i++)
		e = check_own(f, own[i], r);
	if (e == ERR_OK && (e = open_list(f->root, &dir)) == ERR_OK) {
		while (e == ERR_OK && (d = readdir(dir)) != NULL)
			e = check_root_name(d->d_name, r, &same);
		closedir(dir);
	}
	if (e == ERR_OK && (e = open_list(f->items, &dir)) == ERR_OK) {
		while (e == ERR_OK && (d = readdir(dir)) != NULL)
			e = check_item_name(f, d->d_name, r, &same);
		closedir(dir);
	}
	sort_files(&f->files);
	return e == ERR_OK
		   ? check_say_more(r, CHECK_PROBLEM, same, "files that aren't as they should be")
		   : e;
}

/* ---- rows against files */

struct compare {
	struct check_files *f;
	const struct check_compare *c;
	struct check_report *r;
	uint8_t *block;
	size_t n_row, n_file, n_size, n_mode, n_hash;
};

static enum err
mend(struct compare *x, const char *id, enum mend what)
{
	struct op_mend m = {.what = what};

	if (x->c->mends == NULL)
		return ERR_OK;
	memcpy(m.id, id, sizeof m.id);
	return buf_add(x->c->mends, &m, sizeof m);
}

static enum err
on_row_alone(struct compare *x, const struct op_export_item *row)
{
	char day[DATE_DAY_LEN + 1];
	struct stat st;
	enum err e;

	/* It may have come after the folder was read. */
	if (item_file_stat(x->f->items, row->id, &st) == ERR_OK)
		return ERR_OK;
	date_format(day, row->day);
	e = check_say(x->r, CHECK_PROBLEM, &x->n_row,
	    "The file of submission %s is missing (%s, inbox %s, epoch %u, %llu bytes): restore it "
	    "from a backup.",
	    row->id, day, row->inbox, row->epoch, (unsigned long long)row->size);
	return e == ERR_OK ? mend(x, row->id, MEND_FORGET) : e;
}

static enum err
on_file_alone(struct compare *x, const struct check_file *file)
{
	if (file->is_strange)
		return ERR_OK;
	if (x->c->is_index_gone) {
		x->n_file++;
		return ERR_OK;
	}
	return check_say(x->r, CHECK_PROBLEM, &x->n_file,
	    "The index doesn't know submission %s: restart the server, or say check --repair.",
	    file->id);
}

static enum err
hash_file(struct compare *x, const struct check_file *file, uint8_t hash[static HASH_LEN])
{
	enum err e;
	struct hash h;
	size_t got = 0;
	int fd = -1;

	if ((e = item_file_open(x->f->items, file->id, &fd)) != ERR_OK)
		return e;
	hash_init(&h, HASH_LEN);
	while ((e = io_read_full(fd, x->block, BLOCK_SIZE, &got)) == ERR_OK && got > 0)
		hash_put(&h, x->block, got);
	hash_finish(&h, hash);
	io_close(&fd);
	x->f->read++;
	return e;
}

static enum err
compare_content(struct compare *x, const struct op_export_item *row, const struct check_file *file)
{
	uint8_t hash[HASH_LEN];
	enum err e;

	if ((e = hash_file(x, file, hash)) == ERR_NOTFOUND)
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
on_both(struct compare *x, const struct op_export_item *row, const struct check_file *file)
{
	enum err e;

	if (file->is_strange)
		return ERR_OK;
	if ((uint64_t)file->st.st_size != row->size) {
		e = check_say(x->r, CHECK_PROBLEM, &x->n_size,
		    "items/%s.age has %lld bytes, but came with %llu: restore it from a backup.",
		    row->id, (long long)file->st.st_size, (unsigned long long)row->size);
		return e == ERR_OK ? mend(x, row->id, MEND_ASIDE) : e;
	}
	if ((file->st.st_mode & 07777) != 0400 &&
	    ((e = check_say(x->r, CHECK_PROBLEM, &x->n_mode,
		  "items/%s.age has mode %04o, not 0400: check --repair sets it.", row->id,
		  file->st.st_mode & 07777u)) != ERR_OK ||
		(e = mend(x, row->id, MEND_MODE)) != ERR_OK))
		return e;
	return x->c->with_content && row->has_hash ? compare_content(x, row, file) : ERR_OK;
}

static enum err
say_rest(struct compare *x)
{
	enum err e;

	if (x->c->is_index_gone)
		x->n_file = 0; /* the index was told of */
	if ((e = check_say_more(
		 x->r, CHECK_PROBLEM, x->n_row, "submissions whose file is missing")) != ERR_OK ||
	    (e = check_say_more(x->r, CHECK_PROBLEM, x->n_file,
		 "submissions that the index "
		 "doesn't know")) != ERR_OK ||
	    (e = check_say_more(x->r, CHECK_PROBLEM, x->n_size, "files of a wrong size")) !=
		ERR_OK ||
	    (e = check_say_more(x->r, CHECK_PROBLEM, x->n_mode, "files of a wrong mode")) != ERR_OK)
		return e;
	return check_say_more(x->r, CHECK_PROBLEM, x->n_hash, "files that were changed");
}

enum err
check_files_compare(
    struct check_files *f, const struct check_compare *c, struct check_report *r, size_t *orphans)
{
	const struct op_export_item *row = (const struct op_export_item *)(const void *)c->rows->p;
	const struct check_file *file = (const struct check_file *)(const void *)f->files.p;
	size_t rows = c->rows->len / sizeof *row, files = f->files.len / sizeof *file;
	struct compare x = {.f = f, .c = c, .r = r};
	enum err e = ERR_OK;
	int order;

	if ((x.block = malloc(BLOCK_SIZE)) == NULL)
		return ERR_NOMEM;
	while (e == ERR_OK && (rows > 0 || files > 0)) {
		order = rows == 0 ? 1 : files == 0 ? -1 : memcmp(row->id, file->id, RANDOM_ID_LEN);
		if (order < 0)
			e = on_row_alone(&x, row);
		else if (order > 0)
			e = on_file_alone(&x, file);
		else
			e = on_both(&x, row, file);
		if (order <= 0) {
			row++;
			rows--;
		}
		if (order >= 0) {
			file++;
			files--;
		}
	}
	free(x.block);
	*orphans = x.n_row + x.n_file;
	return e == ERR_OK ? say_rest(&x) : e;
}
