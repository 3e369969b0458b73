/* The CRC of ZIP archives, against zlib's and the published check value. */
#include <zlib.h>

#include "harness.h"
#include "seal/crc.h"

static void
published_value(void **state)
{
	(void)state;
	assert_int_equal(crc_add(CRC_NONE, "123456789", 9), 0xcbf43926);
	assert_int_equal(crc_add(CRC_NONE, "", 0), CRC_NONE);
	assert_int_equal(crc_of_zeros(0), CRC_NONE);
}

/* Every length from every alignment, and every place to go on from. */
static void
as_zlib(void **state)
{
	uint8_t bytes[600];
	size_t from, n;

	(void)state;
	harness_fill(bytes, sizeof bytes, 7);
	for (from = 0; from < 64; from++)
		for (n = 0; n < sizeof bytes - from; n++)
			assert_int_equal(
			    crc_add(CRC_NONE, bytes + from, n), crc32(0, bytes + from, (uInt)n));
	for (n = 0; n <= sizeof bytes; n++) {
		assert_int_equal(crc_add(crc_add(CRC_NONE, bytes, n), bytes + n, sizeof bytes - n),
		    crc32(0, bytes, sizeof bytes));
		assert_int_equal(
		    crc_join(crc_add(CRC_NONE, bytes, n),
			crc_add(CRC_NONE, bytes + n, sizeof bytes - n), sizeof bytes - n),
		    crc32(0, bytes, sizeof bytes));
	}
}

static void
every_flipped_bit_shows(void **state)
{
	uint8_t bytes[300] = {0};
	uint32_t good = crc_of_zeros(sizeof bytes);
	size_t i;

	(void)state;
	assert_int_equal(crc_add(CRC_NONE, bytes, sizeof bytes), good);
	for (i = 0; i < 8 * sizeof bytes; i++) {
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_not_equal(crc_add(CRC_NONE, bytes, sizeof bytes), good);
		bytes[i / 8] = 0;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(published_value),
	    cmocka_unit_test(as_zlib),
	    cmocka_unit_test(every_flipped_bit_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
