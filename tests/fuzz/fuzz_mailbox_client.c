#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/random.h"
#include "front/replies.h"
#include "fuzz.h"
#include "mailbox/mailbox.h"
#include "peer.h"
#include "wire/wire.h"

/*
 * A mailbox that was taken over, against front's side of the socket, while
 * calls of every verb are open. The steps of the input (peer.h) are what the
 * mailbox says, and what front does. Each call has one end or was given up,
 * nothing is answered with what it didn't ask for, and a mailbox's page stays in its limits.
 */
#define CALLS 24
#define TOKEN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"

_Static_assert(sizeof TOKEN == OP_TOKEN_LEN + 1, "a token");

/* What front does, from PEER_DOES on. */
enum does {
	DOES_TAKE = PEER_DOES,
	DOES_TAKE_SIGNED_IN,
	DOES_ISSUE,
	DOES_DROP,
	DOES_GIVE_BACK,
	DOES_SIGN_IN,
	DOES_LOOK,
	DOES_READ,
	DOES_REMOVE,
	DOES_SIGN_OUT,
	DOES_CANCEL,
	DOES_HEAR,      /* the mailbox reads what front has said */
	DOES_RECONNECT, /* it is another process */
	DOES_CLOSE,     /* it is gone */
};

/* What a callback does: bits of the byte `how` of the step that began the call. */
enum reaction { CANCELS = 1, ISSUES = 2, BEGINS = 4, SIGNS_OUT = 8 };

struct call {
	enum {
		UNUSED,
		NAME_ASKED,
		NAME_HELD,
		NAME_ISSUED,
		SESSION_ASKED,
		LOOK_ASKED,
		TEXT_ASKED,
		REMOVE_ASKED,
		OVER
	} state;
	uint32_t ref;
	uint8_t reacts;
	bool is_upload;
};

static struct mailbox *box;
static struct call calls[CALLS];
static size_t n_calls;
static struct replies replies; /* of the page that is filled at this moment */
static int peer = -1;

static void on_named(void *ctx, enum err e, const struct op_name *name);
static void on_session(void *ctx, enum err e, const struct op_session *s);
static void on_looked(void *ctx, enum err e, const struct op_session_is *s);
static void on_text(void *ctx, enum err e, const struct op_text *head, const char *piece, size_t n);
static void on_removed(void *ctx, enum err e);

/* ---- what front does */

static enum err
ask(struct call *c, enum does what)
{
	static const char id[] = "00112233445566778899aabbccddeeff";

	c->is_upload = what == DOES_TAKE || what == DOES_TAKE_SIGNED_IN;
	switch ((int)what) {
	case DOES_TAKE: c->state = NAME_ASKED; return mailbox_take(box, NULL, on_named, c, &c->ref);
	case DOES_TAKE_SIGNED_IN:
		c->state = NAME_ASKED;
		return mailbox_take(box, TOKEN, on_named, c, &c->ref);
	case DOES_SIGN_IN:
		c->state = SESSION_ASKED;
		return mailbox_sign_in(box, id, sizeof id, on_session, c, &c->ref);
	case DOES_LOOK:
		c->state = LOOK_ASKED;
		return mailbox_look(box, TOKEN, on_looked, c, &c->ref);
	case DOES_READ: c->state = TEXT_ASKED; return mailbox_read(box, TOKEN, on_text, c, &c->ref);
	}
	c->state = REMOVE_ASKED;
	return mailbox_remove(box, TOKEN, id, on_removed, c, &c->ref);
}

static void
begin(enum does what, uint8_t reacts)
{
	struct call *c = &calls[n_calls];
	enum err e;
	size_t i;

	if (n_calls == CALLS)
		return;
	*c = (struct call){.reacts = reacts};
	n_calls++; /* a callback may begin another */
	if ((e = ask(c, what)) != ERR_OK) {
		FUZZ_CHECK(e == ERR_CLOSED);
		c->state = OVER;
		return;
	}
	FUZZ_CHECK(c->ref != 0);
	for (i = 0; &calls[i] != c; i++)
		FUZZ_CHECK(calls[i].ref != c->ref);
}

static void
issue(struct call *c)
{
	enum err e = mailbox_issue(box, c->ref, on_session, c);

	if (e == ERR_OK) {
		FUZZ_CHECK(c->state == NAME_HELD);
		c->state = NAME_ISSUED;
	} else if (c->state == NAME_HELD) {
		FUZZ_CHECK(e == ERR_CLOSED || e == ERR_STATE); /* it was another mailbox's */
		c->state = OVER;
	}
}

static void
give_up(struct call *c, enum does how)
{
	if (how == DOES_CANCEL || !c->is_upload)
		mailbox_cancel(box, c->ref);
	else if (how == DOES_DROP)
		mailbox_drop(box, c->ref);
	else
		mailbox_give_back(box, c->ref);
	c->state = OVER;
}

static void
react(struct call *c)
{
	if ((c->reacts & SIGNS_OUT) != 0)
		mailbox_sign_out(box, TOKEN);
	if ((c->reacts & ISSUES) != 0 && c->is_upload)
		issue(c);
	if ((c->reacts & CANCELS) != 0)
		give_up(c, DOES_CANCEL);
	if ((c->reacts & BEGINS) != 0)
		begin(DOES_READ, c->reacts & (CANCELS | SIGNS_OUT));
}

/* ---- what front is told */

