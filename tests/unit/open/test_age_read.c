#include "age_rig.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>

/* What was sealed comes out, for the one who has the key and in any order. */

static void
check_content(struct age_open *a, size_t n)
{
	uint8_t *plain = fixture_plain(n), *got = malloc(n + 1);
	uint8_t *chunk = malloc(AGE_SEALED_CHUNK);
	size_t at = 0, len;
	uint64_t i;

	assert_int_equal(age_open_size(a), n);
	for (i = 0; i < age_open_chunks(a); i++, at += len) {
		assert_ok(age_open_chunk(a, i, chunk, &len));
		assert_memory_equal(chunk, plain + at, len);
	}
	assert_int_equal(at, n);
	assert_ok(age_open_read(a, 0, got, n));
	assert_memory_equal(got, plain, n);
	assert_err(age_open_chunk(a, i, chunk, &len), ERR_TRUNCATED);
	assert_err(age_open_chunk(a, UINT64_MAX, chunk, &len), ERR_TRUNCATED);
	assert_err(
	    age_open_chunk(a, 1ULL << 60, chunk, &len), ERR_TRUNCATED); /* offset 0 mod 2^64 */
	assert_err(age_open_read(a, n, got, 1), ERR_TRUNCATED);
	assert_err(age_open_read(a, n + 1, got, 0), ERR_TRUNCATED);
	assert_err(age_open_read(a, 1, got, SIZE_MAX), ERR_TRUNCATED);
	assert_ok(age_open_read(a, n, got, 0));
	free(plain);
	free(got);
	free(chunk);
}

static void
opens_what_was_sealed(void **state)
{
	struct identity_set ids = fixture_ids(2);
	struct age_open *a;
	struct buf b;
	size_t i, r;

	(void)state;
	for (i = 0; i < N_SIZES; i++) {
		for (r = 1; r <= 2; r++) {
			b = fixture_seal(&ids, r, sizes[i]);
			assert_ok(open_mem(&b, &ids, &a));
			assert_int_equal(age_open_stanzas(a), r);
			assert_ptr_equal(age_open_identity(a), &ids.p[0]);
			check_content(a, sizes[i]);
			age_open_free(a);
			buf_wipe(&b);
		}
	}
	identity_set_wipe(&ids);
}

static void
opens_from_a_file(void **state)
{
	struct identity_set ids = fixture_ids(1);
	struct buf b = fixture_seal(&ids, 1, 3 * AGE_CHUNK + 5);
	uint8_t *chunk = malloc(AGE_SEALED_CHUNK);
	int fd = memfd_create("sealed", MFD_CLOEXEC), pipe_fd[2];
	struct age_open *a;
	size_t n;

	(void)state;
	assert_ok(io_write_all(fd, b.p, b.len));
	assert_ok(age_open_fd(fd, &ids, NULL, &a));
	check_content(a, 3 * AGE_CHUNK + 5);
	/* A file that changes while it is open tells nothing. */
	assert_int_equal(ftruncate(fd, 100), 0);
	assert_err(age_open_chunk(a, 2, chunk, &n), ERR_TRUNCATED);
	age_open_free(a);
	assert_err(age_open_fd(fd, &ids, NULL, &a), ERR_TRUNCATED);
	close(fd);
	assert_int_equal(pipe(pipe_fd), 0);
	assert_err(age_open_fd(pipe_fd[0], &ids, NULL, &a), ERR_MODE);
	assert_err(age_open_fd(-1, &ids, NULL, &a), ERR_SYS);
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	free(chunk);
	buf_wipe(&b);
	identity_set_wipe(&ids);
}

static void
random_reads_agree(void **state)
{
	size_t n = 4 * AGE_CHUNK + 1000, at, len;
	struct identity_set ids = fixture_ids(1);
	struct buf b = fixture_seal(&ids, 1, n);
	uint8_t *plain = fixture_plain(n), *got = malloc(n);
	struct age_open *a;
	int i;

	(void)state;
	assert_ok(open_mem(&b, &ids, &a));
	for (i = 0; i < 500; i++) {
		at = random_below((uint32_t)n + 1);
		len = random_below((uint32_t)(n - at) + 1);
		assert_ok(age_open_read(a, at, got, len));
		assert_memory_equal(got, plain + at, len);
	}
	age_open_free(a);
	free(plain);
	free(got);
	buf_wipe(&b);
	identity_set_wipe(&ids);
}

