#include "cmd.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "copies.h"
#include "copy_open.h"
#include "holders.h"
#include "open/keystore_file.h"
#include "public.h"
#include "published.h"
#include "record.h"
#include "tool.h"

static const char HELP[] =
    "usage: " TOOL_PROGRAM " reviewer-copy KEYS DIR [--bring-back] [--passphrase-file FILE]\n"
    "           [--copy-passphrase-file FILE]\n"
    "\n"
    "Makes DIR a key store with all keys of KEYS but the root key, under a passphrase of\n"
    "its own: for reviewers who aren't admins. Run it again to bring DIR up to date: new\n"
    "keys are added, retired ones destroyed; keys that only DIR has are named, and stay.\n"
    "KEYS records each copy.\n"
    "\n"
    "  --bring-back                 take keys that only DIR has into KEYS, after a restore\n"
    "                               from a backup that was too old\n"
    "  --passphrase-file FILE       the passphrase of KEYS, the first line of FILE\n"
    "  --copy-passphrase-file FILE  the passphrase of DIR\n";

/* ---- its keys */

/* The schedule says which key of an epoch is the one that sources seal to. */
static enum err
load_schedule(struct copy *c, struct tool_fault *f)
{
	struct minisign_key root;
	enum err e;

	if (!tool_has_file(c->from_path, TOOL_ROOT_PUB))
		return ERR_OK;
	if ((e = tool_read_key(keystore_dir(c->from), TOOL_ROOT_PUB, &root, f)) != ERR_OK)
		return e;
	return published_newest(c->from, &root, &c->newest, f);
}

static enum err
load_keys(struct copy *c, struct tool_fault *f)
{
	enum err e;

	if ((e = copies_load(c->from, c->from_path, &c->known, &c->want, f)) != ERR_OK)
		return e;
	if ((e = copies_load(c->to, c->to_path, &c->known, &c->have, f)) != ERR_OK)
		snprintf(f->todo, sizeof f->todo,
		    "Nothing was changed. Move this file elsewhere, then run the same command again: what "
		    "KEYS has is added.");
	return e;
}

static bool
is_extra(const struct copy *c, const struct copies_key *key)
{
	return !key->is_retired && !copies_has(&c->want, key);
}

/* Keys that KEYS lost come back from the copy, but none that either log calls retired. */
static enum err
bring_back(struct copy *c, struct tool_fault *f)
{
	const struct copies_key *key;
	uint32_t replacement;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; c->is_bringing_back && i < c->have.n && e == ERR_OK; i++) {
		key = &c->have.p[i];
		if (!is_extra(c, key) ||
		    holders_is_retired(&c->copy_knows, key->epoch.inbox, key->epoch.number) ||
		    !copies_place_listed(&c->want, key, c->newest.s, &replacement))
			continue;
		e = copies_take(c->to, key, c->from, replacement, &c->want, f);
		c->brought_back++;
	}
	return e;
}

/* Is it to be in the copy? Not if either log calls it retired. */
static bool
is_wanted(const struct copy *c, const struct copies_key *key)
{
	return !key->is_retired && !copies_has(&c->have, key) &&
	       !holders_is_retired(&c->copy_knows, key->epoch.inbox, key->epoch.number);
}

static enum err
add_keys(struct copy *c, struct tool_fault *f)
{
	const struct copies_key *key;
	uint32_t replacement;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < c->want.n && e == ERR_OK; i++) {
		key = &c->want.p[i];
		if (!is_wanted(c, key))
			continue;
		copies_place(&c->have, key, &replacement);
		e = copies_take(c->from, key, c->to, replacement, &c->have, f);
		c->added++;
	}
	return e;
}

/* So that a copy can tell a restored key store what was retired since. */
static enum err
tell_retired(struct copy *c, struct tool_fault *f)
{
	struct holders_epoch gone;
	struct lines at;
	enum err e = ERR_OK;

	lines_init(&at, c->known.log.p, c->known.log.len);
	while (e == ERR_OK && holders_next_retired(&at, &gone))
		if (!holders_is_retired(&c->copy_knows, gone.inbox, gone.number))
			e = record_add(c->to, f, RECORD_RETIRED " %s %u", gone.inbox, gone.number);
	return e;
}

