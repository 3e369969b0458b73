#include "cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/limits.h"
#include "carry/fingerprint.h"
#include "carry/handover.h"
#include "ceremony.h"
#include "describe.h"
#include "keyring.h"
#include "open/keystore_file.h"
#include "plan.h"
#include "published.h"
#include "tool.h"
#include "tool_open.h"

/*
 * Steps, each of which may be the last of a run that is killed: the new key
 * as next-root.age; the statement; a schedule under the new key; root.age becomes
 * old-root.age (a link) and next-root.age root.age; root.pub; old-root.age is destroyed. A next one
 * that has signed nothing yet is made anew by the next run: the key store may have been stolen in
 * between.
 */

static const char HELP[] =
    "usage: " TOOL_PROGRAM " new-root KEYS [--passphrase-file FILE]\n"
    "\n"
    "Makes a new root key, signs with the old one that the new one takes its place\n"
    "(KEYS/publish/root-NNNN.txt, which minisign -V verifies under the old key), signs the next\n"
    "schedule with the new one, and destroys the old one. Each server must then be given the\n"
    "new root.pub by hand. When it is interrupted, the same command goes on where it stopped.\n"
    "\n"
    "  --passphrase-file FILE  take the passphrase from the first line of FILE\n";

struct new_root {
	const char *path;
	struct keystore *k;
	char instance[SCHEDULE_INSTANCE_LEN + 1];
	struct sign_key *old, *new; /* guarded */
	struct handover statement;
	bool is_resumed; /* the schedule was signed by a run before */
};

static enum err
step_fault(struct tool_fault *f, enum err e, const char *name)
{
	return tool_refuse(f, e, "Run the same command again: it goes on where it stopped.",
	    "%s: %s", name, tool_reason(e));
}

/* ---- before the keys change places */

static enum err
load_keys(struct new_root *r, struct tool_fault *f)
{
	struct published newest = {0};
	struct tool_fault ignored;
	enum err e;

	if ((e = ceremony_load_root(r->k, r->old, f)) != ERR_OK)
		return e;
	e = keystore_get_sign(r->k, TOOL_NEXT_ROOT, r->new);
	if (e == ERR_NOTFOUND || keystore_is_noise(e))
		return ERR_OK;
	if (e != ERR_OK)
		return step_fault(f, e, TOOL_NEXT_ROOT);
	r->is_resumed = published_newest(r->k, &r->new->public, &newest, &ignored) == ERR_OK &&
			newest.s != NULL;
	published_wipe(&newest);
	return ERR_OK;
}

static enum err
make_next(struct new_root *r, struct tool_fault *f)
{
	enum err e;

	e = keystore_file_destroy(keystore_dir(r->k), TOOL_NEXT_ROOT);
	if (e == ERR_OK || e == ERR_NOTFOUND) {
		sign_key_new(r->new);
		e = keystore_put_sign(r->k, TOOL_NEXT_ROOT, r->new);
	}
	return e == ERR_OK ? ERR_OK : step_fault(f, e, TOOL_NEXT_ROOT);
}

static enum err
write_statement(struct new_root *r, struct tool_fault *f)
{
	char name[HANDOVER_NAME_MAX], sig_name[HANDOVER_NAME_MAX + 16];
	char comment[MINISIGN_COMMENT_MAX + 1];
	struct buf text, sig;
	enum err e;
	int dir = -1;

	handover_name(name, r->statement.serial);
	snprintf(sig_name, sizeof sig_name, "%s" PUBLISHED_SIG, name);
	buf_init(&text, HANDOVER_MAX);
	buf_init(&sig, LIMIT_SIGNATURE);
	if ((e = handover_format(&r->statement, &text)) == ERR_OK &&
	    (e = handover_comment(&r->statement, comment, sizeof comment)) == ERR_OK &&
	    (e = sign_message(r->old, text.p, text.len, comment, &sig)) == ERR_OK &&
	    (e = handover_verify(&text, &sig, &r->old->public, &r->statement)) == ERR_OK &&
	    (e = io_open_dir(keystore_dir(r->k), TOOL_PUBLISH, &dir)) == ERR_OK &&
	    (e = io_replace(dir, sig_name, sig.p, sig.len, TOOL_PUBLIC_MODE)) == ERR_OK)
		e = io_replace(dir, name, text.p, text.len, TOOL_PUBLIC_MODE);
	io_close(&dir);
	buf_wipe(&text);
	buf_wipe(&sig);
	return e == ERR_OK ? ERR_OK : step_fault(f, e, name);
}

