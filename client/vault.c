#include "vault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/io.h"
#include "catalog_old.h"
#include "keep.h"
#include "newfile.h"
#include "open/keystore_file.h"
#include "vault_fault.h"
#include "vault_file.h"
#include "vault_part.h"

struct vault *
vault_new(void)
{
	struct vault *v;

	if ((v = calloc(1, sizeof *v)) == NULL)
		return NULL;
	v->dir = v->items = v->schedules = v->ledger_dir = -1;
	catalog_init(&v->catalog);
	return v;
}

void
vault_free(struct vault *v)
{
	if (v == NULL)
		return;
	schedule_free(v->schedule);
	identity_set_wipe(&v->epoch);
	identity_set_wipe(&v->all);
	catalog_wipe(&v->catalog);
	keystore_free(v->keys);
	io_close(&v->ledger_dir);
	io_close(&v->schedules);
	io_close(&v->items);
	io_close(&v->dir);
	free(v);
}

static enum err
open_folder(const char *path, int *fd, struct vault_fault *fault)
{
	enum err e = keystore_file_folder(AT_FDCWD, path, fd);

	return e == ERR_OK ? ERR_OK : vault_fault_folder(fault, path, e);
}

static enum err
open_parts(struct vault *v, const char *path, struct vault_fault *fault)
{
	struct {
		const char *name;
		int *fd;
	} parts[] = {{VAULT_ITEMS, &v->items}, {VAULT_LEDGER, &v->ledger_dir},
	    {VAULT_SCHEDULES, &v->schedules}};
	size_t i;
	enum err e;

	for (i = 0; i < sizeof parts / sizeof *parts; i++)
		if ((e = io_open_dir(v->dir, parts[i].name, parts[i].fd)) != ERR_OK) {
			vault_fault(fault, path, parts[i].name,
			    e == ERR_NOTFOUND || e == ERR_MODE
				? "this folder of the vault is gone. Restore the vault from a "
				  "backup"
				: NULL);
			return e;
		}
	return ERR_OK;
}

enum err
vault_open_keys(struct vault *v, const struct secret_text *pass, struct vault_fault *fault)
{
	enum err e = keystore_open(v->keys_path, pass, &v->keys);

	if (e == ERR_NOTFOUND)
		vault_fault(fault, v->keys_path, NULL,
		    "there is no key store. Is its medium plugged in and mounted? When it has "
		    "moved, add --keys and its new place");
	else if (e == ERR_PASSPHRASE)
		vault_fault(fault, v->keys_path, NULL, "wrong passphrase for this key store");
	else if (e == ERR_MODE)
		vault_fault(fault, v->keys_path, NULL,
		    "the key store or a file in it isn't your own, or others may read it "
		    "(folders 0700, files 0600)");
	else if (e != ERR_OK)
		vault_fault(fault, v->keys_path, NULL, NULL);
	return e;
}

static const char *
ledger_why(enum err e)
{
	if (e == ERR_NOMATCH)
		return "this vault was made for another key store";
	if (e == ERR_TRUNCATED)
		return "this file of the ledger is missing, or cut off. Restore the vault from a "
		       "backup, or make a new one and import the bundles again";
	if (e == ERR_PROFILE)
		return "it is whole, but of another version of sealslot-review: take a newer one";
	if (e == ERR_SYS || e == ERR_NOMEM)
		return NULL;
	return "the ledger is damaged. Restore the vault from a backup, or make a new one and "
	       "import the bundles again";
}

static enum err
read_ledger(struct vault *v, const char *path, struct vault_fault *fault)
{
	char name[sizeof VAULT_LEDGER + 16] = VAULT_LEDGER;
	uint32_t number = 0;
	struct buf text;
	size_t line = 0;
	enum err e;

	buf_init(&text, LIMIT_VAULT_INDEX);
	e = ledger_open(&v->ledger, v->ledger_dir, keystore_unlock(v->keys), &text, &number);
	/* Its tags verify, so it is as somebody with our keys wrote it. */
	if (e == ERR_OK && (e = catalog_load(&v->catalog, text.p, text.len, &line)) == ERR_FORMAT)
		e = ERR_PROFILE;
	if (e == ERR_OK)
		e = catalog_old_mark(&v->catalog);
	if (e != ERR_OK) {
		if (number != 0)
			snprintf(name, sizeof name, VAULT_LEDGER "/%06u", number);
		vault_fault(fault, path, name, ledger_why(e));
	}
	buf_wipe(&text);
	return e;
}

