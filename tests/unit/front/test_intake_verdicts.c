#include "desks.h"

/* ---- bodies */

struct part {
	const char *head; /* NULL: there is none */
	const char *content;
	size_t len;
};

#define PART(head, content)                                                                        \
	{                                                                                          \
		head, content, sizeof(content) - 1                                                 \
	}
#define FIELD(name, content) PART("name=\"" name "\"", content)
#define FILE_PART(name, type, content)                                                             \
	PART("name=\"file\"; filename=\"" name "\"\r\nContent-Type: " type, content)
#define TOKEN  FIELD("token", RIG_TOKEN)
#define UNUSED FILE_PART("", "application/octet-stream", "")

static void
fill(struct buf *b, const struct part *parts, size_t n)
{
	for (; n > 0 && parts->head != NULL; n--, parts++)
		rig_part(b, parts->head, parts->content, parts->len);
	rig_close(b);
}

static void
token_of_a_kilobyte(struct buf *b)
{
	char long_token[LIMIT_FIELD + 2];

	memset(long_token, 'a', sizeof long_token - 1);
	long_token[sizeof long_token - 1] = '\0';
	rig_field(b, "token", long_token);
	rig_close(b);
}

static void
no_close(struct buf *b)
{
	rig_field(b, "token", RIG_TOKEN);
	rig_field(b, "message", "x");
}

static void
other_boundary(struct buf *b)
{
	rig_text(b, "--other\r\nContent-Disposition: form-data; name=token\r\n\r\n\r\n--other--");
}

/* LIMIT_MESSAGE + more bytes of message. */
static void
add_message(struct buf *b, size_t more)
{
	uint8_t *p = malloc(LIMIT_MESSAGE + more);

	assert_non_null(p);
	memset(p, 'm', LIMIT_MESSAGE + more);
	rig_field(b, "token", RIG_TOKEN);
	rig_part(b, "name=\"message\"", p, LIMIT_MESSAGE + more);
	rig_close(b);
	free(p);
}

static void
longest_message(struct buf *b)
{
	add_message(b, 0);
}

static void
message_too_long(struct buf *b)
{
	add_message(b, 1);
}

static void
add_files(struct buf *b, size_t n, const char *name)
{
	rig_field(b, "token", RIG_TOKEN);
	for (; n > 0; n--)
		rig_file_part(b, name, "a/b", "x", 1);
	rig_close(b);
}

static void
most_files(struct buf *b)
{
	add_files(b, LIMIT_UPLOAD_FILES, "a");
}

static void
one_file_more(struct buf *b)
{
	add_files(b, LIMIT_UPLOAD_FILES + 1, "a");
}

static void
add_unused(struct buf *b, size_t parts)
{
	rig_field(b, "token", RIG_TOKEN);
	rig_field(b, "message", "x");
	for (; parts > 2; parts--)
		rig_file_part(b, "", "a/b", "", 0);
	rig_close(b);
}

static void
most_parts(struct buf *b)
{
	add_unused(b, LIMIT_UPLOAD_PARTS);
}

static void
one_part_more(struct buf *b)
{
	add_unused(b, LIMIT_UPLOAD_PARTS + 1);
}

/* Names that need more memory than an upload may have. */
static void
long_names(struct buf *b)
{
	char name[LIMIT_ORIGINAL_NAME + 1];

	memset(name, 'n', LIMIT_ORIGINAL_NAME);
	name[LIMIT_ORIGINAL_NAME] = '\0';
	add_files(b, 200, name);
}

/* ---- verdicts */

#define PARTS_MAX 5
#define MESSAGE   TOKEN, FIELD("inbox", "tips"), FIELD("message", "x"), UNUSED
#define NO_INBOX  TOKEN, FIELD("message", "x")

