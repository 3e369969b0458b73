#include "harness.h"

#include "front/request.h"

static enum request_fault
parse(struct request *r, const char *head)
{
	size_t seen = 0, len = 0;
	enum request_fault f = request_scan(head, strlen(head), &seen, &len);

	memset(r, 0xee, sizeof *r);
	if (f != REQUEST_OK)
		return f;
	assert_int_equal(len, strlen(head));
	return request_parse(r, head, len);
}

#define HOST "Host: x.onion\r\n"

static const char get[] = "GET /how?lang=fr HTTP/1.1\r\n"
			  "Host: ABC.onion:80\r\n"
			  "User-Agent: Mozilla/5.0 (Windows NT 10.0; rv:128.0)\r\n"
			  "Accept-Language: fr-FR,fr;q=0.8\r\n"
			  "Cookie: s=0123456789abcdefghijklmnopqrstuvwxyzABCDE-_\r\n"
			  "Sec-Fetch-Dest: document\r\n\r\n";

static const char post[] =
    "POST /submit HTTP/1.1\r\n" HOST
    "Content-Type: multipart/form-data; boundary=----geckoformboundary0123456789abcdef\r\n"
    "Content-Length: 18446744073709551615\r\n"
    "Expect: 100-Continue\r\n\r\n";

static void
test_reads_a_get(void **state)
{
	struct request r;

	(void)state;
	assert_int_equal(parse(&r, get), REQUEST_OK);
	assert_int_equal(r.method, REQUEST_GET);
	assert_string_equal(r.path, "/how");
	assert_string_equal(r.lang, "fr");
	assert_string_equal(r.host, "abc.onion:80");
	assert_string_equal(r.accept, "fr-FR,fr;q=0.8");
	assert_string_equal(r.cookie, "0123456789abcdefghijklmnopqrstuvwxyzABCDE-_");
	assert_false(r.has_length);
	assert_false(r.wants_continue);
	assert_false(r.is_tor2web);
}

static void
test_reads_a_post(void **state)
{
	struct request r;

	(void)state;
	assert_int_equal(parse(&r, post), REQUEST_OK);
	assert_int_equal(r.method, REQUEST_POST);
	assert_true(r.has_length);
	assert_true(r.body_len == UINT64_MAX);
	assert_true(r.wants_continue);
	assert_string_equal(r.boundary, "----geckoformboundary0123456789abcdef");
	assert_int_equal(r.boundary_len, strlen(r.boundary));
	assert_int_equal(
	    parse(&r, "POST /submit HTTP/1.0\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n"),
	    REQUEST_OK);
	assert_false(r.wants_continue);
	assert_string_equal(r.host, "");
}

struct judged {
	enum request_fault fault;
	const char *head;
};

