#include "harness.h"

#include <zlib.h>

#include "base/text.h"
#include "seal/padding.h"
#include "seal/zip_record.h"
#include "seal/zip_write.h"
#include "sparse.h"
#include "zip_rig.h"

/* A whole archive whose message has n bytes. */
static void
archive(struct sink out, size_t n, size_t step)
{
	struct zip_write z;
	struct buf dir;
	size_t take;

	buf_init(&dir, 1024);
	zip_write_init(&z, &dir, out);
	assert_ok(zip_write_begin(&z, "message.txt"));
	for (; n > 0; n -= take) {
		take = n < sizeof content ? n : sizeof content;
		assert_ok(zip_write_put(&z, content, take));
	}
	assert_ok(zip_write_end(&z));
	member(&z, "manifest.json", "{}", 2);
	finish(&z, step);
	zip_write_wipe(&z);
	buf_wipe(&dir);
}

/* ---- every byte */

static size_t
is_hex(const struct buf *b, size_t at, const char *hex)
{
	char got[512];
	size_t n = strlen(hex) / 2;

	assert_true(at + n <= b->len);
	text_hex(got, b->p + at, n);
	assert_string_equal(got, hex);
	return at + n;
}

/* Written down from keys/FORMATS.md by hand and a short script, not from the code. */
static void
the_profile_byte_by_byte(void **state)
{
	static const char *const head[] = {
	    "504b03042d00080808000000210000000000ffffffffffffffff0b0014006d6573736167652e747874"
	    "0100100000000000000000000000000000000000",
	    "010200fdff6869", "504b0708ac2a93d807000000000000000200000000000000",
	    "504b03042d00080808000000210000000000ffffffffffffffff0b00140066696c65732f3030312d61"
	    "0100100000000000000000000000000000000000",
	    "010000ffff", "504b07080000000005000000000000000000000000000000",
	    "504b03042d00080808000000210000000000ffffffffffffffff0d0014006d616e69666573742e6a736f6e"
	    "0100100000000000000000000000000000000000",
	    "010200fdff7b7d", "504b070843bfa6a307000000000000000200000000000000",
	    "504b03042d000008000000002100564d0007cdfd0300cdfd0300080000002e70616464696e67"};
	static const char *const tail[] = {
	    "504b01022d032d000808080000002100ac2a93d807000000020000000b000000000000000000000080810000"
	    "00006d6573736167652e747874",
	    "504b01022d032d0008080800000021000000000005000000000000000b00000000000000000000008081"
	    "5c00000066696c65732f3030312d61",
	    "504b01022d032d00080808000000210043bfa6a307000000020000000d00000000000000000000008081"
	    "b60000006d616e69666573742e6a736f6e",
	    "504b01022d032d000008000000002100564d0007cdfd0300cdfd03000800000000000000000000008081"
	    "140100002e70616464696e67",
	    "504b05060000000004000400e300000007ff03000000"};
	struct zip_write z;
	struct buf dir, out;
	size_t i, at = 0, end;

	(void)state;
	buf_init(&dir, 1024);
	buf_init(&out, BIG);
	zip_write_init(&z, &dir, harness_sink(&out));
	member(&z, "message.txt", "hi", 2);
	member(&z, "files/001-a", "", 0);
	member(&z, "manifest.json", "{}", 2);
	finish(&z, SIZE_MAX);
	assert_int_equal(out.len, 262144);
	for (i = 0; i < sizeof head / sizeof *head; i++)
		at = is_hex(&out, at, head[i]);
	for (end = at + 261581; at < end; at++)
		assert_int_equal(out.p[at], 0);
	for (i = 0; i < sizeof tail / sizeof *tail; i++)
		at = is_hex(&out, at, tail[i]);
	assert_int_equal(at, out.len);
	buf_wipe(&out);
	buf_wipe(&dir);
}

