#include "backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "carry/tar.h"
#include "keep.h"
#include "newfile.h"
#include "open/keystore_file.h"
#include "opener.h"
#include "seal/age_seal.h"
#include "unpack.h"

#define PIECE (256 * 1024)

/* One file of the vault. */
struct part {
	char name[TAR_NAME_MAX + 1]; /* in the archive, and below the vault's folder */
	uint64_t size;
	uint8_t hash[HASH_LEN]; /* of what went into the archive */
};

struct job {
	struct vault *v;
	const struct backup_events *ev;
	struct backup_report *r;
	struct part *parts; /* owned */
	size_t n, cap;
	const char *folder;   /* that is being listed */
	uint64_t done, total; /* bytes, written and read back */
	struct age_seal *seal;
	uint8_t *piece; /* owned */
	struct newfile file;
};

/* ---- which files there are */

static enum err
add_part(void *ctx, int dirfd, const char *name)
{
	struct job *j = ctx;
	size_t cap = j->cap == 0 ? 256 : 2 * j->cap;
	struct part *p;
	struct stat st;
	int n;

	/* What is being written, or was left by a killed writer. */
	if (name[0] == '.')
		return ERR_OK;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return io_errno();
	if (!S_ISREG(st.st_mode))
		return ERR_OK;
	if (j->n == j->cap) {
		if ((p = realloc(j->parts, cap * sizeof *p)) == NULL)
			return ERR_NOMEM;
		j->parts = p;
		j->cap = cap;
	}
	p = &j->parts[j->n];
	n = snprintf(
	    p->name, sizeof p->name, "%s%s%s", j->folder, j->folder[0] == '\0' ? "" : "/", name);
	if (n < 0 || (size_t)n >= sizeof p->name)
		return ERR_OK; /* nothing of ours has such a name */
	p->size = (uint64_t)st.st_size;
	j->total += 2 * p->size;
	j->n++;
	return ERR_OK;
}

static enum err
list_folder(struct job *j, const char *folder)
{
	int fd = -1;
	enum err e;

	j->folder = folder;
	if ((e = io_open_dir(j->v->dir, folder, &fd)) == ERR_NOTFOUND)
		return ERR_OK;
	if (e == ERR_OK)
		e = keystore_file_each(fd, add_part, j);
	io_close(&fd);
	return e;
}

static enum err
list(struct job *j)
{
	static const char *const folders[] = {
	    VAULT_LEDGER, VAULT_SCHEDULES, VAULT_OUTBOX, KEEP_FOLDER, VAULT_ITEMS};
	enum err e;
	size_t i;

	j->folder = "";
	if ((e = add_part(j, j->v->dir, VAULT_FILE)) == ERR_OK &&
	    (e = add_part(j, j->v->dir, KEEP_KEY)) == ERR_NOTFOUND)
		e = ERR_OK;
	for (i = 0; i < sizeof folders / sizeof *folders && e == ERR_OK; i++)
		e = list_folder(j, folders[i]);
	return e;
}

static void
advance(struct job *j, uint64_t n)
{
	j->done += n;
	if (j->ev->progress != NULL)
		j->ev->progress(j->ev->ctx, j->done, j->total);
}

/* ---- writing */

static enum err
unread(struct job *j, const struct part *p, enum err e)
{
	memcpy(j->r->unread, p->name, sizeof j->r->unread);
	return e;
}

static enum err
copy_in(struct job *j, struct part *p, int fd)
{
	uint64_t left = p->size;
	struct hash h;
	size_t want, got;
	enum err e;

	hash_init(&h, HASH_LEN);
	for (; left > 0; left -= got) {
		want = left < PIECE ? (size_t)left : PIECE;
		if ((e = io_read_full(fd, j->piece, want, &got)) == ERR_OK && got != want)
			e = ERR_TRUNCATED;
		if (e != ERR_OK)
			return unread(j, p, e);
		if ((e = age_seal_put(j->seal, j->piece, got)) != ERR_OK)
			return e;
		hash_put(&h, j->piece, got);
		advance(j, got);
	}
	hash_finish(&h, p->hash);
	return ERR_OK;
}

static enum err
write_part(struct job *j, struct part *p)
{
	static const uint8_t zero[TAR_BLOCK];
	uint8_t head[TAR_HEAD_MAX];
	size_t len = 0;
	int fd = -1;
	enum err e;

	if ((e = io_open_file(j->v->dir, p->name, &fd)) != ERR_OK)
		return unread(j, p, e);
	if ((e = tar_header_write(head, &len, p->name, p->size)) == ERR_OK &&
	    (e = age_seal_put(j->seal, head, len)) == ERR_OK && (e = copy_in(j, p, fd)) == ERR_OK)
		e = age_seal_put(j->seal, zero, tar_pad(p->size));
	io_close(&fd);
	return e;
}

static enum err
write_all(struct job *j)
{
	static const uint8_t zero[TAR_END_LEN];
	uint8_t recipient[1][AGE_KEY];
	enum err e;
	size_t i;

	memcpy(recipient[0], keystore_unlock(j->v->keys)->pk, AGE_KEY);
	if ((e = age_seal_init(
		 j->seal, (const uint8_t(*)[AGE_KEY])recipient, 1, io_sink(&j->file.fd))) != ERR_OK)
		return e;
	for (i = 0; i < j->n && e == ERR_OK; i++)
		e = write_part(j, &j->parts[i]);
	if (e == ERR_OK && (e = age_seal_put(j->seal, zero, sizeof zero)) == ERR_OK &&
	    (e = age_seal_finish(j->seal)) == ERR_OK)
		e = io_sync(j->file.fd);
	return e;
}

/* ---- reading it back */

