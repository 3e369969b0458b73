#include "desks.h"

/* ---- verdicts */

/* One upload of a body that this function fills in. */
static enum intake_verdict
verdict_for(void (*fill)(struct buf *), size_t inboxes)
{
	enum intake_verdict v;
	struct buf body;
	struct rig r;

	buf_init(&body, 1 << 22);
	fill(&body);
	rig_start(&r, schedule_for(1, inboxes), 1, 4);
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
no_parts(struct buf *b)
{
	rig_close(b);
}

static void
no_token(struct buf *b)
{
	rig_field(b, "message", "hello");
	rig_close(b);
}

static void
short_token(struct buf *b)
{
	rig_field(b, "token", "0123456789abcdefghijABCDEFGHIJ-_xyz0123456");
	rig_field(b, "message", "hello");
	rig_close(b);
}

static void
odd_token(struct buf *b)
{
	rig_field(b, "token", "0123456789abcdefghijABCDEFGHIJ-_xyz0123456+");
	rig_field(b, "message", "hello");
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
token_only(struct buf *b)
{
	rig_field(b, "token", RIG_TOKEN);
	rig_close(b);
}

static void
unused_inputs(struct buf *b)
{
	rig_field(b, "token", RIG_TOKEN);
	rig_field(b, "topic-city", "");
	rig_field(b, "message", "");
	rig_file_part(b, "", "application/octet-stream", "", 0);
	rig_file_part(b, "", "application/octet-stream", "", 0);
	rig_close(b);
}

static void
message_only(struct buf *b)
{
	rig_field(b, "token", RIG_TOKEN);
	rig_field(b, "inbox", "tips");
	rig_field(b, "message", "x");
	rig_file_part(b, "", "application/octet-stream", "", 0);
	rig_close(b);
}

static void
empty_named_file(struct buf *b)
{
	rig_field(b, "token", RIG_TOKEN);
	rig_field(b, "inbox", "tips");
	rig_file_part(b, "empty", "text/plain", "", 0);
	rig_close(b);
}

static void
nameless_file(struct buf *b)
{
	rig_field(b, "token", RIG_TOKEN);
	rig_field(b, "inbox", "tips");
	rig_file_part(b, "", "", "x", 1);
	rig_close(b);
}

static void
unknown_field(struct buf *b)
{
	rig_field(b, "token", RIG_TOKEN);
	rig_field(b, "color", "red");
	rig_close(b);
}

static void
unknown_topic(struct buf *b)
{
	rig_field(b, "token", RIG_TOKEN);
	rig_field(b, "topic-colour", "red");
	rig_close(b);
}

static void
message_twice(struct buf *b)
{
	rig_field(b, "token", RIG_TOKEN);
	rig_field(b, "message", "a");
	rig_field(b, "message", "b");
	rig_close(b);
}

static void
topic_twice(struct buf *b)
{
	rig_field(b, "token", RIG_TOKEN);
	rig_field(b, "topic-city", "Nice");
	rig_field(b, "topic-technology", "drones");
	rig_field(b, "topic-city", "Nice");
	rig_close(b);
}

static void
token_twice(struct buf *b)
{
	rig_field(b, "token", RIG_TOKEN);
	rig_field(b, "token", RIG_TOKEN);
	rig_close(b);
}

static void
message_behind_a_file(struct buf *b)
{
	rig_field(b, "token", RIG_TOKEN);
	rig_file_part(b, "a", "a/b", "x", 1);
	rig_field(b, "message", "late");
	rig_close(b);
}

static void
inbox_behind_the_message(struct buf *b)
{
	rig_field(b, "token", RIG_TOKEN);
	rig_field(b, "message", "early");
	rig_field(b, "inbox", "tips");
	rig_close(b);
}

static void
file_as_a_field(struct buf *b)
{
	rig_field(b, "token", RIG_TOKEN);
	rig_field(b, "file", "content");
	rig_close(b);
}

static void
message_as_a_file(struct buf *b)
{
	rig_field(b, "token", RIG_TOKEN);
	rig_part(b, "name=\"message\"; filename=\"a\"", "x", 1);
	rig_close(b);
}

static void
other_inbox(struct buf *b)
{
	rig_field(b, "token", RIG_TOKEN);
	rig_field(b, "inbox", "sports");
	rig_field(b, "message", "x");
	rig_close(b);
}

static void
inbox_with_a_nul(struct buf *b)
{
	rig_field(b, "token", RIG_TOKEN);
	rig_part(b, "name=\"inbox\"", "tips\0x", 6);
	rig_close(b);
}

static void
no_inbox(struct buf *b)
{
	rig_field(b, "token", RIG_TOKEN);
	rig_field(b, "message", "x");
	rig_close(b);
}

static void
other_topic_value(struct buf *b)
{
	rig_field(b, "token", RIG_TOKEN);
	rig_field(b, "topic-city", "Nic");
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

static void
every_body_has_its_verdict(void **state)
{
	static const struct {
		void (*fill)(struct buf *);
		enum intake_verdict verdict;
		size_t inboxes;
	} t[] = {
	    {no_parts, INTAKE_BAD_TOKEN, 1},
	    {no_token, INTAKE_BAD_TOKEN, 1},
	    {short_token, INTAKE_BAD_TOKEN, 1},
	    {odd_token, INTAKE_BAD_TOKEN, 1},
	    {token_of_a_kilobyte, INTAKE_BAD_TOKEN, 1},
	    {token_only, INTAKE_EMPTY, 1},
	    {token_only, INTAKE_BAD_INBOX, 2},
	    {unused_inputs, INTAKE_EMPTY, 1},
	    {message_only, INTAKE_STORED, 1},
	    {message_only, INTAKE_STORED, 2},
	    {empty_named_file, INTAKE_STORED, 1},
	    {nameless_file, INTAKE_STORED, 1},
	    {unknown_field, INTAKE_UNKNOWN_FIELD, 1},
	    {unknown_topic, INTAKE_UNKNOWN_FIELD, 1},
	    {message_twice, INTAKE_UNKNOWN_FIELD, 1},
	    {topic_twice, INTAKE_UNKNOWN_FIELD, 1},
	    {token_twice, INTAKE_UNKNOWN_FIELD, 1},
	    {message_behind_a_file, INTAKE_MALFORMED, 1},
	    {inbox_behind_the_message, INTAKE_MALFORMED, 1},
	    {file_as_a_field, INTAKE_MALFORMED, 1},
	    {message_as_a_file, INTAKE_MALFORMED, 1},
	    {other_inbox, INTAKE_BAD_INBOX, 2},
	    {inbox_with_a_nul, INTAKE_BAD_INBOX, 2},
	    {no_inbox, INTAKE_STORED, 1},
	    {no_inbox, INTAKE_BAD_INBOX, 2},
	    {other_topic_value, INTAKE_BAD_TOPIC, 1},
	    {no_close, INTAKE_MALFORMED, 1},
	    {other_boundary, INTAKE_MALFORMED, 1},
	    {longest_message, INTAKE_STORED, 1},
	    {message_too_long, INTAKE_MESSAGE_TOO_LONG, 1},
	    {most_files, INTAKE_STORED, 1},
	    {one_file_more, INTAKE_TOO_MANY_FILES, 1},
	    {most_parts, INTAKE_STORED, 1},
	    {one_part_more, INTAKE_TOO_MANY_FILES, 1},
	    {long_names, INTAKE_TOO_MANY_FILES, 1},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof t / sizeof *t; i++)
		if (verdict_for(t[i].fill, t[i].inboxes) != t[i].verdict)
			fail_msg("case %zu", i);
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
	struct buf body;
	struct rig r;

	(void)state;
	fill_good(&body);
	rig_start(&r, schedule_for(1, 2), 1, 4);
	r.schedule->s->epochs[0].end = RIG_DAY;
	buf_reset(&body);
	message_only(&body);
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
