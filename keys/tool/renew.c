#include "renew.h"

#include <stdio.h>
#include <string.h>

#include "describe.h"
#include "holders.h"
#include "keyring.h"
#include "listed.h"
#include "replace.h"
#include "tool_open.h"

/* ---- before anything is made */

static enum err
load_keys(struct renew *r, struct tool_fault *f)
{
	enum err e;

	if ((r->root = secret_new(sizeof *r->root)) == NULL)
		return tool_refuse(f, ERR_NOMEM, "", "not enough memory that can be locked");
	if ((e = tool_read_instance(r->k, r->instance, sizeof r->instance, f)) != ERR_OK ||
	    (e = ceremony_no_handover(r->k, f)) != ERR_OK)
		return e;
	return ceremony_load_root(r->k, r->root, f);
}

static enum err
load_published(struct renew *r, struct tool_fault *f)
{
	enum err e;

	if ((e = published_newest(r->k, &r->root->public, &r->old, f)) != ERR_OK)
		return e;
	if (r->old.s != NULL && strcmp(r->old.s->instance, r->instance) != 0)
		return tool_refuse(f, ERR_USAGE, "Restore the key store from its backup.",
		    "the last schedule is of another instance than the key store");
	/* Nothing was ever sealed to these keys, and no server knows the root key. */
	if (r->old.s == NULL && r->q->is_revoke)
		return tool_refuse(f, ERR_NOTFOUND,
		    "If this key store was stolen, make another one: " TOOL_PROGRAM " init",
		    "there is no schedule yet");
	return ERR_OK;
}

static enum err
load_reply(struct renew *r, struct tool_fault *f)
{
	r->reply.k = r->k;
	r->reply.instance = r->instance;
	r->reply.listed = r->old.s;
	r->reply.must_go = r->q->replaces_reply;
	return renew_reply_load(&r->reply, f);
}

static enum err
load_offers(struct renew *r, struct tool_fault *f)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < r->q->n_offers && e == ERR_OK; i++)
		e = offer_read(r->q->offers[i], &r->offers[i], f);
	return e;
}

static enum err
drop_desk(struct renew *r, struct tool_fault *f)
{
	size_t before = r->next.s->n_reply_keys;

	if (memcmp(r->q->drop->pk, r->reply.key->public.pk, MINISIGN_PK) == 0)
		return tool_refuse(f, ERR_USAGE,
		    "To replace it: " TOOL_PROGRAM " revoke KEYS --reply-key",
		    "that is the reply key of this desk");
	listed_drop_reply_key(r->next.s, r->q->drop);
	if (r->next.s->n_reply_keys == before)
		return tool_refuse(f, ERR_NOTFOUND,
		    "See which there are: " TOOL_PROGRAM " show KEYS",
		    "no desk has that reply key");
	return ERR_OK;
}

static enum err
make_plan(struct renew *r, struct tool_fault *f)
{
	struct plan_request request = r->q->plan;
	struct holders known = {0};
	struct keyring ring = {0};
	enum err e;

	if ((e = holders_load(r->k, &known, f)) != ERR_OK ||
	    (e = keyring_load(r->k, &ring, f)) != ERR_OK)
		goto done;
	request.known = &known;
	request.instance = r->instance;
	request.have = ring.p;
	request.n_have = ring.n;
	e = plan_make(r->old.s, r->old.hash, &request, &r->next.s, f);
	if (e == ERR_OK && r->reply.swaps)
		listed_drop_reply_key(r->next.s, &r->reply.before);
	if (e == ERR_OK && r->q->drop != NULL)
		e = drop_desk(r, f);
	if (e == ERR_OK && (e = listed_add_reply_key(r->next.s, &r->reply.key->public)) != ERR_OK)
		tool_refuse(f, e, TOOL_DROP_DESK, "the schedule lists too many desks");
done:
	keyring_free(&ring);
	holders_wipe(&known);
	return e;
}

/* What reaches far must leave room for the day on which all keys are stolen. */
static enum err
check_room(struct renew *r, struct tool_fault *f)
{
	int32_t today = r->q->plan.today;
	size_t live = listed_count_live(r->next.s, today);
	size_t before = r->old.s == NULL ? 0 : listed_count_live(r->old.s, today);

	if (r->q->plan.epochs == 1 || live <= before ||
	    live + r->next.s->n_revoked <= LIMIT_REVOKED)
		return ERR_OK;
	return tool_refuse(f, ERR_LIMIT,
	    "Nothing was made. Ask for fewer: --epochs N. Retire epochs that are over: what was revoked of "
	    "them goes, too.",
	    "%zu keys to come and %zu revoked ones: revoke couldn't list them all (at most %d)",
	    live, r->next.s->n_revoked, LIMIT_REVOKED);
}

/* ---- making, testing, signing */

static enum err
apply_replacements(struct renew *r, struct tool_fault *f)
{
	int32_t today = r->q->plan.today;
	enum err e;

	if ((e = replace_apply(r->k, r->next.s, today, &r->replaced, f)) != ERR_OK ||
	    !r->q->replaces_lost)
		return e;
	return replace_lost(r->k, r->next.s, today, &r->replaced, f);
}

static enum err
replace_keys(struct renew *r, struct tool_fault *f)
{
	if (r->q->replace == NULL)
		return ERR_OK;
	return replace_range_make(r->k, r->old.s, r->q->replace, r->q->plan.today, f);
}

