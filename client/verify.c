#include "verify.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "item.h"
#include "keep.h"

#define PIECE (256 * 1024)

/* The hash of a whole file, by a thread of its own. */
struct hashing {
	int fd; /* borrowed */
	struct verify_part found;
	uint64_t size;
	uint8_t hash[HASH_LEN];
};

/* errno is each thread's own, and the next call's. */
static struct verify_part
part(enum err e)
{
	return (struct verify_part){e, errno};
}

static void *
hash_file(void *arg)
{
	struct hashing *h = arg;
	struct hash state;
	uint8_t *piece;
	ssize_t n;

	if ((piece = malloc(PIECE)) == NULL) {
		h->found.e = ERR_NOMEM;
		return NULL;
	}
	hash_init(&state, HASH_LEN);
	for (;;) {
		n = pread(h->fd, piece, PIECE, (off_t)h->size);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		hash_put(&state, piece, (size_t)n);
		h->size += (uint64_t)n;
	}
	if (n == -1)
		h->found = part(ERR_SYS);
	hash_finish(&state, h->hash);
	free(piece);
	return NULL;
}

static struct verify_part
check_content(struct vault *v, int fd, const struct catalog_item *row, struct sink watch)
{
	struct verify_part found;
	struct item *it = NULL;
	enum err e;

	if ((e = item_open_in(v, fd, row->epoch, &it)) == ERR_OK)
		e = item_check_all(it, watch);
	found = part(e);
	item_free(it);
	return found;
}

static struct verify_part
check_kept(struct vault *v, const struct catalog_item *row)
{
	return part(row->is_kept ? keep_check(v, row) : ERR_OK);
}

/* By two threads; ERR_SYS if there can't be two. */
static enum err
check_file(struct vault *v, const struct catalog_item *row, struct sink watch, struct hashing *h,
    struct verify_result *out)
{
	pthread_t thread;
	int failed;

	if ((failed = pthread_create(&thread, NULL, hash_file, h)) != 0) {
		errno = failed;
		return ERR_SYS;
	}
	out->open = check_content(v, h->fd, row, watch);
	pthread_join(thread, NULL);
	out->file = h->found;
	if (h->found.e == ERR_OK &&
	    (h->size != row->size || memcmp(h->hash, row->hash, HASH_LEN) != 0))
		out->file.e = ERR_AUTH;
	return ERR_OK;
}

enum err
verify_item(
    struct vault *v, const struct catalog_item *row, struct sink watch, struct verify_result *out)
{
	struct verify_result found = {0};
	struct hashing h = {.fd = -1};
	enum err e;

	if ((e = vault_open_item(v, row->id, &h.fd)) != ERR_OK) {
		found.file = part(e);
		found.open = found.file;
	} else if ((e = check_file(v, row, watch, &h, &found)) != ERR_OK) {
		goto done;
	}
	found.kept = check_kept(v, row);
	if (found.open.e == ERR_NOMEM || found.file.e == ERR_NOMEM || found.kept.e == ERR_NOMEM) {
		e = ERR_NOMEM;
		goto done;
	}
	*out = found;
	e = ERR_OK;
done:
	io_close(&h.fd);
	return e;
}
