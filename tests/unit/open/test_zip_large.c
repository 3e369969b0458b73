#include "seal/padding.h"
#include "shelf.h"
#include "sparse.h"

/* A message of so many zeros, a file of so many behind it. */
static void
write_large(struct sparse *s, uint64_t message, uint64_t file)
{
	struct zip_write w;
	struct buf dir;

	sparse_init(s);
	buf_init(&dir, 1024);
	zip_write_init(&w, &dir, sparse_sink(s));
	sparse_member(&w, ZIP_MESSAGE, message);
	sparse_member(&w, "files/001-a", file);
	member(&w, ZIP_MANIFEST, "{}", 2);
	finish(&w, SIZE_MAX);
	assert_int_equal(s->size, padding_bucket(s->size));
	buf_wipe(&dir);
}

static enum err
open_large(struct sparse *s, struct zip_read **z)
{
	return zip_read_open((struct zip_source){sparse_read, s, s->size}, z);
}

static enum err
put_count(void *ctx, const void *p, size_t n)
{
	*(uint64_t *)ctx += sparse_is_zero(p, n) ? n : 0;
	return ERR_OK;
}

/* Directory, zip64 records and end record: all changes of all bytes. They were kept as they are,
 * last, because none of those puts was all zeros. */
static void
large_records_are_checked(struct sparse *s, size_t len)
{
	uint8_t *end = s->data.p + s->data.len, *at;
	struct zip_read *z = NULL;
	unsigned mask;

	for (at = end - len; at < end; at++)
		for (mask = 1; mask < 256; mask++) {
			*at ^= (uint8_t)mask;
			assert_err(open_large(s, &z), ERR_PROFILE);
			*at ^= (uint8_t)mask;
		}
}

static void
a_member_of_4_gib(void **state)
{
	const uint64_t size = 4 * GIB + 1;
	const struct zip_member *m;
	struct zip_read *z = NULL;
	uint64_t count = 0;
	struct sparse s;
	uint8_t b[3];

	(void)state;
	write_large(&s, 3, size);
	assert_ok(open_large(&s, &z));
	m = zip_read_find(z, "files/001-a");
	assert_int_equal(m->size, size);
	memset(b, 1, sizeof b);
	assert_ok(zip_read_part(z, m, size - 2, b, 2));
	assert_true(b[0] == 0 && b[1] == 0 && b[2] == 1);
	assert_err(zip_read_part(z, m, size - 1, b, 2), ERR_TRUNCATED);
	assert_ok(zip_read_member(z, m, (struct sink){put_count, &count}));
	assert_int_equal(count, size);
	zip_read_free(z);
	large_records_are_checked(&s, 57 + 57 + 20 + 59 + 12 + 82 + 98);
	sparse_wipe(&s);
}

/* Fields overflow one by one: only the packed size, only offsets, only the archive. */
static void
an_archive_of_4_gib(void **state)
{
	static const uint64_t sizes[][2] = {
	    {1, 0xffd8063a}, {0xffd80639, 0}, {2 * GIB, 2 * GIB - 7 * 1024 * 1024}};
	struct zip_read *z = NULL;
	struct sparse s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		write_large(&s, sizes[i][0], sizes[i][1]);
		assert_int_equal(s.size, 4 * GIB + (sizes[i][0] == 2 * GIB ? 0 : 64 << 20));
		assert_ok(open_large(&s, &z));
		assert_int_equal(z->members[0].size, sizes[i][0]);
		assert_int_equal(z->members[1].size, sizes[i][1]);
		zip_read_free(z);
		sparse_wipe(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_member_of_4_gib),
	    cmocka_unit_test(an_archive_of_4_gib),
	};

	return cmocka_run_group_tests_name("zip_large", tests, fill_content, NULL);
}
