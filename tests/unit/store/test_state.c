#include "fixture.h"

#include "base/date.h"
#include "seal/padding.h"
#include "store/calendar.h"
#include "store/quota.h"
#include "store/state.h"

static struct state
some_state(void)
{
	struct state s = {.seen = 20000, .clock_oks = 3, .clock_ok_serial = 12, .bundle_serial = 7};
	uint8_t pk[MINISIGN_PK];

	harness_fill(pk, sizeof pk, 3);
	minisign_key_init(&s.root, pk);
	harness_fill(s.bundle_hash, HASH_LEN, 4);
	return s;
}

static void
state_survives_its_file(void **state)
{
	const char *dir = harness_mkdir();
	struct state in = some_state(), out;
	int fd = -1;

	(void)state;
	assert_ok(io_open_dir(AT_FDCWD, dir, &fd));
	assert_err(state_read(fd, &out), ERR_NOTFOUND);
	assert_ok(state_write(fd, &in));
	assert_ok(state_read(fd, &out));
	assert_memory_equal(&in, &out, sizeof in);
	in.bundle_serial = UINT32_MAX;
	assert_ok(state_write(fd, &in));
	assert_ok(state_read(fd, &out));
	assert_int_equal(out.bundle_serial, UINT32_MAX);
	io_close(&fd);
	harness_rmdir(dir);
}

static void
a_damaged_state_is_refused(void **state)
{
	struct state in = some_state(), out, before;
	struct buf text, again;
	size_t n, bit;

	(void)state;
	buf_init(&text, STATE_MAX);
	buf_init(&again, STATE_MAX);
	assert_ok(state_format(&in, &text));
	memset(&out, 1, sizeof out);
	before = out;
	for (n = 0; n < text.len; n++) {
		uint8_t *cut = malloc(n + 1);

		assert_non_null(cut);
		memcpy(cut, text.p, n);
		assert_err(state_parse(cut, n, &out), ERR_FORMAT);
		free(cut);
	}
	assert_memory_equal(&out, &before, sizeof out);
	/* A flipped bit is refused, or is another state of the same form: never read as this one.
	 */
	for (bit = 0; bit < text.len * 8; bit++) {
		text.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (state_parse(text.p, text.len, &out) == ERR_OK) {
			buf_reset(&again);
			assert_ok(state_format(&out, &again));
			assert_int_equal(again.len, text.len);
			assert_memory_equal(again.p, text.p, text.len);
		}
		text.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_ok(buf_add_str(&text, "x"));
	assert_err(state_parse(text.p, text.len, &out), ERR_FORMAT);
	buf_wipe(&text);
	buf_wipe(&again);
}

static void
the_clock_may_go_a_day_back_and_thirty_ahead(void **state)
{
	(void)state;
	assert_ok(calendar_judge(1000, 1000, 0));
	assert_ok(calendar_judge(999, 1000, 999));
	assert_err(calendar_judge(998, 1000, 0), ERR_CLOCK);
	assert_ok(calendar_judge(1030, 1000, 0));
	assert_err(calendar_judge(1031, 1000, 0), ERR_CLOCK);
	assert_ok(calendar_judge(1000, 1000, 1000));
	assert_err(calendar_judge(1000, 1000, 1001), ERR_CLOCK);
}

/* What one file of n bytes becomes: the formats' own formula. */
static uint64_t
exact(uint64_t n)
{
	uint64_t t = padding_bucket(n + 5 * (n / 8192 + 1) + 1500);

	return 168 + 16 + t + 16 * ((t + 65535) / 65536);
}

/* 500 empty files with names of len bytes, each of which takes six in the manifest. */
static uint64_t
exact_names(uint64_t len)
{
	uint64_t name = 90, member = 50 + name + 5 + 24 + 74 + name;

	return exact(500 * (member + name + 90 + 6 * len));
}

static void
room_is_promised_on_the_safe_side(void **state)
{
	uint64_t n, sealed, body, last = 0;

	(void)state;
	for (n = 0; n < 70 * LIMIT_GIB; n = n * 9 / 8 + 777) {
		sealed = quota_sealed_max(n);
		assert_true(sealed >= last && sealed >= exact(n));
		/* Not wasteful either: a third above the content, beside 3 MiB. */
		assert_true(sealed <= n + n / 3 + 3 * LIMIT_MIB);
		last = sealed;
		/* A disk whose free room lies in single blocks. */
		assert_true(quota_stored_max(sealed) >= sealed + sealed / 4096 * 12);
		assert_true(quota_stored_max(sealed) <= sealed + sealed / 128 + 16 * LIMIT_MIB);
		body = quota_body_max(sealed, LIMIT_UPLOAD_MAX);
		assert_true(body >= n || body == LIMIT_UPLOAD_MAX);
		assert_true(quota_sealed_max(body) <= sealed);
	}
	for (n = 1; n <= 512; n++) /* more memory than that one upload doesn't get */
		assert_true(quota_sealed_max(500 * (66 + n)) >= exact_names(n));
	assert_int_equal(quota_body_max(0, LIMIT_GIB), 0);
	assert_int_equal(quota_body_max(1000, LIMIT_GIB), 0);
	assert_int_equal(quota_body_max(UINT64_MAX, LIMIT_GIB), LIMIT_GIB);
}

static void
free_space_is_what_the_file_system_says(void **state)
{
	const char *dir = harness_mkdir();
	uint64_t before = 0, after = 0;
	uint8_t block[4096] = {1};
	int fd = -1, file, i;

	(void)state;
	fixture_own_mounts();
	assert_int_equal(mount("none", dir, "tmpfs", 0, "size=1m,nr_inodes=3,mode=700"), 0);
	assert_ok(io_open_dir(AT_FDCWD, dir, &fd));
	assert_ok(quota_free(fd, &before));
	assert_int_equal(before, LIMIT_MIB);
	file = openat(fd, "f", O_WRONLY | O_CREAT, 0600);
	for (i = 0; i < 16; i++)
		assert_int_equal(write(file, block, sizeof block), sizeof block);
	assert_ok(quota_free(fd, &after));
	assert_int_equal(after, before - 65536);
	close(openat(fd, "g", O_WRONLY | O_CREAT, 0600));
	assert_ok(quota_free(fd, &after));
	assert_int_equal(after, 0); /* no inode is left */
	close(file);
	assert_int_equal(mount("none", dir, "none", MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_err(quota_free(fd, &after), ERR_SYS);
	io_close(&fd);
	assert_int_equal(umount(dir), 0);
	harness_rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(state_survives_its_file),
	    cmocka_unit_test(a_damaged_state_is_refused),
	    cmocka_unit_test(the_clock_may_go_a_day_back_and_thirty_ahead),
	    cmocka_unit_test(room_is_promised_on_the_safe_side),
	    cmocka_unit_test(free_space_is_what_the_file_system_says),
	};

	return cmocka_run_group_tests_name("store state", tests, NULL, NULL);
}