static void
on_named(void *ctx, enum err e, const struct op_name *name)
{
	struct call *c = ctx;

	FUZZ_CHECK(c->state == NAME_ASKED && (e == ERR_OK) == (name != NULL));
	c->state = e == ERR_OK ? NAME_HELD : OVER;
	react(c);
}

static void
on_session(void *ctx, enum err e, const struct op_session *s)
{
	struct call *c = ctx;

	FUZZ_CHECK((c->state == SESSION_ASKED || c->state == NAME_ISSUED) && s != NULL);
	FUZZ_CHECK(e <= ERR_USAGE);
	c->state = OVER;
	react(c);
}

static void
on_looked(void *ctx, enum err e, const struct op_session_is *s)
{
	struct call *c = ctx;

	FUZZ_CHECK(c->state == LOOK_ASKED && (e == ERR_OK) == (s != NULL));
	c->state = OVER;
	react(c);
}

static void
check_page(void)
{
	size_t i;

	replies_end(&replies);
	for (i = 0; i < replies.n; i++) {
		FUZZ_CHECK(strlen(replies.all[i].id) <= RANDOM_ID_LEN);
		FUZZ_CHECK(replies.all[i].at < replies.texts.len);
		FUZZ_CHECK(memchr(replies_text(&replies, i), '\0',
			       replies.texts.len - replies.all[i].at) != NULL);
	}
	replies_wipe(&replies);
	replies_init(&replies);
}

/* More than a page may have isn't asked for, as in front/visit.c. */
static void
on_text(void *ctx, enum err e, const struct op_text *head, const char *piece, size_t n)
{
	struct call *c = ctx;

	FUZZ_CHECK(c->state == TEXT_ASKED && (head == NULL) == (piece == NULL));
	if (head != NULL) {
		FUZZ_CHECK(e == ERR_OK && n > 0 && n <= WIRE_BODY_MAX - sizeof *head);
		e = replies_put(&replies, head, piece, n);
		FUZZ_CHECK(e == ERR_OK || e == ERR_LIMIT);
		FUZZ_CHECK(replies.n <= LIMIT_REPLIES && replies.texts.len <= LIMIT_PAGE_TEXT);
	}
	if (head != NULL && e != ERR_OK)
		give_up(c, DOES_CANCEL);
	if (head == NULL || e != ERR_OK) {
		c->state = OVER;
		check_page();
	}
	react(c);
}

static void
on_removed(void *ctx, enum err e)
{
	struct call *c = ctx;

	FUZZ_CHECK(c->state == REMOVE_ASKED && e <= ERR_USAGE);
	c->state = OVER;
	react(c);
}

/* ---- steps */

static bool
is_waiting(const struct call *c)
{
	return c->state != OVER && c->state != NAME_HELD;
}

/* Whoever waits is told; what was held is nobody's any more. */
static void
check_lost(size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		FUZZ_CHECK(!is_waiting(&calls[i]));
}

static void
reconnect(void)
{
	size_t before = n_calls;
	int ends[2];

	peer_pair(ends);
	io_close(&peer);
	peer = ends[1];
	FUZZ_CHECK(mailbox_reconnect(box, ends[0]) == ERR_OK);
	check_lost(before);
}

static void
do_something(const struct peer_step *s)
{
	struct call *c = s->ref < n_calls ? &calls[s->ref] : NULL;

	switch ((enum does)s->op) {
	case DOES_TAKE:
	case DOES_TAKE_SIGNED_IN:
	case DOES_SIGN_IN:
	case DOES_LOOK:
	case DOES_READ:
	case DOES_REMOVE: begin((enum does)s->op, s->err); break;
	case DOES_ISSUE:
		if (c != NULL && c->is_upload)
			issue(c);
		break;
	case DOES_DROP:
	case DOES_GIVE_BACK:
	case DOES_CANCEL:
		if (c != NULL)
			give_up(c, (enum does)s->op);
		break;
	case DOES_SIGN_OUT: mailbox_sign_out(box, TOKEN); break;
	case DOES_HEAR:
		if (peer != -1)
			FUZZ_CHECK(peer_hear(peer, ROLE_FRONT, ROLE_MAILBOX) == 0);
		break;
	case DOES_RECONNECT: reconnect(); break;
	case DOES_CLOSE: io_close(&peer); break;
	}
}

/* A reference is a call's, as front has given it, or a number. */
static void
say(const struct peer_step *s)
{
	uint32_t ref = s->ref < n_calls ? calls[s->ref].ref : s->ref;

	if (peer != -1)
		peer_say(peer, s, ref, peer_open(s));
}

static void
start(void)
{
	int ends[2];

	n_calls = 0;
	replies_init(&replies);
	peer_pair(ends);
	peer = ends[1];
	FUZZ_CHECK(mailbox_new(ends[0], &box) == ERR_OK);
}

static void
end(void)
{
	size_t before = n_calls;

	io_close(&peer);
	mailbox_on_readable(box);
	check_lost(before);
	check_lost(n_calls);
	mailbox_free(box);
	replies_wipe(&replies);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static bool is_set_up;
	struct peer_step s;
	size_t before;

	if (!is_set_up)
		FUZZ_CHECK(random_start() == 0);
	is_set_up = true;
	before = peer_descriptors();
	start();
	while (peer_next(&p, &n, &s)) {
		if (s.op >= PEER_DOES)
			do_something(&s);
		else
			say(&s);
		mailbox_on_readable(box);
	}
	end();
	FUZZ_CHECK(peer_descriptors() == before);
	return 0;
}
