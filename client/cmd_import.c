#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alarm.h"
#include "base/io.h"
#include "cmd.h"
#include "cmd_missing.h"
#include "display.h"
#include "import.h"

#define OUT_MAX (1024 * 1024)

/* One command: several volumes, one after the other. */
struct session {
	const char *path;
	uint64_t total; /* bytes of the file, 0 if that isn't known */
	bool is_drawn;  /* does a line of progress stand on the terminal? */
	size_t faults;  /* things that somebody must look at */
	size_t no_key;  /* items of this volume that our keys don't open */
	struct cmd_missing missing;
};

static void
clear_progress(struct session *s)
{
	if (s->is_drawn)
		fputs("\r\033[K", stderr);
	s->is_drawn = false;
}

static void
show_progress(void *ctx, uint64_t bytes)
{
	struct session *s = ctx;
	char done[CMD_SIZE_ROOM];

	if (!isatty(STDERR_FILENO))
		return;
	if (s->total > 0)
		fprintf(stderr, "\r\033[K%s read, %u %%", cmd_size(done, bytes),
		    (unsigned)(bytes * 100 / s->total));
	else
		fprintf(stderr, "\r\033[K%s read", cmd_size(done, bytes));
	s->is_drawn = true;
}

static const char *
note_text(const struct import_note *n)
{
	switch (n->kind) {
	case IMPORT_FOREIGN:
		return "doesn't belong in a bundle; somebody put it there. It was left out";
	case IMPORT_UNLISTED:
		return "isn't in the server's signed list; somebody put it there. It was left out";
	case IMPORT_DAMAGED:
		return "was damaged on the way and was left out. Copy the bundle again";
	case IMPORT_HEALED:
		return "its file in the vault was changed or damaged, and is replaced by what "
		       "the server sent";
	case IMPORT_CHANGED:
		return "is another file than the one that the vault has under this ID. The vault "
		       "keeps its own";
	case IMPORT_SCHEDULE: return "is no key schedule that our root key signed. It was left out";
	case IMPORT_UNOPENED: return "was kept, but can't be opened";
	case IMPORT_FLAGGED:
		return "was kept, but something about it doesn't fit; `show` says what";
	case IMPORT_ENDED:
		return "the bundle ends here, or can't be read any further. What came before is "
		       "in the vault. Copy the bundle again and import it once more";
	case IMPORT_MISSING: break;
	}
	return "is missing";
}

static void
take_note(void *ctx, const struct import_note *n)
{
	struct session *s = ctx;

	if (n->kind == IMPORT_MISSING) {
		cmd_missing_note(&s->missing, n->name);
		return;
	}
	if (n->kind == IMPORT_UNOPENED && n->e == ERR_NOMATCH) {
		s->no_key++; /* another desk's, or of a retired epoch: nothing is wrong */
		return;
	}
	clear_progress(s);
	if (n->kind == IMPORT_HEALED) {
		printf("%s: %s.\n", n->name, note_text(n));
		return;
	}
	s->faults++;
	if (n->kind == IMPORT_UNOPENED)
		cmd_fail(n->name, "%s: %s.", note_text(n), err_text(n->e));
	else if (n->kind == IMPORT_SCHEDULE && n->why != NULL)
		cmd_fail(n->name, "%s (%s).", note_text(n), n->why);
	else if (n->kind == IMPORT_ENDED && n->name[0] == '\0')
		cmd_fail(s->path, "%s.", note_text(n));
	else
		cmd_fail(n->name, "%s.", note_text(n));
}