static const struct upload {
	const char *what;
	size_t inboxes; /* that there are */
	enum intake_verdict verdict;
	struct part parts[PARTS_MAX];
	void (*fill)(struct buf *); /* instead of the parts */
} uploads[] = {
    {"no parts", 1, INTAKE_BAD_TOKEN, {{0}}, NULL},
    {"no token", 1, INTAKE_BAD_TOKEN, {FIELD("message", "hello")}, NULL},
    {"short token", 1, INTAKE_BAD_TOKEN,
	{FIELD("token", "0123456789abcdefghijABCDEFGHIJ-_xyz0123456"), FIELD("message", "hello")},
	NULL},
    {"odd token", 1, INTAKE_BAD_TOKEN,
	{FIELD("token", "0123456789abcdefghijABCDEFGHIJ-_xyz0123456+"), FIELD("message", "hello")},
	NULL},
    {"token of a kilobyte", 1, INTAKE_BAD_TOKEN, {{0}}, token_of_a_kilobyte},
    {"token only", 1, INTAKE_EMPTY, {TOKEN}, NULL},
    {"token only", 2, INTAKE_BAD_INBOX, {TOKEN}, NULL},
    {"unused inputs", 1, INTAKE_EMPTY,
	{TOKEN, FIELD("topic-city", ""), FIELD("message", ""), UNUSED, UNUSED}, NULL},
    {"message only", 1, INTAKE_STORED, {MESSAGE}, NULL},
    {"message only", 2, INTAKE_STORED, {MESSAGE}, NULL},
    {"empty named file", 1, INTAKE_STORED,
	{TOKEN, FIELD("inbox", "tips"), FILE_PART("empty", "text/plain", "")}, NULL},
    {"nameless file", 1, INTAKE_STORED, {TOKEN, FIELD("inbox", "tips"), FILE_PART("", "", "x")},
	NULL},
    {"unknown field", 1, INTAKE_UNKNOWN_FIELD, {TOKEN, FIELD("color", "red")}, NULL},
    {"unknown topic", 1, INTAKE_UNKNOWN_FIELD, {TOKEN, FIELD("topic-colour", "red")}, NULL},
    {"message twice", 1, INTAKE_UNKNOWN_FIELD,
	{TOKEN, FIELD("message", "a"), FIELD("message", "b")}, NULL},
    {"topic twice", 1, INTAKE_UNKNOWN_FIELD,
	{TOKEN, FIELD("topic-city", "Nice"), FIELD("topic-technology", "drones"),
	    FIELD("topic-city", "Nice")},
	NULL},
    {"token twice", 1, INTAKE_UNKNOWN_FIELD, {TOKEN, TOKEN}, NULL},
    {"message behind a file", 1, INTAKE_MALFORMED,
	{TOKEN, FILE_PART("a", "a/b", "x"), FIELD("message", "late")}, NULL},
    {"inbox behind the message", 1, INTAKE_MALFORMED,
	{TOKEN, FIELD("message", "early"), FIELD("inbox", "tips")}, NULL},
    {"file as a field", 1, INTAKE_MALFORMED, {TOKEN, FIELD("file", "content")}, NULL},
    {"message as a file", 1, INTAKE_MALFORMED,
	{TOKEN, PART("name=\"message\"; filename=\"a\"", "x")}, NULL},
    {"other inbox", 2, INTAKE_BAD_INBOX, {TOKEN, FIELD("inbox", "sports"), FIELD("message", "x")},
	NULL},
    {"inbox with a NUL", 2, INTAKE_BAD_INBOX, {TOKEN, FIELD("inbox", "tips\0x")}, NULL},
    {"no inbox", 1, INTAKE_STORED, {NO_INBOX}, NULL},
    {"no inbox", 2, INTAKE_BAD_INBOX, {NO_INBOX}, NULL},
    {"other topic value", 1, INTAKE_BAD_TOPIC, {TOKEN, FIELD("topic-city", "Nic")}, NULL},
    {"no close", 1, INTAKE_MALFORMED, {{0}}, no_close},
    {"other boundary", 1, INTAKE_MALFORMED, {{0}}, other_boundary},
    {"longest message", 1, INTAKE_STORED, {{0}}, longest_message},
    {"message too long", 1, INTAKE_MESSAGE_TOO_LONG, {{0}}, message_too_long},
    {"most files", 1, INTAKE_STORED, {{0}}, most_files},
    {"one file more", 1, INTAKE_TOO_MANY_FILES, {{0}}, one_file_more},
    {"most parts", 1, INTAKE_STORED, {{0}}, most_parts},
    {"one part more", 1, INTAKE_TOO_MANY_FILES, {{0}}, one_part_more},
    {"long names", 1, INTAKE_TOO_MANY_FILES, {{0}}, long_names},
};

