#include "cmd.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/random.h"
#include "carry/schedule.h"
#include "ceremony.h"
#include "keyring.h"
#include "open/keystore_file.h"
#include "record.h"
#include "tool.h"

static const char HELP[] =
    "usage: " TOOL_PROGRAM " reviewer-copy KEYS DIR [--passphrase-file FILE]\n"
    "           [--copy-passphrase-file FILE]\n"
    "\n"
    "Makes DIR a key store with all keys of KEYS but the root key, under a passphrase of\n"
    "its own: for reviewers who aren't admins. Run it again to bring DIR up to date: new\n"
    "keys are added, retired ones destroyed. KEYS records each copy.\n"
    "\n"
    "  --passphrase-file FILE       the passphrase of KEYS, the first line of FILE\n"
    "  --copy-passphrase-file FILE  the passphrase of DIR\n";

struct copy {
	const char *from_path, *to_path;
	const char *from_pass, *to_pass;
	struct keystore *from, *to;
	char instance[SCHEDULE_INSTANCE_LEN + 1];
	char id[RANDOM_ID_LEN + 1]; /* of the copy; in both logs */
	struct keyring have, want;
	uint32_t added, removed;
};

/* ---- the copy's folder */

static enum err
create(struct copy *c, struct tool_fault *f)
{
	struct secret_text pass = {0};
	enum err e;

	if ((e = tool_new_passphrase(c->to_pass, &pass, f)) != ERR_OK)
		return e;
	if ((e = keystore_create(c->to_path, &pass)) != ERR_OK)
		tool_refuse(f, e, "Give a folder that doesn't exist yet, or an earlier copy.",
		    "%s: %s", c->to_path, tool_reason(e));
	else
		e = tool_open_with(c->to_path, &pass, &c->to, f);
	secret_text_wipe(&pass);
	return e;
}

static enum err
open_existing(struct copy *c, struct tool_fault *f)
{
	struct secret_text pass = {0};
	enum err e;

	if (tool_has_file(c->to_path, TOOL_ROOT))
		return tool_refuse(f, ERR_USAGE, "Give a folder that doesn't exist yet, or a copy.",
		    "%s: this key store has a root key; it isn't a copy", c->to_path);
	if ((e = tool_passphrase(c->to_pass, "Passphrase of the copy: ", &pass, f)) == ERR_OK)
		e = tool_open_with(c->to_path, &pass, &c->to, f);
	secret_text_wipe(&pass);
	return e;
}

/* The id that the copy was made under, from its log; a new one if it has none yet. */
static enum err
find_id(struct copy *c, struct tool_fault *f)
{
	struct record r;
	struct lines at;
	struct buf log;
	enum err e;

	if ((e = record_read(c->to, &log, f)) != ERR_OK)
		return e;
	random_id(c->id);
	lines_init(&at, log.p, log.len);
	while (record_next(&at, &r))
		if (lines_is(r.event, RECORD_COPY_OF) && r.rest.len == RANDOM_ID_LEN)
			memcpy(c->id, r.rest.p, RANDOM_ID_LEN);
	buf_wipe(&log);
	return ERR_OK;
}

static enum err
check_instance(struct copy *c, struct tool_fault *f)
{
	char other[SCHEDULE_INSTANCE_LEN + 1];
	enum err e;

	/* A copy that was begun has none yet. */
	if (!tool_has_file(c->to_path, TOOL_INSTANCE))
		return ERR_OK;
	if ((e = tool_read_instance(c->to, other, sizeof other, f)) != ERR_OK)
		return e;
	if (strcmp(other, c->instance) != 0)
		return tool_refuse(f, ERR_USAGE, "Give another folder.",
		    "%s: it is a key store of another instance", c->to_path);
	return ERR_OK;
}

