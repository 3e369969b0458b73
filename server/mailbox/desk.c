#include "desk.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/random.h"
#include "mailbox/deriver.h"
#include "mailbox/desk_replies.h"
#include "mailbox/session.h"
#include "mailbox/uploads.h"
#include "open/secret.h"

_Static_assert(OP_TOKEN_LEN == SESSION_TOKEN_LEN, "one form of token");
_Static_assert(CODENAME_TEXT_MAX <= sizeof((struct op_session_is){0}.codename), "a codename fits");

struct desk {
	struct deriver *deriver;
	struct session_table *sessions;
	struct uploads *uploads;
	struct desk_lines lines;
	struct desk_replies replies;
	uint8_t form_secret[32]; /* as long as this process lives */
};

static void
answer(struct desk *d, enum op op, uint32_t ref, enum err e, const void *body, size_t len)
{
	d->lines.to_front(d->lines.ctx, op, ref, e, body, len);
}

/* ---- sign-in */

/*
 * The same for every session of a mailbox: whoever wrote until the session was over can sign in in
 * another tab, and the form that is still open works again (keys/FORMATS.md section 5).
 */
static void
derive_form_key(const struct desk *d, struct session_data *s)
{
	static const char label[] = "sealslot form key 1";
	struct hash h;

	hash_init(&h, sizeof s->form_key);
	hash_put(&h, label, sizeof label);
	hash_put(&h, d->form_secret, sizeof d->form_secret);
	hash_put(&h, s->keys.reply_sk, sizeof s->keys.reply_sk);
	hash_finish(&h, s->form_key);
}

/* Opens a session for keys and tells front its token. */
static void
answer_session(struct desk *d, uint32_t ref, struct session_data *s)
{
	struct op_session body = {0};
	enum err e;

	derive_form_key(d, s);
	e = session_open(d->sessions, s, clock_mono_ms(), body.token);
	answer(d, OP_SESSION, ref, e, &body, sizeof body);
	explicit_bzero(&body, sizeof body);
}

static void
on_signed_in(void *ctx, uint32_t ref, enum err e, const struct codename_keys *keys)
{
	const struct op_session none = {0};
	struct session_data s = {0};
	struct desk *d = ctx;

	if (e != ERR_OK) {
		answer(d, OP_SESSION, ref, ERR_BUSY, &none, sizeof none);
		return;
	}
	s.keys = *keys;
	answer_session(d, ref, &s);
	explicit_bzero(&s, sizeof s);
}

static void
sign_in(struct desk *d, const struct wire_msg *m)
{
	struct codename_fault fault = {0};
	struct op_session body = {0};
	struct codename c = {0};
	enum err e;

	e = codename_parse(&c, (const char *)m->body, m->len, &fault);
	if (e == ERR_OK) {
		e = deriver_sign_in(d->deriver, m->ref, &c, clock_mono_ms());
	} else {
		body.fault = (uint32_t)fault.why;
		body.word = fault.word;
	}
	explicit_bzero(&c, sizeof c);
	if (e != ERR_OK)
		answer(d, OP_SESSION, m->ref, e, &body, sizeof body);
}

/* ---- sessions */

static enum err
use(struct desk *d, const char *token, struct session_data *s)
{
	size_t len = strnlen(token, OP_TOKEN_LEN + 1);

	return session_use(d->sessions, token, len, clock_mono_ms(), s);
}

static void
look(struct desk *d, const struct wire_msg *m)
{
	const struct op_token *t = (const void *)m->body;
	struct op_session_is body = {0};
	struct session_data s = {0};
	enum err e;

	if ((e = use(d, t->token, &s)) == ERR_OK) {
		if (s.codename.letters[0] != '\0')
			codename_format(body.codename, &s.codename);
		memcpy(body.form_key, s.form_key, sizeof body.form_key);
	}
	answer(d, OP_SESSION_IS, m->ref, e, &body, sizeof body);
	explicit_bzero(&s, sizeof s);
	explicit_bzero(&body, sizeof body);
}

static void
sign_out(struct desk *d, const struct wire_msg *m)
{
	const struct op_token *t = (const void *)m->body;

	session_close(d->sessions, t->token, strnlen(t->token, OP_TOKEN_LEN + 1));
}

/* ---- uploads */

static void
answer_name(struct desk *d, uint32_t ref, const struct codename_keys *keys)
{
	struct op_name body;

	memcpy(body.mailbox, keys->mailbox, sizeof body.mailbox);
	memcpy(body.reply_to, keys->reply_pk, sizeof body.reply_to);
	answer(d, OP_NAME, ref, ERR_OK, &body, sizeof body);
}

/* A fresh codename for an upload; ERR_AGAIN while the pool is empty. */
static enum err
give_fresh(struct desk *d, uint32_t ref)
{
	struct deriver_fresh f = {0};
	enum err e;

	if ((e = deriver_take(d->deriver, &f)) != ERR_OK)
		return e;
	if ((e = uploads_add(d->uploads, ref, &f.keys, &f.name)) == ERR_OK)
		answer_name(d, ref, &f.keys);
	explicit_bzero(&f, sizeof f);
	return e;
}

static void
take_for_session(struct desk *d, const struct wire_msg *m)
{
	const struct op_token *t = (const void *)m->body;
	struct session_data s = {0};
	enum err e;

	if ((e = use(d, t->token, &s)) == ERR_OK &&
	    (e = uploads_add(d->uploads, m->ref, &s.keys, NULL)) == ERR_OK)
		answer_name(d, m->ref, &s.keys);
	else
		answer(d, OP_NAME, m->ref, e, NULL, 0);
	explicit_bzero(&s, sizeof s);
}