enum err
vault_keys_path(const char *path, char out[static PATH_MAX], struct vault_fault *fault)
{
	int fd = -1;
	enum err e;

	if ((e = open_folder(path, &fd, fault)) == ERR_OK)
		e = vault_file_read(fd, path, out, fault);
	io_close(&fd);
	return e;
}

/* lock: LOCK_EX or 0. */
static enum err
open_with(const struct vault_access *how, int lock, struct vault **out, struct vault_fault *fault)
{
	struct vault *v;
	enum err e;

	if ((v = vault_new()) == NULL)
		return ERR_NOMEM;
	if ((e = open_folder(how->path, &v->dir, fault)) != ERR_OK ||
	    (e = vault_file_read(v->dir, how->path, v->keys_path, fault)) != ERR_OK)
		goto done;
	if (how->keys != NULL && snprintf(v->keys_path, PATH_MAX, "%s", how->keys) >= PATH_MAX) {
		e = ERR_LIMIT;
		goto done;
	}
	if (lock != 0 && flock(v->dir, lock | LOCK_NB) == -1) {
		e = errno == EWOULDBLOCK ? ERR_BUSY : io_errno();
		vault_fault(fault, how->path, NULL,
		    e == ERR_BUSY ? "another sealslot-review is writing to it; wait for its end"
				  : NULL);
		goto done;
	}
	if ((e = open_parts(v, how->path, fault)) != ERR_OK ||
	    (e = vault_open_keys(v, how->pass, fault)) != ERR_OK ||
	    (e = read_ledger(v, how->path, fault)) != ERR_OK ||
	    (e = vault_check_root(v, fault)) != ERR_OK)
		goto done;
	*out = v;
	v = NULL;
done:
	vault_free(v);
	return e;
}

enum err
vault_open(const struct vault_access *how, struct vault **out, struct vault_fault *fault)
{
	return open_with(how, 0, out, fault);
}

static enum err
remove_leftover(void *ctx, int dirfd, const char *name)
{
	(void)ctx;
	if (strncmp(name, NEWFILE_PREFIX, strlen(NEWFILE_PREFIX)) == 0)
		unlinkat(dirfd, name, 0);
	return ERR_OK;
}

/* What a killed `keep` left; the folder may not be there. */
static void
sweep_kept(const struct vault *v)
{
	int dir = -1;

	keystore_file_clean(v->dir);
	if (io_open_dir(v->dir, KEEP_FOLDER, &dir) == ERR_OK)
		(void)!keystore_file_each(dir, remove_leftover, NULL);
	io_close(&dir);
}

enum err
vault_open_write(const struct vault_access *how, struct vault **out, struct vault_fault *fault)
{
	struct vault *v = NULL;
	enum err e;

	if ((e = open_with(how, LOCK_EX, &v, fault)) != ERR_OK)
		return e;
	ledger_sweep(&v->ledger);
	sweep_kept(v);
	if ((e = keystore_file_each(v->items, remove_leftover, NULL)) != ERR_OK) {
		vault_fault(fault, how->path, VAULT_ITEMS, NULL);
		vault_free(v);
		return e;
	}
	*out = v;
	return ERR_OK;
}

enum err
vault_commit(struct vault *v)
{
	struct buf all;
	enum err e = ERR_OK;

	if (v->catalog.pending.len == 0)
		return ERR_OK;
	if (!ledger_is_long(&v->ledger)) {
		e = ledger_append(&v->ledger, v->catalog.pending.p, v->catalog.pending.len);
	} else {
		buf_init(&all, LIMIT_VAULT_INDEX);
		if ((e = catalog_dump(&v->catalog, &all)) == ERR_OK)
			e = ledger_replace(&v->ledger, all.p, all.len);
		buf_wipe(&all);
	}
	if (e == ERR_OK)
		buf_reset(&v->catalog.pending);
	return e;
}
