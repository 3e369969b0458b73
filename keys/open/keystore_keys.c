#include "keystore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "open/keystore_file.h"
#include "seal/age.h"

/* What the files of the epochs folder mean: epoch identities. */

#define EXT      ".age"
#define NAME_LEN (sizeof KEYSTORE_EPOCHS + LIMIT_INBOX_NAME + sizeof "-4294967295.4294967295" EXT)

static bool
is_inbox(const char *s, size_t len)
{
	return len >= 1 && len <= LIMIT_INBOX_NAME &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") >= len;
}

static enum err
epoch_name(char out[static NAME_LEN], const struct keystore_epoch *epoch)
{
	if (!is_inbox(epoch->inbox, strnlen(epoch->inbox, sizeof epoch->inbox)))
		return ERR_USAGE;
	if (epoch->replacement == 0)
		snprintf(out, NAME_LEN, KEYSTORE_EPOCHS "/%s-%u" EXT, epoch->inbox, epoch->number);
	else
		snprintf(out, NAME_LEN, KEYSTORE_EPOCHS "/%s-%u.%u" EXT, epoch->inbox,
		    epoch->number, epoch->replacement);
	return ERR_OK;
}

/* The first key of an epoch, by name. ERR_USAGE: no inbox has such a name. */
static enum err
first_key(struct keystore_epoch *out, const char *inbox, uint32_t number)
{
	size_t len = strlen(inbox);

	if (len > LIMIT_INBOX_NAME)
		return ERR_USAGE;
	*out = (struct keystore_epoch){.number = number};
	memcpy(out->inbox, inbox, len);
	return ERR_OK;
}

enum err
keystore_get_key(struct keystore *k, const struct keystore_epoch *epoch, struct identity **out)
{
	struct secret_text text = {0};
	char name[NAME_LEN];
	enum err e;

	if ((e = epoch_name(name, epoch)) != ERR_OK || (e = keystore_get(k, name, &text)) != ERR_OK)
		return e;
	if ((e = identity_parse(out, text.p, text.len)) == ERR_OK)
		(*out)->tag = epoch->number;
	secret_text_wipe(&text);
	return e;
}

enum err
keystore_put_key(
    struct keystore *k, const struct keystore_epoch *epoch, const struct identity *id, int32_t day)
{
	struct secret_text text = {0};
	char name[NAME_LEN];
	enum err e;

	if ((e = epoch_name(name, epoch)) != ERR_OK ||
	    (e = identity_format(id, day, &text)) != ERR_OK)
		return e;
	e = keystore_put(k, name, text.p, text.len);
	secret_text_wipe(&text);
	return e;
}

enum err
keystore_get_epoch(struct keystore *k, const char *inbox, uint32_t number, struct identity **out)
{
	struct keystore_epoch epoch;
	enum err e;

	if ((e = first_key(&epoch, inbox, number)) != ERR_OK)
		return e;
	return keystore_get_key(k, &epoch, out);
}

enum err
keystore_put_epoch(
    struct keystore *k, const char *inbox, uint32_t number, const struct identity *id, int32_t day)
{
	struct keystore_epoch epoch;
	enum err e;

	if ((e = first_key(&epoch, inbox, number)) != ERR_OK)
		return e;
	return keystore_put_key(k, &epoch, id, day);
}

/* ---- all epochs */

struct list {
	struct keystore_epoch *p;
	size_t n, room;
};

/* "<n>" or "<n>.<replacement>" */
static bool
parse_numbers(const char *s, size_t len, struct keystore_epoch *out)
{
	const char *dot = memchr(s, '.', len);
	size_t first = dot == NULL ? len : (size_t)(dot - s);
	uint64_t number, replacement = 0;

	if (text_number(s, first, UINT32_MAX, &number) != ERR_OK)
		return false;
	if (dot != NULL &&
	    (text_number(dot + 1, len - first - 1, UINT32_MAX, &replacement) != ERR_OK ||
		replacement == 0))
		return false;
	out->number = (uint32_t)number;
	out->replacement = (uint32_t)replacement;
	return true;
}

/* "<inbox>-<n>.age"; an inbox name may itself have hyphens and digits. */
bool
keystore_parse_name(const char *name, struct keystore_epoch *out)
{
	const char *dash = strrchr(name, '-'), *ext = strrchr(name, '.');
	struct keystore_epoch epoch = {0};

	if (dash == NULL || ext == NULL || ext < dash || strcmp(ext, EXT) != 0 ||
	    !is_inbox(name, (size_t)(dash - name)) ||
	    !parse_numbers(dash + 1, (size_t)(ext - dash - 1), &epoch))
		return false;
	memcpy(epoch.inbox, name, (size_t)(dash - name));
	*out = epoch;
	return true;
}

static enum err
list_add(void *ctx, int dirfd, const char *name)
{
	struct list *l = ctx;
	struct keystore_epoch epoch, *p;

	(void)dirfd;
	if (!keystore_parse_name(name, &epoch))
		return ERR_OK;
	if (l->n == LIMIT_EPOCHS)
		return ERR_LIMIT;
	if (l->n == l->room) {
		l->room = l->room == 0 ? 64 : l->room * 2;
		if ((p = realloc(l->p, l->room * sizeof *p)) == NULL)
			return ERR_NOMEM;
		l->p = p;
	}
	l->p[l->n++] = epoch;
	return ERR_OK;
}

