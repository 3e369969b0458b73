#include "cmd.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/limits.h"
#include "carry/fingerprint.h"
#include "ceremony.h"
#include "offer.h"
#include "published.h"
#include "replace.h"
#include "replace_range.h"
#include "tool.h"
#include "tool_open.h"
#include "undo.h"

static const char HELP[] =
    "usage: " TOOL_PROGRAM " offer KEYS KEYS.TXT --root ROOT.PUB --inbox NAME\n"
    "           [--revoke N] [--passphrase-file FILE] OFFER.TXT\n"
    "\n"
    "For a desk that shares an inbox with the one that signs the schedule. Makes this\n"
    "desk's own key for each epoch of that inbox which isn't over, tests them, and writes\n"
    "their public halves into OFFER.TXT and OFFER.TXT.minisig, signed by the reply key.\n"
    "The other desk adds them with: " TOOL_PROGRAM " schedule KEYS --with OFFER.TXT\n"
    "\n"
    "  --root ROOT.PUB         the other desk's root key\n"
    "  --inbox NAME            the inbox that is shared\n"
    "  --revoke N              after a theft: a new key for epoch N (or N-M, or N- for N and\n"
    "                          all later ones), and the old one revoked\n"
    "  --passphrase-file FILE  take the passphrase from the first line of FILE\n";

struct offer_args {
	const char *path, *schedule, *root, *inbox, *out;
	const char *passphrase_file;
	struct replace_range revoke; /* last is 0 if nothing is to be replaced */
};

struct run {
	const struct offer_args *a;
	struct keystore *k;
	struct sign_key *reply; /* guarded */
	struct published answered;
	struct schedule *s; /* the offer */
	uint32_t made, tested;
	struct undo undo; /* of a run that is refused before there is an offer */
};

static enum err
load(struct run *r, struct tool_fault *f)
{
	char instance[SCHEDULE_INSTANCE_LEN + 1];
	struct minisign_key root;
	enum err e;

	if ((r->reply = secret_new(sizeof *r->reply)) == NULL)
		return tool_refuse(f, ERR_NOMEM, "", "not enough memory that can be locked");
	if ((e = tool_read_instance(r->k, instance, sizeof instance, f)) != ERR_OK ||
	    (e = tool_read_key(AT_FDCWD, r->a->root, &root, f)) != ERR_OK ||
	    (e = published_read(AT_FDCWD, r->a->schedule, &root, &r->answered, f)) != ERR_OK)
		return e;
	if (strcmp(instance, r->answered.s->instance) != 0)
		return tool_refuse(f, ERR_USAGE,
		    "Use the key store that was made for that instance.",
		    "%s: it is for another instance than %s", r->a->schedule, r->a->path);
	if ((e = keystore_get_sign(r->k, TOOL_REPLY, r->reply)) != ERR_OK)
		tool_refuse(f, e, "Restore this file from the backup of the key store.",
		    TOOL_REPLY ": %s", tool_reason(e));
	return e;
}

/* The answered schedule's epochs of the inbox, each still without a recipient. */
static enum err
make_frame(struct run *r, struct tool_fault *f)
{
	const struct schedule *from = r->answered.s;
	int32_t today = clock_today();
	struct schedule *s;
	size_t i, inbox = 0;

	if (schedule_find_inbox(from, r->a->inbox, &inbox) != ERR_OK)
		return tool_refuse(f, ERR_NOTFOUND,
		    "Its inboxes: " TOOL_PROGRAM " check KEYS.TXT --root ROOT.PUB",
		    "%s: it has no inbox \"%s\"", r->a->schedule, r->a->inbox);
	if ((s = r->s = schedule_new()) == NULL)
		return tool_refuse(f, ERR_NOMEM, "", "not enough memory");
	memcpy(s->instance, from->instance, sizeof s->instance);
	s->serial = from->serial;
	s->issued = from->issued;
	s->inboxes[s->n_inboxes++] = from->inboxes[inbox];
	s->reply_keys[s->n_reply_keys++] = r->reply->public;
	for (i = 0; i < from->n_epochs; i++) {
		const struct schedule_epoch *ep = &from->epochs[i];

		if (ep->inbox != inbox || ep->end <= today ||
		    (s->n_epochs > 0 && s->epochs[s->n_epochs - 1].number == ep->number))
			continue;
		s->epochs[s->n_epochs++] =
		    (struct schedule_epoch){0, ep->number, ep->start, ep->end, {0}};
	}
	if (s->n_epochs == 0)
		return tool_refuse(f, ERR_EXPIRED, "Ask the other desk for its newest schedule.",
		    "%s: all epochs of inbox %s are over", r->a->schedule, r->a->inbox);
	return ERR_OK;
}

static enum err
refuse_write(struct tool_fault *f, enum err e, const char *path)
{
	return tool_refuse(f, e,
	    e == ERR_EXISTS ? "Nothing was overwritten. Remove it, or give another name." : "",
	    "%s: %s", path, tool_reason(e));
}

/* Seen before any key is made, the usual mistake leaves none. */
static enum err
check_free(const char *path, struct tool_fault *f)
{
	if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
		return ERR_OK;
	return refuse_write(f, ERR_EXISTS, path);
}

