#include "extract.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "nested.h"
#include "newfile.h"

enum err
extract_init(struct extract *x, struct item *it)
{
	*x = (struct extract){.item = it};
	x->files = calloc(it->zip->n_members, sizeof *x->files);
	return x->files == NULL ? ERR_NOMEM : ERR_OK;
}

void
extract_wipe(struct extract *x)
{
	if (x->files != NULL)
		explicit_bzero(x->files, x->n * sizeof *x->files);
	free(x->files);
	*x = (struct extract){0};
}

static bool
is_file(const struct zip_member *m)
{
	return strncmp(m->name, ZIP_FILES, strlen(ZIP_FILES)) == 0;
}

/* The original of member i; the manifest is only there if it agrees with the archive. */
static const char *
original_of(const struct item *it, size_t i)
{
	return it->manifest == NULL ? "" : it->manifest->files[i - 1].original;
}

static void
choose(struct extract *x, size_t i)
{
	const struct zip_member *m = &x->item->zip->members[i];
	struct extract_file *f;
	const char *original;
	size_t k;

	for (k = 0; k < x->n; k++)
		if (x->files[k].member == m)
			return;
	f = &x->files[x->n++];
	f->member = m;
	if (is_file(m)) {
		original = original_of(x->item, i);
		name_clean(f->name, m->name, original, strlen(original));
	} else {
		snprintf(f->name, sizeof f->name, "%s", m->name);
	}
}

enum err
extract_all(struct extract *x)
{
	size_t i;

	for (i = 0; i < x->item->zip->n_members; i++)
		choose(x, i);
	return ERR_OK;
}

/* Is it the name of the member, with or without "files/", or its number? */
static bool
is_meant(const struct zip_member *m, const char *what)
{
	const char *own = m->name + (is_file(m) ? strlen(ZIP_FILES) : 0);
	uint64_t number, own_number;

	if (strcmp(m->name, what) == 0 || strcmp(own, what) == 0)
		return true;
	while (what[0] == '0' && what[1] != '\0')
		what++;
	if (!is_file(m) || text_number(what, strlen(what), LIMIT_UPLOAD_FILES, &number) != ERR_OK)
		return false;
	own_number = strtoul(own, NULL, 10);
	return number == own_number;
}

/* Is it the name that the file is extracted under, with or without its number? */
static bool
is_called(const struct item *it, size_t i, const char *what)
{
	const struct zip_member *m = &it->zip->members[i];
	char clean[NAME_MAX_LEN + 1];
	const char *original, *dash;

	if (!is_file(m))
		return false;
	original = original_of(it, i);
	name_clean(clean, m->name, original, strlen(original));
	if (strcmp(clean, what) == 0)
		return true;
	return (dash = strchr(clean, '-')) != NULL && dash[1] != '\0' &&
	       strcmp(dash + 1, what) == 0;
}

/* A source may have given one name to several files: then all of them are meant. */
static enum err
choose_called(struct extract *x, const char *what)
{
	enum err e = ERR_NOTFOUND;
	size_t i;

	for (i = 0; i < x->item->zip->n_members; i++)
		if (is_called(x->item, i, what)) {
			choose(x, i);
			e = ERR_OK;
		}
	return e;
}

enum err
extract_one(struct extract *x, const char *what)
{
	size_t i;

	for (i = 0; i < x->item->zip->n_members; i++)
		if (is_meant(&x->item->zip->members[i], what)) {
			choose(x, i);
			return ERR_OK;
		}
	return choose_called(x, what);
}

/* ---- writing */

/* Asked before anything is written; what appears later is met by newfile_name. */
static enum err
check_names(struct extract *x, int dir)
{
	struct stat st;
	size_t i;

	for (i = 0; i < x->n; i++) {
		x->fault = i;
		if (fstatat(dir, x->files[i].name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return ERR_EXISTS;
		if (errno != ENOENT)
			return io_errno();
	}
	x->fault = x->n;
	return ERR_OK;
}

/* Every chosen member is open at once. */
static enum err
allow_files(size_t n)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == -1)
		return io_errno();
	if (r.rlim_cur >= n + 64)
		return ERR_OK;
	r.rlim_cur = r.rlim_max < n + 64 ? r.rlim_max : n + 64;
	return setrlimit(RLIMIT_NOFILE, &r) == -1 ? io_errno() : ERR_OK;
}

static enum err
open_nested(struct extract *x, struct extract_file *f, struct newfile *sealed)
{
	struct newfile plain = NEWFILE_NONE;
	enum err e;

	if (x->ids == NULL || !nested_is_age_fd(sealed->fd))
		return ERR_OK;
	f->is_nested = true;
	if ((e = newfile_begin(&plain, sealed->dir)) != ERR_OK)
		return e;
	f->nested = nested_open(sealed->fd, x->ids, plain.fd);
	if (f->nested == ERR_OK) {
		nested_name(f->name);
		newfile_end(sealed);
		*sealed = plain;
		return ERR_OK;
	}
	newfile_end(&plain);
	/* What is wrong with the file's own sealing is no reason not to give it as it came. */
	return f->nested == ERR_SYS || f->nested == ERR_NOMEM || f->nested == ERR_NOSPACE
		   ? f->nested
		   : ERR_OK;
}

static enum err
write_all(struct extract *x, int dir, struct newfile *new)
{
	enum err e;
	size_t i;

	for (i = 0; i < x->n; i++) {
		x->fault = i;
		if ((e = newfile_begin(&new[i], dir)) != ERR_OK ||
		    (e = item_write_member(x->item, x->files[i].member, new[i].fd)) != ERR_OK ||
		    (e = open_nested(x, &x->files[i], &new[i])) != ERR_OK ||
		    (fchmod(new[i].fd, 0600) == -1 && errno != EPERM))
			return e == ERR_OK ? io_errno() : e;
	}
	x->fault = x->n;
	return syncfs(dir) == -1 ? io_errno() : ERR_OK;
}

static enum err
name_all(struct extract *x, int dir, struct newfile *new)
{
	size_t named = 0;
	enum err e = ERR_OK;

	for (; named < x->n; named++) {
		x->fault = named;
		if ((e = newfile_name(&new[named], x->files[named].name)) != ERR_OK)
			break;
	}
	if (e == ERR_OK) {
		x->fault = x->n;
		e = io_sync(dir);
	}
	for (; e != ERR_OK && named > 0; named--)
		unlinkat(dir, x->files[named - 1].name, 0);
	return e;
}

enum err
extract_run(struct extract *x, int dir)
{
	struct newfile *new;
	size_t i;
	enum err e;

	x->fault = x->n;
	if ((new = calloc(x->n + 1, sizeof *new)) == NULL)
		return ERR_NOMEM;
	for (i = 0; i < x->n; i++)
		new[i] = NEWFILE_NONE;
	if ((e = check_names(x, dir)) == ERR_OK && (e = allow_files(x->n)) == ERR_OK &&
	    (e = write_all(x, dir, new)) == ERR_OK)
		e = name_all(x, dir, new);
	for (i = 0; i < x->n; i++)
		newfile_end(&new[i]);
	free(new);
	return e;
}
