#include <zlib.h>

#include "seal/padding.h"
#include "seal/zip_record.h"
#include "shelf.h"
#include "sparse.h"

/* ---- archives that are right but for one thing */

struct piece {
	const char *name;
	const char *text;
};

/* How an archive differs from what the writer would have made of the same pieces. */
struct twist {
	size_t gap;             /* bytes between the first and the second member */
	size_t skip;            /* the entry of this member points to the one before; 0: none */
	uint64_t claim;         /* added to the size that directory and descriptor claim */
	size_t comment;         /* bytes of a comment behind the end record */
	uint64_t extra_padding; /* more zeros than needed */
	size_t members_more;    /* added to the number of members in the end record */
};

/* Builds with the shared records, so that everything but the twist is right. */
static void
build(struct shelf *s, const struct piece *pieces, size_t n, const struct twist *t)
{
	uint8_t rec[ZIP_CENTRAL_MAX], block[ZIP_BLOCK_HEADER];
	struct zip_record r = {0}, before = {0};
	struct zip_end end;
	struct buf dir;
	size_t i, len;

	*s = (struct shelf){0};
	buf_init(&s->zip, BIG);
	buf_init(&dir, BIG);
	for (i = 0; i < n; i++) {
		if (i == 1)
			assert_ok(buf_add(&s->zip, content, t->gap));
		len = strlen(pieces[i].text);
		before = r;
		r = (struct zip_record){.name = pieces[i].name,
		    .size = len + t->claim,
		    .start = s->zip.len,
		    .crc = (uint32_t)crc32(0, (const void *)pieces[i].text, (unsigned)len)};
		assert_ok(buf_add(&s->zip, rec, zip_record_local(rec, &r)));
		zip_record_block(block, len, true);
		assert_ok(buf_add(&s->zip, block, sizeof block));
		assert_ok(buf_add(&s->zip, pieces[i].text, len));
		assert_ok(buf_add(&s->zip, rec, zip_record_descriptor(rec, &r)));
		if (t->skip != 0 && i == t->skip)
			r.start = before.start;
		assert_ok(buf_add(&dir, rec, zip_record_central(rec, &r)));
	}
	zip_record_plan(&end, s->zip.len, dir.len, (uint32_t)n);
	end.padding += t->extra_padding;
	end.total += t->extra_padding;
	end.members += (uint32_t)t->members_more;
	assert_ok(buf_add(&s->zip, rec, zip_record_padding_local(rec, &end)));
	for (i = 0; i < end.padding; i++)
		assert_ok(buf_add(&s->zip, "", 1));
	assert_ok(buf_add(&s->zip, dir.p, dir.len));
	assert_ok(buf_add(&s->zip, rec, zip_record_padding_central(rec, &end)));
	len = zip_record_tail(rec, &end);
	rec[len - 2] = (uint8_t)t->comment;
	assert_ok(buf_add(&s->zip, rec, len));
	assert_ok(buf_add(&s->zip, content, t->comment));
	buf_wipe(&dir);
}

#define M                                                                                          \
	{                                                                                          \
		ZIP_MESSAGE, "hi"                                                                  \
	}
#define J                                                                                          \
	{                                                                                          \
		ZIP_MANIFEST, "{}"                                                                 \
	}
#define A                                                                                          \
	{                                                                                          \
		"files/001-a", "aaa"                                                               \
	}
#define B                                                                                          \
	{                                                                                          \
		"files/002-b", "bbb"                                                               \
	}

static void
archives_that_are_nearly_right(void **state)
{
	static const struct piece good[] = {M, A, B, J};
	static const struct twist none = {0}, twists[] = {
						  {.gap = 1},
						  {.gap = 100},
						  {.skip = 1},
						  {.skip = 2},
						  {.claim = 1},
						  {.claim = 0xfffffffe},
						  {.claim = 1ULL << 40},
						  {.claim = 1ULL << 61},
						  {.claim = UINT64_MAX - 100},
						  {.comment = 1},
						  {.extra_padding = 1},
						  {.extra_padding = 32768}, /* the next bucket */
						  {.members_more = 1},
					      };
	struct shelf s;
	size_t i;

	(void)state;
	build(&s, good, 4, &none);
	assert_ok(read_all(&s));
	buf_wipe(&s.zip);
	for (i = 0; i < sizeof twists / sizeof *twists; i++) {
		build(&s, good, 4, &twists[i]);
		refused(&s);
		buf_wipe(&s.zip);
	}
}

static void
members_in_another_order(void **state)
{
	static const struct {
		struct piece p[4];
		size_t n;
	} bad[] = {
	    {{{0}}, 0},
	    {{M}, 1},
	    {{J}, 1},
	    {{M, A}, 2},
	    {{A, J}, 2},
	    {{J, M}, 2},
	    {{M, J, J}, 3},
	    {{M, J, A}, 3},
	    {{M, B, J}, 3},
	    {{M, M, J}, 3},
	    {{A, M, J}, 3},
	    {{M, B, A, J}, 4},
	    {{M, A, A, J}, 4},
	    {{M, {"files/001-../x", "x"}, J}, 3},
	    {{M, {"files/001-", "x"}, J}, 3},
	    {{M, {"other", "x"}, J}, 3},
	    {{M, {".padding", "x"}, J}, 3},
	    {{M, {"files/001-\xc3\xa9", "x"}, J}, 3},
	    {{M, {"files/001-a\n", "x"}, J}, 3},
	    {{M, {"", "x"}, J}, 3},
	};
	static const struct twist none = {0};
	struct shelf s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		build(&s, bad[i].p, bad[i].n, &none);
		refused(&s);
		buf_wipe(&s.zip);
	}
}

