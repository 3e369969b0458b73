#include "cmd.h"

#include <getopt.h>
#include <stdio.h>

#include "backup.h"
#include "backup_file.h"
#include "base/limits.h"
#include "base/random.h"
#include "carry/schedule.h"
#include "ceremony.h"
#include "keyring.h"
#include "record.h"
#include "tool.h"
#include "tool_open.h"

static const char HELP[] =
    "usage: " TOOL_PROGRAM " backup KEYS FILE [--passphrase-file FILE]\n"
    "\n"
    "Opens every key of the key store, and writes all of it into FILE, under the same\n"
    "passphrase. The backup is recorded in KEYS, because it opens what retire destroys.\n"
    "Make one after each schedule and keep it elsewhere than KEYS.\n"
    "\n"
    "  --passphrase-file FILE  take the passphrase from the first line of FILE\n";

struct run {
	const char *path; /* of the key store */
	struct backup_file file;
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
	record_name(name, sizeof name, r->file.path);
	buf_init(&ranges, LIMIT_KEY_LOG_LINE);
	if ((e = record_ranges(&r->ring, &ranges)) != ERR_OK || buf_cstr(&ranges) == NULL)
		e = tool_refuse(f, ERR_NOMEM, "", "not enough memory");
	else
		e = record_add(r->k, f, RECORD_BACKUP " %s %s %s", r->id, buf_cstr(&ranges), name);
	buf_wipe(&ranges);
	return e;
}

static enum err
write_backup(struct run *r, struct tool_fault *f)
{
	struct tool_fault ignored;
	bool is_left = false;
	struct buf content;
	enum err e;

	buf_init(&content, LIMIT_KEY_BACKUP);
	backup_file_sweep(&r->file, r->k);
	if ((e = backup_make(r->k, &content, f)) == ERR_OK)
		e = backup_file_write(&r->file, r->id, &content, &is_left, f);
	/* So that retire doesn't ask for the destruction of what never was. */
	if (e != ERR_OK && !is_left &&
	    record_add(r->k, &ignored, RECORD_GONE " %s", r->id) != ERR_OK)
		fprintf(stderr,
		    "The log keeps this backup, which wasn't made. When the log can be written "
		    "again, say so: " TOOL_PROGRAM " retire KEYS --gone %s\n",
		    r->id);
	buf_wipe(&content);
	return e;
}

static enum err
perform(struct run *r, const char *path, const char *passphrase_file, struct tool_fault *f)
{
	char instance[SCHEDULE_INSTANCE_LEN + 1];
	enum err e;

	if ((e = backup_file_begin(&r->file, path, f)) != ERR_OK ||
	    (e = tool_open_locked(r->path, passphrase_file, &r->k, f)) != ERR_OK ||
	    (e = backup_file_is_outside(&r->file, r->k, f)) != ERR_OK ||
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
	struct run r = {.file = BACKUP_FILE_NONE};
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
	if ((e = perform(&r, argv[optind + 1], passphrase_file, &f)) == ERR_OK)
		printf("%s: a backup of %zu epoch keys, recorded as %s.\n"
		       "Keep it elsewhere than %s. Its passphrase is that of the key store.\n",
		    r.file.path, r.ring.n, r.id, r.path);
	keyring_free(&r.ring);
	keystore_free(r.k);
	backup_file_end(&r.file);
	return e == ERR_OK ? tool_done("backup") : tool_report("backup", &f);
}