static enum err
merge_offers(struct renew *r, struct tool_fault *f)
{
	struct offer_result one = {0};
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < r->q->n_offers && e == ERR_OK; i++) {
		e = offer_merge(r->next.s, &r->offers[i], r->q->offers[i],
		    r->q->has_desk ? &r->q->desk : NULL, &one, f);
		r->offered.added += one.added;
		r->offered.replaced += one.replaced;
	}
	return e;
}

static enum err
compare(struct renew *r, struct tool_fault *f)
{
	enum err e;

	if (r->old.s == NULL)
		return ERR_OK;
	if ((e = listed_compare(r->old.s, r->next.s, &r->is_same)) != ERR_OK)
		tool_refuse(f, e, "Ask for fewer epochs.", "the schedule would be too large");
	return e;
}

static enum err
sign(struct renew *r, struct tool_fault *f)
{
	return r->is_same ? ERR_OK : ceremony_sign(r->root, &r->old, &r->next, f);
}

static enum err
write_signed(struct renew *r, struct tool_fault *f)
{
	enum err e;

	if (r->is_same)
		return published_refresh(r->k, &r->old, f);
	if ((e = published_add(r->k, &r->next, f)) != ERR_OK)
		return e;
	return published_refresh(r->k, &r->next, f);
}

/* All that can be refused; nothing lists the keys that it makes before write_signed. */
static enum err
prepare(struct renew *r, struct tool_fault *f)
{
	enum err e;

	if ((e = undo_begin(&r->undo, r->k, f)) != ERR_OK || (e = load_keys(r, f)) != ERR_OK ||
	    (e = load_published(r, f)) != ERR_OK || (e = load_reply(r, f)) != ERR_OK ||
	    (e = load_offers(r, f)) != ERR_OK || (e = make_plan(r, f)) != ERR_OK ||
	    (e = merge_offers(r, f)) != ERR_OK || (e = check_room(r, f)) != ERR_OK ||
	    (e = replace_keys(r, f)) != ERR_OK || (e = apply_replacements(r, f)) != ERR_OK ||
	    (e = ceremony_make_keys(r->k, r->next.s, &r->made, f)) != ERR_OK ||
	    (e = ceremony_test_keys(r->k, r->next.s, r->q->plan.today, &r->tested, f)) != ERR_OK ||
	    (e = compare(r, f)) != ERR_OK)
		return e;
	return sign(r, f);
}

static enum err
perform(struct renew *r, struct tool_fault *f)
{
	enum err e;

	if ((e = prepare(r, f)) != ERR_OK) {
		undo_keys(&r->undo, r->k);
		renew_reply_undo(&r->reply);
		return e;
	}
	if ((e = write_signed(r, f)) != ERR_OK)
		return e;
	return renew_reply_swap(&r->reply, f);
}

enum err
renew_run(struct renew *r, const struct renew_request *q, struct tool_fault *f)
{
	enum err e;

	*r = (struct renew){.q = q};
	if ((e = tool_open_locked(q->path, q->passphrase_file, &r->k, f)) != ERR_OK)
		return e;
	return perform(r, f);
}

void
renew_wipe(struct renew *r)
{
	size_t i;

	for (i = 0; i < RENEW_OFFERS_MAX; i++)
		offer_wipe(&r->offers[i]);
	published_wipe(&r->old);
	published_wipe(&r->next);
	undo_wipe(&r->undo);
	secret_free(r->root);
	renew_reply_wipe(&r->reply);
	keystore_free(r->k);
	*r = (struct renew){0};
}

void
renew_print(const struct renew *r)
{
	const struct published *p = r->is_same ? &r->old : &r->next;
	char name[PUBLISHED_NAME_MAX];

	printf("%u new epoch keys made, %u tested: each opens what is sealed to it.\n", r->made,
	    r->tested);
	if (r->replaced > 0)
		printf(
		    "%u keys replaced; the old ones are revoked, and stay to open what they must.\n",
		    r->replaced);
	if (r->reply.swaps || r->reply.has_swapped)
		printf(
		    "The reply key of this desk is another one; the server takes no answers of the old.\n");
	if (r->reply.has_stale)
		printf(
		    "One of the other reply keys that are listed may be this desk's, from before the\n"
		    "restore: find it (show), and take it out (revoke --desk).\n");
	if (r->offered.added > 0)
		printf("%u keys of other desks added.\n", r->offered.added);
	if (r->offered.replaced > 0)
		printf("%u keys of other desks replaced; the old ones are revoked.\n",
		    r->offered.replaced);
	published_name(name, p->s->serial);
	if (r->is_same)
		printf("Nothing was missing: the schedule stays as it is.\n\n");
	else
		printf("Signed: %s/" TOOL_PUBLISH "/%s\n\n", r->q->path, name);
	describe_schedule(p->s, r->q->plan.today);
	printf("\nNext: carry %s/" TOOL_PUBLISH " to the server, and run there\n"
	       "  sealslotd publish --conf FILE " PUBLISHED_NEWEST "\n",
	    r->q->path);
	if (r->made > 0 || r->replaced > 0)
		printf(
		    "Then make a new backup, and bring each copy up to date (reviewer-copy): the\n"
		    "earlier ones can't open what is sealed to the new keys.\n");
}
