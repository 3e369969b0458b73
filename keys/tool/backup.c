#include "backup.h"

#include <stdio.h>
#include <stdbool.h>
#include <string.h>

#include "base/io.h"
#include "base/limits.h"
#include "carry/tar.h"
#include "open/age_open.h"
#include "open/keystore_file.h"
#include "seal/age_seal.h"

/* ---- writing an archive */

static enum err
put_member(struct buf *out, const char *name, const struct buf *content)
{
	static const uint8_t zeros[TAR_BLOCK];
	uint8_t head[TAR_HEAD_MAX];
	size_t len = 0;
	enum err e;

	if ((e = tar_header_write(head, &len, name, content->len)) != ERR_OK ||
	    (e = buf_add(out, head, len)) != ERR_OK ||
	    (e = buf_add(out, content->p, content->len)) != ERR_OK)
		return e;
	return buf_add(out, zeros, tar_pad(content->len));
}

static enum err
put_end(struct buf *out)
{
	static const uint8_t zeros[TAR_END_LEN];

	return buf_add(out, zeros, sizeof zeros);
}

struct pack {
	struct buf *out;
	const char *folder; /* "" or "epochs/" */
	bool is_refused;    /* a file of it was, and *f says why */
	struct tool_fault *f;
};

static enum err
pack_file(void *ctx, int dirfd, const char *name)
{
	struct pack *p = ctx;
	char full[TAR_NAME_MAX + 64];
	struct buf content;
	enum err e;

	if (name[0] == '.')
		return ERR_OK;
	snprintf(full, sizeof full, "%s%s", p->folder, name);
	buf_init(&content, LIMIT_KEY_LOG);
	if ((e = io_read_file(dirfd, name, &content)) != ERR_OK ||
	    (e = put_member(p->out, full, &content)) != ERR_OK) {
		tool_refuse(p->f, e,
		    "No backup was made. If it is nothing of the key store, take it away.",
		    "%s: %s", full, tool_reason(e));
		p->is_refused = true;
	}
	buf_wipe(&content);
	return e;
}

/* What somebody else put beside the keys is none of ours: restore would know no place for it. */
static enum err
pack_key(void *ctx, int dirfd, const char *name)
{
	struct keystore_epoch epoch;

	return keystore_parse_name(name, &epoch) ? pack_file(ctx, dirfd, name) : ERR_OK;
}

static enum err
pack_folder(const struct keystore *k, const char *name, struct pack *p,
    enum err (*each)(void *ctx, int dirfd, const char *name))
{
	enum err e;
	int fd = -1;

	if ((e = io_open_dir(keystore_dir(k), name, &fd)) != ERR_OK)
		tool_refuse(p->f, e, "No backup was made.", "%s: %s", name, tool_reason(e));
	else if ((e = keystore_file_each(fd, each, p)) != ERR_OK && !p->is_refused)
		tool_refuse(p->f, e, "No backup was made.", "%s: it can't be listed: %s", name,
		    tool_reason(e));
	io_close(&fd);
	return e;
}

static enum err
pack(const struct keystore *k, struct buf *out, struct tool_fault *f)
{
	static const char *const names[] = {
	    TOOL_INSTANCE, TOOL_ROOT, TOOL_ROOT_PUB, TOOL_REPLY, TOOL_REPLY_PUB, TOOL_LOG};
	struct pack p = {.out = out, .folder = "", .f = f};
	struct pack epochs = {.out = out, .folder = KEYSTORE_EPOCHS "/", .f = f};
	struct pack publish = {.out = out, .folder = TOOL_PUBLISH "/", .f = f};
	enum err e;
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		e = pack_file(&p, keystore_dir(k), names[i]);
		if (e != ERR_OK && e != ERR_NOTFOUND)
			return e;
	}
	if ((e = pack_folder(k, KEYSTORE_EPOCHS, &epochs, pack_key)) != ERR_OK ||
	    (e = pack_folder(k, TOOL_PUBLISH, &publish, pack_file)) != ERR_OK)
		return e;
	return put_end(out);
}

/* ---- sealing */

static enum err
put_buf(void *ctx, const void *p, size_t n)
{
	return buf_add(ctx, p, n);
}

static enum err
seal(const struct identity *unlock, const struct buf *content, struct buf *out)
{
	struct age_seal s = {0};
	enum err e;

	if ((e = age_seal_init(&s, (const uint8_t(*)[AGE_KEY]) & unlock->pk, 1,
		 (struct sink){put_buf, out})) == ERR_OK &&
	    (e = age_seal_put(&s, content->p, content->len)) == ERR_OK)
		e = age_seal_finish(&s);
	age_seal_wipe(&s);
	return e;
}

enum err
backup_make(struct keystore *k, struct buf *out, struct tool_fault *f)
{
	struct pack p = {.out = out, .folder = "", .f = f};
	struct buf content, sealed;
	enum err e;

	buf_init(&content, LIMIT_KEY_BACKUP);
	buf_init(&sealed, LIMIT_KEY_BACKUP);
	if ((e = pack_file(&p, keystore_dir(k), KEYSTORE_UNLOCK)) != ERR_OK ||
	    (e = pack(k, &content, f)) != ERR_OK)
		goto done;
	if ((e = seal(keystore_unlock(k), &content, &sealed)) != ERR_OK ||
	    (e = put_member(out, BACKUP_CONTENT, &sealed)) != ERR_OK ||
	    (e = put_end(out)) != ERR_OK)
		tool_refuse(f, e, "No backup was made.", "sealing the backup: %s", tool_reason(e));
done:
	buf_wipe(&content);
	buf_wipe(&sealed);
	return e;
}

