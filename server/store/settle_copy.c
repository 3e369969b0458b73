#include "store/settle_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/random.h"
#include "base/text.h"
#include "store/quota.h"
#include "store/upload.h"
#include "wire/item_file.h"

#define BLOCK_BYTES (64 * 1024)      /* on a small stack */
#define SYNC_BYTES  (16 * LIMIT_MIB) /* so that no sync makes others' wait for long */

/* Copies all of it; ERR_PROFILE when there isn't as much as the index says. */
static enum err
pump(struct settle_copy *c, int from, int to, uint64_t size, uint8_t hash[static HASH_LEN])
{
	uint8_t block[BLOCK_BYTES];
	uint64_t done = 0;
	struct hash h;
	enum err e = ERR_OK;
	size_t got = 0;

	hash_init(&h, HASH_LEN);
	for (; done < size && e == ERR_OK; done += got) {
		if (atomic_load(c->is_ending))
			e = ERR_CLOSED;
		else if ((e = io_read_full(from, block, sizeof block, &got)) == ERR_OK && got == 0)
			e = ERR_PROFILE;
		else if (e == ERR_OK && (e = io_write_all(to, block, got)) == ERR_OK &&
			 done / SYNC_BYTES != (done + got) / SYNC_BYTES && fdatasync(to) == -1)
			e = io_errno();
		hash_put(&h, block, e == ERR_OK ? got : 0);
		atomic_store(&c->left, done + got < size ? size - done - got : 0);
	}
	hash_finish(&h, hash);
	return e == ERR_OK && done != size ? ERR_PROFILE : e;
}

static enum err
has_room(const struct settle_copy *c, uint64_t size)
{
	uint64_t have = 0, promised = atomic_load(&c->promised);
	enum err e;

	if ((e = quota_free(c->items, &have)) != ERR_OK)
		return e;
	return have < promised || have - promised < size ? ERR_NOSPACE : ERR_OK;
}

static enum err
open_item(const struct settle_copy *c, const char *id, uint64_t size, int *fd)
{
	struct stat st;
	enum err e;

	if ((e = item_file_open(c->items, id, fd)) != ERR_OK)
		return e == ERR_MODE ? ERR_PROFILE : e;
	if (fstat(*fd, &st) == -1)
		return io_errno();
	return (uint64_t)st.st_size == size ? ERR_OK : ERR_PROFILE;
}

enum err
settle_copy(struct settle_copy *c, const struct db_item *item, uint8_t hash[static HASH_LEN])
{
	const struct upload_claim claim = {
	    .size = item->size, .max_stored = UINT64_MAX, .day = item->day};
	int from = -1, fd = -1, writer = -1;
	char id[RANDOM_ID_LEN + 1];
	enum err e;

	text_hex(id, item->id, DB_ID);
	if ((e = has_room(c, item->size)) != ERR_OK)
		return e;
	atomic_store(&c->left, item->size);
	if ((e = open_item(c, id, item->size, &from)) != ERR_OK ||
	    (e = upload_new(c->items, &fd, &writer)) != ERR_OK ||
	    (e = pump(c, from, writer, item->size, hash)) != ERR_OK)
		goto done;
	io_close(&writer); /* or the file could still change */
	if ((e = upload_settle(fd, &claim)) == ERR_OK)
		e = upload_replace(fd, c->items, id);
done:
	atomic_store(&c->left, 0);
	if (from != -1)
		(void)!posix_fadvise(from, 0, 0, POSIX_FADV_DONTNEED);
	io_close(&writer);
	io_close(&fd);
	io_close(&from);
	return e;
}
