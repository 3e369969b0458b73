#include "harness.h"

#include <errno.h>

#include "base/date.h"
#include "base/text.h"

/* buf */

static void
buf_stays_below_its_max(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 5);
	assert_ok(buf_add(&b, "abc", 3));
	assert_err(buf_add(&b, "def", 3), ERR_LIMIT);
	assert_int_equal(b.len, 3);
	assert_ok(buf_add(&b, "de", 2));
	assert_memory_equal(b.p, "abcde", 5);
	assert_string_equal(buf_cstr(&b), "abcde");
	buf_wipe(&b);
	assert_null(b.p);
}

static void
buf_formats(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 64);
	assert_ok(buf_addf(&b, "%s:%d", "serial", 12));
	assert_int_equal(b.len, 9);
	assert_string_equal(buf_cstr(&b), "serial:12");
	buf_wipe(&b);
}

/* text */

static void
base64_is_canonical(void **state)
{
	uint8_t out[4];

	(void)state;
	assert_ok(text_unb64(out, 4, "AAECAw", 6));
	assert_int_equal(out[3], 3);
	assert_err(text_unb64(out, 4, "AAECAx", 6), ERR_FORMAT);   /* trailing bits */
	assert_err(text_unb64(out, 4, "AAECAw==", 8), ERR_FORMAT); /* padding */
	assert_err(text_unb64(out, 4, "AAEC\nw", 6), ERR_FORMAT);
	assert_ok(text_unb64(out, 3, "AA/A", 4));
	assert_err(text_unb64(out, 3, "AA\xafz", 4), ERR_FORMAT); /* libsodium takes it for '/' */
	assert_err(text_unb64_pad(out, 4,
		       "AAE\x80"
		       "Aw==",
		       8),
	    ERR_FORMAT);
	assert_ok(text_unb64_pad(out, 4, "AAECAw==", 8));
	assert_err(text_unb64_pad(out, 4, "AAECAw", 6), ERR_FORMAT);
}

static void
hex_is_lower_case_and_exact(void **state)
{
	uint8_t out[2];

	(void)state;
	assert_ok(text_unhex(out, 2, "00ff", 4));
	assert_int_equal(out[1], 0xff);
	assert_err(text_unhex(out, 2, "00FF", 4), ERR_FORMAT);
	assert_err(text_unhex(out, 2, "00f", 3), ERR_FORMAT);
	assert_err(text_unhex(out, 2, "00ff00", 6), ERR_FORMAT);
}

static void
numbers_have_one_form(void **state)
{
	uint64_t v = 7;

	(void)state;
	assert_ok(text_number("0", 1, 10, &v));
	assert_int_equal(v, 0);
	assert_err(text_number("01", 2, 10, &v), ERR_FORMAT);
	assert_err(text_number("+1", 2, 10, &v), ERR_FORMAT);
	assert_err(text_number("", 0, 10, &v), ERR_FORMAT);
	assert_err(text_number("11", 2, 10, &v), ERR_LIMIT);
	assert_err(text_number("99999999999999999999", 20, UINT64_MAX, &v), ERR_LIMIT);
	assert_ok(text_number("18446744073709551615", 20, UINT64_MAX, &v));
}

static void
utf8_refuses_overlong_and_surrogates(void **state)
{
	(void)state;
	assert_true(
	    text_is_utf8((const uint8_t *)"d\xc3\xa9j\xc3\xa0 \xe2\x82\xac \xf0\x9f\x98\x80", 15));
	assert_false(text_is_utf8((const uint8_t *)"\xc0\x80", 2));
	assert_false(text_is_utf8((const uint8_t *)"\xe0\x80\x80", 3));
	assert_false(text_is_utf8((const uint8_t *)"\xed\xa0\x80", 3));
	assert_false(text_is_utf8((const uint8_t *)"\xf4\x90\x80\x80", 4));
	assert_false(text_is_utf8((const uint8_t *)"\xe2\x82", 2));
	assert_int_equal(text_utf8_point((const uint8_t *)"\xe2\x80\xae", 3), 0x202e);
	assert_true(text_is_treacherous(0x202e));
	assert_true(text_is_treacherous(0x1b));
	assert_false(text_is_treacherous(0xe9));
}

static void
a_cleaned_text_harms_no_terminal(void **state)
{
	char all[256], good[] = "caf\xc3\xa9, items/x.age: it's \xe2\x82\xac 5";
	char bad[] = "a\x1b[2J\nb\xff\xe2\x80\xae\xc2\x9b"
		     "c\xe2\x82";
	size_t i;

	(void)state;
	text_clean(bad);
	assert_string_equal(bad, "a?[2J?b??????c??");
	text_clean(good);
	assert_string_equal(good, "caf\xc3\xa9, items/x.age: it's \xe2\x82\xac 5");
	for (i = 0; i < sizeof all - 1; i++)
		all[i] = (char)(i + 1);
	all[sizeof all - 1] = '\0';
	text_clean(all);
	for (i = 0; i < sizeof all - 1; i++)
		assert_int_equal(all[i], i + 1 >= 0x20 && i + 1 < 0x7f ? (int)i + 1 : '?');
	text_clean(all + sizeof all - 1);
}

