#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/date.h"
#include "base/io.h"
#include "fuzz.h"
#include "parent/link.h"
#include "parent/rows.h"
#include "peer.h"

/*
 * A store that was taken over, against root's verbs. The steps of the input
 * (peer.h) are the store's answers, ref says to what. What is taken for an
 * answer has names that are good for files and texts that end; what a terminal
 * would show of it is clean; every descriptor is somebody's.
 */
static const struct {
	enum op asks, wants;
	size_t len;
	bool has_fd, has_rows;
} questions[] = {
    {OP_STATUS, OP_STATUS_IS, 0, false, false},
    {OP_CLOCK_OK, OP_RESULT, 0, false, false},
    {OP_PUBLISH, OP_RESULT, 1, true, false},
    {OP_EXPORT_LIST, OP_EXPORT_ITEMS, sizeof(struct op_export_list), false, true},
    {OP_EXPORT_SIGN, OP_EXPORT_INDEX, sizeof(struct op_export_sign), true, false},
    {OP_CHECK, OP_CHECK_IS, 0, false, true},
    {OP_SNAPSHOT, OP_SNAPSHOT_IS, 0, false, false},
    {OP_ANSWERS, OP_ANSWERS_NEED, sizeof(struct op_answers), true, true},
    {OP_ANSWERS_HASHES, OP_ANSWERS_TAKEN, 0, true, false},
};
#define QUESTIONS (sizeof questions / sizeof questions[0])

static void
check_reason(const struct reason *why)
{
	const char *p;

	FUZZ_CHECK(memchr(why->text, '\0', sizeof why->text) != NULL);
	for (p = why->text; *p != '\0'; p++)
		FUZZ_CHECK((uint8_t)*p >= ' ' && *p != 0x7f);
}

static bool
is_id(const char id[static RANDOM_ID_LEN + 1])
{
	return strnlen(id, RANDOM_ID_LEN + 1) == RANDOM_ID_LEN &&
	       strspn(id, "0123456789abcdef") == RANDOM_ID_LEN;
}

static void
check_rows(int fd)
{
	const struct op_export_item *r;
	struct reason why = {""};
	struct buf rows;
	size_t i;

	buf_init(&rows, LIMIT_MIB);
	if (rows_read(fd, &rows, &why) != ERR_OK)
		check_reason(&why);
	r = (const struct op_export_item *)(const void *)rows.p;
	for (i = 0; i < rows.len / sizeof *r; i++) {
		FUZZ_CHECK(is_id(r[i].id) && r[i].inbox[0] != '\0');
		FUZZ_CHECK(strnlen(r[i].inbox, sizeof r[i].inbox) < sizeof r[i].inbox);
		FUZZ_CHECK(strspn(r[i].inbox, "abcdefghijklmnopqrstuvwxyz0123456789-") ==
			   strlen(r[i].inbox));
		FUZZ_CHECK(i == 0 || strcmp(r[i - 1].id, r[i].id) < 0);
	}
	buf_wipe(&rows);
}

static void
check_status(const struct op_status *st)
{
	const int32_t days[] = {st->today, st->seen, st->issued, st->keys_end, st->settled};
	size_t i;

	for (i = 0; i < sizeof days / sizeof days[0]; i++)
		FUZZ_CHECK(days[i] >= 0 && days[i] <= DATE_LAST_DAY);
	FUZZ_CHECK(memchr(st->root, '\0', sizeof st->root) != NULL);
	for (i = 0; i < OP_ALARMS; i++)
		FUZZ_CHECK(st->alarms[i].id[0] == '\0' || is_id(st->alarms[i].id));
}

static void
ask(const struct link *l, size_t i)
{
	struct wire_msg m = {.op = questions[i].asks, .len = (uint32_t)questions[i].len, .fd = -1};
	struct reason why = {""};
	int fd = -1;
	enum err e;

	if (questions[i].has_fd)
		FUZZ_CHECK(wire_memfd("", 0, &fd) == ERR_OK);
	m.fd = fd;
	e = link_ask(l, &m, questions[i].wants, &why);
	check_reason(&why);
	FUZZ_CHECK(e != ERR_OK || m.op == (uint32_t)questions[i].wants);
	if (e == ERR_OK && questions[i].has_rows)
		check_rows(m.fd);
	if (m.fd != fd)
		io_close(&m.fd);
	io_close(&fd);
}

static void
ask_status(const struct link *l)
{
	struct reason why = {""};
	struct op_status st;

	if (link_status(l, &st, &why) == ERR_OK)
		check_status(&st);
	check_reason(&why);
}

/* One answer, which is there before the question. */
static void
answer(const struct peer_step *s)
{
	struct link l = LINK_CLOSED;
	int ends[2];

	FUZZ_CHECK(wire_pair(ends) == ERR_OK);
	l.sock = ends[0];
	peer_say(ends[1], s, 0, peer_open(s));
	FUZZ_CHECK(shutdown(ends[1], SHUT_WR) == 0);
	if (s->ref % QUESTIONS == 0)
		ask_status(&l);
	else
		ask(&l, s->ref % QUESTIONS);
	link_close(&l);
	close(ends[1]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	size_t before = peer_descriptors();
	struct peer_step s;

	while (peer_next(&p, &n, &s))
		answer(&s);
	FUZZ_CHECK(peer_descriptors() == before);
	return 0;
}