static const struct judged cases[] = {
    {REQUEST_MALFORMED, "GET / HTTP/1.1\r\n\r\n"},
    {REQUEST_OK, "GET / HTTP/1.0\r\n\r\n"},
    {REQUEST_OK, "HEAD / HTTP/1.1\r\n" HOST "\r\n"},
    {REQUEST_OK, "GET / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"},
    {REQUEST_OK, "GET /%c3%a9 HTTP/1.1\r\n" HOST "\r\n"},
    {REQUEST_OK, "GET / HTTP/1.1\r\nHost:\tx \t\r\n\r\n"},
    {REQUEST_OK, "GET / HTTP/1.1\r\n" HOST "X:\r\n\r\n"},
    /* the request line */
    {REQUEST_MALFORMED, "\r\n\r\n"},
    {REQUEST_MALFORMED, "GET /\r\n\r\n"},
    {REQUEST_MALFORMED, "GET  / HTTP/1.1\r\n\r\n"},
    {REQUEST_MALFORMED, "GET / HTTP/1.1 \r\n\r\n"},
    {REQUEST_MALFORMED, "GET /a b HTTP/1.1\r\n\r\n"},
    {REQUEST_MALFORMED, " GET / HTTP/1.1\r\n\r\n"},
    {REQUEST_MALFORMED, "GET / http/1.1\r\n\r\n"},
    {REQUEST_MALFORMED, "GET / HTTP/11\r\n\r\n"},
    {REQUEST_MALFORMED, "get / HTTP/1.1\r\n\r\n"},
    {REQUEST_MALFORMED, "GET http://x.onion/ HTTP/1.1\r\n" HOST "\r\n"},
    {REQUEST_MALFORMED, "GET /%00 HTTP/1.1\r\n" HOST "\r\n"},
    {REQUEST_MALFORMED, "GET /%0 HTTP/1.1\r\n" HOST "\r\n"},
    {REQUEST_MALFORMED, "GET /%zz HTTP/1.1\r\n" HOST "\r\n"},
    {REQUEST_MALFORMED, "GET /a#b HTTP/1.1\r\n" HOST "\r\n"},
    {REQUEST_MALFORMED, "GET /a\\b HTTP/1.1\r\n" HOST "\r\n"},
    {REQUEST_BAD_VERSION, "GET / HTTP/1.9\r\n" HOST "\r\n"},
    {REQUEST_BAD_VERSION, "GET / HTTP/2.0\r\n" HOST "\r\n"},
    {REQUEST_BAD_VERSION, "GET / HTTP/0.9\r\n" HOST "\r\n"},
    {REQUEST_BAD_METHOD, "PUT / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\n"},
    {REQUEST_BAD_METHOD, "OPTIONS /x HTTP/1.1\r\n" HOST "\r\n"},
    {REQUEST_BAD_METHOD, "CONNECT x.onion:80 HTTP/1.1\r\n" HOST "\r\n"},
    {REQUEST_BAD_METHOD, "TRACE / HTTP/1.1\r\n" HOST "\r\n"},
    {REQUEST_BAD_METHOD, "GETT / HTTP/1.1\r\n" HOST "\r\n"},
    /* lengths */
    {REQUEST_NO_LENGTH, "POST /submit HTTP/1.1\r\n" HOST "\r\n"},
    {REQUEST_NO_LENGTH, "POST /submit HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"},
    {REQUEST_NO_LENGTH, "POST /submit HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n"},
    {REQUEST_NO_LENGTH, "POST /submit HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n"},
    {REQUEST_NO_LENGTH, "POST /submit HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"},
    {REQUEST_MALFORMED,
	"POST /submit HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {REQUEST_MALFORMED,
	"POST /submit HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"},
    {REQUEST_MALFORMED,
	"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: a\r\nTransfer-Encoding: b\r\n\r\n"},
    {REQUEST_MALFORMED,
	"POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\n"},
    {REQUEST_MALFORMED,
	"POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\ncontent-length: 4\r\n\r\n"},
    {REQUEST_MALFORMED, "POST / HTTP/1.1\r\n" HOST "Content-Length: +4\r\n\r\n"},
    {REQUEST_MALFORMED, "POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n"},
    {REQUEST_MALFORMED, "POST / HTTP/1.1\r\n" HOST "Content-Length: 4x\r\n\r\n"},
    {REQUEST_MALFORMED, "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x4\r\n\r\n"},
    {REQUEST_MALFORMED, "POST / HTTP/1.1\r\n" HOST "Content-Length: 4, 4\r\n\r\n"},
    {REQUEST_MALFORMED, "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n"},
    {REQUEST_MALFORMED, "POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551616\r\n\r\n"},
    {REQUEST_MALFORMED, "GET / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n"},
    {REQUEST_MALFORMED, "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"},
    {REQUEST_MALFORMED, "HEAD / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n"},
    /* fields */
    {REQUEST_MALFORMED, "GET / HTTP/1.1\r\n" HOST HOST "\r\n"},
    {REQUEST_MALFORMED, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
    {REQUEST_MALFORMED, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
    {REQUEST_MALFORMED, "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
    {REQUEST_MALFORMED, "GET / HTTP/1.1\r\n" HOST "X: a\r\n folded\r\n\r\n"},
    {REQUEST_MALFORMED, "GET / HTTP/1.1\r\n" HOST "X: a\r\n\tfolded\r\n\r\n"},
    {REQUEST_MALFORMED, "GET / HTTP/1.1\r\nHost : x\r\n\r\n"},
    {REQUEST_MALFORMED, "GET / HTTP/1.1\r\nno colon\r\n\r\n"},
    {REQUEST_MALFORMED, "GET / HTTP/1.1\r\n: empty\r\n\r\n"},
    {REQUEST_MALFORMED, "GET / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nExpect: x\r\n\r\n"},
    {REQUEST_MALFORMED, "GET / HTTP/1.1\r\n" HOST "Cookie: a=b\r\nCookie: c=d\r\n\r\n"},
    {REQUEST_BAD_EXPECT, "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nExpect: tea\r\n\r\n"},
    /* raw bytes */
    {REQUEST_MALFORMED, "GET / HTTP/1.1\nHost: x\n\n"},
    {REQUEST_MALFORMED, "GET / HTTP/1.1\r\n" HOST "X: a\nY: b\r\n\r\n"},
    {REQUEST_MALFORMED, "GET / HTTP/1.1\r\n" HOST "X: a\rY: b\r\n\r\n"},
    {REQUEST_MALFORMED, "GET / HTTP/1.1\r\n" HOST "X: \x01\r\n\r\n"},
    {REQUEST_MALFORMED, "GET / HTTP/1.1\r\n" HOST "X: \x7f\r\n\r\n"},
    {REQUEST_MALFORMED, "GET / HTTP/1.1\r\n" HOST "X: \xc3\xa9\r\n\r\n"},
};

static void
test_judges(void **state)
{
	struct request r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (parse(&r, cases[i].head) != cases[i].fault)
			fail_msg("%s: %d, not %d", cases[i].head, parse(&r, cases[i].head),
			    cases[i].fault);
}

static void
test_refuses_nul(void **state)
{
	char head[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
	size_t seen, len, i;

	(void)state;
	for (i = 0; i + 1 < sizeof head; i++) {
		char c = head[i];

		head[i] = '\0';
		seen = 0;
		assert_int_equal(
		    request_scan(head, sizeof head - 1, &seen, &len), REQUEST_MALFORMED);
		head[i] = c;
	}
}

/* Whatever the pieces, the end is found at the same place; nothing is concluded before. */
static void
test_scans_in_pieces(void **state)
{
	size_t split, second, seen, len, n = sizeof post - 1;

	(void)state;
	for (split = 0; split < n; split++) {
		seen = 0;
		assert_int_equal(request_scan(post, split, &seen, &len), REQUEST_OK);
		assert_int_equal(len, 0);
		second = split + (n - split) / 2;
		assert_int_equal(request_scan(post, second, &seen, &len), REQUEST_OK);
		assert_int_equal(len, second == n ? n : 0);
		assert_int_equal(request_scan(post, n, &seen, &len), REQUEST_OK);
		assert_int_equal(len, n);
	}
	/* What stands behind the head isn't looked at. */
	seen = 0;
	assert_int_equal(request_scan("GET / HTTP/1.1\r\n\r\n\n\1", 20, &seen, &len), REQUEST_OK);
	assert_int_equal(len, 18);
}

static void
test_truncations_never_pass(void **state)
{
	struct request r;
	size_t n;

	(void)state;
	for (n = 0; n < sizeof get - 1; n++)
		assert_int_not_equal(request_parse(&r, get, n), REQUEST_OK);
}

/* A flipped bit is refused, or changes nothing but a value; it never crashes (ASan). */
static void
test_bit_flips(void **state)
{
	static char head[sizeof post];
	struct request r;
	size_t i, seen, len, refused = 0;
	int bit;

	(void)state;
	memcpy(head, post, sizeof post);
	for (i = 0; i < sizeof post - 1; i++)
		for (bit = 0; bit < 8; bit++) {
			head[i] = (char)(post[i] ^ (1 << bit));
			seen = 0;
			if (request_scan(head, sizeof post - 1, &seen, &len) != REQUEST_OK ||
			    len == 0 || request_parse(&r, head, len) != REQUEST_OK)
				refused++;
			head[i] = post[i];
		}
	assert_true(refused > 8 * (sizeof post - 1) / 4);
}

static void
test_limits(void **state)
{
	static char head[LIMIT_HTTP_HEADER + 64];
	struct request r;
	size_t seen = 0, len, n, i;

	(void)state;
	/* Exactly the limit passes, one byte more doesn't. */
	n = (size_t)snprintf(head, sizeof head, "GET / HTTP/1.1\r\nX: ");
	memset(head + n, 'a', LIMIT_HTTP_HEADER - n - 4);
	memcpy(head + LIMIT_HTTP_HEADER - 4, "\r\n\r\n", 4);
	assert_int_equal(request_scan(head, LIMIT_HTTP_HEADER, &seen, &len), REQUEST_OK);
	assert_int_equal(len, LIMIT_HTTP_HEADER);
	memcpy(head + LIMIT_HTTP_HEADER - 4, "a\r\n\r\n", 5);
	seen = 0;
	assert_int_equal(request_scan(head, LIMIT_HTTP_HEADER + 1, &seen, &len), REQUEST_TOO_LONG);
	seen = 0;
	assert_int_equal(request_scan(head, LIMIT_HTTP_HEADER, &seen, &len), REQUEST_TOO_LONG);
	/* So many fields, and one more. */
	for (i = 0; i < 2; i++) {
		size_t fields;

		n = (size_t)snprintf(head, sizeof head, "GET / HTTP/1.0\r\n");
		for (fields = 0; fields < LIMIT_HTTP_FIELDS + i; fields++)
			n += (size_t)snprintf(head + n, sizeof head - n, "X: y\r\n");
		snprintf(head + n, sizeof head - n, "\r\n");
		assert_int_equal(parse(&r, head), i == 0 ? REQUEST_OK : REQUEST_TOO_LONG);
	}
}

static void
path_is(const char *target, const char *path, const char *lang)
{
	struct request r;
	char head[512];

	snprintf(head, sizeof head, "GET %s HTTP/1.0\r\n\r\n", target);
	assert_int_equal(parse(&r, head), REQUEST_OK);
	assert_string_equal(r.path, path);
	assert_string_equal(r.lang, lang);
}

static void
test_paths(void **state)
{
	char longest[LIMIT_HTTP_PATH + 2] = "/";

	(void)state;
	memset(longest + 1, 'a', LIMIT_HTTP_PATH - 1);
	path_is(longest, longest, "");
	longest[LIMIT_HTTP_PATH] = 'a';
	path_is(longest, "", "");
	path_is("/?lang=fr", "/", "fr");
	path_is("/?x=1&lang=fr&y", "/", "fr");
	path_is("/?lang=fr&lang=en", "/", "en");
	path_is("/?lang=abcdefgh", "/", "abcdefgh");
	path_is("/?lang=abcdefghi", "/", "");
	path_is("/?lang=", "/", "");
	path_is("/?lang=&lang=", "/", "");
	path_is("/?xlang=fr", "/", "");
	path_is("/??lang=fr", "/", "");
}

static void
boundary_is(const char *type, const char *boundary)
{
	struct request r;
	char head[512];

	snprintf(head, sizeof head,
	    "POST / HTTP/1.0\r\nContent-Length: 1\r\nContent-Type: %s\r\n\r\n", type);
	assert_int_equal(parse(&r, head), REQUEST_OK);
	assert_int_equal(r.boundary_len, strlen(boundary));
	assert_string_equal(r.boundary, boundary);
}

static void
test_boundaries(void **state)
{
	char type[256] = "multipart/form-data; boundary=", *b = type + strlen(type);

	(void)state;
	boundary_is("multipart/form-data; boundary=abc", "abc");
	boundary_is("Multipart/Form-Data;Boundary=abc", "abc");
	boundary_is("multipart/form-data ; charset=utf-8 ; boundary=\"a b'()+_,-./:=?\"",
	    "a b'()+_,-./:=?");
	boundary_is("multipart/form-data; boundary=abc; x=\"y;z\"", "abc");
	memset(b, 'b', LIMIT_BOUNDARY);
	boundary_is(type, b);
	b[LIMIT_BOUNDARY] = 'b';
	boundary_is(type, "");
	boundary_is("multipart/form-data", "");
	boundary_is("multipart/form-data; boundary=", "");
	boundary_is("multipart/form-data; boundary=\"\"", "");
	boundary_is("multipart/form-data; boundary=\"abc", "");
	boundary_is("multipart/form-data; boundary=\"a\\\"b\"", "");
	boundary_is("multipart/form-data; boundary=\"abc \"", "");
	boundary_is("multipart/form-data; boundary=a@b", "");
	boundary_is("multipart/form-data; boundary=a; boundary=b", "");
	boundary_is("multipart/form-data; boundary=abc def", "");
	boundary_is("multipart/form-data; boundary=abc;", "");
	boundary_is("multipart/form-datax; boundary=abc", "");
	boundary_is("multipart/mixed; boundary=abc", "");
	boundary_is("application/x-www-form-urlencoded", "");
	boundary_is("", "");
}

static void
cookie_is(const char *value, const char *cookie)
{
	struct request r;
	char head[512];

	snprintf(head, sizeof head, "GET / HTTP/1.0\r\nCookie: %s\r\n\r\n", value);
	assert_int_equal(parse(&r, head), REQUEST_OK);
	assert_string_equal(r.cookie, cookie);
}

#define TOKEN "0123456789abcdefghijklmnopqrstuvwxyzABCDE-_"

static void
test_cookies(void **state)
{
	(void)state;
	cookie_is("s=" TOKEN, TOKEN);
	cookie_is("a=b; s=" TOKEN "; c=d", TOKEN);
	cookie_is("a=b;s=" TOKEN, TOKEN);
	cookie_is("s=" TOKEN "; s=" TOKEN, "");
	cookie_is("s=; s=" TOKEN, "");
	cookie_is("s=" TOKEN "x", "");
	cookie_is("xs=" TOKEN, "");
	cookie_is("s=0123456789abcdefghijklmnopqrstuvwxyzABCDE-/", "");
	cookie_is("s", "");
	cookie_is(";;;", "");
}

static void
test_tor2web_and_language(void **state)
{
	struct request r;
	static char head[1024];
	char many[LIMIT_HTTP_LANGUAGE + 8];

	(void)state;
	assert_int_equal(parse(&r, "GET / HTTP/1.0\r\nx-tor2web: 1\r\n\r\n"), REQUEST_OK);
	assert_true(r.is_tor2web);
	memset(many, 'a', sizeof many - 1);
	many[sizeof many - 1] = '\0';
	snprintf(head, sizeof head, "GET / HTTP/1.0\r\nAccept-Language: %s\r\n\r\n", many);
	assert_int_equal(parse(&r, head), REQUEST_OK);
	assert_int_equal(strlen(r.accept), LIMIT_HTTP_LANGUAGE);
}

/* A refused request still says in which language to refuse. */
static void
test_fault_keeps_language(void **state)
{
	struct request r;

	(void)state;
	assert_int_equal(parse(&r, "PUT /?lang=fr HTTP/1.1\r\n" HOST
				   "Accept-Language: en\r\nContent-Length: 7\r\n\r\n"),
	    REQUEST_BAD_METHOD);
	assert_string_equal(r.lang, "fr");
	assert_string_equal(r.accept, "en");
	assert_true(r.has_length && r.body_len == 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reads_a_get),
	    cmocka_unit_test(test_reads_a_post),
	    cmocka_unit_test(test_judges),
	    cmocka_unit_test(test_refuses_nul),
	    cmocka_unit_test(test_scans_in_pieces),
	    cmocka_unit_test(test_truncations_never_pass),
	    cmocka_unit_test(test_bit_flips),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_paths),
	    cmocka_unit_test(test_boundaries),
	    cmocka_unit_test(test_cookies),
	    cmocka_unit_test(test_tor2web_and_language),
	    cmocka_unit_test(test_fault_keeps_language),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
