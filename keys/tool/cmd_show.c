#include "cmd.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "describe.h"
#include "holders.h"
#include "keyring.h"
#include "published.h"
#include "tool.h"
#include "tool_open.h"

static const char HELP[] =
    "usage: " TOOL_PROGRAM " show KEYS\n"
    "\n"
    "Says what the key store has, until when it lasts, and what to do next. Asks for no\n"
    "passphrase and opens no key.\n";

struct view {
	const char *path;
	struct keystore *k;
	char instance[SCHEDULE_INSTANCE_LEN + 1];
	struct minisign_key root, reply;
	bool has_root_pub, can_sign;
	struct published newest;
	struct keyring have;
	struct holders known;
	size_t n_missing;
	int32_t today;
};

static enum err
load(struct view *v, struct tool_fault *f)
{
	enum err e;

	if ((e = tool_open_public(v->path, &v->k, f)) != ERR_OK ||
	    (e = tool_read_instance(v->k, v->instance, sizeof v->instance, f)) != ERR_OK ||
	    (e = tool_read_key(keystore_dir(v->k), TOOL_REPLY_PUB, &v->reply, f)) != ERR_OK)
		return e;
	v->can_sign = tool_has_file(v->path, TOOL_ROOT);
	v->has_root_pub = tool_has_file(v->path, TOOL_ROOT_PUB);
	if (v->has_root_pub &&
	    ((e = tool_read_key(keystore_dir(v->k), TOOL_ROOT_PUB, &v->root, f)) != ERR_OK ||
		(e = published_newest(v->k, &v->root, &v->newest, f)) != ERR_OK))
		return e;
	if ((e = holders_load(v->k, &v->known, f)) != ERR_OK)
		return e;
	return keyring_load(v->k, &v->have, f);
}

/* Epochs that aren't over and whose key isn't here. */
static void
show_missing(struct view *v)
{
	const struct schedule *s = v->newest.s;
	const struct schedule_epoch *ep;
	struct keystore_epoch key;
	size_t i;

	for (i = 0; s != NULL && i < s->n_epochs; i++) {
		ep = &s->epochs[i];
		if (ep->end <= v->today ||
		    keyring_newest(&v->have, s->inboxes[ep->inbox].name, ep->number, &key) ||
		    (i > 0 && ep[-1].inbox == ep->inbox && ep[-1].number == ep->number))
			continue;
		v->n_missing++;
		describe_fact("MISSING", KEYSTORE_EPOCHS "/%s-%u.age", s->inboxes[ep->inbox].name,
		    ep->number);
	}
}

/* Backups and copies that open what was retired: nothing is gone as long as they exist. */
static void
show_old(const struct view *v)
{
	struct holders_span span;
	const struct holder *h;
	size_t i, n = 0;

	for (i = 0; i < v->known.n; i++) {
		h = &v->known.p[i];
		span = (struct holders_span){0};
		holders_opens(&v->known, h, &span);
		if (span.n == 0)
			continue;
		n++;
		describe_fact("STILL THERE", "%.*s %.*s opens %zu retired epochs, %s %u to %s %u",
		    (int)h->event.len, h->event.p, (int)h->name.len, h->name.p, span.n,
		    span.first.inbox, span.first.number, span.last.inbox, span.last.number);
		describe_fact("", "id %s", h->id);
	}
	if (n > 0)
		describe_fact("",
		    "Destroy old backups, then: " TOOL_PROGRAM
		    " retire %s --gone ID; bring copies up to date: reviewer-copy",
		    v->path);
}

static void
show_next_without_root(const struct view *v)
{
	printf(
	    "Next: nothing today. This key store has no root key; the one that has it makes the\n"
	    "schedules.\n");
	if (holders_is_copy(&v->known))
		printf("After each new one: " TOOL_PROGRAM " reviewer-copy KEYS %s\n", v->path);
	else if (!v->has_root_pub)
		printf("After each new one, for that desk:\n  " TOOL_PROGRAM
		       " offer %s KEYS.TXT --root ROOT.PUB --inbox NAME OFFER.TXT\n",
		    v->path);
}

static void
show_next(const struct view *v)
{
	int32_t last = v->newest.s == NULL ? 0 : schedule_last_day(v->newest.s, v->today);
	char day[DATE_DAY_LEN + 1];

	putchar('\n');
	if (v->n_missing > 0)
		printf(
		    "Next, now: restore the missing keys from the backup; what is sealed to them\n"
		    "can't be opened without.\n");
	else if (!v->can_sign)
		show_next_without_root(v);
	else if (v->newest.s == NULL)
		printf("Next, now: " TOOL_PROGRAM
		       " schedule %s --inbox 'tips=Investigations desk'\n",
		    v->path);
	else if (last - v->today <= LIMIT_WARN_DAYS)
		printf("Next, now: " TOOL_PROGRAM " schedule %s\n", v->path);
	else {
		date_format(day, last - LIMIT_WARN_DAYS);
		printf("Next, by %s: " TOOL_PROGRAM " schedule %s\n", day, v->path);
	}
}

static void
print_view(struct view *v)
{
	describe_fact("key store", "%s", v->path);
	if (v->has_root_pub)
		describe_key(v->can_sign ? "root key" : "root (pub)", &v->root);
	describe_key("this desk", &v->reply);
	if (v->newest.s == NULL)
		describe_fact("instance", "%s", v->instance);
	else
		describe_schedule(v->newest.s, v->today);
	describe_fact("keys here", "%zu epoch keys", v->have.n);
	show_missing(v);
	show_old(v);
	show_next(v);
}

int
cmd_show(int argc, char **argv)
{
	static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};
	struct tool_fault f = {0};
	struct view v = {.today = clock_today()};
	enum err e;
	int c;

	while ((c = tool_option("show", argc, argv, options)) != -1)
		return c == 'h' ? tool_help(HELP) : TOOL_USAGE;
	if (argc - optind != 1)
		return tool_wrong("show", "name one folder, KEYS");
	v.path = argv[optind];
	if ((e = load(&v, &f)) == ERR_OK)
		print_view(&v);
	keyring_free(&v.have);
	holders_wipe(&v.known);
	published_wipe(&v.newest);
	keystore_free(v.k);
	return e == ERR_OK ? tool_done("show") : tool_report("show", &f);
}
