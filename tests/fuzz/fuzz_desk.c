#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/random.h"
#include "desk_book.h"
#include "desk_true.h"
#include "fuzz.h"
#include "mailbox/desk.h"
#include "peer.h"

/*
 * A front and a store that were taken over, against the mailbox. The steps of
 * the input (peer.h) are what either says. Tokens, codenames and sealed replies
 * can't be guessed: PEER_OWN and PEER_TRUE put them in (desk_true.c). What is
 * asked is answered once, what isn't asked never; a codename is one upload's or
 * one session's, a session stays its mailbox's, and a reply comes to its reader
 * only (desk_book.c).
 */
#define INSTANCE "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwd.onion"
#define STORES   0x80 /* this bit of op: store says it */
#define POOL     6
#define TURNS    60 /* of a second; a machine that stands still uses up one */

/* What happens beside messages, from PEER_DOES on. */
enum does {
	DOES_ANSWER = PEER_DOES, /* until no Argon2id is under way */
	DOES_LOSE_FRONT,
	DOES_LOSE_STORE,
	DOES_PASS_TIME, /* ref: seconds */
};

static int front[2] = {-1, -1}, store[2] = {-1, -1}; /* the mailbox's end, the peer's */
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

/* ---- what the mailbox says */

static void
to_front(void *ctx, enum op op, uint32_t ref, enum err e, const void *body, size_t len)
{
	struct wire_msg m = {
	    .op = op, .ref = ref, .len = (uint32_t)len, .err = (int32_t)e, .fd = -1};

	(void)ctx;
	desk_book_to_front(&m, body);
	if (front[0] != -1)
		(void)!wire_send(front[0], op, ref, e, body, len, -1);
}

static enum err
to_store(void *ctx, enum op op, uint32_t ref, const void *body, size_t len)
{
	struct wire_msg m = {.op = op, .ref = ref, .len = (uint32_t)len, .fd = -1};
	enum err e = ERR_CLOSED;

	(void)ctx;
	desk_book_to_store(&m);
	if (store[0] != -1)
		e = wire_send(store[0], op, ref, ERR_OK, body, len, -1);
	if (e == ERR_OK)
		desk_book_asked_store(&m, body);
	return e;
}

/* ---- what they say */

static void
lose_front(void)
{
	io_close(&front[0]);
	io_close(&front[1]);
	desk_front_lost(desk_book.desk);
	memset(desk_book.refs, 0, sizeof desk_book.refs);
}

static void
lose_store(void)
{
	size_t i;

	io_close(&store[0]);
	io_close(&store[1]);
	desk_store_lost(desk_book.desk);
	for (i = 0; i < DESK_BOOK_REFS; i++)
		FUZZ_CHECK(!desk_book.refs[i].waits_for_store);
	desk_book.n_removals = 0;
}

/* As service.c does it. */
static void
read_front(void)
{
	struct wire_msg m;
	enum err e = ERR_AGAIN;

	while (
	    front[0] != -1 && (e = wire_recv(front[0], ROLE_FRONT, ROLE_MAILBOX, &m)) == ERR_OK) {
		desk_book_say(&m);
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
		desk_book.n_removals += m.op == OP_REPLIES_REMOVED &&
					desk_book.n_removals == 0; /* it isn't counted there */
		desk_from_store(desk_book.desk, &m);
		io_close(&m.fd);
	}
	if (e != ERR_AGAIN)
		lose_store();
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
			peer_say(store[1], s, s->ref, is_own ? desk_true_reply(s) : peer_open(s));
	} else {
		if (is_own)
			desk_true_fill_in(s, body);
		if (front[1] != -1)
			peer_say(front[1], s, s->ref, peer_open(s));
	}
}

static bool
is_somebody_waiting(void)
{
	size_t i;

	for (i = 0; i < DESK_BOOK_REFS; i++)
		if (desk_book.refs[i].sign_ins > 0 || desk_book.refs[i].waits_for_name)
			return true;
	return false;
}

/* Nobody is forgotten. */
static void
answer_all(void)
{
	struct pollfd p = {.fd = desk_fd(desk_book.desk), .events = POLLIN};
	int turns = 0;

	desk_on_ready(desk_book.desk);
	while (is_somebody_waiting()) {
		turns += poll(&p, 1, 1000) == 0;
		FUZZ_CHECK(turns < TURNS);
		desk_on_ready(desk_book.desk);
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
		(void)!desk_tick(desk_book.desk);
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
	const struct desk_book_session *s;

	for (; desk_book.n_sessions > 0; desk_book.n_sessions--) {
		s = &desk_book.sessions[desk_book.n_sessions - 1];
		desk_book.refs[0].has_name = false;
		desk_book_ask(OP_NAME_DROP, s->token, 0);
		desk_book_ask(OP_NAME_TAKE, s->token, 0);
		if (desk_book.answered == ERR_OK && memcmp(s->mailbox, unknown, HASH_LEN) != 0)
			FUZZ_CHECK(
			    memcmp(desk_book.refs[0].name.mailbox, s->mailbox, HASH_LEN) == 0);
		desk_book_ask(OP_SIGN_OUT, s->token, 0);
		desk_book_ask(OP_LOOK, s->token, 0);
		FUZZ_CHECK(desk_book.answered == ERR_NOTFOUND);
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
	FUZZ_CHECK(desk_tick(desk_book.desk) == -1);
}

static void
set_up(void)
{
	const struct desk_lines lines = {NULL, to_front, to_store};

	FUZZ_CHECK(random_start() == 0);
	FUZZ_CHECK(desk_new(1, POOL, INSTANCE, &lines, &desk_book.desk) == ERR_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct peer_step s;
	size_t before;

	if (desk_book.desk == NULL)
		set_up();
	before = peer_descriptors();
	while (peer_next(&p, &n, &s)) {
		connect_both();
		desk_book.typed = NULL;
		if (s.op >= PEER_DOES)
			do_something(&s);
		else
			say(&s);
		read_front();
		read_store();
		desk_on_ready(desk_book.desk);
		listen_to_mailbox();
	}
	end();
	FUZZ_CHECK(peer_descriptors() == before);
	return 0;
}
