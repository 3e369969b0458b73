#include "harness.h"

#include "seal/padding.h"

#define KIB (1ULL << 10)
#define MIB (1ULL << 20)
#define GIB (1ULL << 30)

/* Computed by hand from keys/FORMATS.md section 3. */
static void
borders(void **state)
{
	static const struct {
		uint64_t len, bucket;
	} table[] = {
	    {0, 256 * KIB},
	    {1, 256 * KIB},
	    {256 * KIB, 256 * KIB},
	    {256 * KIB + 1, 288 * KIB}, /* eighths of an octave */
	    {288 * KIB, 288 * KIB},
	    {288 * KIB + 1, 320 * KIB},
	    {480 * KIB + 1, 512 * KIB},
	    {512 * KIB, 512 * KIB},
	    {512 * KIB + 1, 576 * KIB},
	    {1 * MIB + 1, 1 * MIB + 128 * KIB},
	    {240 * MIB, 240 * MIB},
	    {240 * MIB + 1, 256 * MIB},
	    {256 * MIB - 1, 256 * MIB},
	    {256 * MIB, 256 * MIB},
	    {256 * MIB + 1, 264 * MIB}, /* Padme: E = 28, S = 5 */
	    {512 * MIB + 1, 528 * MIB},
	    {1 * GIB + 1, 1 * GIB + 32 * MIB},
	    {4 * GIB - 64 * MIB, 4 * GIB - 64 * MIB},
	    {4 * GIB - 64 * MIB + 1, 4 * GIB},
	    {4 * GIB - 1, 4 * GIB},
	    {4 * GIB, 4 * GIB},
	    {4 * GIB + 1, 4 * GIB + 64 * MIB}, /* E = 32, S = 6 */
	    {64 * GIB + 1, 65 * GIB},
	    {1ULL << 62, 1ULL << 62},
	    {(1ULL << 62) - 1, 1ULL << 62},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof table / sizeof *table; i++)
		assert_int_equal(padding_bucket(table[i].len), table[i].bucket);
}

/* One length, against what every bucket promises. */
static void
check(uint64_t len)
{
	uint64_t b = padding_bucket(len), extra = b - len;

	assert_true(b >= len && b >= PADDING_MIN);
	assert_int_equal(padding_bucket(b), b);
	if (len < PADDING_MIN)
		return;
	assert_true(extra * 8 <= len);
	if (len >= 1ULL << 28)
		assert_true(extra <= len / 32);
	if (len >= 1ULL << 32)
		assert_true(extra <= len / 64);
	/* The smallest permitted size: one byte less than the bucket below would not do. */
	assert_true(extra == 0 || padding_bucket(b - 1) == b);
	assert_int_equal(padding_bucket(b - extra / 2), b);
}

static void
overhead_is_bounded_and_it_is_idempotent(void **state)
{
	uint64_t len, x = 88172645463325252ULL;
	unsigned bit, i;

	(void)state;
	for (bit = 0; bit < 62; bit++)
		for (i = 0; i < 2000; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			len = 1ULL << bit;
			check(len + (x & (len - 1)));
		}
	for (bit = 1; bit < 62; bit++)
		for (i = 0; i < 5; i++)
			check((1ULL << bit) + i - 2);
}

static void
it_never_falls(void **state)
{
	uint64_t len, b, last = 0, step = 1;

	(void)state;
	for (len = 0; len < 1ULL << 62; len += step) {
		b = padding_bucket(len);
		assert_true(b >= last);
		last = b;
		step = len / 5003 + 1;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(borders),
	    cmocka_unit_test(overhead_is_bounded_and_it_is_idempotent),
	    cmocka_unit_test(it_never_falls),
	};

	return cmocka_run_group_tests_name("padding", tests, NULL, NULL);
}