/* date */

static void
dates_go_both_ways(void **state)
{
	char s[DATE_DAY_LEN + 1];
	int32_t day, back;

	(void)state;
	for (day = 0; day < 366 * 400; day++) {
		date_format(s, day);
		assert_ok(date_parse(s, DATE_DAY_LEN, &back));
		assert_int_equal(back, day);
	}
	assert_ok(date_parse("2026-03-05", 10, &day));
	assert_int_equal(day, 20517);
	assert_ok(date_parse("9999-12-31", 10, &day));
	date_format(s, day);
	assert_string_equal(s, "9999-12-31");
}

static void
dates_that_do_not_exist(void **state)
{
	static const char *const bad[] = {"2026-02-29", "2100-02-29", "2026-13-01", "2026-00-10",
	    "2026-04-31", "2026-4-31x", "1969-12-31", "2026/03/05", " 026-03-05"};
	int32_t day;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_err(date_parse(bad[i], strlen(bad[i]), &day), ERR_FORMAT);
	assert_ok(date_parse("2000-02-29", 10, &day));
}

static void
minutes_are_utc(void **state)
{
	char s[DATE_MINUTE_LEN + 1];

	(void)state;
	date_format_minute(s, 20517 * 86400LL + 14 * 3600 + 7 * 60 + 59);
	assert_string_equal(s, "2026-03-05T14:07Z");
}

/* io */

static void
io_never_overwrites(void **state)
{
	char *dir = strdup(harness_mkdir());
	struct buf b;
	int fd = -1;

	(void)state;
	buf_init(&b, 16);
	assert_ok(io_open_dir(AT_FDCWD, dir, &fd));
	assert_ok(io_write_new(fd, "a", "one", 3, 0600));
	assert_err(io_write_new(fd, "a", "two", 3, 0600), ERR_EXISTS);
	assert_ok(io_read_file(fd, "a", &b));
	assert_memory_equal(b.p, "one", 3);
	assert_ok(io_replace(fd, "a", "three", 5, 0600));
	buf_reset(&b);
	assert_ok(io_read_file(fd, "a", &b));
	assert_memory_equal(b.p, "three", 5);
	io_close(&fd);
	buf_wipe(&b);
	harness_rmdir(dir);
	free(dir);
}