static enum err
write_new(const char *path, const struct buf *b, struct tool_fault *f)
{
	enum err e;

	if ((e = io_write_new(AT_FDCWD, path, b->p, b->len, TOOL_PUBLIC_MODE)) != ERR_OK)
		refuse_write(f, e, path);
	return e;
}

static enum err
write_offer(const struct run *r, struct tool_fault *f)
{
	char sig_path[4200];
	struct buf text, sig;
	enum err e;

	buf_init(&text, LIMIT_SCHEDULE);
	buf_init(&sig, LIMIT_SIGNATURE);
	if ((size_t)snprintf(sig_path, sizeof sig_path, "%s" PUBLISHED_SIG, r->a->out) >=
	    sizeof sig_path)
		return tool_refuse(f, ERR_LIMIT, TOOL_SHORTER, "the path is too long");
	if ((e = offer_sign(r->s, r->reply, &text, &sig)) != ERR_OK)
		tool_refuse(f, e, "", "signing: %s", tool_reason(e));
	else if ((e = write_new(sig_path, &sig, f)) == ERR_OK &&
		 (e = write_new(r->a->out, &text, f)) != ERR_OK)
		unlink(sig_path);
	buf_wipe(&text);
	buf_wipe(&sig);
	return e;
}

static enum err
replace_keys(struct run *r, struct tool_fault *f)
{
	if (r->a->revoke.last == 0)
		return ERR_OK;
	return replace_range_make(r->k, r->answered.s, &r->a->revoke, clock_today(), f);
}

static enum err
make_keys(struct run *r, struct tool_fault *f)
{
	enum err e;

	if ((e = replace_keys(r, f)) != ERR_OK ||
	    (e = ceremony_make_keys(r->k, r->s, &r->made, f)) != ERR_OK ||
	    (e = replace_declare(r->k, r->answered.s, r->s, f)) != ERR_OK)
		return e;
	return ceremony_test_keys(r->k, r->s, clock_today(), &r->tested, f);
}

static enum err
perform(struct run *r, struct tool_fault *f)
{
	enum err e;

	if ((e = load(r, f)) != ERR_OK || (e = make_frame(r, f)) != ERR_OK ||
	    (e = check_free(r->a->out, f)) != ERR_OK ||
	    (e = undo_begin(&r->undo, r->k, f)) != ERR_OK)
		return e;
	if ((e = make_keys(r, f)) != ERR_OK) {
		undo_keys(&r->undo, r->k);
		return e;
	}
	return write_offer(r, f);
}

static int
run_offer(const struct offer_args *a)
{
	char words[FINGERPRINT_MAX + 1], key[MINISIGN_KEY_LEN + 1];
	struct tool_fault f = {0};
	struct run r = {.a = a};
	enum err e;

	if ((e = tool_open_locked(a->path, a->passphrase_file, &r.k, &f)) == ERR_OK &&
	    (e = perform(&r, &f)) == ERR_OK) {
		minisign_key_format(key, &r.reply->public);
		fingerprint_words(words, &r.reply->public);
		printf(
		    "%u new epoch keys made, %u tested.\nWritten: %s and %s" PUBLISHED_SIG "\n\n"
		    "Next: give both files to the other desk. If it doesn't know this desk yet,\n"
		    "read it these words of your reply key:\n  %s\n  %s\n",
		    r.made, r.tested, a->out, a->out, words, key);
	}
	undo_wipe(&r.undo);
	published_wipe(&r.answered);
	schedule_free(r.s);
	secret_free(r.reply);
	keystore_free(r.k);
	return e == ERR_OK ? tool_done("offer") : tool_report("offer", &f);
}

int
cmd_offer(int argc, char **argv)
{
	static const struct option options[] = {{"root", required_argument, NULL, 'r'},
	    {"inbox", required_argument, NULL, 'i'}, {"revoke", required_argument, NULL, 'v'},
	    {"passphrase-file", required_argument, NULL, 'p'}, {"help", no_argument, NULL, 'h'},
	    {0}};
	struct offer_args a = {0};
	int c;

	while ((c = tool_option("offer", argc, argv, options)) != -1)
		switch (c) {
		case 'r': a.root = optarg; break;
		case 'i': a.inbox = optarg; break;
		case 'v':
			if (replace_range_parse(optarg, &a.revoke) != ERR_OK)
				return tool_wrong("offer", "--revoke is a number, or N-M, or N-");
			break;
		case 'p': a.passphrase_file = optarg; break;
		case 'h': return tool_help(HELP);
		default: return TOOL_USAGE;
		}
	if (argc - optind != 3)
		return tool_wrong("offer", "name KEYS, KEYS.TXT and OFFER.TXT");
	if (a.root == NULL || a.inbox == NULL)
		return tool_wrong("offer", "--root and --inbox are needed");
	a.revoke.inbox = a.inbox;
	a.path = argv[optind];
	a.schedule = argv[optind + 1];
	a.out = argv[optind + 2];
	return run_offer(&a);
}
