#include "seal/zip_record.h"
#include "shelf.h"

/* ---- what was written comes back */

/* A member whole, and in parts of every kind around its block borders. */
static void
reads_as(struct zip_read *z, const struct zip_member *m, const uint8_t *want, size_t n)
{
	uint8_t *part = malloc(n + 1);
	struct buf out;
	size_t at, len;

	assert_non_null(part);
	assert_int_equal(m->size, n);
	buf_init(&out, BIG);
	assert_ok(zip_read_member(z, m, harness_sink(&out)));
	assert_int_equal(out.len, n);
	if (n > 0)
		assert_memory_equal(out.p, want, n);
	for (at = 0; at <= n; at += at % ZIP_BLOCK < 3 || at % ZIP_BLOCK > ZIP_BLOCK - 3 ? 1 : 61)
		for (len = 0; len <= n - at; len = len * 2 + 1) {
			part[len] = 0xa5;
			assert_ok(zip_read_part(z, m, at, part, len));
			assert_memory_equal(part, want + at, len);
			assert_int_equal(part[len], 0xa5);
		}
	assert_ok(zip_read_part(z, m, 0, part, n));
	assert_err(zip_read_part(z, m, 0, part, n + 1), ERR_TRUNCATED);
	assert_err(zip_read_part(z, m, n, part, 1), ERR_TRUNCATED);
	assert_err(zip_read_part(z, m, n + 1, part, 0), ERR_TRUNCATED);
	assert_err(zip_read_part(z, m, UINT64_MAX, part, 1), ERR_TRUNCATED);
	assert_err(zip_read_part(z, m, 1, part, SIZE_MAX), ERR_TRUNCATED);
	buf_wipe(&out);
	free(part);
}

static void
sizes_and_names_come_back(void **state)
{
	static const size_t sizes[] = {0, 1, ZIP_BLOCK - 1, ZIP_BLOCK, ZIP_BLOCK + 1, 2 * ZIP_BLOCK,
	    2 * ZIP_BLOCK + 1, CONTENT};
	const size_t files = sizeof sizes / sizeof *sizes;
	char name[LIMIT_ZIP_NAME + 1];
	struct zip_read *z = NULL;
	struct shelf s;
	size_t i;

	(void)state;
	write_archive(&s, 100, sizes, files);
	assert_ok(zip_read_open(shelf_source(&s), &z));
	assert_int_equal(z->n_members, files + 2);
	reads_as(z, zip_read_find(z, ZIP_MESSAGE), content, 100);
	for (i = 0; i < files; i++) {
		snprintf(name, sizeof name, "files/%03zu-a.bin", i + 1);
		assert_string_equal(z->members[i + 1].name, name);
		assert_ptr_equal(zip_read_find(z, name), &z->members[i + 1]);
		reads_as(z, &z->members[i + 1], content, sizes[i]);
	}
	reads_as(z, zip_read_find(z, ZIP_MANIFEST), (const uint8_t *)"{}", 2);
	assert_null(zip_read_find(z, ZIP_PADDING));
	assert_null(zip_read_find(z, ""));
	assert_ok(zip_read_check_padding(z));
	zip_read_free(z);
	zip_read_free(NULL);
	buf_wipe(&s.zip);
}

/* Opening looks at headers only: the same few reads, however large the content. */
static void
opening_reads_no_content(void **state)
{
	const size_t files[] = {CONTENT, CONTENT};
	struct zip_read *z = NULL;
	struct shelf s;

	(void)state;
	write_archive(&s, CONTENT, files, 2);
	assert_ok(zip_read_open(shelf_source(&s), &z));
	assert_int_equal(s.reads, 1 + 1 + 2 * 4 + 1); /* tail, directory, headers, .padding's */
	zip_read_free(z);
	buf_wipe(&s.zip);
}

static void
the_largest_directory(void **state)
{
	char name[LIMIT_ZIP_NAME + 1];
	struct zip_read *z = NULL;
	struct zip_write w;
	struct shelf s = {0};
	struct buf dir;
	unsigned i;

	(void)state;
	buf_init(&s.zip, BIG);
	buf_init(&dir, LIMIT_UPLOAD_MEMORY);
	zip_write_init(&w, &dir, harness_sink(&s.zip));
	member(&w, ZIP_MESSAGE, "", 0);
	for (i = 1; i <= LIMIT_UPLOAD_FILES; i++) {
		snprintf(name, sizeof name, "files/%03u-%0*d", i, LIMIT_ZIP_NAME - 10, 0);
		member(&w, name, content, i);
	}
	member(&w, ZIP_MANIFEST, "{}", 2);
	finish(&w, SIZE_MAX);
	assert_ok(zip_read_open(shelf_source(&s), &z));
	assert_int_equal(z->n_members, LIMIT_UPLOAD_FILES + 2);
	assert_string_equal(z->members[LIMIT_UPLOAD_FILES].name, name);
	assert_int_equal(z->members[LIMIT_UPLOAD_FILES].size, LIMIT_UPLOAD_FILES);
	zip_read_free(z);
	assert_ok(read_all(&s));
	buf_wipe(&dir);
	buf_wipe(&s.zip);
}

