#include "harness.h"

#include <string.h>

#include "base/limits.h"
#include "front/proxy.h"

#define TOR "PROXY TCP6 fc00:dead:beef:4dad::ab:cdef ::1 65535 80\r\n"

static enum err
parse(const char *text, size_t *len, uint32_t *circuit)
{
	return proxy_parse(text, strlen(text), len, circuit);
}

static void
what_tor_sends_is_read(void **state)
{
	uint32_t circuit = 7;
	size_t len = 0;

	(void)state;
	assert_ok(parse(TOR, &len, &circuit));
	assert_int_equal(circuit, 0x00abcdef);
	assert_int_equal(len, strlen(TOR));
	/* The request behind it isn't looked at. */
	assert_ok(parse(TOR "GET / HTTP/1.1\r\n\r\n", &len, &circuit));
	assert_int_equal(len, strlen(TOR));
	assert_ok(parse("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
	    &len, &circuit));
	assert_int_equal(circuit, UINT32_MAX);
	assert_ok(parse("PROXY TCP4 1.2.3.4 127.0.0.1 1 2\r\n", &len, &circuit));
	assert_int_equal(circuit, 0x01020304);
	assert_ok(parse("PROXY UNKNOWN\r\n", &len, &circuit));
	assert_int_equal(circuit, 0);
	assert_ok(parse("PROXY UNKNOWN whatever is here\r\n", &len, &circuit));
	assert_int_equal(circuit, 0);
}

static void
anything_else_is_refused(void **state)
{
	static const char *const bad[] = {
	    "GET / HTTP/1.1\r\n\r\n",
	    "PROXI",
	    "PROXY  TCP6 ::1 ::1 1 2\r\n",
	    "PROXY \r\n",
	    "PROXY TCP6\r\n",
	    "PROXY TCP6 ::1 ::1 1\r\n",
	    "PROXY TCP6 ::1 ::1 1 2 \r\n",
	    "PROXY TCP6 ::1 ::1 1 2 3\r\n",
	    "PROXY TCP6 ::1 ::1  1 2\r\n",
	    "PROXY TCP6 ::1 ::1 1 65536\r\n",
	    "PROXY TCP6 ::1 ::1 -1 2\r\n",
	    "PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
	    "PROXY TCP4 ::1 ::1 1 2\r\n",
	    "PROXY TCP6 ::g ::1 1 2\r\n",
	    "PROXY TCP7 ::1 ::1 1 2\r\n",
	    "PROXY TCP6 ::1\n::1 1 2\r\n",
	    "proxy TCP6 ::1 ::1 1 2\r\n",
	};
	uint32_t circuit = 7;
	size_t len = 9, i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_err(parse(bad[i], &len, &circuit), ERR_FORMAT);
	assert_err(proxy_parse("PROXY TCP6 ::1\0x ::1 1 2\r\n", 27, &len, &circuit), ERR_FORMAT);
	assert_int_equal(circuit, 7); /* untouched */
	assert_int_equal(len, 9);
}

static void
it_waits_for_the_end_but_not_for_ever(void **state)
{
	char line[2 * LIMIT_PROXY_LINE];
	uint32_t circuit;
	size_t len, n;

	(void)state;
	for (n = 0; n < strlen(TOR); n++)
		assert_err(proxy_parse(TOR, n, &len, &circuit), ERR_AGAIN);
	memset(line, 'x', sizeof line);
	memcpy(line, "PROXY UNKNOWN ", 14);
	assert_err(proxy_parse(line, LIMIT_PROXY_LINE - 1, &len, &circuit), ERR_AGAIN);
	assert_err(proxy_parse(line, LIMIT_PROXY_LINE, &len, &circuit), ERR_FORMAT);
	memcpy(line + LIMIT_PROXY_LINE - 2, "\r\n", 2);
	assert_ok(proxy_parse(line, sizeof line, &len, &circuit));
	assert_int_equal(len, LIMIT_PROXY_LINE);
	memcpy(line + LIMIT_PROXY_LINE - 2, "x\r\n", 3);
	assert_err(proxy_parse(line, sizeof line, &len, &circuit), ERR_FORMAT);
}

/* A flipped bit never makes it longer than it is, and never crashes. */
static void
every_flipped_bit_is_bounded(void **state)
{
	char line[] = TOR;
	uint32_t circuit;
	size_t len, i;

	(void)state;
	for (i = 0; i < 8 * strlen(TOR); i++) {
		line[i / 8] = (char)(line[i / 8] ^ 1 << i % 8);
		if (proxy_parse(line, strlen(TOR), &len, &circuit) == ERR_OK)
			assert_int_equal(len, strlen(TOR));
		line[i / 8] = (char)(line[i / 8] ^ 1 << i % 8);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_tor_sends_is_read),
	    cmocka_unit_test(anything_else_is_refused),
	    cmocka_unit_test(it_waits_for_the_end_but_not_for_ever),
	    cmocka_unit_test(every_flipped_bit_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