static void
only_the_right_key_opens(void **state)
{
	struct identity_set ids = fixture_ids(3), others = fixture_ids(50), none = {0},
			    second = {0};
	struct secret_text pass = fixture_text("a passphrase");
	struct buf b = fixture_seal(&ids, 3, 10);
	struct age_open *a = NULL;

	(void)state;
	assert_err(open_mem(&b, &others, &a), ERR_NOMATCH);
	assert_err(open_mem(&b, &none, &a), ERR_NOMATCH);
	assert_err(age_open_mem(b.p, b.len, NULL, &pass, &a), ERR_NOMATCH);
	assert_err(age_open_mem(b.p, b.len, NULL, NULL, &a), ERR_USAGE);
	assert_err(age_open_mem(b.p, b.len, &ids, &pass, &a), ERR_USAGE);
	assert_err(age_open_mem(NULL, 0, &ids, NULL, &a), ERR_TRUNCATED);
	assert_null(a);
	assert_ok(identity_set_add(&second, &others.p[0]));
	assert_ok(identity_set_add(&second, &ids.p[2]));
	assert_ok(open_mem(&b, &second, &a));
	assert_ptr_equal(age_open_identity(a), &second.p[1]);
	age_open_free(a);
	age_open_free(NULL);
	secret_text_wipe(&pass);
	buf_wipe(&b);
	identity_set_wipe(&ids);
	identity_set_wipe(&others);
	identity_set_wipe(&second);
}

/* A chunk that can't be read doesn't spoil the one that was kept before it. */
static void
a_failed_read_keeps_nothing(void **state)
{
	struct identity_set ids = fixture_ids(1);
	struct buf b = fixture_seal(&ids, 1, 3 * AGE_CHUNK);
	uint8_t *plain = fixture_plain(3 * AGE_CHUNK), got[64];
	struct age_open *a;

	(void)state;
	b.p[AGE_X25519_HEADER(1) + AGE_NONCE + AGE_SEALED_CHUNK] ^= 1;
	assert_ok(open_mem(&b, &ids, &a));
	assert_ok(age_open_read(a, 0, got, sizeof got));
	assert_err(age_open_read(a, AGE_CHUNK, got, sizeof got), ERR_AUTH);
	assert_ok(age_open_read(a, 0, got, sizeof got));
	assert_memory_equal(got, plain, sizeof got);
	assert_err(age_open_read(a, AGE_CHUNK - 10, got, 20), ERR_AUTH);
	age_open_free(a);
	free(plain);
	buf_wipe(&b);
	identity_set_wipe(&ids);
}

/* The header of a file for us with another line in place of its last stanza's first. */
static enum err
open_with_stanza(const char *line)
{
	struct identity_set ids = fixture_ids(2);
	struct buf b = fixture_seal(&ids, 2, 10), changed;
	const char *second = memmem(b.p + 30, b.len - 30, "-> X25519 ", 10), *end;
	enum err e;

	assert_non_null(second);
	end = memchr(second, '\n', 60);
	buf_init(&changed, 4096);
	assert_ok(buf_add(&changed, b.p, (size_t)(second - (const char *)b.p)));
	assert_ok(buf_add_str(&changed, line));
	assert_ok(buf_add(&changed, end, b.len - (size_t)(end - (const char *)b.p)));
	e = open_all(changed.p, changed.len, &ids);
	buf_wipe(&changed);
	buf_wipe(&b);
	identity_set_wipe(&ids);
	return e;
}

/*
 * What stands behind the stanza that opens the file is judged first. Where it
 * may stand there, the MAC finds the change.
 */