struct check {
	struct job *j;
	struct hash hash;
};

static enum err
check_bytes(void *ctx, const void *p, size_t n)
{
	struct check *c = ctx;

	hash_put(&c->hash, p, n);
	advance(c->j, n);
	return ERR_OK;
}

static enum err
check_part(struct job *j, struct unpack *u, const struct part *p)
{
	struct check c = {.j = j};
	uint8_t hash[HASH_LEN];
	enum err e;

	if ((e = unpack_next(u)) != ERR_OK)
		return e == ERR_CLOSED ? ERR_TRUNCATED : e;
	if (strcmp(u->member.name, p->name) != 0 || u->member.size != p->size)
		return ERR_FORMAT;
	hash_init(&c.hash, HASH_LEN);
	if ((e = unpack_copy(u, (struct sink){check_bytes, &c})) != ERR_OK)
		return e;
	hash_finish(&c.hash, hash);
	return memcmp(hash, p->hash, HASH_LEN) == 0 ? ERR_OK : ERR_AUTH;
}

static enum err
check_all(struct job *j, const struct identity_set *ids)
{
	struct age_open *age = NULL;
	struct opener *opener = NULL;
	struct unpack u = {0};
	enum err e;
	size_t i;

	if ((e = age_open_fd(j->file.fd, ids, NULL, &age)) != ERR_OK ||
	    (e = opener_new(age, &opener)) != ERR_OK ||
	    (e = opener_ahead(opener, 0, age_open_size(age))) != ERR_OK ||
	    (e = unpack_init(&u, opener_source(opener))) != ERR_OK)
		goto done;
	for (i = 0; i < j->n && e == ERR_OK; i++)
		e = check_part(j, &u, &j->parts[i]);
	if (e == ERR_OK && (e = unpack_next(&u)) == ERR_CLOSED)
		e = ERR_OK;
done:
	unpack_wipe(&u);
	opener_free(opener);
	age_open_free(age);
	return e;
}

/* From the medium, as far as the system lets us ask for that: what is in memory is let go first. */
static enum err
verify(struct job *j)
{
	struct identity_set ids = {0};
	struct stat st;
	enum err e;

	(void)posix_fadvise(j->file.fd, 0, 0, POSIX_FADV_DONTNEED);
	if (fstat(j->file.fd, &st) == -1)
		return io_errno();
	j->r->bytes = (uint64_t)st.st_size;
	if ((e = identity_set_add(&ids, keystore_unlock(j->v->keys))) == ERR_OK)
		e = check_all(j, &ids);
	identity_set_wipe(&ids);
	if (e != ERR_OK && e != ERR_NOMEM) {
		j->r->why = "what was read back isn't what was written; the medium is failing";
		if (e != ERR_SYS)
			e = ERR_AUTH;
	}
	return e;
}

/* ---- what the ledger learns */

static enum err
hold_part(struct job *j, const struct part *p)
{
	struct catalog *c = &j->v->catalog;
	const struct catalog_item *row;
	struct post_held h = {.backup = (uint32_t)c->post.n_backups + 1};
	const char *file = p->name + strlen(VAULT_ITEMS "/");

	if (strncmp(p->name, VAULT_ITEMS "/", strlen(VAULT_ITEMS "/")) != 0 ||
	    !vault_item_parse(file, strlen(file), h.id) || (row = catalog_find(c, h.id)) == NULL ||
	    row->state == CATALOG_MISSING)
		return ERR_OK;
	if (row->size != p->size || memcmp(row->hash, p->hash, HASH_LEN) != 0) {
		j->r->differ++;
		if (j->ev->differs != NULL)
			j->ev->differs(j->ev->ctx, h.id);
		return ERR_OK;
	}
	j->r->items++;
	h.serial = row->receipt;
	return row->backup != 0 ? ERR_OK : catalog_put_held(c, &h);
}

static enum err
record(struct job *j)
{
	struct catalog *c = &j->v->catalog;
	struct post_backup b = {.number = (uint32_t)c->post.n_backups + 1, .day = clock_today()};
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < j->n && e == ERR_OK; i++)
		e = hold_part(j, &j->parts[i]);
	random_id(b.id);
	b.items = (uint32_t)j->r->items;
	if (e != ERR_OK || (e = catalog_put_backup(c, &b)) != ERR_OK ||
	    (e = vault_commit(j->v)) != ERR_OK)
		j->r->why = "the backup is complete, but the vault's ledger can't be written";
	return e;
}

enum err
backup_write(
    struct vault *v, const char *path, const struct backup_events *ev, struct backup_report *out)
{
	struct backup_report r = {0};
	struct job j = {.v = v, .ev = ev, .r = &r, .file = NEWFILE_NONE};
	const char *name = NULL;
	int dir = -1;
	enum err e;

	j.seal = calloc(1, sizeof *j.seal);
	j.piece = malloc(PIECE);
	if (j.seal == NULL || j.piece == NULL) {
		e = ERR_NOMEM;
		goto done;
	}
	if (access(path, F_OK) == 0)
		e = ERR_EXISTS; /* known before all the work */
	else
		e = newfile_begin_at(&j.file, path, &dir, &name);
	if (e != ERR_OK || (e = list(&j)) != ERR_OK || (e = write_all(&j)) != ERR_OK ||
	    (e = verify(&j)) != ERR_OK || (e = newfile_name_synced(&j.file, name)) != ERR_OK)
		goto done;
	e = record(&j);
done:
	if (j.seal != NULL)
		age_seal_wipe(j.seal);
	free(j.seal);
	free(j.piece);
	free(j.parts);
	newfile_end(&j.file);
	io_close(&dir);
	*out = r;
	return e;
}