/* The same schedule once more. Before anything of the new key is there: while that isn't in its
 * place, nothing else could mend what is wrong with an epoch key. */
static enum err
make_schedule(
    struct new_root *r, const struct published *old, struct schedule **out, struct tool_fault *f)
{
	struct plan_request q = {.epochs = 1, .today = clock_today(), .instance = r->instance};
	struct holders known = {0};
	struct keyring ring = {0};
	enum err e;

	if ((e = holders_load(r->k, &known, f)) != ERR_OK ||
	    (e = keyring_load(r->k, &ring, f)) != ERR_OK)
		goto done;
	q.known = &known;
	q.have = ring.p;
	q.n_have = ring.n;
	if ((e = plan_make(old->s, old->hash, &q, out, f)) == ERR_OK &&
	    (e = ceremony_make_keys(r->k, *out, &(uint32_t){0}, f)) == ERR_OK)
		e = ceremony_test_keys(r->k, *out, q.today, &(uint32_t){0}, f);
done:
	keyring_free(&ring);
	holders_wipe(&known);
	return e;
}

static enum err
prepare(struct new_root *r, struct tool_fault *f)
{
	struct published newest = {0}, next = {0};
	enum err e;

	if ((e = load_keys(r, f)) != ERR_OK || r->is_resumed)
		return e;
	if ((e = published_newest(r->k, &r->old->public, &newest, f)) != ERR_OK)
		goto done;
	if (newest.s == NULL) {
		e = tool_refuse(f, ERR_NOTFOUND, "Make one first: " TOOL_PROGRAM " schedule KEYS",
		    "there is no schedule yet, so nothing to hand over");
		goto done;
	}
	if ((e = make_schedule(r, &newest, &next.s, f)) != ERR_OK ||
	    (e = make_next(r, f)) != ERR_OK)
		goto done;
	r->statement = (struct handover){.issued = clock_today(),
	    .serial = newest.s->serial + 1,
	    .old = r->old->public,
	    .new = r->new->public};
	memcpy(r->statement.instance, r->instance, sizeof r->statement.instance);
	if ((e = write_statement(r, f)) == ERR_OK &&
	    (e = ceremony_sign(r->new, &newest, &next, f)) == ERR_OK)
		e = published_add(r->k, &next, f);
done:
	published_wipe(&newest);
	published_wipe(&next);
	return e;
}

/* ---- the keys change places */

static enum err
swap(struct new_root *r, struct tool_fault *f)
{
	int dir = keystore_dir(r->k);

	if (linkat(dir, TOOL_ROOT, dir, TOOL_OLD_ROOT, 0) == -1 && errno != EEXIST)
		return step_fault(f, io_errno(), TOOL_OLD_ROOT);
	if (fsync(dir) == -1 || renameat(dir, TOOL_NEXT_ROOT, dir, TOOL_ROOT) == -1 ||
	    fsync(dir) == -1)
		return step_fault(f, io_errno(), TOOL_ROOT);
	return ERR_OK;
}

static enum err
write_root_pub(struct new_root *r, struct tool_fault *f)
{
	enum err e;

	if ((e = keystore_get_sign(r->k, TOOL_ROOT, r->new)) != ERR_OK)
		return step_fault(f, e, TOOL_ROOT);
	return tool_write_key(r->k, TOOL_ROOT_PUB, "root", r->instance, &r->new->public, f);
}