/* What another inflate makes of the data of the first member, and how much of it that was. */
static void
inflates_to(const struct buf *out, const uint8_t *want, size_t n)
{
	uint8_t *got = malloc(sizeof content + 1);
	z_stream s = {0};

	assert_non_null(got);
	s.next_in = out->p + ZIP_LOCAL_LEN + strlen(ZIP_MESSAGE) + ZIP_LOCAL_EXTRA;
	s.avail_in = (uInt)(out->len - (size_t)(s.next_in - out->p));
	s.next_out = got;
	s.avail_out = sizeof content + 1;
	assert_int_equal(inflateInit2(&s, -15), Z_OK);
	assert_int_equal(inflate(&s, Z_FINISH), Z_STREAM_END);
	assert_int_equal(s.total_out, n);
	assert_int_equal(s.total_in, zip_record_packed(n));
	assert_memory_equal(got, want, n);
	assert_int_equal(s.avail_in, ZIP_DESC_LEN); /* the descriptor follows at once */
	inflateEnd(&s);
	free(got);
}

/* ---- any split of the input gives the same output */

static void
one_member(struct buf *out, size_t n, size_t split, size_t piece)
{
	struct zip_write z;
	struct buf dir;
	size_t at, take;

	buf_init(&dir, 1024);
	zip_write_init(&z, &dir, harness_sink(out));
	assert_ok(zip_write_begin(&z, ZIP_MESSAGE));
	assert_ok(zip_write_put(&z, content, split));
	assert_ok(zip_write_put(&z, NULL, 0));
	for (at = split; at < n; at += take) {
		take = n - at < piece ? n - at : piece;
		assert_ok(zip_write_put(&z, content + at, take));
	}
	assert_ok(zip_write_end(&z));
	assert_int_equal(z.offset, out->len);
	zip_write_wipe(&z);
	buf_wipe(&dir);
}

static void
every_split_is_the_same(void **state)
{
	static const size_t lens[] = {1, ZIP_BLOCK, ZIP_BLOCK + 1, 2 * ZIP_BLOCK, sizeof content};
	struct buf want, got;
	size_t k, split;

	(void)state;
	buf_init(&got, BIG);
	for (k = 0; k < sizeof lens / sizeof *lens; k++) {
		buf_init(&want, BIG);
		one_member(&want, lens[k], 0, 1);
		inflates_to(&want, content, lens[k]);
		for (split = 0; split <= lens[k]; split++) {
			got.len = 0;
			one_member(&got, lens[k], split, SIZE_MAX);
			assert_int_equal(got.len, want.len);
			assert_memory_equal(got.p, want.p, want.len);
		}
		buf_wipe(&want);
	}
	buf_wipe(&got);
}

static void
every_size_and_piece(void **state)
{
	static const size_t pieces[] = {1, 3, 4096, ZIP_BLOCK - 1, ZIP_BLOCK, ZIP_BLOCK + 1, 16384};
	struct buf want, got;
	size_t k, n;

	(void)state;
	buf_init(&got, BIG);
	buf_init(&want, BIG);
	for (n = 0; n <= sizeof content;
	     n = n < sizeof content && n + 97 > sizeof content ? sizeof content : n + 97) {
		want.len = 0;
		one_member(&want, n, 0, SIZE_MAX);
		inflates_to(&want, content, n);
		for (k = 0; k < sizeof pieces / sizeof *pieces; k++) {
			got.len = 0;
			one_member(&got, n, 0, pieces[k]);
			assert_int_equal(got.len, want.len);
			assert_memory_equal(got.p, want.p, want.len);
		}
	}
	buf_wipe(&want);
	buf_wipe(&got);
}