static void
stanzas_of_others_are_checked(void **state)
{
	static const char share[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	char line[100];

	(void)state;
	assert_err(open_with_stanza("-> X25519"), ERR_FORMAT);
	assert_err(open_with_stanza("-> X25519 AAAA"), ERR_FORMAT);
	assert_err(open_with_stanza("-> scrypt AAAAAAAAAAAAAAAAAAAAAA 10"), ERR_FORMAT);
	assert_err(open_with_stanza("-> other"), ERR_MAC);
	assert_err(open_with_stanza("-> x25519"), ERR_MAC);
	snprintf(line, sizeof line, "-> X25519 %s", share);
	assert_err(open_with_stanza(line), ERR_MAC);
	snprintf(line, sizeof line, "-> X25519 %s more", share);
	assert_err(open_with_stanza(line), ERR_FORMAT);
	snprintf(line, sizeof line, "-> X25519 %.42sB", share);
	assert_err(open_with_stanza(line), ERR_FORMAT);
	snprintf(line, sizeof line, "-> other\n\n-> X25519 %s", share);
	assert_err(open_with_stanza(line), ERR_MAC);
	snprintf(line, sizeof line, "-> X25519 %s\n\n-> other", share);
	assert_err(open_with_stanza(line), ERR_FORMAT); /* an empty body */
}

static void
small_files_have_a_limit(void **state)
{
	struct identity_set ids = fixture_ids(1);
	struct buf b = fixture_seal(&ids, 1, 100);
	uint8_t *plain = fixture_plain(100);
	struct secret_text t = {0};

	(void)state;
	assert_err(age_open_small(b.p, b.len, &ids, NULL, 99, &t), ERR_LIMIT);
	assert_null(t.p);
	assert_ok(age_open_small(b.p, b.len, &ids, NULL, 100, &t));
	assert_int_equal(t.len, 100);
	assert_memory_equal(t.p, plain, 100);
	assert_int_equal(t.p[100], 0);
	secret_text_wipe(&t);
	buf_wipe(&b);
	free(plain);
	identity_set_wipe(&ids);
}

struct reader {
	const struct age_open *a;
	const uint8_t *plain;
	unsigned first;
	bool is_wrong;
};

static void *
read_every_second(void *ctx)
{
	uint8_t *chunk = malloc(AGE_SEALED_CHUNK);
	struct reader *r = ctx;
	uint64_t i;
	size_t n;

	for (i = r->first; i < age_open_chunks(r->a); i += 2)
		if (age_open_chunk(r->a, i, chunk, &n) != ERR_OK ||
		    memcmp(chunk, r->plain + i * AGE_CHUNK, n) != 0)
			r->is_wrong = true;
	free(chunk);
	return NULL;
}

static void
two_threads_read_one_file(void **state)
{
	size_t n = 64 * AGE_CHUNK + 9;
	struct identity_set ids = fixture_ids(1);
	struct buf b = fixture_seal(&ids, 1, n);
	uint8_t *plain = fixture_plain(n);
	struct age_open *a;
	struct reader readers[2];
	pthread_t threads[2];
	unsigned i;

	(void)state;
	assert_ok(open_mem(&b, &ids, &a));
	for (i = 0; i < 2; i++) {
		readers[i] = (struct reader){a, plain, i, false};
		assert_int_equal(
		    pthread_create(&threads[i], NULL, read_every_second, &readers[i]), 0);
	}
	for (i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		assert_false(readers[i].is_wrong);
	}
	age_open_free(a);
	free(plain);
	buf_wipe(&b);
	identity_set_wipe(&ids);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(opens_what_was_sealed),
	    cmocka_unit_test(opens_from_a_file),
	    cmocka_unit_test(random_reads_agree),
	    cmocka_unit_test(only_the_right_key_opens),
	    cmocka_unit_test(a_failed_read_keeps_nothing),
	    cmocka_unit_test(stanzas_of_others_are_checked),
	    cmocka_unit_test(small_files_have_a_limit),
	    cmocka_unit_test(two_threads_read_one_file),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests_name("age_read", tests, NULL, NULL);
}