static enum err
finish(struct new_root *r, struct tool_fault *f)
{
	struct published newest = {0};
	enum err e;

	if ((e = write_root_pub(r, f)) == ERR_OK &&
	    (e = published_newest(r->k, &r->new->public, &newest, f)) == ERR_OK &&
	    (e = published_refresh(r->k, &newest, f)) == ERR_OK) {
		r->statement.serial = newest.s->serial;
		if ((e = keystore_file_destroy(keystore_dir(r->k), TOOL_OLD_ROOT)) != ERR_OK)
			step_fault(f, e, TOOL_OLD_ROOT);
	}
	published_wipe(&newest);
	return e;
}

static enum err
perform(struct new_root *r, const char *passphrase_file, struct tool_fault *f)
{
	enum err e;

	if ((e = tool_open_locked(r->path, passphrase_file, &r->k, f)) != ERR_OK ||
	    (e = tool_read_instance(r->k, r->instance, sizeof r->instance, f)) != ERR_OK)
		return e;
	r->old = secret_new(sizeof *r->old);
	r->new = secret_new(sizeof *r->new);
	if (r->old == NULL || r->new == NULL)
		return tool_refuse(f, ERR_NOMEM, "", "not enough memory that can be locked");
	/* Without next-root.age but with the old one aside, the keys have changed places. */
	r->is_resumed =
	    !tool_has_file(r->path, TOOL_NEXT_ROOT) && tool_has_file(r->path, TOOL_OLD_ROOT);
	if (!r->is_resumed && ((e = prepare(r, f)) != ERR_OK || (e = swap(r, f)) != ERR_OK))
		return e;
	return finish(r, f);
}

/* The schedule may have been extended by a run that was cut off: the number is that of the file. */
static void
report(const struct new_root *r)
{
	describe_key("new root", &r->new->public);
	if (r->is_resumed)
		printf(
		    "\nA run before this one made that key. If the key store was stolen since then, run\n"
		    "the same command again, for another one.\n");
	printf(
	    "\nThe old root key is destroyed. Keep its root.pub until every server and vault knows\n"
	    "the new one. Now, on each server, with %s/publish and the new root.pub on a stick:\n"
	    "  minisign -V -p OLD/root.pub -m publish/root-NNNN.txt    (the highest number)\n"
	    "then follow \"A new root key\" in sealslotd(8). Print the new fingerprint.\n"
	    "Vaults that open with %s follow by themselves. Two things at once, before anything\n"
	    "is imported on a copy, and because earlier backups don't have the new root key:\n"
	    "  " TOOL_PROGRAM " reviewer-copy %s COPY     (each copy)\n"
	    "  " TOOL_PROGRAM
	    " backup %s FILE            (a new name; then destroy earlier ones)\n",
	    r->path, r->path, r->path, r->path);
}

int
cmd_new_root(int argc, char **argv)
{
	static const struct option options[] = {{"passphrase-file", required_argument, NULL, 'p'},
	    {"help", no_argument, NULL, 'h'}, {0}};
	const char *passphrase_file = NULL;
	struct new_root r = {0};
	struct tool_fault f = {0};
	enum err e;
	int c;

	while ((c = tool_option("new-root", argc, argv, options)) != -1)
		switch (c) {
		case 'p': passphrase_file = optarg; break;
		case 'h': return tool_help(HELP);
		default: return TOOL_USAGE;
		}
	if (argc - optind != 1)
		return tool_wrong("new-root", "name one folder, KEYS");
	r.path = argv[optind];
	if ((e = perform(&r, passphrase_file, &f)) == ERR_OK)
		report(&r);
	secret_free(r.old);
	secret_free(r.new);
	keystore_free(r.k);
	return e == ERR_OK ? tool_done("new-root") : tool_report("new-root", &f);
}
