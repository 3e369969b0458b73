#include "base/limits.h"
#include "seal/zip_write.h"
#include "zip_rig.h"

/* Once a file was begun there is room for everything that has to come behind it. */
static void
directory_is_bounded_and_the_end_is_reserved(void **state)
{
	char name[LIMIT_ZIP_NAME + 1];
	struct zip_write z;
	struct buf dir, out;
	size_t max;
	unsigned i;

	(void)state;
	buf_init(&out, BIG);
	for (max = 0; max < 1200; max++) {
		out.len = 0;
		buf_init(&dir, max);
		zip_write_init(&z, &dir, harness_sink(&out));
		if (zip_write_begin(&z, ZIP_MESSAGE) != ERR_OK) {
			assert_true(max < 172);
			assert_int_equal(out.len, 0);
			assert_err(zip_write_begin(&z, ZIP_MESSAGE), ERR_STATE);
			continue;
		}
		assert_ok(zip_write_end(&z));
		for (i = 1; dir.max - dir.len >= 2 * 74 + 17 + 13; i++) {
			snprintf(name, sizeof name, "files/%03u-longer", i);
			member(&z, name, "x", 1);
		}
		member(&z, ZIP_MANIFEST, "{}", 2);
		finish(&z, SIZE_MAX);
		assert_true(dir.len <= max);
		buf_wipe(&dir);
	}
	buf_wipe(&out);
}

static void
a_full_directory_is_a_limit(void **state)
{
	struct zip_write z;
	struct buf dir, out;

	(void)state;
	buf_init(&dir, 74 + 11 + 74 + 13 + 50);
	buf_init(&out, BIG);
	zip_write_init(&z, &dir, harness_sink(&out));
	member(&z, ZIP_MESSAGE, "", 0);
	assert_err(zip_write_begin(&z, "files/001-a"), ERR_LIMIT);
	assert_err(zip_write_begin(&z, ZIP_MANIFEST), ERR_STATE);
	buf_wipe(&out);
	buf_wipe(&dir);
}

static void
number_of_files_is_bounded(void **state)
{
	char name[LIMIT_ZIP_NAME + 1];
	struct zip_write z;
	struct buf dir, out;
	unsigned i, more;

	(void)state;
	for (more = 0; more < 2; more++) {
		buf_init(&dir, LIMIT_UPLOAD_MEMORY);
		buf_init(&out, BIG);
		zip_write_init(&z, &dir, harness_sink(&out));
		member(&z, ZIP_MESSAGE, "", 0);
		for (i = 1; i <= LIMIT_UPLOAD_FILES; i++) {
			snprintf(name, sizeof name, "files/%03u-%0*d", i, LIMIT_ZIP_NAME - 10, 0);
			assert_int_equal(strlen(name), LIMIT_ZIP_NAME);
			member(&z, name, "x", 1);
		}
		if (more == 0) {
			member(&z, ZIP_MANIFEST, "{}", 2);
			finish(&z, SIZE_MAX);
			assert_int_equal(z.members + 1, LIMIT_ZIP_MEMBERS);
		} else {
			assert_err(zip_write_begin(&z, "files/501-x"), ERR_LIMIT);
		}
		buf_wipe(&out);
		buf_wipe(&dir);
	}
}

/* ---- wrong order, wrong names, failures */

enum call { BEGIN, BEGIN_MANIFEST, PUT, END, FINISH_BEGIN, PAD, FINISH_END, CALLS };

static enum err
call(struct zip_write *z, enum call c)
{
	switch (c) {
	case BEGIN: return zip_write_begin(z, z->members == 0 ? ZIP_MESSAGE : "files/001-a");
	case BEGIN_MANIFEST: return zip_write_begin(z, ZIP_MANIFEST);
	case PUT: return sink_put(zip_write_sink(z), "x", 1);
	case END: return zip_write_end(z);
	case FINISH_BEGIN: return zip_write_finish_begin(z);
	case PAD: return zip_write_pad(z, SIZE_MAX);
	case FINISH_END: return zip_write_finish_end(z);
	case CALLS: break;
	}
	return ERR_OK;
}

