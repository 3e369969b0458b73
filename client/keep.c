#include "keep.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "newfile.h"
#include "open/identity.h"
#include "open/keystore_file.h"
#include "seal/age_seal.h"
#include "sealed.h"

#define PIECE      65536
#define KEY_SEALED SEALED_MAX(LIMIT_KEY_FILE)

/* ---- the archive key */

static enum err
read_key(const struct vault *v, struct identity **out)
{
	struct secret_text text = {0};
	struct identity_set unlock = {0};
	struct buf sealed;
	enum err e;

	buf_init(&sealed, KEY_SEALED);
	if ((e = keystore_file_read(v->dir, KEEP_KEY, &sealed)) == ERR_OK &&
	    (e = identity_set_add(&unlock, keystore_unlock(v->keys))) == ERR_OK &&
	    (e = age_open_small(sealed.p, sealed.len, &unlock, NULL, LIMIT_KEY_FILE, &text)) ==
		ERR_OK)
		e = identity_parse(out, text.p, text.len);
	identity_set_wipe(&unlock);
	secret_text_wipe(&text);
	buf_wipe(&sealed);
	return e;
}

static enum err
make_key(const struct vault *v, struct identity **out)
{
	struct secret_text text = {0};
	struct identity *id = NULL;
	struct buf sealed;
	enum err e;

	buf_init(&sealed, KEY_SEALED);
	if ((e = identity_new(&id)) == ERR_OK &&
	    (e = identity_format(id, clock_today(), &text)) == ERR_OK &&
	    (e = identity_seal((const uint8_t(*)[AGE_KEY]) & keystore_unlock(v->keys)->pk, 1,
		 text.p, text.len, &sealed)) == ERR_OK)
		e = keystore_file_write(v->dir, KEEP_KEY, sealed.p, sealed.len);
	secret_text_wipe(&text);
	buf_wipe(&sealed);
	if (e == ERR_OK)
		*out = id;
	else
		secret_free(id);
	return e;
}

static enum err
open_kept(const struct vault *v, const char *id, int *fd)
{
	char name[VAULT_ITEM_NAME];
	int dir = -1;
	enum err e;

	vault_item_name(name, id);
	if ((e = io_open_dir(v->dir, KEEP_FOLDER, &dir)) == ERR_OK)
		e = io_open_file(dir, name, fd);
	io_close(&dir);
	return e;
}

static enum err
open_with(const struct identity *key, int fd, struct item **out)
{
	struct identity_set set = {0};
	enum err e;

	if ((e = identity_set_add(&set, key)) == ERR_OK && (e = item_open(fd, &set, out)) == ERR_OK)
		(*out)->is_kept = true;
	identity_set_wipe(&set);
	return e;
}

static enum err
open_copy(const struct vault *v, const struct catalog_item *row, int *fd, struct item **out)
{
	struct identity *key = NULL;
	enum err e;

	if ((e = open_kept(v, row->id, fd)) == ERR_OK && (e = read_key(v, &key)) == ERR_OK)
		e = open_with(key, *fd, out);
	secret_free(key);
	return e;
}

enum err
keep_open(struct vault *v, const struct catalog_item *row, int *fd, struct item **out)
{
	enum err e;

	if ((e = vault_open_item(v, row->id, fd)) == ERR_OK)
		e = item_open_in(v, *fd, row->epoch, out);
	if (!row->is_kept || (e != ERR_NOMATCH && e != ERR_NOTFOUND))
		return e;
	io_close(fd);
	return open_copy(v, row, fd, out);
}

/* ---- sealing anew */

/* Is the file what the server's list says? sha gets its SHA-256. */
static enum err
check_original(int fd, const struct catalog_item *row, uint8_t sha[static SHA256_LEN])
{
	uint8_t piece[PIECE], got[HASH_LEN];
	struct sha256 known;
	struct hash listed;
	uint64_t at = 0;
	ssize_t n;

	sha256_init(&known);
	hash_init(&listed, HASH_LEN);
	while ((n = pread(fd, piece, sizeof piece, (off_t)at)) > 0) {
		sha256_put(&known, piece, (size_t)n);
		hash_put(&listed, piece, (size_t)n);
		at += (uint64_t)n;
	}
	if (n == -1)
		return io_errno();
	hash_finish(&listed, got);
	sha256_finish(&known, sha);
	return at == row->size && memcmp(got, row->hash, HASH_LEN) == 0 ? ERR_OK : ERR_AUTH;
}

