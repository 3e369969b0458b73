#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/text.h"
#include "carry/reply.h"
#include "fuzz.h"
#include "mailbox/desk.h"
#include "open/identity.h"
#include "peer.h"

/*
 * A front and a store that were taken over, against the mailbox. The steps of
 * the input (peer.h) are what either says. Tokens, codenames and sealed replies
 * can't be guessed: PEER_OWN and PEER_TRUE put them in. What is asked is
 * answered once, what isn't asked never; a codename is one upload's or one
 * session's, a session stays its mailbox's, and a reply comes to its reader only.
 */
#define INSTANCE "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwd.onion"
#define STORES   0x80 /* this bit of op: store says it */
#define REFS     256
#define SESSIONS 32
#define POOL     6
#define TURNS    60 /* of a second; a machine that stands still uses up one */

/* What happens beside messages, from PEER_DOES on. */
enum does {
	DOES_ANSWER = PEER_DOES, /* until no Argon2id is under way */
	DOES_LOSE_FRONT,
	DOES_LOSE_STORE,
	DOES_PASS_TIME, /* ref: seconds */
};

struct session {
	char token[OP_TOKEN_LEN + 1];
	uint8_t mailbox[HASH_LEN]; /* all zero: unknown */
};

/* What front knows of one of its numbers. */
struct ref {
	bool has_name, is_fresh, waits_for_name;
	struct op_name name;
	unsigned sign_ins;            /* that aren't answered yet */
	uint8_t signs_into[HASH_LEN]; /* what the only one of them must open, all zero: unknown */
	bool waits_for_store;         /* its replies were asked for */
	uint8_t reads[HASH_LEN];
};

static struct desk *desk;
static struct ref refs[REFS];
static struct session sessions[SESSIONS];
static size_t n_sessions, n_removals;
static struct op_session_is seen;                    /* the answer to the last OP_LOOK */
static int front[2] = {-1, -1}, store[2] = {-1, -1}; /* the mailbox's end, the peer's */
static const struct wire_msg *now; /* what front has just said; NULL: something else happens */
static const uint8_t *typed;       /* the mailbox of the codename in it */
static unsigned answers;           /* to it */
static enum err answered;
static int64_t ms = 1000000;

/* ---- time and Argon2id are the input's, and cost nothing */

int
clock_start(void)
{
	return 0;
}

int64_t
clock_now(void)
{
	return ms / 1000;
}

int32_t
clock_today(void)
{
	return 20000;
}

int64_t
clock_mono_ms(void)
{
	return ms;
}

int crypto_pwhash(unsigned char *out, unsigned long long n, const char *secret,
    unsigned long long secret_len, const unsigned char *salt, unsigned long long ops, size_t bytes,
    int algorithm);

int
crypto_pwhash(unsigned char *out, unsigned long long n, const char *secret,
    unsigned long long secret_len, const unsigned char *salt, unsigned long long ops, size_t bytes,
    int algorithm)
{
	struct hash h;

	(void)ops;
	(void)bytes;
	(void)algorithm;
	hash_init(&h, (size_t)n);
	hash_put(&h, salt, 16);
	hash_put(&h, secret, (size_t)secret_len);
	hash_finish(&h, out);
	return 0;
}

/* ---- what the mailbox says to front */

static void
on_name(struct ref *r, enum err e, const void *body, size_t len)
{
	bool is_late = now == NULL || now->op != OP_NAME_TAKE;
	size_t i;

	if (is_late)
		FUZZ_CHECK(r->waits_for_name);
	if (e != ERR_OK) {
		r->waits_for_name = r->waits_for_name && !is_late;
		return;
	}
	FUZZ_CHECK(len == sizeof r->name && !r->has_name);
	memcpy(&r->name, body, len);
	r->has_name = true;
	r->waits_for_name = false;
	r->is_fresh = is_late || now->len == 0;
	if (!r->is_fresh)
		return; /* take_sessions looks at it */
	for (i = 0; i < REFS; i++)
		FUZZ_CHECK(&refs[i] == r || !refs[i].has_name ||
			   memcmp(refs[i].name.mailbox, r->name.mailbox, HASH_LEN) != 0);
	for (i = 0; i < n_sessions; i++)
		FUZZ_CHECK(memcmp(sessions[i].mailbox, r->name.mailbox, HASH_LEN) != 0);
}

static void
add_session(const struct op_session *s, const uint8_t mailbox[static HASH_LEN])
{
	if (n_sessions == SESSIONS)
		return;
	memcpy(sessions[n_sessions].token, s->token, sizeof s->token);
	memcpy(sessions[n_sessions].mailbox, mailbox, HASH_LEN);
	n_sessions++;
}

