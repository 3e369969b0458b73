#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/random.h"
#include "base/text.h"
#include "carry/answers.h"
#include "depot.h"
#include "fuzz.h"
#include "peer.h"
#include "sign/sign.h"
#include "store/admin_side.h"
#include "store/db_care.h"

/*
 * Verbs that were taken over, against the store's admin socket. The steps of
 * the input (peer.h) are what one of four admins says; what must be signed, or
 * agree with the index, PEER_OWN and PEER_TRUE put in. Each question has one
 * answer or ends the connection, what it says is for a terminal, one admin
 * exports at a time, and no submission goes unless the store was opened to be repaired.
 */
#define ADMINS 4
#define ITEMS  2
#define TODAY  20100
#define SIZE   12
#define SEALED "sealed bytes"

/* What happens beside messages, from PEER_DOES on. */
enum does {
	DOES_CONNECT = PEER_DOES, /* ref: which admin, anew */
	DOES_LEAVE,
	DOES_REPAIR, /* the store is one that was opened to be repaired */
};

static struct conf conf = {.max_upload = LIMIT_MIB, .max_in_flight = 6, .max_day = LIMIT_GIB};
static struct depot depot;
static struct committer *committer;
static struct front_side *front;
static struct admin_side *side;
static struct sign_key root, desk;
static struct buf text, sig; /* the schedule that is in force */
static struct op_export_item items[ITEMS];
static int peers[ADMINS];
static uint32_t n_answers; /* bundles of answers made */

/* ---- the calendar stands still */

int
clock_start(void)
{
	return 0;
}

int64_t
clock_now(void)
{
	return TODAY * 86400LL;
}

int32_t
clock_today(void)
{
	return TODAY;
}

int64_t
clock_mono_ms(void)
{
	return 1000;
}

/* ---- the store */

static void
describe_items(void)
{
	size_t i;

	for (i = 0; i < ITEMS; i++) {
		memset(items[i].id, (int)('1' + i), RANDOM_ID_LEN);
		strcpy(items[i].inbox, "tips");
		items[i].has_hash = 1;
		items[i].day = TODAY - 1;
		items[i].epoch = 1;
		items[i].size = SIZE;
		hash_256(items[i].hash, SEALED, SIZE);
	}
}

/* The same files and rows for each input, without a hash that is remembered. */
static void
put_items(void)
{
	char name[RANDOM_ID_LEN + sizeof ".damaged"];
	struct db_item row = {
	    .day = TODAY - 1, .inbox = "tips", .epoch = 1, .serial = 1, .size = SIZE};
	uint64_t rows, bytes;
	size_t i;
	int fd;

	for (i = 0; i < ITEMS; i++) {
		FUZZ_CHECK(text_unhex(row.id, DB_ID, items[i].id, RANDOM_ID_LEN) == ERR_OK);
		FUZZ_CHECK(db_forget(depot.db, row.id, 1) == ERR_OK);
		FUZZ_CHECK(db_add(depot.db, &row, 1) == ERR_OK);
		snprintf(name, sizeof name, "%.32s.damaged", items[i].id);
		unlinkat(depot.folder.items, name, 0);
		snprintf(name, sizeof name, "%.32s.age", items[i].id);
		unlinkat(depot.folder.items, name, 0);
		FUZZ_CHECK(io_create(depot.folder.items, name, 0400, &fd) == ERR_OK);
		FUZZ_CHECK(io_write_all(fd, SEALED, SIZE) == ERR_OK);
		io_close(&fd);
	}
	FUZZ_CHECK(db_totals(depot.db, &rows, &bytes) == ERR_OK);
	FUZZ_CHECK(rows == ITEMS && bytes == ITEMS * SIZE);
}

static void
check_items(void)
{
	char name[RANDOM_ID_LEN + sizeof ".age"];
	uint64_t rows, bytes;
	struct stat st;
	size_t i;

	FUZZ_CHECK(db_totals(depot.db, &rows, &bytes) == ERR_OK);
	FUZZ_CHECK(rows == ITEMS && bytes == ITEMS * SIZE);
	for (i = 0; i < ITEMS; i++) {
		snprintf(name, sizeof name, "%.32s.age", items[i].id);
		FUZZ_CHECK(fstatat(depot.folder.items, name, &st, AT_SYMLINK_NOFOLLOW) == 0);
		FUZZ_CHECK(S_ISREG(st.st_mode) && st.st_size == SIZE);
	}
}

static void
set_up(void)
{
	size_t i;

	fuzz_depot_new(&depot, &conf, &root);
	sign_key_new(&desk);
	fuzz_depot_publish(&depot, &root, TODAY - 10, &desk.public, &text, &sig);
	describe_items();
	FUZZ_CHECK(
	    committer_new(depot.folder.items, depot.db, &depot.db_lock, &committer) == ERR_OK);
	FUZZ_CHECK((front = calloc(1, sizeof *front)) != NULL);
	FUZZ_CHECK((side = calloc(1, sizeof *side)) != NULL);
	front_side_init(front, &depot, committer);
	admin_side_init(side, &depot, front);
	for (i = 0; i < ADMINS; i++)
		peers[i] = -1;
}

/* ---- what is true */

