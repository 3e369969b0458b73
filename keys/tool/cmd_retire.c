#include "cmd.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/text.h"
#include "retire.h"
#include "retire_print.h"
#include "tool_open.h"

static const char HELP[] =
    "usage: " TOOL_PROGRAM " retire KEYS --needs FILE [--needs FILE ...] [--gone ID ...]\n"
    "           [--lost-by-choice] [--yes] [--passphrase-file FILE]\n"
    "       " TOOL_PROGRAM " retire KEYS --gone ID [--gone ID ...] [--passphrase-file FILE]\n"
    "\n"
    "Destroys the keys of epochs that are over and that nothing needs any more: from then on\n"
    "nobody can open what was sealed to them. Says of each other epoch that is over why its\n"
    "key must stay, and which backups and copies still open what is destroyed.\n"
    "\n"
    "  --needs FILE            what a vault needs: sealslot-review needs VAULT FILE. Give one for\n"
    "                          each vault that is opened with these keys\n"
    "  --gone ID               that backup, copy or vault exists no more; as recorded in KEYS.\n"
    "                          Without --needs nothing is destroyed\n"
    "  --lost-by-choice        give up what the server may still have, and what never arrived\n"
    "  --yes                   don't ask for the number of each epoch first\n"
    "  --passphrase-file FILE  take the passphrase from the first line of FILE\n";

struct retire_run {
	const char *path, *passphrase_file;
	const char *files[LIMIT_NEEDS_FILES], *gone[LIMIT_NEEDS_FILES];
	size_t n_files, n_gone;
	bool is_yes, is_lost_by_choice;
	struct keystore *k;
	char instance[SCHEDULE_INSTANCE_LEN + 1];
	struct minisign_key desk;
	struct need needs[LIMIT_NEEDS_FILES];
	struct holders known;
	struct keyring ring;
	struct retire_plan plan;
	size_t destroyed;
};

/* ---- what is there */

static enum err
load_desk(struct retire_run *r, struct tool_fault *f)
{
	struct sign_key *key;
	enum err e;

	if ((key = secret_new(sizeof *key)) == NULL)
		return tool_refuse(f, ERR_NOMEM, "", "not enough memory that can be locked");
	if ((e = keystore_get_sign(r->k, TOOL_REPLY, key)) == ERR_OK)
		r->desk = key->public;
	else
		tool_refuse(f, e, "Restore this file from the backup of the key store.",
		    TOOL_REPLY ": %s", tool_reason(e));
	secret_free(key);
	return e;
}

static enum err
note_gone(struct retire_run *r, struct tool_fault *f)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < r->n_gone && e == ERR_OK; i++) {
		if (holders_find(&r->known, r->gone[i]) == NULL)
			return tool_refuse(f, ERR_NOTFOUND,
			    "The ids stand in KEYS/log, 32 hex digits.",
			    "--gone %.40s: no backup, copy or vault of that id is recorded",
			    r->gone[i]);
		e = record_add(r->k, f, RECORD_GONE " %s", r->gone[i]);
	}
	if (e != ERR_OK || r->n_gone == 0)
		return e;
	holders_wipe(&r->known);
	return holders_load(r->k, &r->known, f);
}

/* From the days of a clock that runs ahead, everything would be over and listed. */
static enum err
check_days(const struct need *n, struct tool_fault *f)
{
	char day[DATE_DAY_LEN + 1];

	if (n->head.made > clock_today() + 1)
		return tool_refuse(f, ERR_CLOCK, "Set this machine's clock, then try again.",
		    "%s: it was made after today", n->path);
	if (n->head.inventory == 0 || n->head.inventory_made <= clock_today() + 1)
		return ERR_OK;
	date_format(day, n->head.inventory_made);
	return tool_refuse(f, ERR_CLOCK,
	    "Nothing was destroyed. Look at the clocks of the server and of this machine; then import "
	    "a new sealslotd export --all, and make the needs file again.",
	    "%s: the server's complete list is of %s, which is after today", n->path, day);
}

