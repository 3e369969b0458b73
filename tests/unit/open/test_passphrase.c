#include "fixture.h"

#include "base/words.h"
#include "open/passphrase.h"

static char dir[64];

static int
make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "%s", harness_mkdir());
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	harness_rmdir(dir);
	return 0;
}

/* A file with this content; its path is static. */
static const char *
file_with(const void *p, size_t n, mode_t mode)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/pass", dir);
	unlink(path);
	assert_ok(io_write_new(AT_FDCWD, path, p, n, mode));
	return path;
}

static enum err
from_file(const char *content, size_t n, char *got)
{
	struct secret_text t = {0};
	enum err e = passphrase_from_file(file_with(content, n, 0600), &t);

	if (e == ERR_OK)
		memcpy(got, t.p, t.len + 1);
	else
		assert_null(t.p);
	secret_text_wipe(&t);
	return e;
}

static void
takes_the_first_line(void **state)
{
	static const char *const cases[][2] = {{"word", "word"}, {"word\n", "word"},
	    {"word\nmore\n", "word"}, {" a b \n", " a b "}, {"word\r\n", "word"},
	    {"word\r", "word"}, {"a\rb\n", "a\rb"}, {"word\r\r\n", "word\r"},
	    {"caf\xc3\xa9\n", "caf\xc3\xa9"}};
	char got[LIMIT_PASSPHRASE + 1];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_ok(from_file(cases[i][0], strlen(cases[i][0]), got));
		assert_string_equal(got, cases[i][1]);
	}
}

static void
has_limits(void **state)
{
	char text[LIMIT_PASSPHRASE + 100], got[LIMIT_PASSPHRASE + 1];

	(void)state;
	memset(text, 'p', sizeof text);
	assert_ok(from_file(text, LIMIT_PASSPHRASE, got));
	assert_int_equal(strlen(got), LIMIT_PASSPHRASE);
	assert_err(from_file(text, LIMIT_PASSPHRASE + 1, got), ERR_LIMIT);
	assert_err(from_file(text, sizeof text, got), ERR_LIMIT);
	text[LIMIT_PASSPHRASE] = '\n';
	assert_ok(from_file(text, sizeof text, got));
	text[LIMIT_PASSPHRASE] = '\r';
	text[LIMIT_PASSPHRASE + 1] = '\n';
	assert_ok(from_file(text, sizeof text, got));
	assert_err(from_file("", 0, got), ERR_TRUNCATED);
	assert_err(from_file("\nword\n", 6, got), ERR_TRUNCATED);
	assert_err(from_file("\r\n", 2, got), ERR_TRUNCATED);
	assert_err(from_file("a\0b\n", 4, got), ERR_FORMAT);
}

static void
refuses_what_others_may_read(void **state)
{
	static const mode_t bad[] = {0644, 0640, 0604, 0660, 0601};
	struct secret_text t = {0};
	const char *path;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_err(passphrase_from_file(file_with("word", 4, bad[i]), &t), ERR_MODE);
	assert_err(passphrase_from_file(dir, &t), ERR_MODE);
	assert_err(passphrase_from_file("/dev/zero", &t), ERR_MODE);
	assert_err(passphrase_from_file("/nonexistent/pass", &t), ERR_NOTFOUND);
	assert_null(t.p);
	assert_ok(passphrase_from_file(file_with("word", 4, 0400), &t));
	secret_text_wipe(&t);
	if (geteuid() == 0) {
		path = file_with("word", 4, 0600);
		assert_int_equal(chown(path, 12345, 12345), 0);
		assert_err(passphrase_from_file(path, &t), ERR_MODE);
	}
}

static void
reads_pipes_and_standard_input(void **state)
{
	struct secret_text t = {0};
	int p[2], saved, file;
	char path[32], rest[8];

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], "word\nrest\n", 10), 10);
	snprintf(path, sizeof path, "/dev/fd/%d", p[0]);
	assert_ok(passphrase_from_file(path, &t));
	assert_string_equal(t.p, "word");
	secret_text_wipe(&t);
	assert_int_equal(read(p[0], rest, sizeof rest), 5); /* the rest is still there */
	saved = dup(STDIN_FILENO);
	assert_int_equal(write(p[1], "again\n", 6), 6);
	assert_int_not_equal(dup2(p[0], STDIN_FILENO), -1);
	assert_ok(passphrase_from_file("-", &t));
	assert_string_equal(t.p, "again");
	secret_text_wipe(&t);
	file = open(file_with("word", 4, 0644), O_RDONLY | O_CLOEXEC);
	assert_int_not_equal(dup2(file, STDIN_FILENO), -1);
	assert_err(passphrase_from_file("-", &t), ERR_MODE);
	if (saved != -1)
		dup2(saved, STDIN_FILENO);
	close(saved);
	close(file);
	close(p[0]);
	close(p[1]);
}

/* Six words of the list; over many draws all parts of the list turn up. */
static void
suggests_six_words(void **state)
{
	uint32_t seen[8] = {0}, word;
	struct secret_text t;
	char text[128], *s, *save = NULL;
	size_t used;
	int i, n;

	(void)state;
	for (i = 0; i < 200; i++) {
		assert_ok(passphrase_suggest(&t));
		snprintf(text, sizeof text, "%s", t.p);
		secret_text_wipe(&t);
		for (n = 0, s = strtok_r(text, "-", &save); s != NULL;
		     s = strtok_r(NULL, "-", &save)) {
			assert_ok(words_find(s, strlen(s), &word, &used));
			assert_int_equal(used, strlen(s));
			seen[word * 8 / WORDS_COUNT]++;
			n++;
		}
		assert_int_equal(n, 6);
	}
	/* 1,200 draws, 150 expected in each eighth; 5 standard deviations are 57. */
	for (i = 0; i < 8; i++)
		assert_in_range(seen[i], 93, 207);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_the_first_line),
	    cmocka_unit_test(has_limits),
	    cmocka_unit_test(refuses_what_others_may_read),
	    cmocka_unit_test(reads_pipes_and_standard_input),
	    cmocka_unit_test(suggests_six_words),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests_name("passphrase", tests, make_dir, remove_dir);
}
