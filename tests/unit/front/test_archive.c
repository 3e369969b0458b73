#include "desks.h"

#include "front/archive.h"
#include "front/chunks.h"
#include "front/form.h"

/* ---- chunks */

static void
ignore(void *ctx)
{
	(void)ctx;
}

static void
ignore_finished(void *ctx, enum err e, uint64_t n)
{
	*(uint64_t *)ctx = e == ERR_OK ? n : UINT64_MAX;
}

static struct sealer_file *
open_file(struct sealer *s, uint64_t *written)
{
	struct sealer_events ev = {written, ignore, ignore_finished};
	struct age_payload key = {{1}};
	struct sealer_file *f = NULL;

	assert_ok(sealer_file_new(s, memfd_create("test", MFD_CLOEXEC), &ev, &f));
	assert_ok(sealer_file_start(f, &key, "", 0));
	return f;
}

static void
chunks_take_what_was_reserved(void **state)
{
	static const uint8_t p[4 * AGE_CHUNK];
	uint64_t written = 0;
	struct sealer *s;
	struct sealer_file *f;
	struct chunks c;

	(void)state;
	assert_ok(sealer_new(1, 100, &s));
	f = open_file(s, &written);
	chunks_init(&c, s, f);
	assert_err(sink_put(chunks_sink(&c), p, 1), ERR_STATE);
	assert_err(chunks_finish(&c), ERR_STATE);
	assert_err(chunks_reserve(&c, CHUNKS_SPARE * AGE_CHUNK + 1), ERR_USAGE);
	assert_ok(chunks_reserve(&c, CHUNKS_SPARE * AGE_CHUNK));
	assert_ok(sink_put(chunks_sink(&c), p, CHUNKS_SPARE * AGE_CHUNK));
	/* The last chunk is full, and is kept: it may be the last one. */
	assert_err(sink_put(chunks_sink(&c), p, 1), ERR_STATE);
	assert_ok(chunks_finish(&c));
	while (written == 0) {
		struct pollfd w = {.fd = sealer_fd(s), .events = POLLIN};

		assert_int_equal(poll(&w, 1, 10000), 1);
		sealer_on_readable(s);
	}
	assert_int_equal(written, CHUNKS_SPARE * AGE_SEALED_CHUNK);
	chunks_wipe(&c);
	sealer_file_free(f);
	sealer_free(s);
}

/* ---- archive */

static void
calls_out_of_order_are_refused(void **state)
{
	struct schedule *sched = schedule_for(1, 1);
	struct schedule_seal seal;
	struct conf conf = {0};
	struct manifest_head h = {.id = "0", .schedule = sched, .seal = &seal, .conf = &conf};
	uint64_t written = 0;
	struct archive *a = calloc(1, sizeof *a);
	struct sealer_file *f;
	struct sealer *s;

	(void)state;
	assert_non_null(a);
	assert_ok(schedule_current(sched, 0, RIG_DAY, &seal));
	assert_ok(sealer_new(1, 8, &s));
	f = open_file(s, &written);
	archive_init(a, s, f);
	assert_ok(archive_reserve(a, ARCHIVE_SLICE));
	assert_err(archive_finish(a, 0), ERR_STATE);
	assert_err(archive_put(a, "x", 1), ERR_STATE);
	archive_wipe(a);
	archive_init(a, s, f);
	assert_ok(archive_reserve(a, 0));
	assert_ok(archive_begin(a, &h));
	assert_err(archive_begin(a, &h), ERR_STATE);
	archive_wipe(a);
	archive_wipe(a);
	sealer_file_free(f);
	sealer_free(s);
	schedule_free(sched);
	free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(chunks_take_what_was_reserved),
	    cmocka_unit_test(calls_out_of_order_are_refused),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, make_desks, forget_desks);
}
