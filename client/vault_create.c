#include "vault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "open/keystore_file.h"
#include "vault_fault.h"
#include "vault_file.h"
#include "vault_part.h"

/* Making a vault: all of it, or nothing. */

static enum err
make_parts(struct vault *v)
{
	enum err e;

	if ((e = keystore_file_mkdir(v->dir, VAULT_ITEMS)) != ERR_OK ||
	    (e = keystore_file_mkdir(v->dir, VAULT_LEDGER)) != ERR_OK ||
	    (e = keystore_file_mkdir(v->dir, VAULT_SCHEDULES)) != ERR_OK ||
	    (e = io_open_dir(v->dir, VAULT_LEDGER, &v->ledger_dir)) != ERR_OK)
		return e;
	ledger_init(&v->ledger, v->ledger_dir, keystore_unlock(v->keys));
	if ((e = ledger_replace(&v->ledger, v->catalog.pending.p, v->catalog.pending.len)) !=
	    ERR_OK)
		return e;
	return vault_file_write(v->dir, v->keys_path);
}

/* A half-made vault has nothing that is worth keeping. Keeps errno. */
static void
unmake(struct vault *v, const char *path)
{
	int why = errno;

	if (v->ledger_dir != -1)
		unlinkat(v->ledger_dir, "000001-all.age", 0);
	unlinkat(v->dir, VAULT_FILE, 0);
	unlinkat(v->dir, VAULT_ITEMS, AT_REMOVEDIR);
	unlinkat(v->dir, VAULT_LEDGER, AT_REMOVEDIR);
	unlinkat(v->dir, VAULT_SCHEDULES, AT_REMOVEDIR);
	rmdir(path);
	errno = why;
}

static enum err
make_folder(const char *path, int *fd, struct vault_fault *fault)
{
	enum err e;

	if ((e = keystore_file_new_folder(path, fd)) != ERR_OK)
		return vault_fault_folder(fault, path, e);
	if ((e = keystore_file_check_empty(*fd)) != ERR_OK)
		vault_fault(fault, path, NULL,
		    "there is something in it already; a vault needs a new or an empty folder");
	return e;
}

enum err
vault_create(const struct vault_access *how, struct vault_fault *fault)
{
	struct vault *v;
	char *real = NULL;
	bool is_ours = false;
	enum err e;

	if ((v = vault_new()) == NULL)
		return ERR_NOMEM;
	if ((real = realpath(how->keys, NULL)) == NULL) {
		e = io_errno();
		vault_fault(fault, how->keys, NULL, NULL);
		goto done;
	}
	if (strchr(real, '\n') != NULL || strlen(real) >= PATH_MAX) {
		e = ERR_USAGE;
		vault_fault(fault, how->keys, NULL, "a path with a line feed can't be recorded");
		goto done;
	}
	memcpy(v->keys_path, real, strlen(real) + 1);
	if ((e = vault_open_keys(v, how->pass, fault)) != ERR_OK ||
	    (e = vault_pin_keys(v, how->root, fault)) != ERR_OK ||
	    (e = make_folder(how->path, &v->dir, fault)) != ERR_OK)
		goto done;
	is_ours = true;
	if ((e = make_parts(v)) != ERR_OK)
		vault_fault(fault, how->path, NULL, NULL);
done:
	if (e != ERR_OK && is_ours)
		unmake(v, how->path);
	free(real);
	vault_free(v);
	return e;
}