/* A desk has both submissions, and says so. */
static void
make_answers(struct buf *out, struct op_answers *lens)
{
	struct answers_receipt receipts[ITEMS];
	struct answers a = {.made = TODAY, .receipts = receipts, .n_receipts = ITEMS};
	char comment[MINISIGN_COMMENT_MAX + 1];
	size_t i;

	strcpy(a.instance, FUZZ_ONION);
	a.serial = ++n_answers;
	for (i = 0; i < ITEMS; i++) {
		memcpy(receipts[i].id, items[i].id, sizeof receipts[i].id);
		receipts[i].size = SIZE;
		memcpy(receipts[i].hash, items[i].hash, HASH_LEN);
	}
	FUZZ_CHECK(answers_format(&a, out) == ERR_OK);
	FUZZ_CHECK(answers_comment(&a, comment, sizeof comment) == ERR_OK);
	lens->text_len = (uint32_t)out->len;
	FUZZ_CHECK(sign_message(&desk, out->p, out->len, comment, out) == ERR_OK);
	lens->sig_len = (uint32_t)out->len - lens->text_len;
}

/* What such a message has with it; its body, too, if all of it must be true. */
static int
make_true(struct peer_step *s, struct buf *body)
{
	struct op_answers lens;
	struct buf content;
	int fd = -1;

	buf_init(&content, LIMIT_MIB);
	if (s->op == OP_ANSWERS)
		make_answers(&content, &lens);
	else if (s->op == OP_PUBLISH)
		FUZZ_CHECK(buf_add(&content, text.p, text.len) == ERR_OK);
	else
		FUZZ_CHECK(buf_add(&content, items, sizeof items) == ERR_OK);
	if (s->op == OP_ANSWERS && s->fd == PEER_TRUE)
		FUZZ_CHECK(buf_add(body, &lens, sizeof lens) == ERR_OK);
	if (s->op == OP_PUBLISH && s->fd == PEER_TRUE)
		FUZZ_CHECK(buf_add(body, sig.p, sig.len) == ERR_OK);
	if (body->len > 0) {
		s->body = body->p;
		s->len = s->has = body->len;
	}
	FUZZ_CHECK(wire_memfd(content.p, content.len, &fd) == ERR_OK);
	buf_wipe(&content);
	return fd;
}

/* ---- steps */

static void
connect_admin(size_t i)
{
	int ends[2];

	io_close(&peers[i]);
	FUZZ_CHECK(wire_pair(ends) == ERR_OK);
	if (admin_side_attach(side, ends[0]) == ERR_OK)
		peers[i] = ends[1];
	else
		close(ends[1]);
}

/* What an admin reads is for a terminal. */
static void
check_answer(const struct wire_msg *m)
{
	size_t i;

	if (m->op != OP_RESULT)
		return;
	FUZZ_CHECK(m->err == ERR_OK || m->len > 0);
	for (i = 0; i < m->len; i++)
		FUZZ_CHECK(m->body[i] >= ' ' && m->body[i] != 0x7f);
}

/* One answer at most, and one or the end. */
static void
hear(size_t i, bool asked)
{
	struct wire_msg m;
	size_t n = 0;
	enum err e;

	while ((e = wire_recv(peers[i], ROLE_STORE, ROLE_ADMIN, &m)) == ERR_OK) {
		check_answer(&m);
		io_close(&m.fd);
		n++;
	}
	FUZZ_CHECK(e == ERR_AGAIN || e == ERR_CLOSED);
	if (e == ERR_CLOSED)
		io_close(&peers[i]);
	FUZZ_CHECK(n <= asked && (n == asked || e == ERR_CLOSED));
}

static void
work(void)
{
	size_t i, exporting = 0;

	for (i = 0; i < LIMIT_ADMINS; i++)
		if (side->admins[i].sock != -1)
			admin_side_on_readable(side, &side->admins[i]);
	for (i = 0; i < LIMIT_ADMINS; i++)
		exporting += side->admins[i].sock != -1 && side->admins[i].export.is_under_way;
	FUZZ_CHECK(exporting <= 1);
}

static void
say(struct peer_step *s)
{
	size_t i = s->ref % ADMINS;
	struct buf body;
	int fd;

	if (peers[i] == -1)
		connect_admin(i);
	buf_init(&body, LIMIT_MIB);
	fd = s->fd == PEER_OWN || s->fd == PEER_TRUE ? make_true(s, &body) : peer_open(s);
	peer_say(peers[i], s, 0, fd);
	buf_wipe(&body);
	work();
	hear(i, true);
}

static void
do_something(const struct peer_step *s)
{
	switch ((enum does)s->op) {
	case DOES_CONNECT: connect_admin(s->ref % ADMINS); break;
	case DOES_LEAVE: io_close(&peers[s->ref % ADMINS]); break;
	case DOES_REPAIR: depot.care = DEPOT_REPAIR; break;
	}
	work();
}

static void
end(void)
{
	size_t i;

	for (i = 0; i < ADMINS; i++)
		io_close(&peers[i]);
	work();
	for (i = 0; i < LIMIT_ADMINS; i++)
		FUZZ_CHECK(side->admins[i].sock == -1 && side->admins[i].answers == NULL);
	if (depot.care == DEPOT_WORK)
		check_items();
	depot.care = DEPOT_WORK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct peer_step s;
	size_t before;

	if (side == NULL)
		set_up();
	put_items();
	before = peer_descriptors();
	while (peer_next(&p, &n, &s))
		if (s.op >= PEER_DOES)
			do_something(&s);
		else
			say(&s);
	end();
	FUZZ_CHECK(peer_descriptors() == before);
	return 0;
}