/* The header's promise about what goes out per call, at every fill of the buffer. */
static void
output_per_call_is_bounded(void **state)
{
	static const size_t puts[] = {
	    0, 1, 2, ZIP_BLOCK - 1, ZIP_BLOCK, ZIP_BLOCK + 1, 2 * ZIP_BLOCK, 3 * ZIP_BLOCK + 5};
	struct zip_write z;
	struct buf dir, out;
	size_t fill, k, n, whole;
	uint64_t before;

	(void)state;
	buf_init(&dir, 1024);
	buf_init(&out, BIG);
	for (fill = 0; fill <= ZIP_BLOCK; fill += fill < ZIP_BLOCK - 2 && fill > 2 ? 61 : 1)
		for (k = 0; k < sizeof puts / sizeof *puts; k++) {
			n = puts[k];
			out.len = 0;
			zip_write_init(&z, &dir, harness_sink(&out));
			assert_ok(zip_write_begin(&z, ZIP_MESSAGE));
			assert_ok(zip_write_put(&z, content, fill));
			assert_int_equal(z.fill, fill);
			before = z.offset;
			assert_ok(zip_write_put(&z, content, n));
			whole = (n + ZIP_BLOCK) / ZIP_BLOCK;
			assert_true(z.offset - before <= whole * (ZIP_BLOCK + ZIP_BLOCK_HEADER));
			assert_true(z.offset - before <= n + ZIP_BLOCK + whole * ZIP_BLOCK_HEADER);
			assert_true(n == 0 || z.fill > 0); /* the last byte is always kept */
		}
	buf_wipe(&out);
	buf_wipe(&dir);
}

/* ---- padding */

static void
padding_steps_are_the_same(void **state)
{
	static const size_t steps[] = {1, 8191, 8192, 8193, 65536, 1 << 20};
	struct buf want, got;
	size_t k;

	(void)state;
	buf_init(&want, BIG);
	buf_init(&got, BIG);
	archive(harness_sink(&want), 1000, SIZE_MAX);
	for (k = 0; k < sizeof steps / sizeof *steps; k++) {
		got.len = 0;
		archive(harness_sink(&got), 1000, steps[k]);
		assert_int_equal(got.len, want.len);
		assert_memory_equal(got.p, want.p, want.len);
	}
	buf_wipe(&want);
	buf_wipe(&got);
}

static void
padding_comes_in_the_steps_asked_for(void **state)
{
	struct zip_write z;
	struct buf dir, out;
	uint64_t before;

	(void)state;
	buf_init(&dir, 1024);
	buf_init(&out, BIG);
	zip_write_init(&z, &dir, harness_sink(&out));
	member(&z, "message.txt", "", 0);
	member(&z, "manifest.json", "{}", 2);
	assert_ok(zip_write_finish_begin(&z));
	before = z.offset;
	assert_err(zip_write_pad(&z, 0), ERR_AGAIN);
	assert_err(zip_write_pad(&z, 10000), ERR_AGAIN);
	assert_int_equal(z.offset, before + 10000);
	assert_ok(zip_write_pad(&z, SIZE_MAX));
	assert_ok(zip_write_pad(&z, SIZE_MAX)); /* nothing left, nothing written */
	assert_ok(zip_write_finish_end(&z));
	assert_int_equal(out.len, 262144);
	buf_wipe(&out);
	buf_wipe(&dir);
}

/* Around the border of a bucket, down to no padding at all. */
static void
the_total_is_a_bucket(void **state)
{
	struct buf out;
	size_t n, first = 0, empty = 0;

	(void)state;
	buf_init(&out, BIG);
	for (n = 261200; n < 262100; n++) {
		out.len = 0;
		archive(harness_sink(&out), n, SIZE_MAX);
		assert_int_equal(out.len, padding_bucket(out.len));
		empty += out.len == 262144;
		if (out.len > 262144 && first == 0)
			first = n;
	}
	/* The largest message of 32 blocks that fits into 262144 bytes: less 61 + 32 * 5 + 24
	 * around it, 63 + 7 + 24 of manifest.json, 57 + 59 + 54 of directory, 38 of .padding, 22 of
	 * end. */
	assert_int_equal(first - 1, 262144 - 245 - 94 - 170 - 38 - 22);
	assert_int_equal(empty, first - 261200);
	buf_wipe(&out);
}

