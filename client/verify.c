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
	enum err e;
	uint64_t size;
	uint8_t hash[HASH_LEN];
};

static void *
hash_file(void *arg)
{
	struct hashing *h = arg;
	struct hash state;
	uint8_t *piece;
	ssize_t n;

	if ((piece = malloc(PIECE)) == NULL) {
		h->e = ERR_NOMEM;
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
		h->e = ERR_SYS;
	hash_finish(&state, h->hash);
	free(piece);
	return NULL;
}

static enum err
check_content(struct vault *v, int fd, const struct catalog_item *row, struct sink watch)
{
	struct item *it = NULL;
	int kept = -1;
	enum err e;

	if ((e = item_open_in(v, fd, row->epoch, &it)) == ERR_NOMATCH && row->is_kept)
		e = keep_open(v, row, &kept, &it);
	if (e == ERR_OK)
		e = item_check_all(it, watch);
	item_free(it);
	io_close(&kept);
	return e;
}

enum err
verify_item(
    struct vault *v, const struct catalog_item *row, struct sink watch, struct verify_result *out)
{
	struct hashing h = {.fd = -1};
	pthread_t thread;
	int failed;
	enum err e;

	if ((e = vault_open_item(v, row->id, &h.fd)) != ERR_OK) {
		*out = (struct verify_result){e, e};
		return ERR_OK;
	}
	if ((failed = pthread_create(&thread, NULL, hash_file, &h)) != 0) {
		errno = failed;
		e = ERR_SYS;
		goto done;
	}
	out->open = check_content(v, h.fd, row, watch);
	pthread_join(thread, NULL);
	out->file = h.e;
	if (h.e == ERR_OK && (h.size != row->size || memcmp(h.hash, row->hash, HASH_LEN) != 0))
		out->file = ERR_AUTH;
	if (out->open == ERR_NOMEM || out->file == ERR_NOMEM)
		e = ERR_NOMEM;
done:
	io_close(&h.fd);
	return e;
}
