#include "keystore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "open/age_open.h"
#include "open/keystore_file.h"

#define NAME_MAX_LEN 80 /* bytes of "epochs/<inbox>-<n>.age" and more */

struct keystore {
	int dir;
	bool is_locked;
	struct identity_set unlock; /* one, or none when opened without a passphrase */
	char fault[NAME_MAX_LEN + 1];
};

static void
set_fault(struct keystore *k, const char *name)
{
	size_t n = strnlen(name, NAME_MAX_LEN);

	memcpy(k->fault, name, n);
	k->fault[n] = '\0';
}

/* [a-z0-9.-] not beginning with '.', at most one folder deep. */
static bool
is_name(const char *name)
{
	const char *slash = strchr(name, '/'), *base = slash == NULL ? name : slash + 1;

	return strlen(name) <= NAME_MAX_LEN && name[0] != '.' && name[0] != '/' && base[0] != '.' &&
	       base[0] != '\0' &&
	       strspn(base, "abcdefghijklmnopqrstuvwxyz0123456789.-") == strlen(base) &&
	       (slash == NULL ||
		   strncmp(name, KEYSTORE_EPOCHS "/", strlen(KEYSTORE_EPOCHS) + 1) == 0);
}

/* The folder that holds a name, and the name in it, which is the fault from now on. ERR_STATE: the
 * store was opened without a passphrase. */
static enum err
open_folder(struct keystore *k, const char *name, int *fd, const char **base)
{
	enum err e;

	set_fault(k, name);
	if (keystore_unlock(k) == NULL)
		return ERR_STATE;
	if (!is_name(name))
		return ERR_USAGE;
	e = keystore_file_folder(k->dir, strchr(name, '/') == NULL ? "." : KEYSTORE_EPOCHS, fd);
	if (e == ERR_OK)
		*base = strchr(name, '/') == NULL ? name : strchr(name, '/') + 1;
	return e;
}

/* Leftovers are certain to be such only while nobody can be writing. */
static void
clean(const struct keystore *k)
{
	static const char *const folders[] = {".", KEYSTORE_EPOCHS, KEYSTORE_PUBLISH};
	size_t i;
	int fd = -1;

	if (flock(k->dir, LOCK_EX | LOCK_NB) == -1)
		return;
	for (i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		if (keystore_file_folder(k->dir, folders[i], &fd) == ERR_OK)
			keystore_file_clean(fd);
		io_close(&fd);
	}
	flock(k->dir, LOCK_UN);
}

enum err
keystore_open_public(const char *path, struct keystore **out)
{
	struct keystore *k = calloc(1, sizeof *k);
	enum err e;

	if (k == NULL)
		return ERR_NOMEM;
	k->dir = -1;
	if ((e = keystore_file_folder(AT_FDCWD, path, &k->dir)) != ERR_OK) {
		keystore_free(k);
		return e;
	}
	clean(k);
	*out = k;
	return ERR_OK;
}

static enum err
open_unlock(struct keystore *k, const struct secret_text *pass)
{
	struct secret_text text = {0};
	struct identity *id = NULL;
	struct buf sealed;
	enum err e;

	buf_init(&sealed, LIMIT_AGE_HEADER + LIMIT_KEY_FILE);
	if ((e = keystore_file_read(k->dir, KEYSTORE_UNLOCK, &sealed)) != ERR_OK ||
	    (e = age_open_small(sealed.p, sealed.len, NULL, pass, LIMIT_KEY_FILE, &text)) !=
		ERR_OK ||
	    (e = identity_parse(&id, text.p, text.len)) != ERR_OK)
		goto done;
	e = identity_set_add(&k->unlock, id);
done:
	buf_wipe(&sealed);
	secret_text_wipe(&text);
	secret_free(id);
	return e;
}

enum err
keystore_open(const char *path, const struct secret_text *pass, struct keystore **out)
{
	struct keystore *k = NULL;
	enum err e;

	if ((e = keystore_open_public(path, &k)) != ERR_OK ||
	    (e = open_unlock(k, pass)) != ERR_OK) {
		keystore_free(k);
		return e;
	}
	*out = k;
	return ERR_OK;
}

void
keystore_free(struct keystore *k)
{
	if (k == NULL)
		return;
	io_close(&k->dir); /* and with it the lock */
	identity_set_wipe(&k->unlock);
	free(k);
}

enum err
keystore_lock(struct keystore *k)
{
	if (!k->is_locked && flock(k->dir, LOCK_EX | LOCK_NB) == -1)
		return errno == EWOULDBLOCK ? ERR_BUSY : io_errno();
	k->is_locked = true;
	return ERR_OK;
}

const char *
keystore_fault(const struct keystore *k)
{
	return k->fault;
}

int
keystore_dir(const struct keystore *k)
{
	return k->dir;
}

const struct identity *
keystore_unlock(const struct keystore *k)
{
	return k->unlock.p;
}

/* ---- its files */

enum err
keystore_get(struct keystore *k, const char *name, struct secret_text *out)
{
	const char *base = NULL;
	struct buf sealed;
	int fd = -1;
	enum err e;

	buf_init(&sealed, LIMIT_AGE_HEADER + LIMIT_KEY_FILE);
	if ((e = open_folder(k, name, &fd, &base)) == ERR_OK &&
	    (e = keystore_file_read(fd, base, &sealed)) == ERR_OK)
		e = age_open_small(sealed.p, sealed.len, &k->unlock, NULL, LIMIT_KEY_FILE, out);
	buf_wipe(&sealed);
	io_close(&fd);
	return e;
}

/* Waits for another process that writes just now: no write takes long. */
static enum err
write_locked(const struct keystore *k, int fd, const char *base, const struct buf *sealed)
{
	enum err e;

	if (!k->is_locked && flock(k->dir, LOCK_EX) == -1)
		return io_errno();
	e = keystore_file_write(fd, base, sealed->p, sealed->len);
	if (!k->is_locked)
		flock(k->dir, LOCK_UN);
	return e;
}

enum err
keystore_put(struct keystore *k, const char *name, const void *text, size_t len)
{
	const char *base = NULL;
	struct buf sealed;
	int fd = -1;
	enum err e;

	buf_init(&sealed, LIMIT_AGE_HEADER + LIMIT_KEY_FILE);
	if ((e = open_folder(k, name, &fd, &base)) == ERR_OK &&
	    (e = identity_seal(
		 (const uint8_t(*)[AGE_KEY]) & k->unlock.p->pk, 1, text, len, &sealed)) == ERR_OK)
		e = write_locked(k, fd, base, &sealed);
	buf_wipe(&sealed);
	io_close(&fd);
	return e;
}
