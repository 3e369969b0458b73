#include "cmd.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "ceremony.h"
#include "describe.h"
#include "offer.h"
#include "plan.h"
#include "published.h"
#include "tool.h"

#define OFFERS_MAX 16

static const char HELP[] =
    "usage: " TOOL_PROGRAM " schedule KEYS [--inbox 'NAME=TITLE']... [--from DATE] [--days N]\n"
    "           [--epochs N] [--with OFFER]... [--desk KEY] [--passphrase-file FILE]\n"
    "\n"
    "Makes the epoch keys that are missing, seals and opens a test file with every one,\n"
    "and then signs the next schedule into KEYS/publish. Carry that folder to the server.\n"
    "Run it again at any time: it extends what exists, and changes nothing when nothing\n"
    "is missing.\n"
    "\n"
    "  --inbox 'NAME=TITLE'    a new inbox, or a new title; NAME is a-z, 0-9 and -\n"
    "  --from DATE             first day (YYYY-MM-DD) of a new inbox; default: today\n"
    "  --days N                length of new epochs; default: as before, at first 14\n"
    "  --epochs N              how many shall lie ahead, today's included; default: 26\n"
    "  --with OFFER            add another desk's keys (see: " TOOL_PROGRAM " offer --help)\n"
    "  --desk KEY              that desk's reply key (RW...), the first time\n"
    "  --passphrase-file FILE  take the passphrase from the first line of FILE\n";

struct schedule_args {
	const char *path;
	const char *passphrase_file;
	struct plan_request request;
	const char *offers[OFFERS_MAX];
	size_t n_offers;
	struct minisign_key desk;
	bool has_desk;
};

/* What one run needs and makes. */
struct run {
	const struct schedule_args *a;
	struct keystore *k;
	char instance[SCHEDULE_INSTANCE_LEN + 1];
	struct sign_key *root, *reply; /* guarded */
	struct published old, next;
	struct offer offers[OFFERS_MAX];
	uint32_t made, tested, offered;
	bool is_same;
};

/* ---- before anything is made */

static enum err
load_keys(struct run *r, struct tool_fault *f)
{
	enum err e;

	if ((r->root = secret_new(sizeof *r->root)) == NULL ||
	    (r->reply = secret_new(sizeof *r->reply)) == NULL)
		return tool_refuse(f, ERR_NOMEM, "", "not enough memory that can be locked");
	if ((e = tool_read_instance(r->k, r->instance, sizeof r->instance, f)) != ERR_OK ||
	    (e = ceremony_load_root(r->k, r->root, f)) != ERR_OK)
		return e;
	if ((e = keystore_get_sign(r->k, TOOL_REPLY, r->reply)) != ERR_OK)
		tool_refuse(f, e, "Restore this file from the backup of the key store.",
		    TOOL_REPLY ": %s", tool_reason(e));
	return e;
}

static enum err
load_published(struct run *r, struct tool_fault *f)
{
	enum err e;

	if ((e = published_newest(r->k, &r->root->public, &r->old, f)) != ERR_OK)
		return e;
	if (r->old.s != NULL && strcmp(r->old.s->instance, r->instance) != 0)
		return tool_refuse(f, ERR_USAGE, "Restore the key store from its backup.",
		    "the last schedule is of another instance than the key store");
	return ERR_OK;
}

static enum err
load_offers(struct run *r, struct tool_fault *f)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < r->a->n_offers && e == ERR_OK; i++)
		e = offer_read(r->a->offers[i], &r->offers[i], f);
	return e;
}

static enum err
make_plan(struct run *r, struct tool_fault *f)
{
	struct plan_request request = r->a->request;
	struct keystore_epoch *have = NULL;
	enum err e;

	if ((e = keystore_list_epochs(r->k, &have, &request.n_have)) != ERR_OK)
		return tool_refuse(f, e, "", KEYSTORE_EPOCHS ": %s", tool_reason(e));
	request.instance = r->instance;
	request.have = have;
	e = plan_make(r->old.s, r->old.hash, &request, &r->next.s, f);
	free(have);
	if (e == ERR_OK && (e = plan_add_reply_key(r->next.s, &r->reply->public)) != ERR_OK)
		tool_refuse(f, e, "", "the schedule lists too many desks");
	return e;
}

/* ---- making, testing, signing */

static enum err
merge_offers(struct run *r, struct tool_fault *f)
{
	enum err e = ERR_OK;
	uint32_t added;
	size_t i;

	for (i = 0; i < r->a->n_offers && e == ERR_OK; i++) {
		e = offer_merge(r->next.s, &r->offers[i], r->a->offers[i],
		    r->a->has_desk ? &r->a->desk : NULL, &added, f);
		if (e == ERR_OK)
			r->offered += added;
	}
	return e;
}

static enum err
compare(struct run *r, struct tool_fault *f)
{
	enum err e;

	if (r->old.s == NULL)
		return ERR_OK;
	if ((e = plan_compare(r->old.s, r->next.s, &r->is_same)) != ERR_OK)
		tool_refuse(f, e, "Ask for fewer epochs.", "the schedule would be too large");
	return e;
}

static enum err
sign_and_write(struct run *r, struct tool_fault *f)
{
	enum err e;

	if (r->is_same)
		return published_refresh(r->k, &r->old, f);
	if ((e = ceremony_sign(r->root, &r->old, &r->next, f)) != ERR_OK ||
	    (e = published_add(r->k, &r->next, f)) != ERR_OK)
		return e;
	return published_refresh(r->k, &r->next, f);
}

