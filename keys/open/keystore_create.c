#include "keystore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "open/keystore_file.h"

/* What a killed keystore_create may have left; anything else is ERR_EXISTS. */
static enum err
is_from_create(void *ctx, int dirfd, const char *name)
{
	enum err e;
	int fd = -1;

	(void)ctx;
	if (keystore_file_is_leftover(name))
		return ERR_OK;
	if ((strcmp(name, KEYSTORE_EPOCHS) != 0 && strcmp(name, KEYSTORE_PUBLISH) != 0) ||
	    keystore_file_folder(dirfd, name, &fd) != ERR_OK)
		return ERR_EXISTS;
	e = keystore_file_check_empty(fd);
	io_close(&fd);
	return e;
}

/* FAT says yes, and changes nothing. */
static enum err
close_to_others(int fd)
{
	struct stat st;

	if (fchmod(fd, S_IRWXU) == -1 || fstat(fd, &st) == -1)
		return io_errno();
	return (st.st_mode & (S_IRWXG | S_IRWXO)) != 0 ? ERR_MODE : ERR_OK;
}

/* The folder, ours alone and empty, locked until it is closed. */
static enum err
make_folder(const char *path, int *out)
{
	bool is_new = mkdir(path, S_IRWXU) == 0;
	struct stat st;
	int fd = -1;
	enum err e;

	if (!is_new && errno != EEXIST)
		return io_errno();
	if ((e = io_open_dir(AT_FDCWD, path, &fd)) != ERR_OK)
		return e;
	if (flock(fd, LOCK_EX | LOCK_NB) == -1)
		e = errno == EWOULDBLOCK ? ERR_BUSY : io_errno();
	else if (fstat(fd, &st) == -1)
		e = io_errno();
	else if (st.st_uid != geteuid())
		e = ERR_MODE;
	else if ((e = keystore_file_each(fd, is_from_create, NULL)) == ERR_OK)
		e = close_to_others(fd);
	if (e != ERR_OK)
		io_close(&fd);
	else
		*out = fd;
	if (e != ERR_OK && is_new)
		rmdir(path);
	return e;
}

static enum err
write_unlock(int dir, const struct secret_text *pass, unsigned log2n)
{
	struct secret_text text = {0};
	struct identity *id = NULL;
	struct buf sealed;
	enum err e;

	buf_init(&sealed, LIMIT_KEY_FILE);
	if ((e = identity_new(&id)) != ERR_OK ||
	    (e = identity_format(id, clock_today(), &text)) != ERR_OK ||
	    (e = identity_seal_passphrase(pass, log2n, text.p, text.len, &sealed)) != ERR_OK)
		goto done;
	e = keystore_file_write(dir, KEYSTORE_UNLOCK, sealed.p, sealed.len);
done:
	buf_wipe(&sealed);
	secret_text_wipe(&text);
	secret_free(id);
	return e;
}

/* The folder's own name must survive a power cut, too. */
static enum err
sync_parent(int dir)
{
	enum err e;
	int fd = -1;

	if ((e = io_open_dir(dir, "..", &fd)) == ERR_OK)
		e = io_sync(fd);
	io_close(&fd);
	return e;
}

enum err
keystore_create_cost(const char *path, const struct secret_text *pass, unsigned log2n)
{
	enum err e;
	int fd = -1;

	if ((e = make_folder(path, &fd)) != ERR_OK)
		return e;
	keystore_file_clean(fd);
	if ((e = keystore_file_mkdir(fd, KEYSTORE_EPOCHS)) == ERR_OK &&
	    (e = keystore_file_mkdir(fd, KEYSTORE_PUBLISH)) == ERR_OK &&
	    (e = sync_parent(fd)) == ERR_OK)
		e = write_unlock(fd, pass, log2n);
	io_close(&fd);
	return e;
}

enum err
keystore_create(const char *path, const struct secret_text *pass)
{
	return keystore_create_cost(path, pass, KEYSTORE_LOG2N);
}
