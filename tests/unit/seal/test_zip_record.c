#include "harness.h"

#include <zlib.h>

#include "base/text.h"
#include "seal/padding.h"
#include "seal/zip_record.h"

#define GIB (1ULL << 30)

/* The bytes are those of a hex text; blanks in it are for the reader. */
static void
is_hex(const uint8_t *p, size_t n, const char *hex)
{
	char packed[1024], got[1024];
	size_t len = 0;

	for (; *hex != '\0'; hex++)
		if (*hex != ' ')
			packed[len++] = *hex;
	packed[len] = '\0';
	assert_true(n * 2 + 1 <= sizeof got);
	text_hex(got, p, n);
	assert_string_equal(got, packed);
}

static void
names_have_one_order(void **state)
{
	static const struct {
		const char *name;
		size_t place;
		bool is_good;
	} table[] = {
	    {"message.txt", 0, true},
	    {"message.txt", 1, false},
	    {"Message.txt", 0, false},
	    {"manifest.json", 0, false},
	    {"manifest.json", 1, true},
	    {"manifest.json", 501, true},
	    {"manifest.jsonx", 1, false},
	    {".padding", 2, false},
	    {"files/001-a.pdf", 1, true},
	    {"files/001-a.pdf", 0, false},
	    {"files/001-a.pdf", 2, false},
	    {"files/002-A-Z_09..", 2, true},
	    {"files/500-x", 500, true},
	    {"files/1-a", 1, false},
	    {"files/0001-a", 1, false},
	    {"files/001a", 1, false},
	    {"files/001-", 1, false},
	    {"files/001", 1, false},
	    {"files/", 1, false},
	    {"files/001-a/b", 1, false},
	    {"files/001-../../x", 1, false},
	    {"files/001-a b", 1, false},
	    {"files/001-a\n", 1, false},
	    {"files/001-a\x1b", 1, false},
	    {"files/001-\xc3\xa9", 1, false},
	    {"files\\001-a", 1, false},
	    {"/files/001-a", 1, false},
	    {"", 0, false},
	    {"", 1, false},
	};
	char name[LIMIT_ZIP_NAME + 2] = "files/001-";
	size_t i;

	(void)state;
	for (i = 0; i < sizeof table / sizeof *table; i++)
		assert_int_equal(
		    zip_record_is_name(table[i].name, table[i].place), table[i].is_good);
	memset(name + 10, 'x', LIMIT_ZIP_NAME - 10);
	assert_true(zip_record_is_name(name, 1));
	name[LIMIT_ZIP_NAME] = 'x';
	assert_false(zip_record_is_name(name, 1));
}

static void
blocks(void **state)
{
	static const struct {
		uint64_t size, packed;
	} table[] = {
	    {0, 5},
	    {1, 6},
	    {8191, 8196},
	    {8192, 8197},
	    {8193, 8203},
	    {16384, 16394},
	    {16385, 16400},
	    {4 * GIB, 4 * GIB + 5 * 524288},
	};
	uint8_t b[ZIP_BLOCK_HEADER];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof table / sizeof *table; i++)
		assert_int_equal(zip_record_packed(table[i].size), table[i].packed);
	zip_record_block(b, ZIP_BLOCK, false);
	is_hex(b, sizeof b, "00 0020 ffdf");
	zip_record_block(b, ZIP_BLOCK, true);
	is_hex(b, sizeof b, "01 0020 ffdf");
	zip_record_block(b, 0, true);
	is_hex(b, sizeof b, "01 0000 ffff");
}

#define CENTRAL "504b0102 2d03 2d00 0808 0800 0000 2100 44332211 "

/* Each number that doesn't fit stands in the extra field, and only that, in APPNOTE's order. */
static void
directory_entry_grows_by_need(void **state)
{
	static const struct {
		uint64_t size, start;
		const char *hex;
	} table[] = {
	    {2, 3, CENTRAL "07000000 02000000 0100 0000 0000 0000 0000 00008081 03000000 61"},
	    {2, 0xfffffffe,
		CENTRAL "07000000 02000000 0100 0000 0000 0000 0000 00008081 feffffff 61"},
	    {2, 0xffffffff,
		CENTRAL "07000000 02000000 0100 0c00 0000 0000 0000 00008081 ffffffff 61"
			" 0100 0800 ffffffff00000000"},
	    {0xffd80639, 0, /* the largest content whose blocks still fit */
		CENTRAL "feffffff 3906d8ff 0100 0000 0000 0000 0000 00008081 00000000 61"},
	    {0xffd8063a, 0,
		CENTRAL "ffffffff 3a06d8ff 0100 0c00 0000 0000 0000 00008081 00000000 61"
			" 0100 0800 ffffffff00000000"},
	    {0xfffffffe, 0,
		CENTRAL "ffffffff feffffff 0100 0c00 0000 0000 0000 00008081 00000000 61"
			" 0100 0800 feff270001000000"},
	    {0xffffffff, 0x100000000,
		CENTRAL "ffffffff ffffffff 0100 1c00 0000 0000 0000 00008081 ffffffff 61"
			" 0100 1800 ffffffff00000000 ffff270001000000 0000000001000000"},
	};
	uint8_t out[ZIP_CENTRAL_MAX];
	struct zip_record r = {.name = "a", .crc = 0x11223344};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof table / sizeof *table; i++) {
		r.size = table[i].size;
		r.start = table[i].start;
		is_hex(out, zip_record_central(out, &r), table[i].hex);
	}
}