static void
io_renames_only_to_new_names(void **state)
{
	char *dir = strdup(harness_mkdir());
	struct stat st;
	struct buf b;
	int fd = -1;

	(void)state;
	buf_init(&b, 16);
	assert_ok(io_open_dir(AT_FDCWD, dir, &fd));
	assert_ok(io_write_new(fd, "tmp", "one", 3, 0600));
	assert_ok(io_rename_new(fd, "tmp", "a"));
	assert_err(io_read_file(fd, "tmp", &b), ERR_NOTFOUND);
	assert_ok(io_write_new(fd, "tmp", "two", 3, 0600));
	assert_err(io_rename_new(fd, "tmp", "a"), ERR_EXISTS);
	assert_err(io_read_file(fd, "tmp", &b), ERR_NOTFOUND);
	assert_ok(io_read_file(fd, "a", &b));
	assert_memory_equal(b.p, "one", 3);
	/* A link to nothing isn't followed. */
	assert_int_equal(symlinkat("nothing", fd, "link"), 0);
	assert_ok(io_write_new(fd, "tmp", "three", 5, 0600));
	assert_err(io_rename_new(fd, "tmp", "link"), ERR_EXISTS);
	assert_int_equal(fstatat(fd, "link", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_err(io_rename_new(fd, "gone", "b"), ERR_NOTFOUND);
	io_close(&fd);
	buf_wipe(&b);
	harness_rmdir(dir);
	free(dir);
}

static void
io_finds_the_folder_of_a_path(void **state)
{
	static const char *const no_file[] = {"", "/", "x/", ".", "..", "/tmp/..", "x/."};
	char *dir = strdup(harness_mkdir()), path[512], *too_long;
	const char *name = NULL;
	struct stat is, want;
	int fd = -1;
	size_t i;

	(void)state;
	snprintf(path, sizeof path, "%s/a b", dir);
	assert_ok(io_open_parent(path, &fd, &name));
	assert_string_equal(name, "a b");
	assert_int_equal(fstat(fd, &is), 0);
	assert_int_equal(stat(dir, &want), 0);
	assert_true(is.st_ino == want.st_ino && is.st_dev == want.st_dev);
	io_close(&fd);
	/* A folder may be reached by a link. */
	snprintf(path, sizeof path, "%s/link", dir);
	assert_int_equal(symlink(".", path), 0);
	snprintf(path, sizeof path, "%s/link/a", dir);
	assert_ok(io_open_parent(path, &fd, &name));
	io_close(&fd);
	assert_ok(io_open_parent("alone", &fd, &name));
	assert_string_equal(name, "alone");
	io_close(&fd);
	assert_ok(io_open_parent("/alone", &fd, &name));
	io_close(&fd);
	snprintf(path, sizeof path, "%s/gone/a", dir);
	assert_err(io_open_parent(path, &fd, &name), ERR_NOTFOUND);
	for (i = 0; i < sizeof no_file / sizeof no_file[0]; i++)
		assert_err(io_open_parent(no_file[i], &fd, &name), ERR_USAGE);
	assert_non_null(too_long = calloc(1, 8192));
	memset(too_long, '/', 8000);
	too_long[8000] = 'a';
	assert_err(io_open_parent(too_long, &fd, &name), ERR_LIMIT);
	assert_int_equal(fd, -1);
	free(too_long);
	harness_rmdir(dir);
	free(dir);
}

static void
io_reads_only_plain_files(void **state)
{
	char *dir = strdup(harness_mkdir());
	struct buf b;
	int fd = -1;

	(void)state;
	buf_init(&b, 3);
	assert_ok(io_open_dir(AT_FDCWD, dir, &fd));
	assert_ok(io_write_new(fd, "a", "four", 4, 0600));
	assert_int_equal(symlinkat("a", fd, "link"), 0);
	assert_int_equal(mkfifoat(fd, "fifo", 0600), 0);
	assert_err(io_read_file(fd, "link", &b), ERR_MODE);
	assert_err(io_read_file(fd, "fifo", &b), ERR_MODE);
	assert_err(io_read_file(fd, "gone", &b), ERR_NOTFOUND);
	assert_err(io_read_file(fd, "a", &b), ERR_LIMIT);
	assert_int_equal(b.len, 0);
	assert_err(io_read_file_of(fd, "a", geteuid() + 1, &b), ERR_MODE);
	assert_err(io_read_file_of(fd, "link", geteuid(), &b), ERR_MODE);
	assert_err(io_read_file_of(fd, "a", geteuid(), &b), ERR_LIMIT);
	assert_int_equal(b.len, 0);
	b.max = 4;
	assert_ok(io_read_file_of(fd, "a", geteuid(), &b));
	assert_int_equal(b.len, 4);
	io_close(&fd);
	buf_wipe(&b);
	harness_rmdir(dir);
	free(dir);
}

static size_t
count_names(int dirfd)
{
	size_t n = 0;
	DIR *list = NULL;

	assert_ok(io_open_list(dirfd, &list));
	while (readdir(list) != NULL)
		n++;
	closedir(list);
	return n;
}

static void
io_lists_a_folder_from_the_first_name_on(void **state)
{
	char *dir = strdup(harness_mkdir());
	int fd = -1, file = -1;
	DIR *list = NULL;

	(void)state;
	assert_ok(io_open_dir(AT_FDCWD, dir, &fd));
	assert_int_equal(count_names(fd), 2); /* . and .. */
	assert_ok(io_write_new(fd, "a", "a", 1, 0600));
	assert_int_equal(count_names(fd), 3);
	assert_int_equal(count_names(fd), 3);
	assert_ok(io_open_file(fd, "a", &file));
	assert_err(io_open_list(file, &list), ERR_MODE);
	assert_null(list);
	io_close(&file);
	io_close(&fd);
	harness_rmdir(dir);
	free(dir);
}

/* err */

static void
advice_goes_with_the_error(void **state)
{
	int e;

	(void)state;
	errno = EACCES;
	assert_string_equal(
	    err_advice(ERR_SYS), "Look who owns it and who may use it: ls -ld PATH");
	errno = ENOENT;
	assert_string_equal(err_advice(ERR_SYS), err_advice(ERR_NOTFOUND));
	errno = ENOMEM;
	assert_string_equal(err_advice(ERR_SYS), err_advice(ERR_NOMEM));
	errno = 0;
	assert_string_equal(err_advice(ERR_SYS), "");
	for (e = ERR_OK; e <= ERR_USAGE; e++) {
		const char *advice = err_advice((enum err)e);

		assert_true(advice[0] == '\0' || advice[strlen(advice) - 1] != '.');
		assert_string_not_equal(err_text((enum err)e), "unknown error");
	}
	assert_string_equal(err_advice(ERR_OK), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(buf_stays_below_its_max),
	    cmocka_unit_test(buf_formats),
	    cmocka_unit_test(base64_is_canonical),
	    cmocka_unit_test(hex_is_lower_case_and_exact),
	    cmocka_unit_test(numbers_have_one_form),
	    cmocka_unit_test(utf8_refuses_overlong_and_surrogates),
	    cmocka_unit_test(a_cleaned_text_harms_no_terminal),
	    cmocka_unit_test(dates_go_both_ways),
	    cmocka_unit_test(dates_that_do_not_exist),
	    cmocka_unit_test(minutes_are_utc),
	    cmocka_unit_test(io_never_overwrites),
	    cmocka_unit_test(io_renames_only_to_new_names),
	    cmocka_unit_test(io_finds_the_folder_of_a_path),
	    cmocka_unit_test(io_reads_only_plain_files),
	    cmocka_unit_test(io_lists_a_folder_from_the_first_name_on),
	    cmocka_unit_test(advice_goes_with_the_error),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
