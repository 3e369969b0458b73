#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup.h"
#include "base/io.h"
#include "keep.h"
#include "open/keystore_file.h"
#include "opener.h"
#include "unpack.h"
#include "vault_fault.h"

#define NAME_CHARS "0123456789abcdefghijklmnopqrstuvwxyz.-"

static const char *const folders[] = {
    VAULT_LEDGER, VAULT_SCHEDULES, VAULT_OUTBOX, KEEP_FOLDER, VAULT_ITEMS};
#define N_FOLDERS (sizeof folders / sizeof *folders)

struct job {
	const struct backup_job *q;
	struct backup_restored *r;
	struct keystore *keys;
	int dir, parts[N_FOLDERS];
	bool is_ours; /* the folder is new, or was empty */
	char keys_path[PATH_MAX];
};

static enum err
refuse(struct job *j, const char *path, const char *name, enum err e, const char *why)
{
	vault_fault(&j->r->fault, path, name, why);
	return e;
}

/* The backup itself can't be read, or doesn't verify. */
static enum err
refuse_source(struct job *j, enum err e)
{
	bool is_medium = e == ERR_SYS || e == ERR_NOMEM;

	return refuse(
	    j, j->q->file, NULL, e, is_medium ? NULL : "the backup is damaged. Take another one");
}

/* ---- one file */

/* The folder of a member, and its name there; -1: no vault has such a file. */
static int
place_of(const struct job *j, const char *member, const char **name)
{
	size_t i, n;

	*name = member;
	if (strcmp(member, KEEP_KEY) == 0)
		return j->dir;
	for (i = 0; i < N_FOLDERS; i++) {
		n = strlen(folders[i]);
		if (strncmp(member, folders[i], n) != 0 || member[n] != '/')
			continue;
		*name = member + n + 1;
		if ((*name)[0] == '.' || strspn(*name, NAME_CHARS) != strlen(*name))
			return -1;
		return j->parts[i];
	}
	return -1;
}

static enum err
write_member(struct job *j, struct unpack *u)
{
	const char *name = NULL;
	int dir = place_of(j, u->member.name, &name), fd = -1;
	enum err e;

	if (dir == -1)
		return refuse(j, j->q->file, NULL, ERR_PROFILE,
		    "something is in it that no vault has; it isn't a backup of ours");
	if ((e = io_create(dir, name, 0600, &fd)) == ERR_OK &&
	    (e = unpack_copy(u, io_sink(&fd))) == ERR_OK)
		e = io_sync(fd);
	io_close(&fd);
	if (e != ERR_OK && u->is_unread)
		return refuse_source(j, e);
	if (e != ERR_OK)
		return refuse(j, j->q->path, u->member.name, e, NULL);
	j->r->items += dir == j->parts[N_FOLDERS - 1];
	return ERR_OK;
}

/* The recorded path of the key store is replaced by where it is now. */
static enum err
write_vault_file(struct job *j)
{
	struct buf text;
	enum err e;

	buf_init(&text, PATH_MAX + 64);
	if ((e = buf_addf(&text, "sealslot-vault 1\nkeys: %s\n", j->keys_path)) == ERR_OK)
		e = io_write_new(j->dir, VAULT_FILE, text.p, text.len, 0600);
	buf_wipe(&text);
	return e == ERR_OK ? ERR_OK : refuse(j, j->q->path, VAULT_FILE, e, NULL);
}

static enum err
skip_bytes(void *ctx, const void *p, size_t n)
{
	(void)ctx;
	(void)p;
	(void)n;
	return ERR_OK;
}

static enum err
write_members(struct job *j, struct unpack *u)
{
	enum err e;

	if ((e = unpack_next(u)) != ERR_OK || strcmp(u->member.name, VAULT_FILE) != 0 ||
	    (e = unpack_copy(u, (struct sink){skip_bytes, NULL})) != ERR_OK)
		return refuse(j, j->q->file, NULL, e == ERR_OK ? ERR_PROFILE : e,
		    e == ERR_SYS ? NULL : "this isn't a backup of a vault");
	while ((e = unpack_next(u)) == ERR_OK)
		if ((e = write_member(j, u)) != ERR_OK)
			return e;
	return e == ERR_CLOSED ? ERR_OK : refuse_source(j, e);
}

/* ---- all of it */

static const char *
open_why(enum err e)
{
	if (e == ERR_NOMATCH)
		return "this backup was made with another key store";
	if (e == ERR_SYS || e == ERR_NOMEM || e == ERR_NOTFOUND || e == ERR_MODE)
		return NULL;
	return "this isn't a backup, or it was cut off or changed";
}