static enum err
perform(struct run *r, struct tool_fault *f)
{
	enum err e;

	if ((e = load_keys(r, f)) != ERR_OK || (e = load_published(r, f)) != ERR_OK ||
	    (e = load_offers(r, f)) != ERR_OK || (e = make_plan(r, f)) != ERR_OK ||
	    (e = merge_offers(r, f)) != ERR_OK ||
	    (e = ceremony_make_keys(r->k, r->next.s, &r->made, f)) != ERR_OK ||
	    (e = ceremony_test_keys(r->k, r->next.s, r->a->request.today, &r->tested, f)) !=
		ERR_OK ||
	    (e = compare(r, f)) != ERR_OK)
		return e;
	return sign_and_write(r, f);
}

static void
print_result(const struct run *r)
{
	const struct published *p = r->is_same ? &r->old : &r->next;
	char name[PUBLISHED_NAME_MAX];

	printf("%u new epoch keys made, %u tested: each opens what is sealed to it.\n", r->made,
	    r->tested);
	if (r->offered > 0)
		printf("%u keys of other desks added.\n", r->offered);
	published_name(name, p->s->serial);
	if (r->is_same)
		printf("Nothing was missing: the schedule stays as it is.\n\n");
	else
		printf("Signed: %s/" TOOL_PUBLISH "/%s\n\n", r->a->path, name);
	describe_schedule(p->s, r->a->request.today);
	printf("\nNext: carry %s/" TOOL_PUBLISH " to the server, and run there\n"
	       "  sealslotd publish --conf FILE " PUBLISHED_NEWEST "\n",
	    r->a->path);
}

static int
run_schedule(const struct schedule_args *a)
{
	struct tool_fault f = {0};
	struct run r = {.a = a};
	enum err e;
	size_t i;

	if ((e = tool_open_locked(a->path, a->passphrase_file, &r.k, &f)) == ERR_OK &&
	    (e = perform(&r, &f)) == ERR_OK)
		print_result(&r);
	for (i = 0; i < OFFERS_MAX; i++)
		offer_wipe(&r.offers[i]);
	published_wipe(&r.old);
	published_wipe(&r.next);
	secret_free(r.root);
	secret_free(r.reply);
	keystore_free(r.k);
	return e == ERR_OK ? tool_done("schedule") : tool_report("schedule", &f);
}

/* ---- the command line */

/* "name=Title". NULL, or what is wrong with it. */
static const char *
add_inbox(struct plan_request *r, const char *arg)
{
	const char *equals = strchr(arg, '=');
	struct schedule_inbox in = {0};
	size_t i, len;

	if (equals == NULL)
		return "an inbox is given as 'NAME=TITLE'";
	len = (size_t)(equals - arg);
	if (!schedule_is_inbox_name(arg, len))
		return "an inbox name is 1 to 24 of a-z, 0-9 and -";
	memcpy(in.name, arg, len);
	if (!schedule_is_title(equals + 1, strlen(equals + 1)))
		return "an inbox title is 1 to 120 bytes of UTF-8 without invisible characters";
	memcpy(in.title, equals + 1, strlen(equals + 1));
	for (i = 0; i < r->n_inboxes; i++)
		if (strcmp(r->inboxes[i].name, in.name) == 0)
			return "two inboxes have the same name";
	if (r->n_inboxes == LIMIT_INBOXES)
		return "too many inboxes";
	r->inboxes[r->n_inboxes++] = in;
	return NULL;
}

static const char *
take_option(struct schedule_args *a, int c)
{
	switch (c) {
	case 'i': return add_inbox(&a->request, optarg);
	case 'f':
		a->request.has_from = true;
		if (date_parse(optarg, strlen(optarg), &a->request.from) != ERR_OK)
			return "--from is a real day, YYYY-MM-DD";
		return NULL;
	case 'd':
		if (tool_number(optarg, 1, LIMIT_EPOCH_DAYS, &a->request.days) != ERR_OK)
			return "--days is a number from 1 to 366";
		return NULL;
	case 'e':
		if (tool_number(optarg, 1, PLAN_EPOCHS_MAX, &a->request.epochs) != ERR_OK)
			return "--epochs is a number from 1 to 1040";
		return NULL;
	case 'w':
		if (a->n_offers == OFFERS_MAX)
			return "too many offers";
		a->offers[a->n_offers++] = optarg;
		return NULL;
	case 'k':
		a->has_desk = true;
		if (minisign_key_parse(&a->desk, optarg, strlen(optarg)) != ERR_OK)
			return "--desk is a reply key, one line that begins with RW";
		return NULL;
	case 'p': a->passphrase_file = optarg; return NULL;
	default: return "unknown option";
	}
}

int
cmd_schedule(int argc, char **argv)
{
	static const struct option options[] = {{"inbox", required_argument, NULL, 'i'},
	    {"from", required_argument, NULL, 'f'}, {"days", required_argument, NULL, 'd'},
	    {"epochs", required_argument, NULL, 'e'}, {"with", required_argument, NULL, 'w'},
	    {"desk", required_argument, NULL, 'k'},
	    {"passphrase-file", required_argument, NULL, 'p'}, {"help", no_argument, NULL, 'h'},
	    {0}};
	struct schedule_args a = {.request = {.epochs = PLAN_EPOCHS}};
	const char *wrong;
	int c;

	while ((c = tool_option("schedule", argc, argv, options)) != -1) {
		if (c == 'h')
			return tool_help(HELP);
		if (c == TOOL_WRONG_OPTION)
			return TOOL_USAGE;
		if ((wrong = take_option(&a, c)) != NULL)
			return tool_wrong("schedule", "%s", wrong);
	}
	if (argc - optind != 1)
		return tool_wrong("schedule", "name one folder, KEYS");
	a.path = argv[optind];
	a.request.today = clock_today();
	return run_schedule(&a);
}