static enum intake_verdict
verdict_for(const struct upload *u)
{
	enum intake_verdict v;
	struct buf body;
	struct rig r;

	buf_init(&body, 1 << 22);
	if (u->fill != NULL)
		u->fill(&body);
	else
		fill(&body, u->parts, PARTS_MAX);
	rig_start(&r, schedule_for(1, u->inboxes), 1, 4);
	v = rig_upload(&r, body.p, body.len, 1000);
	if (v == INTAKE_STORED) {
		assert_int_equal(r.store.commits, 1);
		assert_int_equal(r.store.aborts, 0);
	} else {
		assert_int_equal(r.store.commits, 0);
		assert_int_equal(r.store.aborts, 1);
	}
	rig_stop(&r);
	buf_wipe(&body);
	return v;
}

static void
every_body_has_its_verdict(void **state)
{
	const struct upload *u;

	(void)state;
	for (u = uploads; u < uploads + sizeof uploads / sizeof *uploads; u++)
		if (verdict_for(u) != u->verdict)
			fail_msg("%s, %zu inboxes", u->what, u->inboxes);
}

static void
judges_a_request_before_its_body(void **state)
{
	enum intake_verdict v = INTAKE_PENDING;
	struct intake_request q;
	struct intake *in = NULL;
	struct rig r;

	(void)state;
	rig_start(&r, schedule_for(1, 1), 1, 4);
	q = rig_request(&r, 4 * LIMIT_GIB + 1);
	assert_err(intake_start(&r.env, &q, &in, &v), ERR_STATE);
	assert_int_equal(v, INTAKE_TOO_LARGE);
	q = rig_request(&r, 100);
	q.boundary_len = 0;
	assert_err(intake_start(&r.env, &q, &in, &v), ERR_STATE);
	assert_int_equal(v, INTAKE_MALFORMED);
	q = rig_request(&r, 100);
	q.schedule = NULL;
	assert_err(intake_start(&r.env, &q, &in, &v), ERR_STATE);
	assert_int_equal(v, INTAKE_NO_KEY);
	q.schedule = r.schedule;
	q.today = RIG_DAY + 11;
	assert_err(intake_start(&r.env, &q, &in, &v), ERR_STATE);
	assert_int_equal(v, INTAKE_NO_KEY);
	q.today = RIG_DAY + 10;
	r.env.in_flight = r.conf->max_in_flight;
	assert_err(intake_start(&r.env, &q, &in, &v), ERR_STATE);
	assert_int_equal(v, INTAKE_BUSY);
	r.env.in_flight = 0;
	assert_int_equal(r.store.begins, 0);
	assert_null(in);
	assert_int_equal(r.schedule->refs, 1);
	rig_stop(&r);
}

/* The other inbox has keys, the chosen one has none any more. */
static void
the_chosen_inbox_has_no_key(void **state)
{
	static const struct part parts[] = {MESSAGE};
	struct buf body;
	struct rig r;

	(void)state;
	buf_init(&body, 4096);
	rig_start(&r, schedule_for(1, 2), 1, 4);
	r.schedule->s->epochs[0].end = RIG_DAY;
	fill(&body, parts, sizeof parts / sizeof *parts);
	assert_int_equal(rig_upload(&r, body.p, body.len, 100), INTAKE_NO_KEY);
	assert_int_equal(r.store.aborts, 1);
	rig_stop(&r);
	buf_wipe(&body);
}

static void
more_than_was_announced_is_malformed(void **state)
{
	enum intake_verdict v;
	struct buf body;
	struct rig r;
	size_t used;

	(void)state;
	fill_good(&body);
	rig_start(&r, schedule_for(1, 1), 1, 4);
	assert_true(rig_open(&r, body.len - 1, &v));
	assert_err(intake_put(r.in, body.p, body.len, &used), ERR_STATE);
	assert_int_equal(intake_verdict(r.in), INTAKE_MALFORMED);
	assert_err(intake_put(r.in, body.p, 1, &used), ERR_STATE);
	assert_int_equal(r.store.aborts, 1);
	intake_end(r.in);
	assert_int_equal(intake_verdict(r.in), INTAKE_MALFORMED);
	rig_stop(&r);
	buf_wipe(&body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_body_has_its_verdict),
	    cmocka_unit_test(judges_a_request_before_its_body),
	    cmocka_unit_test(the_chosen_inbox_has_no_key),
	    cmocka_unit_test(more_than_was_announced_is_malformed),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, make_desks, forget_desks);
}
