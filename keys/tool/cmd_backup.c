#include "cmd.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backup.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/random.h"
#include "carry/schedule.h"
#include "ceremony.h"
#include "holders.h"
#include "keyring.h"
#include "open/keystore_file.h"
#include "record.h"
#include "tool.h"

static const char HELP[] =
    "usage: " TOOL_PROGRAM " backup KEYS FILE [--passphrase-file FILE]\n"
    "\n"
    "Opens every key of the key store, and writes all of it into FILE, under the same\n"
    "passphrase. The backup is recorded in KEYS, because it opens what retire destroys.\n"
    "Make one after each schedule and keep it elsewhere than KEYS.\n"
    "\n"
    "  --passphrase-file FILE  take the passphrase from the first line of FILE\n";

struct run {
	const char *path, *file;
	struct keystore *k;
	struct keyring ring;
	char id[RANDOM_ID_LEN + 1];
};

static enum err
open_sign_keys(struct run *r, struct tool_fault *f)
{
	static const char *const names[] = {TOOL_ROOT, TOOL_REPLY};
	struct sign_key *key;
	enum err e = ERR_OK;
	size_t i;

	if ((key = secret_new(sizeof *key)) == NULL)
		return tool_refuse(f, ERR_NOMEM, "", "not enough memory that can be locked");
	for (i = 0; i < sizeof names / sizeof names[0] && e == ERR_OK; i++)
		if (tool_has_file(r->path, names[i]) &&
		    (e = keystore_get_sign(r->k, names[i], key)) != ERR_OK)
			tool_refuse(
			    f, e, "No backup was made.", "%s: %s", names[i], tool_reason(e));
	secret_free(key);
	return e;
}

/* A backup of what can't be opened is none. */
static enum err
open_all(struct run *r, struct tool_fault *f)
{
	struct identity *id;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < r->ring.n && e == ERR_OK; i++) {
		id = NULL;
		e = keyring_get(r->k, &r->ring.p[i], &id, f);
		secret_free(id);
	}
	return e == ERR_OK ? open_sign_keys(r, f) : e;
}

/* Recorded first: the backup has its own record, and none is ever unknown. */
static enum err
record_backup(struct run *r, struct tool_fault *f)
{
	char name[256];
	struct buf ranges;
	enum err e;

	random_id(r->id);
	record_name(name, sizeof name, r->file);
	buf_init(&ranges, LIMIT_KEY_LOG_LINE);
	if ((e = record_ranges(&r->ring, &ranges)) != ERR_OK || buf_cstr(&ranges) == NULL)
		e = tool_refuse(f, ERR_NOMEM, "", "not enough memory");
	else
		e = record_add(r->k, f, RECORD_BACKUP " %s %s %s", r->id, buf_cstr(&ranges), name);
	buf_wipe(&ranges);
	return e;
}

/* ---- the file */

struct sweep {
	const struct keystore *k;
	struct holders known;
};

static enum err
sweep_file(void *ctx, int dir, const char *name)
{
	const char *id = name + strlen(IO_TMP_PREFIX);
	const struct sweep *s = ctx;
	struct tool_fault ignored;

	if (keystore_file_is_leftover(name) && holders_was(&s->known, RECORD_BACKUP, id) &&
	    unlinkat(dir, name, 0) == 0 && holders_find(&s->known, id) != NULL)
		(void)!record_add(s->k, &ignored, RECORD_GONE " %s", id);
	return ERR_OK;
}

/* What backups of this key store left in this folder when they were killed: its log has their ids.
 * What can't be removed, or recorded as gone, stays. */
static void
sweep(const struct keystore *k, int dir)
{
	struct sweep s = {.k = k};
	struct tool_fault ignored;

	if (holders_load(k, &s.known, &ignored) == ERR_OK)
		(void)!keystore_file_each(dir, sweep_file, &s);
	holders_wipe(&s.known);
}