/* ---- zip64 */

static uint64_t
number(const struct sparse *s, uint64_t at, size_t n)
{
	uint8_t b[8] = {0};
	uint64_t v = 0;

	assert_ok(sparse_read((void *)(uintptr_t)s, at, b, n));
	while (n-- > 0)
		v = v << 8 | b[n];
	return v;
}

/* One member of 4 GiB and one byte behind a small one: all that is known at its end is checked
 * against numbers worked out by hand. */
static void
a_member_of_4_gib(void **state)
{
	const uint64_t size = 4 * GIB + 1, packed = size + 5 * 524289ULL;
	struct zip_write z;
	struct sparse s;
	struct buf dir;
	uint64_t end, cd, at, padding_start;

	(void)state;
	sparse_init(&s);
	buf_init(&dir, 1024);
	zip_write_init(&z, &dir, sparse_sink(&s));
	member(&z, ZIP_MESSAGE, "hi", 2);
	sparse_member(&z, "files/001-a", size);
	member(&z, ZIP_MANIFEST, "{}", 2);
	finish(&z, 1 << 20);
	assert_int_equal(s.size, z.total);
	assert_int_equal(s.size, 4 * GIB + (64 << 20));

	/* the descriptor of files/001-a, at 92 + 61 + packed */
	assert_int_equal(number(&s, 153 + packed, 4), 0x08074b50);
	assert_int_equal(number(&s, 153 + packed + 8, 8), packed);
	assert_int_equal(number(&s, 153 + packed + 16, 8), size);
	padding_start = 153 + packed + 24 + 63 + 7 + 24;
	assert_int_equal(number(&s, padding_start, 4), 0x04034b50);

	end = s.size - 22;
	assert_int_equal(number(&s, end, 4), 0x06054b50);
	assert_int_equal(number(&s, end - 20, 4), 0x07064b50);
	assert_int_equal(number(&s, end - 20 + 8, 8), end - 76);
	assert_int_equal(number(&s, end - 76, 4), 0x06064b50);
	assert_int_equal(number(&s, end - 76 + 32, 8), 4);
	cd = number(&s, end - 76 + 48, 8);
	assert_int_equal(cd + number(&s, end - 76 + 40, 8), end - 76);
	assert_int_equal(number(&s, padding_start + 42, 8), cd - padding_start - 58);

	at = cd + 46 + 11; /* files/001-a: both sizes in its extra, not its offset */
	assert_int_equal(number(&s, at, 4), 0x02014b50);
	assert_int_equal(number(&s, at + 20, 8), UINT64_MAX);
	assert_int_equal(number(&s, at + 30, 2), 20);
	assert_int_equal(number(&s, at + 42, 4), 92);
	assert_int_equal(number(&s, at + 46 + 11, 4), 0x00100001);
	assert_int_equal(number(&s, at + 46 + 11 + 4, 8), size);
	assert_int_equal(number(&s, at + 46 + 11 + 12, 8), packed);
	at += 46 + 11 + 20; /* manifest.json: its offset alone */
	assert_int_equal(number(&s, at + 30, 2), 12);
	assert_int_equal(number(&s, at + 42, 4), 0xffffffff);
	assert_int_equal(number(&s, at + 46 + 13 + 4, 8), 153 + packed + 24);
	sparse_wipe(&s);
	buf_wipe(&dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_profile_byte_by_byte),
	    cmocka_unit_test(every_split_is_the_same),
	    cmocka_unit_test(every_size_and_piece),
	    cmocka_unit_test(output_per_call_is_bounded),
	    cmocka_unit_test(padding_steps_are_the_same),
	    cmocka_unit_test(padding_comes_in_the_steps_asked_for),
	    cmocka_unit_test(the_total_is_a_bucket),
	    cmocka_unit_test(a_member_of_4_gib),
	};

	return cmocka_run_group_tests_name("zip_write", tests, fill_content, NULL);
}