static void
take_name(struct desk *d, const struct wire_msg *m)
{
	enum err e;

	if (m->len == sizeof(struct op_token)) {
		take_for_session(d, m);
		return;
	}
	e = m->len == 0 ? give_fresh(d, m->ref) : ERR_FORMAT;
	if (e == ERR_AGAIN)
		e = uploads_wait(d->uploads, m->ref, clock_mono_ms());
	if (e != ERR_OK)
		answer(d, OP_NAME, m->ref, e, NULL, 0);
}

/* Committed: the codename becomes a session that can show the receipt. Who was signed in keeps the
 * session. */
static void
issue_name(struct desk *d, const struct wire_msg *m)
{
	const struct op_session none = {0};
	struct session_data s = {0};
	enum err e;

	e = uploads_take(d->uploads, m->ref, &s.keys, &s.codename);
	if (e == ERR_OK && s.codename.letters[0] != '\0')
		answer_session(d, m->ref, &s);
	else
		answer(d, OP_SESSION, m->ref, e, &none, sizeof none);
	explicit_bzero(&s, sizeof s);
}

/*
 * It never came to the store, and was never shown: the next upload may have it. uploads_take moves
 * it, so that giving back twice, or issuing what was given back, finds nothing.
 */
static void
give_back(struct desk *d, uint32_t ref)
{
	struct deriver_fresh f = {0};

	if (uploads_take(d->uploads, ref, &f.keys, &f.name) != ERR_OK)
		uploads_drop(d->uploads, ref); /* it may wait for one still */
	else if (f.name.letters[0] != '\0')
		deriver_give_back(d->deriver, &f);
	explicit_bzero(&f, sizeof f);
}

/* Who waited for a codename gets one as soon as there is one. */
static void
serve_waiting(struct desk *d)
{
	uint32_t ref;

	while (uploads_waiting(d->uploads, &ref) && give_fresh(d, ref) == ERR_OK)
		continue;
}

/* ---- what comes in. The table of wire/op.c has let it through. */

static const struct {
	enum op op;
	void (*handle)(struct desk *d, const struct wire_msg *m);
} from_front[] = {
    {OP_NAME_TAKE, take_name},
    {OP_NAME_ISSUE, issue_name},
    {OP_SIGN_IN, sign_in},
    {OP_LOOK, look},
    {OP_SIGN_OUT, sign_out},
};

void
desk_from_front(struct desk *d, const struct wire_msg *m)
{
	size_t i;

	for (i = 0; i < sizeof from_front / sizeof *from_front; i++)
		if (m->op == (uint32_t)from_front[i].op)
			from_front[i].handle(d, m);
	if (m->op == OP_NAME_DROP)
		uploads_drop(d->uploads, m->ref);
	if (m->op == OP_NAME_GIVE_BACK)
		give_back(d, m->ref);
	if (m->op == OP_READ)
		desk_replies_read(&d->replies, m);
	if (m->op == OP_READ_MORE)
		desk_replies_read_more(&d->replies, m->ref);
	if (m->op == OP_REMOVE)
		desk_replies_remove(&d->replies, m);
}

void
desk_from_store(struct desk *d, const struct wire_msg *m)
{
	desk_replies_from_store(&d->replies, m);
}

void
desk_front_lost(struct desk *d)
{
	uploads_clear(d->uploads);
	desk_replies_clear(&d->replies);
	/* The next front counts its refs from the start, too: a late answer would give one source's
	 * session to another. */
	deriver_forget_sign_ins(d->deriver);
}

void
desk_store_lost(struct desk *d)
{
	desk_replies_store_lost(&d->replies);
}

int
desk_fd(const struct desk *d)
{
	return deriver_fd(d->deriver);
}

void
desk_on_ready(struct desk *d)
{
	deriver_on_readable(d->deriver);
	serve_waiting(d);
}

int64_t
desk_tick(struct desk *d)
{
	int64_t now = clock_mono_ms(), next = session_sweep(d->sessions, now);
	uint32_t ref;

	while (uploads_overdue(d->uploads, now, &ref))
		answer(d, OP_NAME, ref, ERR_BUSY, NULL, 0);
	desk_replies_sweep(&d->replies, now);
	if (deriver_sweep(d->deriver, now) || uploads_waiting(d->uploads, &ref) ||
	    desk_replies_count(&d->replies) > 0)
		return 1000;
	return next;
}

enum err
desk_new(unsigned workers, size_t at_once, const char *instance, const struct desk_lines *lines,
    struct desk **out)
{
	struct deriver_events events = {.signed_in = on_signed_in};
	struct desk *d = secret_new(sizeof *d);
	enum err e;

	if (d == NULL)
		return ERR_NOMEM;
	d->lines = *lines;
	random_bytes(d->form_secret, sizeof d->form_secret);
	events.ctx = d;
	if ((e = session_table_new(&d->sessions)) != ERR_OK ||
	    (e = uploads_new(&d->uploads)) != ERR_OK ||
	    (e = desk_replies_init(&d->replies, &d->lines, d->sessions)) != ERR_OK ||
	    (e = deriver_new(workers, at_once, instance, &events, &d->deriver)) != ERR_OK)
		desk_free(d);
	else
		*out = d;
	return e;
}

void
desk_free(struct desk *d)
{
	if (d == NULL)
		return;
	deriver_free(d->deriver);
	session_table_free(d->sessions);
	uploads_free(d->uploads);
	desk_replies_wipe(&d->replies);
	secret_free(d);
}