static void
on_session(struct ref *r, enum err e, const void *body)
{
	const struct op_session *s = body;
	bool is_issue = now != NULL && now->op == OP_NAME_ISSUE;

	if (now == NULL)
		FUZZ_CHECK(r->sign_ins-- > 0);
	else
		FUZZ_CHECK(is_issue || (now->op == OP_SIGN_IN && e != ERR_OK));
	FUZZ_CHECK(memchr(s->token, '\0', sizeof s->token) != NULL);
	/* Who was signed in keeps the session. */
	FUZZ_CHECK((s->token[0] != '\0') == (e == ERR_OK && (!is_issue || r->is_fresh)));
	if (is_issue)
		FUZZ_CHECK((e == ERR_OK) == r->has_name);
	if (s->token[0] != '\0')
		add_session(s, is_issue ? r->name.mailbox : r->signs_into);
	if (is_issue)
		r->has_name = r->is_fresh = false;
}

/* Each reply says whose it is. */
static void
on_text(struct ref *r, const uint8_t *body, size_t len)
{
	char whose[HASH_HEX_LEN + 1];

	if (now == NULL) {
		FUZZ_CHECK(r->waits_for_store);
		r->waits_for_store = false;
	} else {
		FUZZ_CHECK(now->op == OP_READ || now->op == OP_READ_MORE);
	}
	if (len == 0)
		return;
	text_hex(whose, r->reads, HASH_LEN);
	FUZZ_CHECK(len == sizeof(struct op_text) + HASH_HEX_LEN);
	FUZZ_CHECK(memcmp(body + sizeof(struct op_text), whose, HASH_HEX_LEN) == 0);
}

static void
to_front(void *ctx, enum op op, uint32_t ref, enum err e, const void *body, size_t len)
{
	struct wire_msg m = {
	    .op = op, .ref = ref, .len = (uint32_t)len, .err = (int32_t)e, .fd = -1};
	struct ref *r = &refs[ref];

	(void)ctx;
	FUZZ_CHECK(wire_check(ROLE_MAILBOX, ROLE_FRONT, &m) == ERR_OK && ref < REFS);
	FUZZ_CHECK(now == NULL || now->ref == ref);
	answers++;
	answered = e;
	switch ((int)op) {
	case OP_NAME: on_name(r, e, body, len); break;
	case OP_SESSION: on_session(r, e, body); break;
	case OP_SESSION_IS:
		FUZZ_CHECK(now->op == OP_LOOK);
		memcpy(&seen, body, sizeof seen);
		FUZZ_CHECK(memchr(seen.codename, '\0', sizeof seen.codename) != NULL);
		break;
	case OP_TEXT: on_text(r, body, len); break;
	case OP_REMOVED: FUZZ_CHECK(now != NULL || n_removals-- > 0); break;
	}
	if (front[0] != -1)
		(void)!wire_send(front[0], op, ref, e, body, len, -1);
}

/* ---- what it says to store */

static enum err
to_store(void *ctx, enum op op, uint32_t ref, const void *body, size_t len)
{
	struct wire_msg m = {.op = op, .ref = ref, .len = (uint32_t)len, .fd = -1};
	enum err e = ERR_CLOSED;

	(void)ctx;
	FUZZ_CHECK(wire_check(ROLE_MAILBOX, ROLE_STORE, &m) == ERR_OK);
	FUZZ_CHECK(now != NULL && now->ref == ref);
	FUZZ_CHECK(now->op == (op == OP_REPLIES_GET ? OP_READ : OP_REMOVE));
	if (store[0] != -1)
		e = wire_send(store[0], op, ref, ERR_OK, body, len, -1);
	if (e == ERR_OK && op == OP_REPLIES_REMOVE)
		n_removals++;
	if (e != ERR_OK || op == OP_REPLIES_REMOVE)
		return e;
	FUZZ_CHECK(!refs[ref].waits_for_store);
	refs[ref].waits_for_store = true;
	memcpy(refs[ref].reads, body, HASH_LEN);
	return ERR_OK;
}

/* ---- what they say */

static void
lose_front(void)
{
	io_close(&front[0]);
	io_close(&front[1]);
	desk_front_lost(desk);
	memset(refs, 0, sizeof refs);
}

static void
lose_store(void)
{
	size_t i;

	io_close(&store[0]);
	io_close(&store[1]);
	desk_store_lost(desk);
	for (i = 0; i < REFS; i++)
		FUZZ_CHECK(!refs[i].waits_for_store);
	n_removals = 0;
}

static void
note_sign_in(struct ref *r)
{
	if (r->sign_ins++ > 0 || typed == NULL)
		memset(r->signs_into, 0, HASH_LEN);
	else
		memcpy(r->signs_into, typed, HASH_LEN);
}