static void
descriptor_has_long_sizes(void **state)
{
	const struct zip_record r = {.name = "a", .crc = 0x11223344, .size = 0x123456789a};
	uint8_t out[ZIP_DESC_LEN];

	(void)state;
	is_hex(out, zip_record_descriptor(out, &r),
	    "504b0708 44332211 1ea62e3712000000 9a78563412000000");
	assert_int_equal(zip_record_packed(r.size), 0x12372ea61e);
}

/* ---- the end of an archive */

static void
plan_fills_the_bucket(void **state)
{
	static const uint64_t offsets[] = {0, 1, 200000, 261000, 262144 - 114 - 200,
	    262144 - 114 - 199, 1 << 20, (1 << 28) - 400, 1 << 28, 4 * GIB - 400, 4 * GIB,
	    20 * GIB + 7, 1ULL << 60};
	const uint64_t dir = 200;
	struct zip_end end;
	uint64_t fixed;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof offsets / sizeof *offsets; i++) {
		zip_record_plan(&end, offsets[i], dir, 4);
		assert_int_equal(padding_bucket(end.total), end.total);
		assert_int_equal(end.padding_start, offsets[i]);
		assert_int_equal(end.members, 5);
		fixed = 38 + dir + 54 + 22;
		if (end.total >= 0xffffffff)
			fixed += 20 + 28 + 76;
		assert_int_equal(offsets[i] + fixed + end.padding, end.total);
		assert_int_equal(padding_bucket(offsets[i] + fixed), end.total);
	}
	zip_record_plan(&end, 262144 - 114 - dir, dir, 4); /* it just fits: no zeros at all */
	assert_int_equal(end.total, 262144);
	assert_int_equal(end.padding, 0);
	zip_record_plan(&end, 262144 - 114 - dir + 1, dir, 4);
	assert_int_equal(end.total, 288 * 1024);
}

/* The last bucket below 2^32 is 2^32 - 2^26; one byte more is a zip64 archive. */
static void
plan_at_the_zip64_border(void **state)
{
	const uint64_t last = 4 * GIB - (1 << 26), dir = 200;
	uint8_t out[ZIP_LOCAL_MAX];
	struct zip_end end;

	(void)state;
	zip_record_plan(&end, last - 114 - dir, dir, 4);
	assert_int_equal(end.total, last);
	assert_false(zip_record_is64(end.total));
	assert_int_equal(zip_record_tail(out, &end), 22);
	zip_record_plan(&end, last - 114 - dir + 1, dir, 4);
	assert_int_equal(end.total, 4 * GIB);
	assert_true(zip_record_is64(end.total));
	assert_int_equal(end.dir_len, dir + 54 + 28);
	assert_int_equal(zip_record_tail(out, &end), 98);
	assert_false(zip_record_is64(0xfffffffe));
	assert_true(zip_record_is64(0xffffffff));
}

static void
crc_of_padding_is_that_of_zeros(void **state)
{
	static const uint64_t sizes[] = {0, 1, 2, 3, 255, 256, 8192, 100000, 261581};
	uint8_t *zeros = calloc(1, 300000), out[ZIP_LOCAL_MAX];
	struct zip_end end = {.total = 1 << 19};
	uint32_t crc;
	size_t i;

	(void)state;
	assert_non_null(zeros);
	for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		end.padding = sizes[i];
		zip_record_padding_local(out, &end);
		crc = (uint32_t)crc32(0, zeros, (uInt)sizes[i]);
		assert_int_equal(out[14] | out[15] << 8 | out[16] << 16, crc & 0xffffff);
		assert_int_equal(out[17], crc >> 24);
	}
	end.padding = 5 * GIB; /* python3: zlib.crc32 over 5 GiB of zeros */
	end.total = 200 * GIB;
	zip_record_padding_local(out, &end);
	is_hex(out + 14, 4, "c3383819");
	free(zeros);
}

/* In a zip64 archive .padding carries all three numbers, even small ones, and the end record none.
 */
static void
zip64_records(void **state)
{
	const struct zip_end end = {.padding_start = 0x1122334455,
	    .padding = 3,
	    .dir_len = 0x1234,
	    .total = 0x66778899aa,
	    .members = 5};
	uint8_t out[ZIP_CENTRAL_MAX];

	(void)state;
	is_hex(out, zip_record_padding_local(out, &end),
	    "504b0304 2d00 0008 0000 0000 2100 12d941ff ffffffff ffffffff 0800 1400"
	    "2e70616464696e67 0100 1000 0300000000000000 0300000000000000");
	is_hex(out, zip_record_padding_central(out, &end),
	    "504b0102 2d03 2d00 0008 0000 0000 2100 12d941ff ffffffff ffffffff 0800 1c00"
	    "0000 0000 0000 00008081 ffffffff 2e70616464696e67"
	    "0100 1800 0300000000000000 0300000000000000 5544332211000000");
	is_hex(out, zip_record_tail(out, &end),
	    "504b0606 2c00000000000000 2d03 2d00 00000000 00000000 0500000000000000"
	    "0500000000000000 3412000000000000 1487887766000000"
	    "504b0607 00000000 4899887766000000 01000000"
	    "504b0506 0000 0000 ffff ffff ffffffff ffffffff 0000");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_have_one_order),
	    cmocka_unit_test(blocks),
	    cmocka_unit_test(directory_entry_grows_by_need),
	    cmocka_unit_test(descriptor_has_long_sizes),
	    cmocka_unit_test(plan_fills_the_bucket),
	    cmocka_unit_test(plan_at_the_zip64_border),
	    cmocka_unit_test(crc_of_padding_is_that_of_zeros),
	    cmocka_unit_test(zip64_records),
	};

	return cmocka_run_group_tests_name("zip_record", tests, NULL, NULL);
}