/* ---- hostile sources */

static void
each_failing_read_is_passed_on(void **state)
{
	const size_t files[] = {CONTENT};
	struct zip_read *z = NULL;
	uint64_t reads, i;
	struct shelf s;

	(void)state;
	write_archive(&s, 10, files, 1);
	assert_ok(read_all(&s));
	reads = s.reads;
	for (i = 1; i <= reads; i++) {
		s.reads = 0;
		s.fail = i;
		assert_err(read_all(&s), ERR_AUTH);
		assert_int_equal(s.reads, i); /* and nothing is read after it */
	}
	s.reads = 0;
	s.fail = 1;
	assert_err(zip_read_open(shelf_source(&s), &z), ERR_AUTH);
	assert_null(z);
	buf_wipe(&s.zip);
}

static void
a_failing_sink_is_passed_on(void **state)
{
	const size_t files[] = {CONTENT};
	struct zip_read *z = NULL;
	struct shelf s;
	struct buf out;

	(void)state;
	write_archive(&s, 10, files, 1);
	buf_init(&out, ZIP_BLOCK);
	assert_ok(zip_read_open(shelf_source(&s), &z));
	assert_err(zip_read_member(z, &z->members[1], harness_sink(&out)), ERR_LIMIT);
	zip_read_free(z);
	buf_wipe(&out);
	buf_wipe(&s.zip);
}

/* Claims any size and has a tail to go with it; the rest is what a seed gives. */
struct liar {
	uint64_t size;
	struct zip_end end;
	uint64_t reads;
	uint32_t seed;
	bool has_tail;
};

static enum err
liar_read(void *ctx, uint64_t at, void *p, size_t n)
{
	struct liar *l = ctx;
	uint8_t tail[ZIP_TAIL_MAX];
	size_t len;

	assert_true(at <= l->size && n <= l->size - at);
	l->reads++;
	harness_fill(p, n, l->seed++);
	len = zip_record_tail(tail, &l->end);
	if (l->has_tail && at + n == l->size && n == len)
		memcpy(p, tail, len);
	return ERR_OK;
}

/* A directory of any claimed size is refused before memory for it is asked for. */
static void
claims_are_checked_before_memory(void **state)
{
	static const struct {
		uint64_t dir_len;
		uint32_t members;
		uint64_t reads; /* the tail alone, or the directory, too */
	} table[] = {
	    {101606, LIMIT_ZIP_MEMBERS, 2},
	    {101607, LIMIT_ZIP_MEMBERS, 1},
	    {1000, LIMIT_ZIP_MEMBERS + 1, 1},
	    {1000, 2, 1},
	    {1000, 0, 1},
	    {1000, 65535, 1},
	    {0, 3, 2},
	    {0xfffffffe, 5, 1},
	    {1ULL << 50, 5, 1},
	};
	static const uint64_t sizes[] = {
	    SMALL, 1 << 20, 4 * GIB, 1ULL << 50, 1ULL << 61, 1ULL << 62, 1ULL << 63, UINT64_MAX};
	struct zip_read *z = NULL;
	struct liar l;
	size_t i, k;
	bool is_bucket;

	(void)state;
	for (k = 0; k < sizeof sizes / sizeof *sizes; k++)
		for (i = 0; i < sizeof table / sizeof *table; i++) {
			l = (struct liar){.size = sizes[k],
			    .end = {.dir_len = table[i].dir_len,
				.total = sizes[k],
				.members = table[i].members},
			    .has_tail = true};
			is_bucket = sizes[k] <= 1ULL << 61;
			assert_err(zip_read_open((struct zip_source){liar_read, &l, l.size}, &z),
			    ERR_PROFILE);
			if (is_bucket && (l.size >= 4 * GIB || table[i].dir_len < l.size / 2))
				assert_int_equal(l.reads, table[i].reads);
			assert_true(l.reads <= 2);
			assert_true(is_bucket || l.reads == 0);
			assert_null(z);
		}
}

static void
noise_of_every_size(void **state)
{
	struct zip_read *z = NULL;
	struct liar l = {.seed = 1};
	unsigned bit, d;

	(void)state;
	for (bit = 0; bit < 64; bit++)
		for (d = 0; d <= 2; d++) {
			l.size = (1ULL << bit) + d - 1;
			assert_err(zip_read_open((struct zip_source){liar_read, &l, l.size}, &z),
			    ERR_PROFILE);
			assert_null(z);
		}
}

/* ---- zip64 */

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

/* zip64 records in an archive that is too small for them. */
static void
zip64_only_when_needed(void **state)
{
	const struct piece p[] = {M, J};
	uint8_t rec[ZIP_TAIL_MAX];
	struct zip_end end;
	struct shelf s;

	(void)state;
	build(&s, p, 2, &(struct twist){0});
	end = (struct zip_end){.members = 3, .dir_len = 170, .total = 5 * GIB};
	assert_int_equal(zip_record_tail(rec, &end), 98);
	memcpy(s.zip.p + s.zip.len - 98, rec, 98);
	refused(&s);
	buf_wipe(&s.zip);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(archives_that_are_nearly_right),
	    cmocka_unit_test(members_in_another_order),
	    cmocka_unit_test(each_failing_read_is_passed_on),
	    cmocka_unit_test(a_failing_sink_is_passed_on),
	    cmocka_unit_test(claims_are_checked_before_memory),
	    cmocka_unit_test(noise_of_every_size),
	    cmocka_unit_test(a_member_of_4_gib),
	    cmocka_unit_test(an_archive_of_4_gib),
	    cmocka_unit_test(zip64_only_when_needed),
	};

	return cmocka_run_group_tests_name("zip_hostile", tests, fill_content, NULL);
}
