#include "outbox_bundle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/text.h"
#include "carry/tar.h"
#include "newfile.h"
#include "open/keystore_file.h"

#define REPLY_KEY "reply.age"

void
outbox_bundle_name(char out[static OUTBOX_NAME], const char *id)
{
	snprintf(out, OUTBOX_NAME, "%.*s" ANSWERS_REPLY_EXT, RANDOM_ID_LEN, id);
}

static int
by_id(const void *x, const void *y)
{
	return strcmp(((const struct answers_reply *)x)->id, ((const struct answers_reply *)y)->id);
}

static enum err
add_replies(const struct catalog *c, uint32_t serial, struct answers *a)
{
	const struct post_reply *r;
	struct answers_reply *to;
	size_t i;

	if ((a->replies = calloc(c->post.n_replies + 1, sizeof *a->replies)) == NULL)
		return ERR_NOMEM;
	for (i = 0; i < c->post.n_replies; i++) {
		r = &c->post.replies[i];
		if (r->serial != serial)
			continue;
		to = &a->replies[a->n_replies++];
		memcpy(to->id, r->id, sizeof to->id);
		if (text_unhex(to->mailbox, HASH_LEN, r->mailbox, strlen(r->mailbox)) != ERR_OK)
			return ERR_FORMAT;
		to->size = r->size;
		memcpy(to->hash, r->hash, HASH_LEN);
	}
	qsort(a->replies, a->n_replies, sizeof *a->replies, by_id);
	return ERR_OK;
}

static enum err
add_receipts(const struct catalog *c, uint32_t serial, struct answers *a)
{
	const struct catalog_item *it;
	struct answers_receipt *to;
	size_t i;

	if ((a->receipts = calloc(c->n_items + 1, sizeof *a->receipts)) == NULL)
		return ERR_NOMEM;
	for (i = 0; i < c->n_items; i++) {
		it = c->items[i];
		if (it->receipt != serial)
			continue;
		to = &a->receipts[a->n_receipts++];
		memcpy(to->id, it->id, sizeof to->id);
		to->size = it->size;
		memcpy(to->hash, it->hash, HASH_LEN);
	}
	return ERR_OK;
}

/* ---- the archive */

static enum err
put_member(int fd, const char *name, const void *p, size_t n)
{
	static const uint8_t zero[TAR_BLOCK];
	uint8_t head[TAR_HEAD_MAX];
	size_t len = 0;
	enum err e;

	if ((e = tar_header_write(head, &len, name, n)) != ERR_OK ||
	    (e = io_write_all(fd, head, len)) != ERR_OK || (e = io_write_all(fd, p, n)) != ERR_OK)
		return e;
	return io_write_all(fd, zero, tar_pad(n));
}

static enum err
put_index(struct vault *v, const struct answers *a, int fd, const char **why)
{
	char comment[MINISIGN_COMMENT_MAX + 1];
	struct sign_key *key = NULL;
	struct buf text, sig;
	enum err e;

	buf_init(&text, LIMIT_BUNDLE_INDEX);
	buf_init(&sig, LIMIT_SIGNATURE);
	if ((key = secret_new(sizeof *key)) == NULL) {
		e = ERR_NOMEM;
		goto done;
	}
	if ((e = keystore_get_sign(v->keys, REPLY_KEY, key)) != ERR_OK) {
		*why = "the key store's reply key (reply.age) can't be opened";
		goto done;
	}
	if ((e = answers_format(a, &text)) != ERR_OK ||
	    (e = answers_comment(a, comment, sizeof comment)) != ERR_OK ||
	    (e = sign_message(key, text.p, text.len, comment, &sig)) != ERR_OK ||
	    (e = put_member(fd, ANSWERS_INDEX, text.p, text.len)) != ERR_OK)
		goto done;
	e = put_member(fd, ANSWERS_INDEX_SIG, sig.p, sig.len);
done:
	secret_free(key);
	buf_wipe(&text);
	buf_wipe(&sig);
	return e;
}

/* A reply that isn't as the ledger says must not go out under our signature. */
static enum err
put_reply(int outbox, const struct answers_reply *r, int fd, const char **why)
{
	uint8_t hash[HASH_LEN];
	char name[OUTBOX_NAME];
	struct buf sealed;
	enum err e;

	buf_init(&sealed, LIMIT_REPLY);
	outbox_bundle_name(name, r->id);
	if ((e = keystore_file_read(outbox, name, &sealed)) == ERR_OK) {
		hash_256(hash, sealed.p, sealed.len);
		if (sealed.len != r->size || memcmp(hash, r->hash, HASH_LEN) != 0)
			e = ERR_AUTH;
	}
	if (e != ERR_OK)
		*why = "a reply that waits in the vault's outbox is gone or damaged";
	else
		e = put_member(fd, name, sealed.p, sealed.len);
	buf_wipe(&sealed);
	return e;
}

static enum err
put_all(struct vault *v, const struct answers *a, int fd, const char **why)
{
	static const uint8_t zero[TAR_END_LEN];
	int outbox = -1;
	enum err e;
	size_t i;

	if ((e = put_index(v, a, fd, why)) != ERR_OK)
		return e;
	if (a->n_replies > 0 && (e = io_open_dir(v->dir, VAULT_OUTBOX, &outbox)) != ERR_OK)
		return e;
	for (i = 0; i < a->n_replies && e == ERR_OK; i++)
		e = put_reply(outbox, &a->replies[i], fd, why);
	io_close(&outbox);
	return e == ERR_OK ? io_write_all(fd, zero, sizeof zero) : e;
}

static enum err
put_file(struct vault *v, const struct answers *a, const char *path, const char **why)
{
	struct newfile f = NEWFILE_NONE;
	const char *name = NULL;
	int dir = -1;
	enum err e;

	if ((e = newfile_begin_at(&f, path, &dir, &name)) == ERR_OK &&
	    (e = put_all(v, a, f.fd, why)) == ERR_OK && (e = io_sync(f.fd)) == ERR_OK)
		e = newfile_name_synced(&f, name);
	newfile_end(&f);
	io_close(&dir);
	return e;
}

enum err
outbox_bundle_write(
    struct vault *v, const struct post_bundle *b, const char *path, const char **why)
{
	struct answers *a;
	enum err e;

	*why = NULL;
	if ((a = calloc(1, sizeof *a)) == NULL)
		return ERR_NOMEM;
	memcpy(a->instance, v->catalog.instance, sizeof a->instance);
	a->serial = b->serial;
	a->made = b->made;
	if ((e = add_replies(&v->catalog, b->serial, a)) == ERR_OK &&
	    (e = add_receipts(&v->catalog, b->serial, a)) == ERR_OK)
		e = put_file(v, a, path, why);
	answers_free(a);
	return e;
}