static enum err
open_both(struct copy *c, struct tool_fault *f)
{
	enum err e;

	if ((e = tool_open_locked(c->from_path, c->from_pass, &c->from, f)) != ERR_OK ||
	    (e = ceremony_no_handover(c->from, f)) != ERR_OK ||
	    (e = tool_read_instance(c->from, c->instance, sizeof c->instance, f)) != ERR_OK)
		return e;
	e = tool_has_file(c->to_path, KEYSTORE_UNLOCK) ? open_existing(c, f) : create(c, f);
	if (e != ERR_OK || (e = tool_lock(c->to, c->to_path, f)) != ERR_OK ||
	    (e = check_instance(c, f)) != ERR_OK)
		return e;
	return find_id(c, f);
}

/* ---- its content */

/* Written down before the copy has any key: no copy is ever unknown. */
static enum err
record_copy(struct copy *c, struct tool_fault *f)
{
	char name[256];
	struct buf ranges;
	enum err e;

	record_name(name, sizeof name, c->to_path);
	buf_init(&ranges, LIMIT_KEY_LOG_LINE);
	if ((e = record_ranges(&c->want, &ranges)) != ERR_OK || buf_cstr(&ranges) == NULL)
		e = tool_refuse(f, ERR_NOMEM, "", "not enough memory");
	else if ((e = record_add(c->from, f, RECORD_COPY " %s %s %s", c->id, buf_cstr(&ranges),
		      name)) == ERR_OK)
		e = record_add(c->to, f, RECORD_COPY_OF " %s", c->id);
	buf_wipe(&ranges);
	return e;
}

static bool
ring_has(const struct keyring *ring, const struct keystore_epoch *epoch)
{
	size_t i;

	for (i = 0; i < ring->n; i++)
		if (strcmp(ring->p[i].inbox, epoch->inbox) == 0 &&
		    ring->p[i].number == epoch->number &&
		    ring->p[i].replacement == epoch->replacement)
			return true;
	return false;
}

static enum err
copy_key(struct copy *c, const struct keystore_epoch *epoch, struct tool_fault *f)
{
	struct identity *id = NULL;
	enum err e;

	if ((e = keyring_get(c->from, epoch, &id, f)) == ERR_OK &&
	    (e = keystore_put_key(c->to, epoch, id, clock_today())) != ERR_OK)
		tool_refuse(f, e, "Run the same command again: it goes on where it stopped.",
		    "%s: %s", c->to_path, tool_reason(e));
	secret_free(id);
	c->added++;
	return e;
}

static enum err
copy_keys(struct copy *c, struct tool_fault *f)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < c->want.n && e == ERR_OK; i++)
		if (!ring_has(&c->have, &c->want.p[i]))
			e = copy_key(c, &c->want.p[i], f);
	for (i = 0; i < c->have.n && e == ERR_OK; i++)
		if (!ring_has(&c->want, &c->have.p[i])) {
			if ((e = keystore_destroy_key(c->to, &c->have.p[i])) != ERR_OK)
				tool_refuse(f, e, "", "%s: %s", c->to_path, tool_reason(e));
			c->removed++;
		}
	return e;
}

static enum err
copy_reply_key(struct copy *c, struct tool_fault *f)
{
	struct sign_key *key, *there;
	enum err e = ERR_NOMEM;

	key = secret_new(sizeof *key);
	there = secret_new(sizeof *there);
	if (key != NULL && there != NULL &&
	    (e = keystore_get_sign(c->from, TOOL_REPLY, key)) == ERR_OK) {
		e = keystore_get_sign(c->to, TOOL_REPLY, there);
		/* One that was replaced since. */
		if (e == ERR_OK && memcmp(&key->public, &there->public, sizeof key->public) != 0 &&
		    (e = keystore_file_destroy(keystore_dir(c->to), TOOL_REPLY)) == ERR_OK)
			e = ERR_NOTFOUND;
		if (e == ERR_NOTFOUND)
			e = keystore_put_sign(c->to, TOOL_REPLY, key);
	}
	if (e != ERR_OK)
		tool_refuse(f, e, "", TOOL_REPLY ": %s", tool_reason(e));
	secret_free(key);
	secret_free(there);
	return e;
}