static int
by_inbox_and_number(const void *a, const void *b)
{
	const struct keystore_epoch *x = a, *y = b;
	int c = strcmp(x->inbox, y->inbox);

	if (c == 0)
		c = (x->number > y->number) - (x->number < y->number);
	return c != 0 ? c : (x->replacement > y->replacement) - (x->replacement < y->replacement);
}

enum err
keystore_list_epochs(const struct keystore *k, struct keystore_epoch **out, size_t *n)
{
	struct list l = {0};
	enum err e;
	int fd = -1;

	if ((e = keystore_file_folder(keystore_dir(k), KEYSTORE_EPOCHS, &fd)) == ERR_OK)
		e = keystore_file_each(fd, list_add, &l);
	io_close(&fd);
	if (e != ERR_OK) {
		free(l.p);
		return e;
	}
	if (l.n > 0)
		qsort(l.p, l.n, sizeof *l.p, by_inbox_and_number);
	*out = l.p;
	*n = l.n;
	return ERR_OK;
}

/* Overwritten from its first byte, as a retire that was cut off leaves a file: no age file. */
static bool
is_overwritten(const struct keystore *k, const struct keystore_epoch *epoch)
{
	const size_t n = strlen(AGE_VERSION_LINE);
	char name[NAME_LEN];
	struct buf file;
	bool is = false;
	int fd = -1;

	buf_init(&file, LIMIT_AGE_HEADER + LIMIT_KEY_FILE);
	if (epoch_name(name, epoch) == ERR_OK &&
	    keystore_file_folder(keystore_dir(k), KEYSTORE_EPOCHS, &fd) == ERR_OK &&
	    keystore_file_read(fd, name + sizeof KEYSTORE_EPOCHS, &file) == ERR_OK)
		is = file.len >= n && memcmp(file.p, AGE_VERSION_LINE, n) != 0;
	buf_wipe(&file);
	io_close(&fd);
	return is;
}

/* Opens them all, the last one first. What is being destroyed is in no other key's way. */
static enum err
open_epochs(
    struct keystore *k, const struct keystore_epoch *epochs, size_t n, struct identity_set *out)
{
	struct identity_set set = {0};
	enum err e = ERR_OK, skipped = ERR_OK;
	struct identity *id;

	for (; e == ERR_OK && n > 0; n--) {
		id = NULL;
		e = keystore_get_key(k, &epochs[n - 1], &id);
		if (e == ERR_OK) {
			e = identity_set_add(&set, id);
		} else if (is_overwritten(k, &epochs[n - 1])) {
			skipped = e;
			e = ERR_OK;
		}
		secret_free(id);
	}
	if (e == ERR_OK && set.n == 0)
		e = skipped;
	if (e == ERR_OK)
		*out = set;
	else
		identity_set_wipe(&set);
	return e;
}

enum err
keystore_all_epochs(struct keystore *k, struct identity_set *out)
{
	struct keystore_epoch *epochs = NULL;
	size_t n = 0;
	enum err e;

	if ((e = keystore_list_epochs(k, &epochs, &n)) == ERR_OK)
		e = open_epochs(k, epochs, n, out);
	free(epochs);
	return e;
}

enum err
keystore_epochs_of(struct keystore *k, uint32_t number, struct identity_set *out)
{
	struct keystore_epoch *epochs = NULL;
	size_t n = 0, wanted = 0, i;
	enum err e;

	if ((e = keystore_list_epochs(k, &epochs, &n)) == ERR_OK) {
		for (i = 0; i < n; i++)
			if (epochs[i].number == number)
				epochs[wanted++] = epochs[i];
		e = open_epochs(k, epochs, wanted, out);
	}
	free(epochs);
	return e;
}

/* Its file's name, behind its folder's, and that folder. */
static enum err
open_place(const struct keystore *k, const struct keystore_epoch *epoch, char name[static NAME_LEN],
    int *fd)
{
	enum err e = epoch_name(name, epoch);

	return e == ERR_OK ? keystore_file_folder(keystore_dir(k), KEYSTORE_EPOCHS, fd) : e;
}

enum err
keystore_destroy_key(struct keystore *k, const struct keystore_epoch *epoch)
{
	char name[NAME_LEN];
	enum err e;
	int fd = -1;

	if ((e = open_place(k, epoch, name, &fd)) == ERR_OK)
		e = keystore_file_destroy(fd, name + sizeof KEYSTORE_EPOCHS);
	io_close(&fd);
	return e;
}

enum err
keystore_remove_key(struct keystore *k, const struct keystore_epoch *epoch)
{
	char name[NAME_LEN];
	enum err e;
	int fd = -1;

	if ((e = open_place(k, epoch, name, &fd)) == ERR_OK)
		e = unlinkat(fd, name + sizeof KEYSTORE_EPOCHS, 0) == -1 ? io_errno() : io_sync(fd);
	io_close(&fd);
	return e;
}