/* At each step of a good sequence, each call that isn't allowed there is ERR_STATE and the end. */
static void
only_one_order_is_possible(void **state)
{
	static const struct {
		enum call good;
		unsigned allowed; /* what else may come here, as bits */
	} steps[] = {
	    {BEGIN, 0},
	    {PUT, 1 << END},
	    {END, 1 << PUT},
	    {BEGIN, 1 << BEGIN_MANIFEST},
	    {END, 1 << PUT},
	    {BEGIN_MANIFEST, 0},
	    {END, 1 << PUT},
	    {FINISH_BEGIN, 0},
	    {PAD, 0},
	    {FINISH_END, 1 << PAD},
	    {CALLS, 0},
	};
	struct zip_write z;
	struct buf dir, out;
	size_t k, i;
	unsigned c;
	enum err e;

	(void)state;
	buf_init(&dir, 1024);
	buf_init(&out, BIG);
	for (k = 0; k < sizeof steps / sizeof *steps; k++)
		for (c = 0; c < CALLS; c++) {
			buf_reset(&dir);
			out.len = 0;
			zip_write_init(&z, &dir, harness_sink(&out));
			for (i = 0; i < k; i++)
				assert_ok(call(&z, steps[i].good));
			e = call(&z, (enum call)c);
			if (c == steps[k].good || (steps[k].allowed & 1u << c) != 0) {
				assert_ok(e);
				continue;
			}
			/* the first member has one name, the second may not be the manifest's
			 * yet */
			assert_true(e == ERR_STATE || e == ERR_USAGE);
			for (i = 0; i < CALLS; i++)
				assert_err(call(&z, (enum call)i), ERR_STATE);
		}
	buf_wipe(&out);
	buf_wipe(&dir);
}

static void
names_are_those_of_the_profile(void **state)
{
	static const char *const bad[] = {
	    "", "a", "manifest.json", "files/001-a", ".padding", "message.txt/", "../message.txt"};
	struct zip_write z;
	struct buf dir, out;
	size_t i;

	(void)state;
	buf_init(&dir, 1024);
	buf_init(&out, BIG);
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		zip_write_init(&z, &dir, harness_sink(&out));
		assert_err(zip_write_begin(&z, bad[i]), ERR_USAGE);
		assert_int_equal(out.len, 0);
		assert_err(zip_write_begin(&z, ZIP_MESSAGE), ERR_STATE);
	}
	buf_wipe(&dir);
}

/* A sink that fails once the n-th byte has come. */
static enum err
put_until(void *ctx, const void *p, size_t n)
{
	uint64_t *left = ctx;

	(void)p;
	if (n > *left)
		return ERR_NOSPACE;
	*left -= n;
	return ERR_OK;
}

static void
a_failure_is_the_end(void **state)
{
	static const enum call good[] = {
	    BEGIN, PUT, END, BEGIN_MANIFEST, END, FINISH_BEGIN, PAD, FINISH_END};
	struct zip_write z;
	uint64_t room, left;
	struct buf dir;
	size_t i;
	enum err e;

	(void)state;
	buf_init(&dir, 1024);
	for (room = 0; room <= 262144; room += room < 400 || room > 261700 ? 1 : 8191) {
		left = room;
		buf_reset(&dir);
		zip_write_init(&z, &dir, (struct sink){put_until, &left});
		for (i = 0, e = ERR_OK; i < sizeof good / sizeof *good && e == ERR_OK; i++)
			e = call(&z, good[i]);
		assert_err(e, room < 262144 ? ERR_NOSPACE : ERR_OK);
		for (i = 0; i < CALLS; i++)
			assert_err(call(&z, (enum call)i), ERR_STATE);
	}
	buf_wipe(&dir);
}

static void
wipe_leaves_nothing(void **state)
{
	static const uint8_t zeros[sizeof(struct zip_write)];
	struct zip_write z = {0};
	struct buf dir, out;

	(void)state;
	zip_write_wipe(&z);
	assert_err(zip_write_begin(&z, ZIP_MESSAGE), ERR_STATE);
	buf_init(&dir, 1024);
	buf_init(&out, BIG);
	zip_write_init(&z, &dir, harness_sink(&out));
	assert_ok(zip_write_begin(&z, ZIP_MESSAGE));
	assert_ok(zip_write_put(&z, content, 100));
	zip_write_wipe(&z);
	assert_memory_equal(z.block, zeros, sizeof z.block);
	assert_memory_equal(z.name, zeros, sizeof z.name);
	assert_err(zip_write_put(&z, content, 100), ERR_STATE);
	buf_wipe(&out);
	buf_wipe(&dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(directory_is_bounded_and_the_end_is_reserved),
	    cmocka_unit_test(a_full_directory_is_a_limit),
	    cmocka_unit_test(number_of_files_is_bounded),
	    cmocka_unit_test(only_one_order_is_possible),
	    cmocka_unit_test(names_are_those_of_the_profile),
	    cmocka_unit_test(a_failure_is_the_end),
	    cmocka_unit_test(wipe_leaves_nothing),
	};

	return cmocka_run_group_tests_name("zip_limits", tests, fill_content, NULL);
}