static enum err
copy_plaintext(struct age_open *from, struct age_seal *to)
{
	uint64_t size = age_open_size(from), at = 0;
	uint8_t piece[PIECE];
	enum err e = ERR_OK;
	size_t n;

	while (at < size && e == ERR_OK) {
		n = size - at < sizeof piece ? (size_t)(size - at) : sizeof piece;
		if ((e = age_open_read(from, at, piece, n)) == ERR_OK)
			e = age_seal_put(to, piece, n);
		at += n;
	}
	explicit_bzero(piece, sizeof piece);
	return e == ERR_OK ? age_seal_finish(to) : e;
}

static enum err
seal_anew(struct age_open *from, const struct identity *key, int fd)
{
	struct age_seal *s;
	enum err e;

	if ((s = calloc(1, sizeof *s)) == NULL)
		return ERR_NOMEM;
	if ((e = age_seal_init(s, (const uint8_t(*)[AGE_KEY]) & key->pk, 1, io_sink(&fd))) ==
	    ERR_OK)
		e = copy_plaintext(from, s);
	age_seal_wipe(s);
	free(s);
	return e == ERR_OK ? io_sync(fd) : e;
}

static enum err
ignore(void *ctx, const void *p, size_t n)
{
	(void)ctx;
	(void)p;
	(void)n;
	return ERR_OK;
}

/* Everything in it, to the last byte of padding. */
static enum err
check_all(struct item *it)
{
	return item_check_all(it, (struct sink){ignore, NULL});
}

enum err
keep_check(struct vault *v, const struct catalog_item *row)
{
	struct item *it = NULL;
	int fd = -1;
	enum err e;

	if ((e = open_copy(v, row, &fd, &it)) == ERR_OK)
		e = check_all(it);
	item_free(it);
	io_close(&fd);
	return e;
}

static enum err
check_copy(const struct identity *key, int fd, const struct item *original)
{
	struct item *copy = NULL;
	enum err e;

	if ((e = open_with(key, fd, &copy)) == ERR_OK &&
	    age_open_size(copy->age) != age_open_size(original->age))
		e = ERR_AUTH;
	if (e == ERR_OK)
		e = check_all(copy);
	item_free(copy);
	return e;
}

/* A file of that name without a row is of a run that was cut off: it is made again. */
static enum err
write_copy(const struct vault *v, const char *id, struct item *it, const struct identity *key)
{
	struct newfile f = NEWFILE_NONE;
	char name[VAULT_ITEM_NAME];
	int dir = -1;
	enum err e;

	vault_item_name(name, id);
	if ((e = keystore_file_mkdir(v->dir, KEEP_FOLDER)) != ERR_OK ||
	    (e = io_open_dir(v->dir, KEEP_FOLDER, &dir)) != ERR_OK ||
	    (e = newfile_begin(&f, dir)) != ERR_OK ||
	    (e = seal_anew(it->age, key, f.fd)) != ERR_OK ||
	    (e = check_copy(key, f.fd, it)) != ERR_OK)
		goto done;
	(void)!unlinkat(dir, name, 0);
	e = newfile_name_synced(&f, name);
done:
	newfile_end(&f);
	io_close(&dir);
	return e;
}

enum err
keep_item(struct vault *v, const struct catalog_item *row)
{
	struct catalog_item next = *row;
	struct identity *key = NULL;
	struct item *it = NULL;
	int fd = -1;
	enum err e;

	if (row->is_kept && keep_check(v, row) == ERR_OK)
		return ERR_OK;
	if ((e = vault_open_item(v, row->id, &fd)) != ERR_OK ||
	    (e = check_original(fd, row, next.original)) != ERR_OK ||
	    (e = item_open_in(v, fd, row->epoch, &it)) != ERR_OK || (e = check_all(it)) != ERR_OK)
		goto done;
	if ((e = read_key(v, &key)) == ERR_NOTFOUND)
		e = make_key(v, &key);
	if (e == ERR_OK && (e = write_copy(v, row->id, it, key)) == ERR_OK) {
		next.is_kept = true;
		e = catalog_put_review(&v->catalog, &next);
	}
done:
	secret_free(key);
	item_free(it);
	io_close(&fd);
	return e;
}
