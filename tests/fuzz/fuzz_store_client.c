#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/random.h"
#include "fuzz.h"
#include "peer.h"
#include "sign/sign.h"
#include "store/store.h"
#include "wire/wire.h"

/*
 * A store that was taken over, against front's side of the socket, while
 * uploads in every state are open. The steps of the input (peer.h) are what
 * store says, and what front does. Each question is answered once or never,
 * each descriptor has one owner, and no schedule is believed but the one that was signed.
 */
#define CALLS  24
#define ONION  "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwd.onion"
#define SERIAL 7

/* What front does, from PEER_DOES on. */
enum does {
	DOES_BEGIN = PEER_DOES,
	DOES_BEGIN_SIGNED_IN,
	DOES_COMMIT,
	DOES_ABORT,
	DOES_HEAR,      /* store reads what front has said */
	DOES_READ,      /* front looks although nothing came */
	DOES_RECONNECT, /* store is another process */
	DOES_CLOSE,     /* store is gone */
};

/* What a callback does: bits of the byte `how` of the step that began the upload. */
enum reaction { ABORTS = 1, COMMITS = 2, BEGINS = 4, KEEPS = 8 };

struct upload {
	enum { UNUSED, ASKED, OPEN, COMMITTING, OVER } state;
	uint32_t ref;
	uint8_t reacts;
	int fd;
};

static struct sign_key root;
static struct buf text, sig; /* the schedule that root has signed */
static struct store *store;
static struct upload uploads[CALLS];
static size_t n_uploads;
static bool is_connected;
static bool is_closing; /* in a callback that says so, maybe before on_gone */
static int peer;

static void
sign_schedule(void)
{
	struct schedule_epoch epoch = {.number = 1, .start = 20000, .end = 20300, .recipient = {9}};
	struct schedule s = {.serial = SERIAL, .n_inboxes = 1, .epochs = &epoch, .n_epochs = 1};
	char comment[200];

	strcpy(s.instance, ONION);
	strcpy(s.inboxes[0].name, "tips");
	strcpy(s.inboxes[0].title, "Tips");
	s.issued = epoch.start;
	buf_init(&text, LIMIT_SCHEDULE);
	buf_init(&sig, LIMIT_SIGNATURE);
	FUZZ_CHECK(schedule_format(&s, &text) == ERR_OK);
	FUZZ_CHECK(schedule_comment(&s, comment, sizeof comment) == ERR_OK);
	FUZZ_CHECK(sign_message(&root, text.p, text.len, comment, &sig) == ERR_OK);
}

static void
set_up(void)
{
	FUZZ_CHECK(random_start() == 0);
	sign_key_new(&root);
	sign_schedule();
}

/* ---- what front does */

static void on_begun(void *ctx, enum err e, int fd);
static void on_committed(void *ctx, enum err e);

static void
begin(uint8_t reacts, bool is_signed_in)
{
	struct upload *u = &uploads[n_uploads];
	enum err e;
	size_t i;

	if (n_uploads == CALLS)
		return;
	*u = (struct upload){.reacts = reacts, .fd = -1};
	e = is_signed_in ? store_begin_signed_in(store, 1000, on_begun, u, &u->ref)
			 : store_begin(store, 1000, on_begun, u, &u->ref);
	FUZZ_CHECK(e == (is_connected ? ERR_OK : ERR_CLOSED) || (is_closing && e == ERR_CLOSED));
	if (e != ERR_OK)
		return;
	FUZZ_CHECK(u->ref != 0);
	for (i = 0; i < n_uploads; i++)
		FUZZ_CHECK(uploads[i].ref != u->ref);
	u->state = ASKED;
	n_uploads++;
}

static void
commit(struct upload *u)
{
	static const struct store_item item = {.id = "00112233445566778899aabbccddeeff",
	    .inbox = "tips",
	    .epoch = 1,
	    .serial = SERIAL,
	    .size = 1};
	enum err e = store_commit(store, u->ref, &item, on_committed, u);

	if (!is_connected || u->state == OVER)
		FUZZ_CHECK(e == ERR_CLOSED || e == ERR_STATE);
	else if (u->state == OPEN)
		FUZZ_CHECK(e == ERR_OK);
	else
		FUZZ_CHECK(e == ERR_STATE);
	if (e == ERR_OK)
		u->state = COMMITTING;
}

static void
give_up(struct upload *u)
{
	store_abort(store, u->ref);
	u->state = OVER;
}

static void
react(struct upload *u, enum err e)
{
	is_closing = e == ERR_CLOSED;
	if ((u->reacts & COMMITS) != 0)
		commit(u);
	if ((u->reacts & ABORTS) != 0)
		give_up(u);
	if ((u->reacts & BEGINS) != 0)
		begin(u->reacts & (ABORTS | COMMITS), false);
	is_closing = false;
}

/* ---- what front is told */