/* Only what was retired: what KEYS merely lacks may be the last key to what was sealed to it. */
static enum err
destroy_keys(struct copy *c, struct tool_fault *f)
{
	enum err e = ERR_OK;
	size_t i, kept = 0;

	for (i = 0; i < c->have.n && e == ERR_OK; i++) {
		if (!c->have.p[i].is_retired) {
			c->have.p[kept++] = c->have.p[i];
			continue;
		}
		if ((e = keystore_destroy_key(c->to, &c->have.p[i].epoch)) != ERR_OK)
			tool_refuse(f, e,
			    "Run the same command again: it goes on where it stopped.", "%s: %s",
			    c->to_path, tool_reason(e));
		c->removed++;
	}
	if (e == ERR_OK)
		c->have.n = kept;
	return e;
}

/* Which epochs the copy opens, as from now on. */
static enum err
record_copy(struct copy *c, const struct copies_ring *more, struct tool_fault *f)
{
	char name[256];
	struct buf ranges;
	enum err e;

	record_name(name, sizeof name, c->to_path);
	buf_init(&ranges, LIMIT_KEY_LOG_LINE);
	if ((e = copies_ranges(&c->have, more, &ranges)) != ERR_OK || buf_cstr(&ranges) == NULL)
		e = tool_refuse(f, ERR_NOMEM, "", "not enough memory");
	else
		e = record_add(c->from, f, RECORD_COPY " %s %s %s", c->id, buf_cstr(&ranges), name);
	buf_wipe(&ranges);
	return e;
}

/*
 * What it gets is written down before it has it, and what it loses afterwards: the log never says
 * less than the copy opens, whenever this is cut off.
 */
static enum err
copy_keys(struct copy *c, struct tool_fault *f)
{
	static const struct copies_ring nothing = {0};
	enum err e;

	if ((e = record_copy(c, &c->want, f)) != ERR_OK)
		return e;
	if (!holders_is_copy(&c->copy_knows) &&
	    (e = record_add(c->to, f, RECORD_COPY_OF " %s", c->id)) != ERR_OK)
		return e;
	if ((e = add_keys(c, f)) != ERR_OK || (e = tell_retired(c, f)) != ERR_OK ||
	    (e = destroy_keys(c, f)) != ERR_OK)
		return e;
	return c->removed == 0 ? ERR_OK : record_copy(c, &nothing, f);
}

/* ---- the reply key */

/* The copy has only ever had one from here: what can't be opened was being destroyed. */
static bool
is_stale(enum err e, const struct sign_key *key, const struct sign_key *there)
{
	if (e == ERR_OK)
		return memcmp(&key->public, &there->public, sizeof key->public) != 0;
	return keystore_is_noise(e);
}

static enum err
put_reply_key(struct copy *c, const struct sign_key *key, struct sign_key *there)
{
	enum err e;

	e = keystore_get_sign(c->to, TOOL_REPLY, there);
	if (is_stale(e, key, there) &&
	    (e = keystore_file_destroy(keystore_dir(c->to), TOOL_REPLY)) == ERR_OK)
		e = ERR_NOTFOUND;
	return e == ERR_NOTFOUND ? keystore_put_sign(c->to, TOOL_REPLY, key) : e;
}

static enum err
copy_reply_key(struct copy *c, struct tool_fault *f)
{
	struct sign_key *key, *there;
	enum err e = ERR_NOMEM;

	key = secret_new(sizeof *key);
	there = secret_new(sizeof *there);
	if (key != NULL && there != NULL &&
	    (e = keystore_get_sign(c->from, TOOL_REPLY, key)) == ERR_OK)
		e = put_reply_key(c, key, there);
	if (e != ERR_OK)
		tool_refuse(f, e, "Make room if there is none, then " TOOL_AGAIN, TOOL_REPLY ": %s",
		    tool_reason(e));
	secret_free(key);
	secret_free(there);
	return e;
}