/* Whoever takes, or gives up, what it hasn't got yet doesn't wait any more. */
static void
note(const struct wire_msg *m)
{
	struct ref *r = &refs[m->ref];

	switch ((int)m->op) {
	case OP_NAME_TAKE: r->waits_for_name = r->waits_for_name || answers == 0; break;
	case OP_SIGN_IN:
		if (answers == 0)
			note_sign_in(r);
		break;
	case OP_NAME_DROP:
	case OP_NAME_GIVE_BACK: r->has_name = r->waits_for_name = false; break;
	case OP_READ: FUZZ_CHECK(answers == 1 || r->waits_for_store); break;
	case OP_REMOVE: break;
	case OP_SIGN_OUT: FUZZ_CHECK(answers == 0); break;
	default: FUZZ_CHECK(answers == 1);
	}
	FUZZ_CHECK(answers <= 1);
}

static void
hear_front(const struct wire_msg *m)
{
	now = m;
	answers = 0;
	desk_from_front(desk, m);
	note(m);
	now = NULL;
}

/* As service.c does it. */
static void
read_front(void)
{
	struct wire_msg m;
	enum err e = ERR_AGAIN;

	while (
	    front[0] != -1 && (e = wire_recv(front[0], ROLE_FRONT, ROLE_MAILBOX, &m)) == ERR_OK) {
		hear_front(&m);
		io_close(&m.fd);
	}
	if (e != ERR_AGAIN)
		lose_front();
}

static void
read_store(void)
{
	struct wire_msg m;
	enum err e = ERR_AGAIN;

	while (
	    store[0] != -1 && (e = wire_recv(store[0], ROLE_STORE, ROLE_MAILBOX, &m)) == ERR_OK) {
		n_removals +=
		    m.op == OP_REPLIES_REMOVED && n_removals == 0; /* it isn't counted there */
		desk_from_store(desk, &m);
		io_close(&m.fd);
	}
	if (e != ERR_AGAIN)
		lose_store();
}

/* ---- what can't be guessed */

