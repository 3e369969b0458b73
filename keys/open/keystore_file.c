#include "keystore_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/random.h"

#define TMP_PREFIX ".tmp."
#define TMP_LEN    (sizeof TMP_PREFIX - 1 + RANDOM_ID_LEN)

/* Ours, and nobody else may do anything with it. */
static enum err
check_private(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return io_errno();
	if (st.st_uid != geteuid() || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return ERR_MODE;
	return ERR_OK;
}

enum err
keystore_file_folder(int dirfd, const char *path, int *out)
{
	enum err e;
	int fd = -1;

	if ((e = io_open_dir(dirfd, path, &fd)) != ERR_OK)
		return e;
	if ((e = check_private(fd)) != ERR_OK)
		io_close(&fd);
	else
		*out = fd;
	return e;
}

enum err
keystore_file_new_folder(const char *path, int *out)
{
	bool is_new = mkdir(path, S_IRWXU) == 0;
	enum err e;

	if (!is_new && errno != EEXIST)
		return io_errno();
	if ((e = keystore_file_folder(AT_FDCWD, path, out)) != ERR_OK && is_new)
		rmdir(path);
	return e;
}

enum err
keystore_file_mkdir(int dirfd, const char *name)
{
	if (mkdirat(dirfd, name, S_IRWXU) == 0)
		return io_sync(dirfd);
	return errno == EEXIST ? ERR_OK : io_errno();
}

enum err
keystore_file_read(int dirfd, const char *name, struct buf *out)
{
	size_t got = 0, before = out->len;
	struct stat st;
	uint8_t *to;
	enum err e;
	int fd = -1;

	if ((e = io_open_file(dirfd, name, &fd)) != ERR_OK)
		return e;
	if ((e = check_private(fd)) != ERR_OK)
		goto done;
	if (fstat(fd, &st) == -1) {
		e = io_errno();
		goto done;
	}
	if ((uintmax_t)st.st_size > out->max - out->len) {
		e = ERR_LIMIT;
		goto done;
	}
	if ((e = buf_grow(out, (size_t)st.st_size, &to)) == ERR_OK &&
	    (e = io_read_full(fd, to, (size_t)st.st_size, &got)) == ERR_OK)
		out->len = before + got;
done:
	if (e != ERR_OK)
		out->len = before;
	io_close(&fd);
	return e;
}

enum err
keystore_file_write(int dirfd, const char *name, const void *p, size_t n)
{
	char tmp[TMP_LEN + 1] = TMP_PREFIX;
	enum err e;

	random_id(tmp + strlen(TMP_PREFIX));
	if ((e = io_write_new(dirfd, tmp, p, n, S_IRUSR | S_IWUSR)) != ERR_OK)
		return e;
	return io_rename_new(dirfd, tmp, name);
}

/* No longer than LIMIT_KEY_FILE and an age header, as all files of a key store are. */
static enum err
overwrite(int fd)
{
	uint8_t noise[4096];
	struct stat st;
	enum err e = ERR_OK;
	off_t at, n;

	if (fstat(fd, &st) == -1)
		return io_errno();
	for (at = 0; at < st.st_size && e == ERR_OK; at += n) {
		n = st.st_size - at < (off_t)sizeof noise ? st.st_size - at : (off_t)sizeof noise;
		random_bytes(noise, (size_t)n);
		e = io_pwrite_all(fd, noise, (size_t)n, at);
	}
	return e == ERR_OK ? io_sync(fd) : e;
}

enum err
keystore_file_destroy(int dirfd, const char *name)
{
	enum err e;
	int fd;

	fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd == -1)
		return io_errno();
	if ((e = check_private(fd)) == ERR_OK && (e = overwrite(fd)) == ERR_OK &&
	    unlinkat(dirfd, name, 0) == -1)
		e = io_errno();
	io_close(&fd);
	return e == ERR_OK ? io_sync(dirfd) : e;
}

enum err
keystore_file_each(int dirfd, enum err (*each)(void *ctx, int dirfd, const char *name), void *ctx)
{
	struct dirent *entry;
	DIR *d = NULL;
	enum err e;

	if ((e = io_open_list(dirfd, &d)) != ERR_OK)
		return e;
	while (e == ERR_OK) {
		errno = 0;
		if ((entry = readdir(d)) == NULL) {
			e = errno == 0 ? ERR_OK : io_errno();
			break;
		}
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			e = each(ctx, dirfd, entry->d_name);
	}
	closedir(d);
	return e;
}

static enum err
refuse_name(void *ctx, int dirfd, const char *name)
{
	(void)ctx;
	(void)dirfd;
	(void)name;
	return ERR_EXISTS;
}

enum err
keystore_file_check_empty(int dirfd)
{
	return keystore_file_each(dirfd, refuse_name, NULL);
}

bool
keystore_file_is_leftover(const char *name)
{
	size_t prefix = strlen(TMP_PREFIX);

	return strlen(name) == TMP_LEN && strncmp(name, TMP_PREFIX, prefix) == 0 &&
	       strspn(name + prefix, "0123456789abcdef") == RANDOM_ID_LEN;
}

static enum err
remove_leftover(void *ctx, int dirfd, const char *name)
{
	(void)ctx;
	if (keystore_file_is_leftover(name))
		unlinkat(dirfd, name, 0);
	return ERR_OK;
}

void
keystore_file_clean(int dirfd)
{
	(void)!keystore_file_each(dirfd, remove_leftover, NULL);
}
