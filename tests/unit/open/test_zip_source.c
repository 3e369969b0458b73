#include "seal/zip_record.h"
#include "shelf.h"

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

/* ---- a directory that ends in the middle of an entry */

/* Of a size that buf allocates exactly, so that a sanitizer sees the first byte too far. */
#define DIR_LEN 256

struct cut {
	uint64_t size;
	struct zip_end end;
	uint8_t dir[DIR_LEN];
};

static enum err
cut_read(void *ctx, uint64_t at, void *p, size_t n)
{
	const struct cut *c = ctx;
	uint8_t tail[ZIP_TAIL_MAX];
	uint64_t dir_at = c->size - ZIP_TAIL_MAX - DIR_LEN;

	assert_true(at <= c->size && n <= c->size - at);
	zip_record_tail(tail, &c->end);
	if (at == dir_at && n == DIR_LEN)
		memcpy(p, c->dir, n);
	else if (at == c->size - ZIP_TAIL_MAX && n == ZIP_TAIL_MAX)
		memcpy(p, tail, n);
	else
		return ERR_AUTH; /* nothing else may be read before the directory is known to be
				    good */
	return ERR_OK;
}

/* message.txt, a file whose name moves the cut, and one of this size that is cut; its offset. */
static size_t
cut_entries(struct cut *c, size_t name_len, uint64_t size)
{
	char filler[LIMIT_ZIP_NAME + 1];
	struct zip_record r[] = {{.name = ZIP_MESSAGE}, {.name = filler, .start = 50 + 11 + 5 + 24},
	    {.name = "files/002-and-a-long-name", .size = size}};
	uint8_t rec[ZIP_CENTRAL_MAX];
	struct buf dir;
	size_t i, at = 0;

	snprintf(filler, sizeof filler, "files/001-%0*d", (int)name_len - 10, 0);
	r[2].start = r[1].start + 50 + name_len + 5 + 24;
	buf_init(&dir, 1024);
	for (i = 0; i < 3; i++) {
		at = dir.len;
		assert_ok(buf_add(&dir, rec, zip_record_central(rec, &r[i])));
	}
	memset(c->dir, 0xff, DIR_LEN);
	memcpy(c->dir, dir.p, dir.len < DIR_LEN ? dir.len : DIR_LEN);
	buf_wipe(&dir);
	return at;
}

static void
cut_refused(struct cut *c)
{
	struct zip_read *z = NULL;

	assert_err(zip_read_open((struct zip_source){cut_read, c, c->size}, &z), ERR_PROFILE);
	assert_null(z);
}

static void
directory_that_ends_within_an_entry(void **state)
{
	static const uint64_t sizes[] = {1, 0xfffffffe, 0xffffffff, 1ULL << 34};
	struct cut c = {
	    .size = 1ULL << 40, .end = {.members = 5, .dir_len = DIR_LEN, .total = 1ULL << 40}};
	size_t name_len, i, at;

	(void)state;
	for (i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (name_len = 11; name_len <= LIMIT_ZIP_NAME; name_len++) {
			at = cut_entries(&c, name_len, sizes[i]);
			cut_refused(&c);
			/* a packed size that fits, although it can't: written again it is longer */
			memset(c.dir + at + 20, 0xfe, 4);
			cut_refused(&c);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_failing_read_is_passed_on),
	    cmocka_unit_test(a_failing_sink_is_passed_on),
	    cmocka_unit_test(claims_are_checked_before_memory),
	    cmocka_unit_test(noise_of_every_size),
	    cmocka_unit_test(directory_that_ends_within_an_entry),
	};

	return cmocka_run_group_tests_name("zip_source", tests, fill_content, NULL);
}
