#include "restore.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "backup.h"
#include "base/io.h"
#include "base/limits.h"
#include "gone.h"
#include "keyring.h"
#include "public.h"
#include "published.h"
#include "record.h"
#include "restore_folder.h"
#include "restore_gone.h"
#include "tool_open.h"
#include "tool_passphrase.h"

struct restore {
	const struct restore_request *q;
	struct tool_fault *f;
	struct secret_text pass;
	struct buf unlock, content;
	struct published newest; /* the schedule that was given; its s is NULL without */
	struct gone gone;        /* what is known to be retired */
	struct minisign_key root_key;
	bool has_root_key;
	bool is_handed_over; /* the schedule is signed by a root key that the backup hasn't */
	struct restore_folder folder; /* the new one */
	struct restore_result result;
};

/* ---- one file of the backup */

static enum err
note(struct restore_result *result, enum gone_why why, const struct keystore_epoch *epoch)
{
	switch (why) {
	case GONE_NOT: return ERR_OK;
	case GONE_BY_LOG: return copies_note(&result->retired, epoch);
	case GONE_BY_SCHEDULE: return copies_note(&result->unlisted, epoch);
	case GONE_UNSURE: return copies_note(&result->unsure, epoch);
	}
	return ERR_OK;
}

static enum err
restore_epoch(struct restore *r, const char *name, const uint8_t *p, size_t n)
{
	struct keystore_epoch epoch;
	enum gone_why why;
	enum err e;

	/* Earlier backups took along what somebody had put there. */
	if (!keystore_parse_name(name, &epoch))
		return ERR_OK;
	why = gone_ask(&r->gone, epoch.inbox, epoch.number);
	if ((e = note(&r->result, why, &epoch)) != ERR_OK)
		return e;
	/* A run that was cut off, without the schedule or the log that this one has, may have
	 * written it: it must not stay. */
	if (why == GONE_BY_LOG || why == GONE_BY_SCHEDULE)
		return restore_folder_leave_out(&r->folder, name, p, n);
	r->result.written++;
	return restore_folder_put(&r->folder, r->folder.epochs, name, p, n);
}

/* Everything but the log and the instance, which come at the end. */
static enum err
restore_member(void *ctx, const char *name, const uint8_t *p, size_t n)
{
	static const char *const names[] = {TOOL_ROOT, TOOL_ROOT_PUB, TOOL_REPLY, TOOL_REPLY_PUB};
	struct restore *r = ctx;
	const char *slash = strchr(name, '/');
	size_t i;

	if (slash != NULL && (slash[1] == '.' || strchr(slash + 1, '/') != NULL))
		return ERR_PROFILE;
	if (strncmp(name, KEYSTORE_EPOCHS "/", sizeof KEYSTORE_EPOCHS) == 0)
		return restore_epoch(r, slash + 1, p, n);
	if (strncmp(name, TOOL_PUBLISH "/", sizeof TOOL_PUBLISH) == 0)
		return restore_folder_put(&r->folder, r->folder.publish, slash + 1, p, n);
	/* The key that handed over signs nothing any more. */
	if (r->is_handed_over && (strcmp(name, TOOL_ROOT) == 0 || strcmp(name, TOOL_ROOT_PUB) == 0))
		return ERR_OK;
	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0)
			return restore_folder_put(&r->folder, r->folder.dir, name, p, n);
	return strcmp(name, TOOL_LOG) == 0 || strcmp(name, TOOL_INSTANCE) == 0 ? ERR_OK
									       : ERR_PROFILE;
}

/* ---- before and after */

static enum err
read_backup(struct restore *r)
{
	struct buf file;
	enum err e;

	buf_init(&file, LIMIT_KEY_BACKUP);
	if ((e = io_read_file(AT_FDCWD, r->q->file, &file)) != ERR_OK)
		tool_refuse(r->f, e, "Name the file that backup wrote.", "%s: %s", r->q->file,
		    tool_reason(e));
	else if ((e = tool_passphrase(r->q->passphrase_file, "Passphrase of the backup: ", &r->pass,
		      r->f)) == ERR_OK)
		e = backup_open(&file, &r->pass, &r->unlock, &r->content, r->f);
	buf_wipe(&file);
	return e;
}