static const struct session *
pick_session(const struct peer_step *s)
{
	static const struct session none = {.token = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq"};

	return n_sessions == 0 ? &none
			       : &sessions[(s->content_len > 0 ? s->content[0] : 0) % n_sessions];
}

static void
ask(uint32_t op, const char *token, uint32_t ref)
{
	struct wire_msg m = {.op = op, .ref = ref, .len = sizeof(struct op_token), .fd = -1};

	memcpy(m.body, token, sizeof(struct op_token));
	hear_front(&m);
}

/* A token; with PEER_TRUE nothing but that, or the codename of its receipt. */
static void
fill_in(struct peer_step *s, uint8_t body[static WIRE_BODY_MAX])
{
	const struct session *session = pick_session(s);
	size_t len = s->has < WIRE_BODY_MAX ? s->has : WIRE_BODY_MAX;

	if (len > 0)
		memcpy(body, s->body, len);
	memcpy(body, session->token, sizeof session->token);
	s->body = body;
	if (s->fd == PEER_TRUE)
		len = s->op == OP_REMOVE ? sizeof(struct op_remove) : sizeof(struct op_token);
	if (s->fd == PEER_TRUE && s->op == OP_SIGN_IN) {
		ask(OP_LOOK, session->token, s->ref);
		len = strlen(seen.codename);
		memcpy(body, seen.codename, len);
		typed = session->mailbox;
	}
	s->len = s->has = len;
	s->fd = PEER_NO_FD;
}

static int
seal_reply(const struct op_name *name)
{
	char whose[HASH_HEX_LEN + 1];
	const struct reply reply = {20000, whose, HASH_HEX_LEN};
	struct op_reply_item head = {.id = "00112233445566778899aabbccddeeff"};
	struct buf plain, sealed, item;
	uint8_t to[1][AGE_KEY];
	int fd = -1;

	text_hex(whose, name->mailbox, HASH_LEN);
	memcpy(to[0], name->reply_to, AGE_KEY);
	buf_init(&plain, LIMIT_REPLY);
	buf_init(&sealed, LIMIT_REPLY);
	buf_init(&item, 2 * LIMIT_REPLY);
	FUZZ_CHECK(reply_format(&reply, &plain) == ERR_OK);
	FUZZ_CHECK(
	    identity_seal((const uint8_t(*)[AGE_KEY])to, 1, plain.p, plain.len, &sealed) == ERR_OK);
	head.size = (uint32_t)sealed.len;
	FUZZ_CHECK(buf_add(&item, &head, sizeof head) == ERR_OK);
	FUZZ_CHECK(buf_add(&item, sealed.p, sealed.len) == ERR_OK);
	FUZZ_CHECK(wire_memfd(item.p, item.len, &fd) == ERR_OK);
	buf_wipe(&plain);
	buf_wipe(&sealed);
	buf_wipe(&item);
	return fd;
}

/* To the name of an upload that the content says. */
static int
open_reply(const struct peer_step *s)
{
	const struct ref *r = &refs[s->content_len > 0 ? s->content[0] : 0];

	if (!r->has_name)
		return peer_open(&(struct peer_step){.fd = PEER_SEALED});
	return seal_reply(&r->name);
}

/* ---- steps */

static void
say(struct peer_step *s)
{
	uint8_t body[WIRE_BODY_MAX] = {0};
	bool is_own = s->fd == PEER_OWN || s->fd == PEER_TRUE;

	if ((s->op & STORES) != 0) {
		s->op &= (uint8_t)~STORES;
		if (store[1] != -1)
			peer_say(store[1], s, s->ref, is_own ? open_reply(s) : peer_open(s));
	} else {
		if (is_own)
			fill_in(s, body);
		if (front[1] != -1)
			peer_say(front[1], s, s->ref, peer_open(s));
	}
}

static bool
is_somebody_waiting(void)
{
	size_t i;

	for (i = 0; i < REFS; i++)
		if (refs[i].sign_ins > 0 || refs[i].waits_for_name)
			return true;
	return false;
}

/* Nobody is forgotten. */
static void
answer_all(void)
{
	struct pollfd p = {.fd = desk_fd(desk), .events = POLLIN};
	int turns = 0;

	desk_on_ready(desk);
	while (is_somebody_waiting()) {
		turns += poll(&p, 1, 1000) == 0;
		FUZZ_CHECK(turns < TURNS);
		desk_on_ready(desk);
	}
}

static void
connect_both(void)
{
	if (front[0] == -1)
		FUZZ_CHECK(wire_pair(front) == ERR_OK);
	if (store[0] == -1)
		FUZZ_CHECK(wire_pair(store) == ERR_OK);
}

static void
do_something(const struct peer_step *s)
{
	switch ((enum does)s->op) {
	case DOES_ANSWER: answer_all(); break;
	case DOES_LOSE_FRONT: lose_front(); break;
	case DOES_LOSE_STORE: lose_store(); break;
	case DOES_PASS_TIME:
		ms += s->ref * 1000;
		(void)!desk_tick(desk);
		break;
	}
}

/* Both are read to the end: their sockets take all that an input says in between. */
static void
listen_to_mailbox(void)
{
	struct wire_msg m;

	while (front[1] != -1 && wire_recv(front[1], ROLE_MAILBOX, ROLE_FRONT, &m) == ERR_OK)
		continue;
	while (store[1] != -1 && wire_recv(store[1], ROLE_MAILBOX, ROLE_STORE, &m) == ERR_OK)
		continue;
}

/* Each session is still that of its mailbox, and over when it is signed out. */
static void
end_sessions(void)
{
	static const uint8_t unknown[HASH_LEN];
	const struct session *s;

	for (; n_sessions > 0; n_sessions--) {
		s = &sessions[n_sessions - 1];
		refs[0].has_name = false;
		ask(OP_NAME_DROP, s->token, 0);
		ask(OP_NAME_TAKE, s->token, 0);
		if (answered == ERR_OK && memcmp(s->mailbox, unknown, HASH_LEN) != 0)
			FUZZ_CHECK(memcmp(refs[0].name.mailbox, s->mailbox, HASH_LEN) == 0);
		ask(OP_SIGN_OUT, s->token, 0);
		ask(OP_LOOK, s->token, 0);
		FUZZ_CHECK(answered == ERR_NOTFOUND);
	}
}

static void
end(void)
{
	answer_all();
	end_sessions();
	lose_front();
	lose_store();
	ms += LIMIT_SESSION_MS; /* those that found no place here */
	FUZZ_CHECK(desk_tick(desk) == -1);
}

static void
set_up(void)
{
	const struct desk_lines lines = {NULL, to_front, to_store};

	FUZZ_CHECK(random_start() == 0);
	FUZZ_CHECK(desk_new(1, POOL, INSTANCE, &lines, &desk) == ERR_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct peer_step s;
	size_t before;

	if (desk == NULL)
		set_up();
	before = peer_descriptors();
	while (peer_next(&p, &n, &s)) {
		connect_both();
		typed = NULL;
		if (s.op >= PEER_DOES)
			do_something(&s);
		else
			say(&s);
		read_front();
		read_store();
		desk_on_ready(desk);
		listen_to_mailbox();
	}
	end();
	FUZZ_CHECK(peer_descriptors() == before);
	return 0;
}