/* ---- public files */

static enum err
copy_file(int from, int to, const char *name, struct tool_fault *f)
{
	struct buf b;
	enum err e;

	buf_init(&b, LIMIT_SCHEDULE);
	if ((e = io_read_file(from, name, &b)) == ERR_OK)
		e = io_replace(to, name, b.p, b.len, TOOL_PUBLIC_MODE);
	if (e != ERR_OK)
		tool_refuse(f, e, "", "%s: %s", name, tool_reason(e));
	buf_wipe(&b);
	return e;
}

struct copy_publish {
	int to;
	struct tool_fault *f;
};

static enum err
copy_published(void *ctx, int from, const char *name)
{
	struct copy_publish *p = ctx;

	return name[0] == '.' ? ERR_OK : copy_file(from, p->to, name, p->f);
}

static enum err
copy_public(struct copy *c, struct tool_fault *f)
{
	struct copy_publish p = {.to = -1, .f = f};
	int from = keystore_dir(c->from), to = keystore_dir(c->to), publish = -1;
	enum err e;

	/* A desk without the root key may not have its public half either. */
	if ((tool_has_file(c->from_path, TOOL_ROOT_PUB) &&
		(e = copy_file(from, to, TOOL_ROOT_PUB, f)) != ERR_OK) ||
	    (e = copy_file(from, to, TOOL_REPLY_PUB, f)) != ERR_OK)
		return e;
	if ((e = io_open_dir(from, TOOL_PUBLISH, &publish)) != ERR_OK ||
	    (e = io_open_dir(to, TOOL_PUBLISH, &p.to)) != ERR_OK)
		tool_refuse(f, e, "", TOOL_PUBLISH ": %s", tool_reason(e));
	else
		e = keystore_file_each(publish, copy_published, &p);
	io_close(&publish);
	io_close(&p.to);
	/* The instance comes last: with it the copy is complete. */
	return e == ERR_OK ? copy_file(from, to, TOOL_INSTANCE, f) : e;
}

static enum err
perform(struct copy *c, struct tool_fault *f)
{
	enum err e;

	if ((e = open_both(c, f)) != ERR_OK || (e = keyring_load(c->from, &c->want, f)) != ERR_OK ||
	    (e = keyring_load(c->to, &c->have, f)) != ERR_OK || (e = record_copy(c, f)) != ERR_OK ||
	    (e = copy_reply_key(c, f)) != ERR_OK || (e = copy_keys(c, f)) != ERR_OK)
		return e;
	return copy_public(c, f);
}

static int
run(struct copy *c)
{
	struct tool_fault f = {0};
	enum err e;

	if ((e = perform(c, &f)) == ERR_OK) {
		printf("%s: %u keys added, %u destroyed, %zu in all; no root key.\n", c->to_path,
		    c->added, c->removed, c->want.n);
		printf("Recorded in %s as copy %s.\n", c->from_path, c->id);
	}
	keyring_free(&c->want);
	keyring_free(&c->have);
	keystore_free(c->from);
	keystore_free(c->to);
	return e == ERR_OK ? tool_done("reviewer-copy") : tool_report("reviewer-copy", &f);
}

int
cmd_reviewer_copy(int argc, char **argv)
{
	static const struct option options[] = {{"passphrase-file", required_argument, NULL, 'p'},
	    {"copy-passphrase-file", required_argument, NULL, 'c'},
	    {"help", no_argument, NULL, 'h'}, {0}};
	struct copy c = {0};
	int o;

	while ((o = tool_option("reviewer-copy", argc, argv, options)) != -1)
		switch (o) {
		case 'p': c.from_pass = optarg; break;
		case 'c': c.to_pass = optarg; break;
		case 'h': return tool_help(HELP);
		default: return TOOL_USAGE;
		}
	if (argc - optind != 2)
		return tool_wrong("reviewer-copy", "name two folders, KEYS and DIR");
	c.from_path = argv[optind];
	c.to_path = argv[optind + 1];
	return run(&c);
}