static enum err
load_needs(struct retire_run *r, struct tool_fault *f)
{
	enum err e;
	size_t i, k;

	for (i = 0; i < r->n_files; i++) {
		if ((e = need_read(r->files[i], &r->desk, r->instance, &r->needs[i], f)) != ERR_OK)
			return e;
		if ((e = check_days(&r->needs[i], f)) != ERR_OK)
			return e;
		for (k = 0; k < i; k++)
			if (strcmp(r->needs[k].head.vault, r->needs[i].head.vault) == 0)
				return tool_refuse(f, ERR_USAGE, "Give one for each vault.",
				    "%s and %s are of the same vault", r->files[k], r->files[i]);
	}
	return ERR_OK;
}

static bool
is_given(const struct retire_run *r, const char *vault)
{
	size_t i;

	for (i = 0; i < r->n_files; i++)
		if (strcmp(r->needs[i].head.vault, vault) == 0)
			return true;
	return false;
}

/* A vault that was once fed from these keys must be asked, too. */
static enum err
check_vaults(struct retire_run *r, struct tool_fault *f)
{
	const struct holder *h;
	size_t i;

	for (i = 0; i < r->known.n && r->n_files > 0; i++) {
		h = &r->known.p[i];
		if (holders_is(h, RECORD_VAULT) && !is_given(r, h->id))
			return tool_refuse(f, ERR_USAGE,
			    "Make its needs file, too, and give both; or say that it exists no more: "
			    "--gone ID",
			    "the vault %s (%.*s) is opened with these keys as well", h->id,
			    (int)h->name.len, h->name.p);
	}
	return ERR_OK;
}

static enum err
record_vaults(struct retire_run *r, struct tool_fault *f)
{
	char name[256];
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < r->n_files && e == ERR_OK; i++) {
		if (holders_find(&r->known, r->needs[i].head.vault) != NULL)
			continue;
		record_name(name, sizeof name, r->files[i]);
		e = record_add(r->k, f, RECORD_VAULT " %s %s", r->needs[i].head.vault, name);
	}
	return e;
}

static enum err
load(struct retire_run *r, struct tool_fault *f)
{
	struct retire_request q = {r->needs, r->n_files, r->is_lost_by_choice, clock_today()};
	enum err e;

	if ((e = tool_open_locked(r->path, r->passphrase_file, &r->k, f)) != ERR_OK ||
	    (e = tool_read_instance(r->k, r->instance, sizeof r->instance, f)) != ERR_OK ||
	    (e = load_desk(r, f)) != ERR_OK || (e = holders_load(r->k, &r->known, f)) != ERR_OK ||
	    (e = load_needs(r, f)) != ERR_OK || (e = note_gone(r, f)) != ERR_OK ||
	    (e = check_vaults(r, f)) != ERR_OK || (e = keyring_load(r->k, &r->ring, f)) != ERR_OK)
		return e;
	if ((e = retire_plan(&r->ring, &r->known, &q, &r->plan)) != ERR_OK)
		tool_refuse(f, e, "", "not enough memory");
	return e;
}

/* ---- asking, and destroying */

/* The line that was typed on the terminal, without its end. */
static enum err
ask(const char *prompt, char *out, size_t size)
{
	ssize_t n = -1;
	int fd;

	if ((fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)) == -1)
		return ERR_STATE;
	if (io_write_all(fd, prompt, strlen(prompt)) == ERR_OK)
		n = read(fd, out, size - 1);
	io_close(&fd);
	if (n <= 0)
		return ERR_CLOSED;
	out[n] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	return ERR_OK;
}

static enum err
confirm(const struct retire_run *r, const struct retire_epoch *e, bool *is_confirmed,
    struct tool_fault *f)
{
	char prompt[160], typed[64], want[16];
	enum err err;