/* ---- all of it */

static enum err
perform(struct copy *c, struct tool_fault *f)
{
	enum err e;

	if ((e = copy_open(c, f)) != ERR_OK || (e = load_schedule(c, f)) != ERR_OK ||
	    (e = load_keys(c, f)) != ERR_OK || (e = bring_back(c, f)) != ERR_OK ||
	    (e = copy_keys(c, f)) != ERR_OK || (e = copy_reply_key(c, f)) != ERR_OK)
		return e;
	return public_copy(c->from, c->from_path, c->to, f);
}

/* ---- what is said */

static void
say_extras(const struct copy *c)
{
	struct copies_ring extras = {0}, none = {0};
	struct buf ranges;
	size_t i;

	buf_init(&ranges, LIMIT_KEY_LOG_LINE);
	if ((extras.p = calloc(c->have.n + 1, sizeof *extras.p)) == NULL)
		return;
	for (i = 0; i < c->have.n; i++)
		if (is_extra(c, &c->have.p[i]))
			extras.p[extras.n++] = c->have.p[i];
	if (extras.n > 0 && copies_ranges(&extras, &none, &ranges) == ERR_OK &&
	    buf_cstr(&ranges) != NULL)
		printf(
		    "The copy has %zu key%s that %s lacks and never retired: %s.\n"
		    "They may be the last ones for what was sealed to them; they were left as they are.\n",
		    extras.n, extras.n == 1 ? "" : "s", c->from_path, buf_cstr(&ranges));
	if (extras.n > 0 && !c->is_bringing_back)
		printf("To take them into %s, run this again with --bring-back.\n", c->from_path);
	else if (extras.n > 0)
		puts(
		    "They can't be brought back: the names before the newest key of their epoch are "
		    "taken,\nor the copy's log calls them retired. The copy itself still opens with them.");
	buf_wipe(&ranges);
	copies_free(&extras);
}

static void
say(const struct copy *c)
{
	printf("%s: %u keys added, %u destroyed, %zu in all; no root key.\n", c->to_path, c->added,
	    c->removed, c->have.n);
	if (c->brought_back > 0)
		printf("%s: %u keys brought back from the copy. Next: " TOOL_PROGRAM
		       " show %s, and a new backup.\n",
		    c->from_path, c->brought_back, c->from_path);
	say_extras(c);
	printf("Recorded in %s as copy %s.\n", c->from_path, c->id);
}

static int
run(struct copy *c)
{
	struct tool_fault f = {0};
	enum err e;

	if ((e = perform(c, &f)) == ERR_OK)
		say(c);
	copies_free(&c->want);
	copies_free(&c->have);
	holders_wipe(&c->known);
	holders_wipe(&c->copy_knows);
	published_wipe(&c->newest);
	keystore_free(c->from);
	keystore_free(c->to);
	return e == ERR_OK ? tool_done("reviewer-copy") : tool_report("reviewer-copy", &f);
}

int
cmd_reviewer_copy(int argc, char **argv)
{
	static const struct option options[] = {{"passphrase-file", required_argument, NULL, 'p'},
	    {"copy-passphrase-file", required_argument, NULL, 'c'},
	    {"bring-back", no_argument, NULL, 'b'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct copy c = {0};
	int o;

	while ((o = tool_option("reviewer-copy", argc, argv, options)) != -1)
		switch (o) {
		case 'p': c.from_pass = optarg; break;
		case 'c': c.to_pass = optarg; break;
		case 'b': c.is_bringing_back = true; break;
		case 'h': return tool_help(HELP);
		default: return TOOL_USAGE;
		}
	if (argc - optind != 2)
		return tool_wrong("reviewer-copy", "name two folders, KEYS and DIR");
	c.from_path = argv[optind];
	c.to_path = argv[optind + 1];
	return run(&c);
}