static const char *
advice(enum err e)
{
	if (e == ERR_EXISTS)
		return "Nothing was overwritten. Give another name.";
	return e == ERR_USAGE ? "Give the name of a file, not of a folder." : "";
}

/* Its name is its id, and becomes FILE when it is whole: what is killed leaves no half backup. */
static enum err
write_file(struct run *r, const struct buf *b, struct tool_fault *f)
{
	char tmp[sizeof IO_TMP_PREFIX + RANDOM_ID_LEN];
	const char *name;
	enum err e;
	int dir = -1;

	snprintf(tmp, sizeof tmp, IO_TMP_PREFIX "%s", r->id);
	if ((e = io_open_parent(r->file, &dir, &name)) == ERR_OK) {
		sweep(r->k, dir);
		if ((e = io_write_new(dir, tmp, b->p, b->len, 0600)) == ERR_OK)
			e = io_rename_new(dir, tmp, name);
	}
	if (e != ERR_OK)
		tool_refuse(f, e, advice(e), "%s: %s", r->file, tool_reason(e));
	io_close(&dir);
	return e;
}

static enum err
write_backup(struct run *r, struct tool_fault *f)
{
	struct tool_fault ignored;
	struct buf file;
	enum err e;

	buf_init(&file, LIMIT_KEY_BACKUP);
	if ((e = backup_make(r->k, &file, f)) == ERR_OK)
		e = write_file(r, &file, f);
	/* So that retire doesn't ask for the destruction of what never was. */
	if (e != ERR_OK && record_add(r->k, &ignored, RECORD_GONE " %s", r->id) != ERR_OK)
		fputs("The log keeps this backup, which wasn't made.\n", stderr);
	buf_wipe(&file);
	return e;
}

static enum err
perform(struct run *r, const char *passphrase_file, struct tool_fault *f)
{
	char instance[SCHEDULE_INSTANCE_LEN + 1];
	enum err e;

	if (access(r->file, F_OK) == 0)
		return tool_refuse(f, ERR_EXISTS, "Nothing was overwritten. Give another name.",
		    "%s: exists already", r->file);
	if ((e = tool_open_locked(r->path, passphrase_file, &r->k, f)) != ERR_OK ||
	    (e = ceremony_no_handover(r->k, f)) != ERR_OK ||
	    (e = ceremony_no_next_reply(r->k, f)) != ERR_OK ||
	    (e = tool_read_instance(r->k, instance, sizeof instance, f)) != ERR_OK ||
	    (e = keyring_load(r->k, &r->ring, f)) != ERR_OK || (e = open_all(r, f)) != ERR_OK ||
	    (e = record_backup(r, f)) != ERR_OK)
		return e;
	return write_backup(r, f);
}

int
cmd_backup(int argc, char **argv)
{
	static const struct option options[] = {{"passphrase-file", required_argument, NULL, 'p'},
	    {"help", no_argument, NULL, 'h'}, {0}};
	const char *passphrase_file = NULL;
	struct tool_fault f = {0};
	struct run r = {0};
	enum err e;
	int c;

	while ((c = tool_option("backup", argc, argv, options)) != -1)
		switch (c) {
		case 'p': passphrase_file = optarg; break;
		case 'h': return tool_help(HELP);
		default: return TOOL_USAGE;
		}
	if (argc - optind != 2)
		return tool_wrong("backup", "name KEYS and FILE");
	r.path = argv[optind];
	r.file = argv[optind + 1];
	if ((e = perform(&r, passphrase_file, &f)) == ERR_OK)
		printf("%s: a backup of %zu epoch keys, recorded as %s.\n"
		       "Keep it elsewhere than %s. Its passphrase is that of the key store.\n",
		    r.file, r.ring.n, r.id, r.path);
	keyring_free(&r.ring);
	keystore_free(r.k);
	return e == ERR_OK ? tool_done("backup") : tool_report("backup", &f);
}