static int
open_bundle(const char *path, int *fd, uint64_t *total)
{
	struct stat st;

	*total = 0;
	/* Not to wait for ever at a pipe that nobody writes into. */
	*fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
				     : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (*fd == -1 || fstat(*fd, &st) == -1)
		return cmd_fail(path, "%s.", cmd_why_todo(ERR_SYS));
	if (S_ISDIR(st.st_mode))
		return cmd_fail(path, "this is a folder. Name the bundle itself: the file "
				      "sealslot-....tar in it.");
	if (strcmp(path, "-") != 0 && !S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return cmd_fail(path,
		    "this isn't a file. To read a bundle from a pipe, name - and let "
		    "it come on standard input.");
	if (S_ISREG(st.st_mode))
		*total = (uint64_t)st.st_size;
	return CMD_DONE;
}

static void
report_first(const struct vault *v)
{
	char key[MINISIGN_KEY_LEN + 1];

	minisign_key_format(key, &v->catalog.transfer);
	printf("First import. From now on this vault takes bundles only with this transfer key:\n"
	       "\n    %s\n\n"
	       "Compare it now, character by character, with the one that `sealslotd init` showed\n"
	       "and that stands in transfer.pub in the server's store. If they differ, the bundle\n"
	       "isn't from your server: delete the vault and tell the admins.\n\n",
	    key);
}

static void
report_volume(const struct import_report *r, const struct session *s)
{
	char day[DATE_DAY_LEN + 1];

	date_format(day, r->head.made);
	printf("Bundle %u of %s", r->head.serial, day);
	if (r->head.volumes > 1)
		printf(", volume %u of %u", r->head.volume, r->head.volumes);
	printf(": %zu submission%s listed, %zu new, %zu already here.\n", r->listed,
	    r->listed == 1 ? "" : "s", r->added, r->had);
	if (s->no_key > 0)
		printf("%zu of the new ones can't be opened: the key store has no key for %s.\n",
		    s->no_key, s->no_key == 1 ? "it" : "them");
}

static int
fail_import(const char *path, enum err e, const char *why)
{
	if (why != NULL && (e == ERR_SYS || e == ERR_NOSPACE))
		return cmd_fail(path, "%s: %s.", why, cmd_why_todo(e));
	if (why != NULL)
		return cmd_fail(path, "%s.", why);
	if (e == ERR_NOSPACE)
		return cmd_fail(path, "the vault's medium is full. What was imported so far is "
				      "kept. Make room and import the bundle again.");
	return cmd_fail(path,
	    "the import stopped: %s. What was imported so far is kept; run it "
	    "again.",
	    cmd_why(e));
}

static int
import_one(struct vault *v, const char *path, struct session *s)
{
	struct import_events ev = {s, take_note, show_progress};
	struct import_report r = {0};
	const char *why = NULL;
	int fd = -1, code;
	enum err e;

	s->path = path;
	s->no_key = 0;
	if ((code = open_bundle(path, &fd, &s->total)) == CMD_DONE) {
		e = import_run(v, fd, &ev, &r, &why);
		clear_progress(s);
		if (e != ERR_OK)
			code = fail_import(path, e, why);
	}
	io_close(&fd);
	if (code != CMD_DONE)
		return code;
	if (!cmd_missing_add_volume(&s->missing, &r.head))
		return cmd_fail(path, "%s.", cmd_why_todo(ERR_NOMEM));
	if (r.is_first)
		report_first(v);
	report_volume(&r, s);
	return CMD_DONE;
}

static int
report_alarms(const struct vault *v, const char *path)
{
	struct buf out;

	if (alarm_count(&v->catalog) == 0)
		return CMD_DONE;
	buf_init(&out, OUT_MAX);
	cmd_put_alarms(&out, &v->catalog, path);
	cmd_flush(&out);
	buf_wipe(&out);
	return CMD_FAILED;
}

static int
import_all(struct vault *v, const struct cmd_options *o, struct session *s)
{
	size_t retried = 0, i;
	int code = CMD_DONE;
	enum err e;

	if ((e = import_retry(v, &retried)) != ERR_OK)
		return cmd_fail(o->vault, "nothing was imported: %s.", cmd_why_todo(e));
	if (retried > 0)
		printf("%zu older submission%s can be opened now.\n", retried,
		    retried == 1 ? "" : "s");
	for (i = 0; code == CMD_DONE && i < o->n_args; i++)
		code = import_one(v, o->args[i], s);
	return code;
}

static int
run(const struct cmd_options *o)
{
	struct session s = {0};
	struct vault *v = NULL;
	int code;

	if ((code = cmd_open_write(o, &v)) != CMD_DONE)
		return code;
	code = import_all(v, o, &s);
	if (cmd_missing_report(&s.missing, v) != CMD_DONE ||
	    report_alarms(v, o->vault) != CMD_DONE || s.faults > 0)
		code = CMD_FAILED;
	cmd_missing_wipe(&s.missing);
	vault_free(v);
	return code;
}

const struct cmd cmd_import = {
    .name = "import",
    .usage = "VAULT BUNDLE.tar [BUNDLE.tar ...]",
    .summary = "bring bundles from the server into the vault",
    .help =
	"Verifies the server's signed list and every submission against it, keeps what is\n"
	"new, and names what is missing, damaged, or doesn't belong there. A bundle may come\n"
	"as several volumes, in any order; - reads it from standard input. It may be run\n"
	"again at any time, also after it was interrupted.\n"
	"\n"
	"Exit code 1: something is missing or wrong; everything that was whole is in the vault.\n",
    .args_min = 1,
    .args_max = 9999,
    .run = run,
};