/* ---- every single-byte change */

static enum err
read_changed(struct shelf *s, size_t at, uint8_t mask)
{
	enum err e;

	s->zip.p[at] ^= mask;
	e = read_all(s);
	s->zip.p[at] ^= mask;
	return e;
}

/* All values of the bytes in [from, to), every step-th of them. */
static void
changes_are_seen(struct shelf *s, size_t from, size_t to, size_t step, unsigned masks)
{
	unsigned mask;
	size_t at;
	enum err e;

	for (at = from; at < to; at += step)
		for (mask = 1; mask < 256; mask += masks == 1 ? 255 : 1) {
			e = read_changed(s, at, (uint8_t)(masks == 1 ? 1u << at % 8 : mask));
			assert_true(e == ERR_PROFILE || e == ERR_FORMAT);
		}
}

/* Small content, so that nearly all is padding: everything but the zeros, all changes. */
static void
every_changed_byte_of_the_records_is_refused(void **state)
{
	const size_t files[] = {0, 3};
	struct zip_read *z = NULL;
	size_t head, tail;
	struct shelf s;

	(void)state;
	write_archive(&s, 5, files, 2);
	assert_ok(zip_read_open(shelf_source(&s), &z));
	head = (size_t)z->padding_at;
	tail = head + (size_t)z->padding;
	zip_read_free(z);
	assert_int_equal(s.zip.len, SMALL);
	changes_are_seen(&s, 0, head, 1, 255);
	changes_are_seen(&s, head, tail, 61, 1);
	changes_are_seen(&s, head, head + 100, 1, 1);
	changes_are_seen(&s, tail - 100, tail, 1, 1);
	changes_are_seen(&s, tail, SMALL, 1, 255);
	buf_wipe(&s.zip);
}

/* Large content: block headers all, content by the CRC. */
static void
every_changed_byte_of_the_content_is_refused(void **state)
{
	const size_t files[] = {CONTENT};
	const struct zip_member *m;
	struct zip_read *z = NULL;
	struct shelf s;
	size_t block;

	(void)state;
	write_archive(&s, 1, files, 1);
	assert_ok(zip_read_open(shelf_source(&s), &z));
	m = &z->members[1];
	for (block = 0; block < 4; block++)
		changes_are_seen(&s, m->data + block * 8197, m->data + block * 8197 + 6, 1, 255);
	changes_are_seen(&s, m->data, m->data + zip_record_packed(m->size), 31, 1);
	zip_read_free(z);
	buf_wipe(&s.zip);
}

/* The parts, too, look at block headers; they leave the CRC alone. */
static void
parts_check_block_headers(void **state)
{
	const size_t files[] = {CONTENT};
	const struct zip_member *m;
	struct zip_read *z = NULL;
	struct shelf s;
	uint8_t b[4];

	(void)state;
	write_archive(&s, 1, files, 1);
	assert_ok(zip_read_open(shelf_source(&s), &z));
	m = &z->members[1];
	s.zip.p[m->data + 8197] ^= 1; /* "this is the last block" */
	assert_ok(zip_read_part(z, m, 8190, b, 2));
	assert_err(zip_read_part(z, m, 8190, b, 3), ERR_PROFILE);
	assert_err(zip_read_part(z, m, 9000, b, 1), ERR_PROFILE);
	assert_ok(zip_read_part(z, m, 2 * 8192, b, 4));
	s.zip.p[m->data + 8197] ^= 1;
	s.zip.p[m->data + 5] ^= 1;
	assert_ok(zip_read_part(z, m, 0, b, 4));
	assert_int_equal(b[0], content[0] ^ 1);
	zip_read_free(z);
	buf_wipe(&s.zip);
}

/* The archive's bytes [at, at + n) as the sweep has them, picked; the content must be what belongs
 * there. */
static enum err
pick(const struct shelf *s, const struct zip_member *m, uint64_t at, size_t n, size_t *got)
{
	uint8_t *copy = malloc(n + 1);
	struct zip_piece piece = {0};
	enum err e;

	assert_non_null(copy);
	memcpy(copy, s->zip.p + at, n);
	copy[n] = 0xa5;
	e = zip_read_pick(m, at, copy, n, &piece);
	assert_int_equal(copy[n], 0xa5);
	if (e == ERR_OK) {
		assert_true(piece.p == copy && piece.n <= n);
		assert_true(piece.n == 0 || piece.at == *got);
		assert_memory_equal(piece.p, content + *got, piece.n);
		*got += piece.n;
	}
	free(copy);
	return e;
}