	*is_confirmed = r->is_yes || e->verdict == RETIRE_BEGUN;
	if (*is_confirmed)
		return ERR_OK;
	snprintf(want, sizeof want, "%u", e->number);
	snprintf(prompt, sizeof prompt, "Type %u to destroy the key of %s %u for ever: ", e->number,
	    e->inbox, e->number);
	if ((err = ask(prompt, typed, sizeof typed)) == ERR_STATE)
		return tool_refuse(f, err,
		    "Nothing more was destroyed. Run it on a terminal, or add --yes.",
		    "there is no terminal to ask on");
	*is_confirmed = err == ERR_OK && strcmp(typed, want) == 0;
	return ERR_OK;
}

static bool
goes(const struct retire_epoch *e)
{
	return e->verdict == RETIRE_GOES || e->verdict == RETIRE_BEGUN;
}

/* What isn't confirmed stays, and so does everything behind it in its inbox. */
static enum err
destroy(struct retire_run *r, struct tool_fault *f)
{
	const struct retire_epoch *e;
	const char *refused = NULL;
	bool is_confirmed;
	enum err err;
	size_t i;

	for (i = 0; i < r->plan.n; i++) {
		e = &r->plan.p[i];
		if (!goes(e) || (refused != NULL && strcmp(refused, e->inbox) == 0))
			continue;
		if ((err = confirm(r, e, &is_confirmed, f)) != ERR_OK)
			return err;
		if (!is_confirmed) {
			printf("%s %u stays, and what follows it.\n", e->inbox, e->number);
			refused = e->inbox;
			continue;
		}
		if ((err = retire_destroy(r->k, &r->ring, e, f)) != ERR_OK)
			return err;
		r->destroyed++;
	}
	return ERR_OK;
}

static int
run(struct retire_run *r)
{
	struct tool_fault f = {0};
	enum err e;
	size_t i;

	if ((e = load(r, &f)) == ERR_OK) {
		retire_print_plan(&r->plan, &r->known, r->n_files);
		if ((e = record_vaults(r, &f)) == ERR_OK && (e = destroy(r, &f)) == ERR_OK)
			retire_print_end(r->destroyed, r->path);
	}
	retire_wipe(&r->plan);
	keyring_free(&r->ring);
	holders_wipe(&r->known);
	for (i = 0; i < r->n_files; i++)
		need_wipe(&r->needs[i]);
	keystore_free(r->k);
	return e == ERR_OK ? tool_done("retire") : tool_report("retire", &f);
}

int
cmd_retire(int argc, char **argv)
{
	static const struct option options[] = {{"needs", required_argument, NULL, 'n'},
	    {"gone", required_argument, NULL, 'g'}, {"lost-by-choice", no_argument, NULL, 'l'},
	    {"yes", no_argument, NULL, 'y'}, {"passphrase-file", required_argument, NULL, 'p'},
	    {"help", no_argument, NULL, 'h'}, {0}};
	struct retire_run r = {0};
	int c;

	while ((c = tool_option("retire", argc, argv, options)) != -1) {
		if ((c == 'n' && r.n_files == LIMIT_NEEDS_FILES) ||
		    (c == 'g' && r.n_gone == LIMIT_NEEDS_FILES))
			return tool_wrong("retire", "at most %d of an option", LIMIT_NEEDS_FILES);
		switch (c) {
		case 'n': r.files[r.n_files++] = optarg; break;
		case 'g': r.gone[r.n_gone++] = optarg; break;
		case 'l': r.is_lost_by_choice = true; break;
		case 'y': r.is_yes = true; break;
		case 'p': r.passphrase_file = optarg; break;
		case 'h': return tool_help(HELP);
		default: return TOOL_USAGE;
		}
	}
	if (argc - optind != 1)
		return tool_wrong("retire", "name one folder, KEYS");
	if (r.n_files == 0 && r.n_gone == 0)
		return tool_wrong("retire", "say what the vaults need: --needs FILE");
	r.path = argv[optind];
	return run(&r);
}