/* The backup's, or the one that was given in its place. */
static enum err
read_root(struct restore *r)
{
	struct minisign_key own;
	struct buf text;
	enum err e;

	if ((e = backup_pick(&r->content, TOOL_ROOT_PUB, &text)) == ERR_OK && text.len > 0) {
		r->has_root_key = true;
		if ((e = minisign_key_parse_file(&own, text.p, text.len)) == ERR_OK)
			r->root_key = own;
	}
	buf_wipe(&text);
	if (e != ERR_OK)
		return backup_refuse_content(r->f, e, r->q->file);
	if (r->q->root == NULL)
		return ERR_OK;
	if ((e = tool_read_key(AT_FDCWD, r->q->root, &r->root_key, r->f)) != ERR_OK)
		return e;
	r->is_handed_over = r->has_root_key && memcmp(own.pk, r->root_key.pk, MINISIGN_PK) != 0;
	r->has_root_key = true;
	return ERR_OK;
}

static enum err
read_schedule(struct restore *r)
{
	enum err e;

	if (r->q->schedule == NULL)
		return ERR_OK;
	if ((e = read_root(r)) != ERR_OK)
		return e;
	if (!r->has_root_key)
		return tool_refuse(r->f, ERR_USAGE, "Say which root key signs it: --root ROOT.PUB",
		    "%s: the backup has no root key", r->q->file);
	e = published_read(AT_FDCWD, r->q->schedule, &r->root_key, &r->newest, r->f);
	if (e == ERR_NOMATCH && r->q->root == NULL)
		snprintf(r->f->todo, sizeof r->f->todo,
		    "If new-root made another root key after this backup, restore one that was made "
		    "since. If there is none, add --root and the new root.pub: such a key store "
		    "opens submissions, but can't sign schedules. If there was no new-root, don't "
		    "use this schedule.");
	return e;
}

/* ---- before it is a key store */

/* The instance comes last: with it the key store is complete. */
static enum err
finish(struct restore *r, struct keystore *k)
{
	struct buf log, instance;
	enum err e;

	buf_init(&log, LIMIT_KEY_LOG);
	if ((e = backup_pick(&r->content, TOOL_INSTANCE, &instance)) != ERR_OK)
		backup_refuse_content(r->f, e, r->q->file);
	else if ((e = gone_merge_logs(&r->gone, &log)) != ERR_OK)
		tool_refuse(r->f, e, "", "the two logs: %s", tool_reason(e));
	else if ((e = io_replace(r->folder.dir, TOOL_LOG, log.p, log.len, 0600)) != ERR_OK)
		tool_refuse(r->f, e, "Run the same command again: it goes on where it stopped.",
		    TOOL_LOG ": %s", tool_reason(e));
	else if ((e = record_add(k, r->f, RECORD_RESTORED)) == ERR_OK)
		e = restore_folder_put(
		    &r->folder, r->folder.dir, TOOL_INSTANCE, instance.p, instance.len);
	buf_wipe(&log);
	buf_wipe(&instance);
	return e;
}

static enum err
open_keys(struct restore *r, struct keystore *k)
{
	struct keyring ring = {0};
	struct identity *id;
	enum err e;
	size_t i;

	e = keyring_load(k, &ring, r->f);
	for (i = 0; i < ring.n && e == ERR_OK; i++) {
		id = NULL;
		e = keyring_get(k, &ring.p[i], &id, r->f);
		secret_free(id);
	}
	if (e == ERR_SYS)
		snprintf(r->f->todo, sizeof r->f->todo,
		    "What was just written can't be read. Run the same command again; if it stays "
		    "so, the medium fails: restore into a folder on another one.");
	keyring_free(&ring);
	return e;
}