static void
cut_anywhere_the_content_comes_together(void **state)
{
	static const size_t sizes[] = {0, 1, ZIP_BLOCK - 1, ZIP_BLOCK, ZIP_BLOCK + 1, CONTENT};
	const size_t files = sizeof sizes / sizeof *sizes;
	const struct zip_member *m;
	struct zip_read *z = NULL;
	size_t i, cut, n, len, got;
	struct shelf s;

	(void)state;
	write_archive(&s, 1, sizes, files);
	assert_ok(zip_read_open(shelf_source(&s), &z));
	for (i = 0; i < files; i++) {
		m = &z->members[i + 1];
		len = (size_t)zip_record_packed(m->size);
		for (cut = 0; cut <= len; cut += cut % 8197 < 8 || cut % 8197 > 8190 ? 1 : 97) {
			got = 0;
			assert_ok(pick(&s, m, m->data, cut, &got));
			assert_ok(pick(&s, m, m->data + cut, len - cut, &got));
			assert_int_equal(got, m->size);
		}
		for (n = 1; n < 12; n++) { /* many small ones */
			for (got = 0, cut = 0; cut < len; cut += n)
				assert_ok(pick(
				    &s, m, m->data + cut, n < len - cut ? n : len - cut, &got));
			assert_int_equal(got, m->size);
		}
	}
	zip_read_free(z);
	buf_wipe(&s.zip);
}

static void
a_pick_checks_headers_and_stays_in_its_member(void **state)
{
	const size_t files[] = {CONTENT};
	const struct zip_member *m;
	struct zip_read *z = NULL;
	struct zip_piece piece = {0};
	size_t len, at, got;
	uint8_t b[1] = {0};
	struct shelf s;

	(void)state;
	write_archive(&s, 1, files, 1);
	assert_ok(zip_read_open(shelf_source(&s), &z));
	m = &z->members[1];
	len = (size_t)zip_record_packed(m->size);
	for (at = 0; at < len; at += at % 8197 < 4 ? 1 : 8193) { /* every byte of every header */
		s.zip.p[m->data + at] ^= 4;
		got = 0;
		assert_err(pick(&s, m, m->data, len, &got), ERR_PROFILE);
		assert_err(pick(&s, m, m->data + at, 1, &got), ERR_PROFILE);
		s.zip.p[m->data + at] ^= 4;
	}
	assert_err(zip_read_pick(m, m->data - 1, b, 1, &piece), ERR_PROFILE);
	assert_err(zip_read_pick(m, m->data + len, b, 1, &piece), ERR_PROFILE);
	assert_err(zip_read_pick(m, m->data + len + 1, b, 0, &piece), ERR_PROFILE);
	assert_err(zip_read_pick(m, m->data, b, len + 1, &piece), ERR_PROFILE);
	assert_err(zip_read_pick(m, UINT64_MAX, b, SIZE_MAX, &piece), ERR_PROFILE);
	assert_null(piece.p);
	zip_read_free(z);
	buf_wipe(&s.zip);
}

static void
every_truncation_is_refused(void **state)
{
	const size_t files[] = {300000}; /* more than one bucket below */
	struct shelf s;
	size_t whole, len;
	uint8_t *big = calloc(1, files[0]);

	(void)state;
	assert_non_null(big);
	s = (struct shelf){0};
	buf_init(&s.zip, BIG);
	{
		struct zip_write z;
		struct buf dir;

		buf_init(&dir, 1024);
		zip_write_init(&z, &dir, harness_sink(&s.zip));
		member(&z, ZIP_MESSAGE, big, files[0]);
		member(&z, ZIP_MANIFEST, "{}", 2);
		finish(&z, SIZE_MAX);
		buf_wipe(&dir);
	}
	assert_ok(read_all(&s));
	whole = s.zip.len;
	for (len = 0; len < whole; len++) {
		s.zip.len = len;
		refused(&s);
	}
	s.zip.len = whole;
	assert_ok(buf_add(&s.zip, "", 1));
	refused(&s);
	assert_ok(buf_add(&s.zip, content, 8192));
	refused(&s);
	buf_wipe(&s.zip);
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sizes_and_names_come_back),
	    cmocka_unit_test(opening_reads_no_content),
	    cmocka_unit_test(the_largest_directory),
	    cmocka_unit_test(every_changed_byte_of_the_records_is_refused),
	    cmocka_unit_test(every_changed_byte_of_the_content_is_refused),
	    cmocka_unit_test(parts_check_block_headers),
	    cmocka_unit_test(cut_anywhere_the_content_comes_together),
	    cmocka_unit_test(a_pick_checks_headers_and_stays_in_its_member),
	    cmocka_unit_test(every_truncation_is_refused),
	};

	return cmocka_run_group_tests_name("zip_read", tests, fill_content, NULL);
}