static void
on_begun(void *ctx, enum err e, int fd)
{
	struct upload *u = ctx;

	FUZZ_CHECK(u->state == ASKED);
	FUZZ_CHECK((e == ERR_OK) == (fd != -1));
	FUZZ_CHECK(fd == -1 || (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	u->state = e == ERR_OK ? OPEN : OVER;
	if ((u->reacts & KEEPS) != 0)
		u->fd = fd;
	else
		io_close(&fd);
	react(u, e);
}

static void
on_committed(void *ctx, enum err e)
{
	struct upload *u = ctx;

	FUZZ_CHECK(u->state == COMMITTING && e <= ERR_USAGE);
	u->state = OVER;
	react(u, e);
}

static void
on_schedule(void *ctx, enum err why, const struct schedule *s, const struct buf *words,
    const struct buf *signature, int32_t today)
{
	(void)ctx;
	(void)today;
	FUZZ_CHECK((why == ERR_OK) == (s != NULL) && why <= ERR_USAGE);
	FUZZ_CHECK((words == NULL) == (s == NULL) && (signature == NULL) == (s == NULL));
	if (s == NULL)
		return;
	FUZZ_CHECK(s->serial == SERIAL && words->len == text.len);
	FUZZ_CHECK(memcmp(words->p, text.p, text.len) == 0);
	FUZZ_CHECK(signature->len <= LIMIT_SIGNATURE);
}

static void
on_room(void *ctx, uint64_t bytes, bool is_writable)
{
	(void)ctx;
	(void)bytes;
	(void)is_writable;
}

/* Whoever waited has been told before. */
static void
on_gone(void *ctx)
{
	size_t i;

	(void)ctx;
	FUZZ_CHECK(is_connected);
	is_connected = false;
	for (i = 0; i < n_uploads; i++) {
		FUZZ_CHECK(uploads[i].state != ASKED && uploads[i].state != COMMITTING);
		uploads[i].state = OVER;
	}
	begin(0, false);
}

/* ---- steps */

static void
reconnect(void)
{
	int ends[2];

	peer_pair(ends);
	io_close(&peer);
	peer = ends[1];
	FUZZ_CHECK(store_reconnect(store, ends[0]) == ERR_OK);
	FUZZ_CHECK(!is_connected);
	is_connected = true;
}

static void
do_something(const struct peer_step *s)
{
	struct upload *u = s->ref < n_uploads ? &uploads[s->ref] : NULL;

	switch ((enum does)s->op) {
	case DOES_BEGIN: begin(s->err, false); break;
	case DOES_BEGIN_SIGNED_IN: begin(s->err, true); break;
	case DOES_COMMIT:
		if (u != NULL)
			commit(u);
		break;
	case DOES_ABORT:
		if (u != NULL)
			give_up(u);
		break;
	case DOES_HEAR:
		if (peer != -1)
			FUZZ_CHECK(peer_hear(peer, ROLE_FRONT, ROLE_STORE) == 0);
		break;
	case DOES_READ: break;
	case DOES_RECONNECT: reconnect(); break;
	case DOES_CLOSE: io_close(&peer); break;
	}
}

/* The true schedule; its signature, too, if the step wants it. */
static void
say_schedule(struct peer_step *s, uint32_t ref)
{
	uint8_t body[sizeof(struct op_schedule) + LIMIT_SIGNATURE];
	struct op_schedule head = {.today = 20100, .sig_len = (uint32_t)sig.len};
	int fd = -1;

	FUZZ_CHECK(wire_memfd(text.p, text.len, &fd) == ERR_OK);
	memcpy(body, &head, sizeof head);
	memcpy(body + sizeof head, sig.p, sig.len);
	if (s->fd == PEER_TRUE) {
		s->body = body;
		s->len = s->has = sizeof head + sig.len;
	}
	peer_say(peer, s, ref, fd);
}

/* A reference is an upload's, as front has given it, or a number. */
static void
say(struct peer_step *s)
{
	uint32_t ref = s->ref < n_uploads ? uploads[s->ref].ref : s->ref;

	if (peer == -1)
		return;
	if (s->fd == PEER_OWN || s->fd == PEER_TRUE)
		say_schedule(s, ref);
	else
		peer_say(peer, s, ref, peer_open(s));
}

static void
start(void)
{
	const struct store_events events = {NULL, on_schedule, on_room, on_gone};
	int ends[2];

	n_uploads = 0;
	peer_pair(ends);
	peer = ends[1];
	is_connected = true;
	FUZZ_CHECK(store_new(ends[0], &root.public, &events, &store) == ERR_OK);
}

/* Nobody waits when store is gone; front lets go of what it has. */
static void
end(void)
{
	size_t i;

	io_close(&peer);
	if (is_connected)
		store_on_readable(store);
	FUZZ_CHECK(!is_connected);
	for (i = 0; i < n_uploads; i++) {
		FUZZ_CHECK(uploads[i].state == OVER);
		io_close(&uploads[i].fd);
	}
	store_free(store);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct peer_step s;
	size_t before;

	if (text.p == NULL)
		set_up();
	before = peer_descriptors();
	start();
	while (peer_next(&p, &n, &s)) {
		if (s.op >= PEER_DOES)
			do_something(&s);
		else
			say(&s);
		store_on_readable(store);
	}
	end();
	FUZZ_CHECK(peer_descriptors() == before);
	return 0;
}