static enum err
unpack_file(struct job *j, const struct identity_set *ids)
{
	struct age_open *age = NULL;
	struct opener *opener = NULL;
	struct unpack u = {0};
	int fd = -1;
	enum err e;

	if ((e = io_open_file(AT_FDCWD, j->q->file, &fd)) != ERR_OK ||
	    (e = age_open_fd(fd, ids, NULL, &age)) != ERR_OK) {
		refuse(j, j->q->file, NULL, e, open_why(e));
		goto done;
	}
	if ((e = opener_new(age, &opener)) == ERR_OK &&
	    (e = opener_ahead(opener, 0, age_open_size(age))) == ERR_OK &&
	    (e = unpack_init(&u, opener_source(opener))) == ERR_OK)
		e = write_members(j, &u);
done:
	unpack_wipe(&u);
	opener_free(opener);
	age_open_free(age);
	io_close(&fd);
	return e;
}

static enum err
open_keys(struct job *j)
{
	char *real = realpath(j->q->keys, NULL);
	enum err e;

	if (real == NULL || strchr(real, '\n') != NULL) {
		free(real);
		return refuse(j, j->q->keys, NULL, real == NULL ? io_errno() : ERR_USAGE,
		    "there is no key store. Restore it first (sealslot-keys restore)");
	}
	snprintf(j->keys_path, sizeof j->keys_path, "%s", real);
	free(real);
	if ((e = keystore_open(j->keys_path, j->q->pass, &j->keys)) != ERR_OK)
		return refuse(j, j->q->keys, NULL, e,
		    e == ERR_PASSPHRASE ? "wrong passphrase for this key store" : NULL);
	return ERR_OK;
}

static enum err
make_folder(struct job *j)
{
	const char *path = j->q->path;
	enum err e;
	size_t i;

	if ((e = keystore_file_new_folder(path, &j->dir)) == ERR_MODE)
		return refuse(j, path, NULL, e,
		    "a vault is a folder of your own that nobody else may enter (mode 0700), and no link to "
		    "one; FAT and exFAT can't keep one, ext4 can");
	if (e != ERR_OK || (e = keystore_file_check_empty(j->dir)) != ERR_OK)
		return refuse(j, path, NULL, e,
		    e == ERR_EXISTS
			? "there is something in it already; restore into a new or an empty folder"
			: NULL);
	j->is_ours = true;
	for (i = 0; i < N_FOLDERS; i++)
		if ((e = keystore_file_mkdir(j->dir, folders[i])) != ERR_OK ||
		    (e = io_open_dir(j->dir, folders[i], &j->parts[i])) != ERR_OK)
			return refuse(j, path, folders[i], e, NULL);
	return ERR_OK;
}

static enum err
remove_name(void *ctx, int dirfd, const char *name)
{
	(void)ctx;
	unlinkat(dirfd, name, 0);
	return ERR_OK;
}

/* Keeps errno. */
static void
unmake(struct job *j)
{
	int why = errno;
	size_t i;

	if (!j->is_ours)
		return;
	unlinkat(j->dir, VAULT_FILE, 0);
	unlinkat(j->dir, KEEP_KEY, 0);
	for (i = 0; i < N_FOLDERS; i++) {
		if (j->parts[i] != -1)
			(void)!keystore_file_each(j->parts[i], remove_name, NULL);
		unlinkat(j->dir, folders[i], AT_REMOVEDIR);
	}
	rmdir(j->q->path);
	errno = why;
}

static enum err
sync_folders(struct job *j)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < N_FOLDERS && e == ERR_OK; i++)
		if ((e = io_sync(j->parts[i])) != ERR_OK)
			refuse(j, j->q->path, folders[i], e, NULL);
	return e;
}

/* Does it open? Then its ledger is whole. */
static enum err
try_vault(struct job *j)
{
	const struct vault_access how = {.path = j->q->path, .pass = j->q->pass};
	struct vault *v = NULL;
	enum err e = vault_open(&how, &v, &j->r->fault);

	vault_free(v);
	return e;
}

enum err
backup_restore(const struct backup_job *q, struct backup_restored *out)
{
	struct backup_restored r = {.fault = {"", NULL}};
	struct job j = {.q = q, .r = &r, .dir = -1, .parts = {-1, -1, -1, -1, -1}};
	struct identity_set ids = {0};
	enum err e;
	size_t i;

	if ((e = open_keys(&j)) == ERR_OK && (e = make_folder(&j)) == ERR_OK &&
	    (e = identity_set_add(&ids, keystore_unlock(j.keys))) == ERR_OK &&
	    (e = unpack_file(&j, &ids)) == ERR_OK && (e = sync_folders(&j)) == ERR_OK &&
	    (e = write_vault_file(&j)) == ERR_OK)
		e = try_vault(&j);
	identity_set_wipe(&ids);
	if (e != ERR_OK)
		unmake(&j);
	for (i = 0; i < N_FOLDERS; i++)
		io_close(&j.parts[i]);
	io_close(&j.dir);
	keystore_free(j.keys);
	*out = r;
	return e;
}