/* ---- reading */

enum err
backup_each(const struct buf *archive, backup_member *each, void *ctx)
{
	struct tar_member m;
	struct tar_read t;
	size_t at = 0;
	enum err e;

	tar_read_init(&t);
	for (;;) {
		if (archive->len - at < TAR_BLOCK)
			return ERR_TRUNCATED;
		e = tar_read_block(&t, archive->p + at, &m);
		at += TAR_BLOCK;
		if (e == ERR_AGAIN)
			continue;
		if (e == ERR_CLOSED)
			return at == archive->len ? ERR_OK : ERR_FORMAT;
		if (e != ERR_OK)
			return e;
		if (m.size > archive->len - at ||
		    tar_pad(m.size) > archive->len - at - (size_t)m.size)
			return ERR_TRUNCATED;
		if ((e = each(ctx, m.name, archive->p + at, (size_t)m.size)) != ERR_OK)
			return e;
		at += (size_t)m.size + tar_pad(m.size);
	}
}

struct wanted {
	const char *name;
	struct buf *out;
};

static enum err
pick_member(void *ctx, const char *name, const uint8_t *p, size_t n)
{
	struct wanted *w = ctx;

	return strcmp(name, w->name) == 0 ? buf_add(w->out, p, n) : ERR_OK;
}

enum err
backup_pick(const struct buf *archive, const char *name, struct buf *out)
{
	struct wanted w = {name, out};

	buf_init(out, LIMIT_KEY_LOG);
	return backup_each(archive, pick_member, &w);
}

enum err
backup_refuse_content(struct tool_fault *f, enum err e, const char *file)
{
	return tool_refuse(f, e, "Try another backup.",
	    "%s: its content isn't that of a key store: %s", file, tool_reason(e));
}

struct outer {
	struct buf *unlock, *sealed;
};

static enum err
take_outer(void *ctx, const char *name, const uint8_t *p, size_t n)
{
	struct outer *o = ctx;

	if (strcmp(name, KEYSTORE_UNLOCK) == 0 && o->unlock->len == 0)
		return buf_add(o->unlock, p, n);
	if (strcmp(name, BACKUP_CONTENT) == 0 && o->unlock->len != 0 && o->sealed->len == 0)
		return buf_add(o->sealed, p, n);
	return ERR_PROFILE;
}

static enum err
open_content(const struct buf *sealed, const struct identity *unlock, struct buf *out)
{
	struct identity_set ids = {0};
	struct age_open *a = NULL;
	uint8_t *to;
	uint64_t size;
	enum err e;

	if ((e = identity_set_add(&ids, unlock)) != ERR_OK ||
	    (e = age_open_mem(sealed->p, sealed->len, &ids, NULL, &a)) != ERR_OK)
		goto done;
	size = age_open_size(a);
	if (size > LIMIT_KEY_BACKUP)
		e = ERR_LIMIT;
	else if ((e = buf_grow(out, (size_t)size, &to)) == ERR_OK)
		e = age_open_read(a, 0, to, (size_t)size);
done:
	age_open_free(a);
	identity_set_wipe(&ids);
	return e;
}

static enum err
open_unlock(const struct buf *unlock, const struct secret_text *pass, struct identity **out)
{
	struct secret_text text = {0};
	enum err e;

	if ((e = age_open_small(unlock->p, unlock->len, NULL, pass, LIMIT_KEY_FILE, &text)) ==
	    ERR_OK)
		e = identity_parse(out, text.p, text.len);
	secret_text_wipe(&text);
	return e;
}

enum err
backup_open(const struct buf *file, const struct secret_text *pass, struct buf *unlock,
    struct buf *content, struct tool_fault *f)
{
	static const char todo[] = "Nothing was written. Try another backup.";
	struct identity *id = NULL;
	struct buf sealed;
	struct outer o = {.unlock = unlock, .sealed = &sealed};
	enum err e;

	buf_init(unlock, LIMIT_AGE_HEADER + LIMIT_KEY_FILE);
	buf_init(&sealed, LIMIT_KEY_BACKUP);
	buf_init(content, LIMIT_KEY_BACKUP);
	if ((e = backup_each(file, take_outer, &o)) == ERR_OK && sealed.len == 0)
		e = ERR_TRUNCATED;
	if (e != ERR_OK)
		tool_refuse(
		    f, e, todo, "this isn't a whole backup of a key store: %s", tool_reason(e));
	else if ((e = open_unlock(unlock, pass, &id)) == ERR_PASSPHRASE)
		tool_refuse(f, e, "Nothing was written. Try again.", "wrong passphrase");
	else if (e != ERR_OK || (e = open_content(&sealed, id, content)) != ERR_OK)
		tool_refuse(f, e, todo, "the backup is damaged: %s", tool_reason(e));
	secret_free(id);
	buf_wipe(&sealed);
	return e;
}