/* A schedule that is newer than the backup's: the next one must follow it. */
static enum err
add_schedule(struct restore *r, const struct keystore *k)
{
	struct published have = {0};
	enum err e;

	if (r->newest.s == NULL)
		return ERR_OK;
	/* What the backup has was signed by the other key: all of it is older. */
	e = r->is_handed_over ? ERR_OK : published_newest(k, &r->root_key, &have, r->f);
	if (e == ERR_OK && (have.s == NULL || have.s->serial < r->newest.s->serial) &&
	    (e = published_add(k, &r->newest, r->f)) == ERR_OK)
		e = published_refresh(k, &r->newest, r->f);
	published_wipe(&have);
	return e;
}

/* ---- after a hand-over: the new root key's public half, and the statements that lead to it */

static enum err
put_statement(void *ctx, const char *name, const struct buf *content)
{
	struct restore *r = ctx;

	return restore_folder_put(&r->folder, r->folder.publish, name, content->p, content->len);
}

/* Whoever follows them verifies them; here they are carried along. */
static enum err
add_root(struct restore *r, const struct keystore *k)
{
	enum err e;

	if (!r->is_handed_over)
		return ERR_OK;
	if ((e = public_statements(r->q->schedule, put_statement, r, r->f)) != ERR_OK)
		return e;
	return tool_write_key(k, TOOL_ROOT_PUB, "root", r->newest.s->instance, &r->root_key, r->f);
}

/* ---- all of it */

static enum err
find_gone(struct restore *r)
{
	const struct restore_gone from = {
	    .q = r->q, .content = &r->content, .newest = &r->newest, .root_key = &r->root_key};

	return restore_gone_find(&from, &r->gone, r->f);
}

static enum err
write_files(struct restore *r)
{
	enum err e;

	if ((e = restore_folder_make(&r->folder, &r->unlock)) != ERR_OK)
		return e;
	e = backup_each(&r->content, restore_member, r);
	if (e == ERR_PROFILE || e == ERR_FORMAT || e == ERR_TRUNCATED)
		return backup_refuse_content(r->f, e, r->q->file);
	if (e != ERR_OK)
		return e;
	return restore_folder_put(
	    &r->folder, r->folder.dir, KEYSTORE_UNLOCK, r->unlock.p, r->unlock.len);
}

/* What is there now must open before it is called a key store. */
static enum err
complete(struct restore *r)
{
	struct keystore *k = NULL;
	enum err e;

	if ((e = tool_open_with(r->q->path, &r->pass, &k, r->f)) == ERR_OK &&
	    (e = tool_lock(k, r->q->path, r->f)) == ERR_OK && (e = open_keys(r, k)) == ERR_OK &&
	    (e = add_schedule(r, k)) == ERR_OK && (e = add_root(r, k)) == ERR_OK)
		e = finish(r, k);
	keystore_free(k);
	return e;
}

enum err
restore_run(const struct restore_request *q, struct restore_result *out, struct tool_fault *f)
{
	struct restore r = {.q = q, .f = f, .folder = RESTORE_FOLDER_NONE};
	enum err e;

	r.folder.path = q->path;
	r.folder.f = f;
	gone_init(&r.gone);
	if ((e = read_backup(&r)) == ERR_OK && (e = read_schedule(&r)) == ERR_OK &&
	    (e = find_gone(&r)) == ERR_OK && (e = write_files(&r)) == ERR_OK &&
	    (e = complete(&r)) == ERR_OK) {
		r.result.is_handed_over = r.is_handed_over;
		*out = r.result;
		r.result = (struct restore_result){0};
	}
	restore_result_wipe(&r.result);
	gone_wipe(&r.gone);
	secret_text_wipe(&r.pass);
	buf_wipe(&r.unlock);
	buf_wipe(&r.content);
	published_wipe(&r.newest);
	restore_folder_close(&r.folder);
	return e;
}

void
restore_result_wipe(struct restore_result *r)
{
	copies_free(&r->retired);
	copies_free(&r->unlisted);
	copies_free(&r->unsure);
	*r = (struct restore_result){0};
}
