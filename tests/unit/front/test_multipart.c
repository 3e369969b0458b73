#include "harness.h"

#include "transcript.h"

#define B "XbX"

static struct transcript
parse_split(const char *boundary, const uint8_t *p, size_t n, size_t at)
{
	struct transcript t;

	transcript_start(&t, boundary, strlen(boundary));
	transcript_feed(&t, p, at);
	transcript_feed(&t, p + at, n - at);
	transcript_finish(&t);
	return t;
}

static struct transcript
parse_once(const char *boundary, const void *p, size_t n)
{
	return parse_split(boundary, p, n, n);
}

static void
assert_same(const struct transcript *a, const struct transcript *b)
{
	assert_int_equal(a->e, b->e);
	assert_int_equal(a->b.len, b->b.len);
	if (a->b.len > 0)
		assert_memory_equal(a->b.p, b->b.p, a->b.len);
}

static void
expect_n(const void *body, size_t n, enum err e, const char *want)
{
	struct transcript t = parse_once(B, body, n);

	assert_int_equal(t.e, e);
	assert_string_equal(t.b.len > 0 ? buf_cstr(&t.b) : "", want);
	transcript_free(&t);
}

static void
expect(const char *body, enum err e, const char *want)
{
	expect_n(body, strlen(body), e, want);
}

#define HEAD(line) "--" B "\r\n" line "\r\n\r\n"
#define NAME(n)    HEAD("Content-Disposition: form-data; " n)
#define CLOSE      "\r\n--" B "--\r\n"

static void
reads_parts(void **state)
{
	(void)state;
	expect(NAME("name=\"a\"") "one" CLOSE, ERR_OK, "\n[part a|]\none\n[end]\n[close]");
	expect(NAME("name=\"a\"") "one\r\n" NAME("name=\"f\"; filename=\"g\"") CLOSE, ERR_OK,
	    "\n[part a|]\none\n[end]\n[part f|file g|]\n\n[end]\n[close]");
	/* Content that is nearly a delimiter. */
	expect(NAME("name=\"a\"") "\r\n--XbY\r\n--Xb\r\r\n\r\n--" CLOSE, ERR_OK,
	    "\n[part a|]\n\r\n--XbY\r\n--Xb\r\r\n\r\n--\n[end]\n[close]");
	/* No body at all: the empty line's CRLF is the delimiter's (RFC 2046). */
	expect("--" B "\r\nContent-Disposition: form-data; name=a\r\n\r\n--" B "--", ERR_OK,
	    "\n[part a|]\n\n[end]\n[close]");
	expect("--" B "\r\nContent-Disposition: form-data; name=a\r\n\r\n--" B "x", ERR_FORMAT,
	    "\n[part a|]\n\n[end]");
	expect("--" B "--", ERR_OK, "\n[close]");
}

static void
tolerates_what_the_rfcs_permit(void **state)
{
	(void)state;
	expect("preamble\r\nmore\r\n" NAME("name=a") "1" CLOSE "epilogue\n--" B, ERR_OK,
	    "\n[part a|]\n1\n[end]\n[close]");
	expect("--" B " \t \r\nContent-Disposition: form-data;name = a ;\r\n\r\n1\r\n--" B "--",
	    ERR_OK, "\n[part a|]\n1\n[end]\n[close]");
	expect(
	    "--" B "\r\ncontent-type:\t a/b  \r\nX-Other: any thing\r\n"
	    "CONTENT-DISPOSITION: Form-Data;\r\n\tNAME=\"a\";\r\n  FileName=\"b c\"\r\n\r\n" CLOSE,
	    ERR_OK, "\n[part a|file b c|a/b]\n\n[end]\n[close]");
	/* A multipart inside is content. */
	expect(HEAD("Content-Disposition: form-data; name=a\r\nContent-Type: multipart/mixed; "
		    "boundary=in") "--in\r\n\r\nx\r\n--in--" CLOSE,
	    ERR_OK,
	    "\n[part a|multipart/mixed; boundary=in]\n--in\r\n\r\nx\r\n--in--\n[end]\n[close]");
}

static void
refuses_what_is_malformed(void **state)
{
	static const char *const bad[] = {
	    "--" B "x\r\n",                                            /* more than the boundary */
	    "--" B "\nContent-Disposition: form-data; name=a\r\n\r\n", /* bare LF */
	    "--" B "\rContent-Disposition: form-data; name=a\r\n\r\n", /* bare CR */
	    "--" B "\r\nContent-Disposition: form-data; name=a\n\n1",
	    "--" B "\r\nContent-Disposition: form-data; name=a\r\n\n1",
	    "--" B "\r\nContent-Type: a/b\nContent-Disposition: form-data; name=a\r\n\r\n1",
	    "--" B "\r\nContent-Type: a\rb\r\nContent-Disposition: form-data; name=a\r\n\r\n1",
	    "--" B "\r\n\r\n1",                     /* no header */
	    "--" B "\r\nContent-Type: a/b\r\n\r\n", /* no name */
	    "--" B "\r\n Content-Disposition: form-data; name=a\r\n\r\n",
	    "--" B "\r\nContent-Disposition : form-data; name=a\r\n\r\n",
	    "--" B "\r\nContent-Disposition\r\n\r\n",
	    "--" B "\r\n: form-data; name=a\r\n\r\n",
	    "--" B " --\r\n",
	    "--" B "-\r\n",
	    HEAD(
		"Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=a"),
	    HEAD("Content-Disposition: form-data; name=a\r\nContent-Type: a\r\nContent-Type: a"),
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		expect(bad[i], ERR_FORMAT, "");
	expect("", ERR_TRUNCATED, "");
	expect("no boundary at all", ERR_TRUNCATED, "");
	expect("x--" B "\r\n", ERR_TRUNCATED, ""); /* not at the start of a line */
}

static void
is_dead_after_an_error(void **state)
{
	static const uint8_t body[] = "--" B "x--" B "--\r\n";
	enum multipart_event event;
	const uint8_t *p = body;
	size_t n = sizeof body - 1;
	struct multipart m;

	(void)state;
	assert_ok(multipart_init(&m, B, strlen(B)));
	assert_err(multipart_next(&m, &p, &n, &event), ERR_FORMAT);
	assert_err(multipart_next(&m, &p, &n, &event), ERR_STATE);
	assert_err(multipart_finish(&m), ERR_STATE);
	multipart_wipe(&m);
	assert_err(multipart_next(&m, &p, &n, &event), ERR_STATE);
}

static void
boundaries_have_limits(void **state)
{
	char b[80];
	struct multipart m;

	(void)state;
	memset(b, 'b', sizeof b);
	assert_err(multipart_init(&m, "", 0), ERR_FORMAT);
	assert_ok(multipart_init(&m, b, 1));
	assert_ok(multipart_init(&m, b, LIMIT_BOUNDARY));
	assert_err(multipart_init(&m, b, LIMIT_BOUNDARY + 1), ERR_FORMAT);
	assert_ok(multipart_init(&m, "a b'()+_,-./:=?", 15));
	assert_err(multipart_init(&m, "a ", 2), ERR_FORMAT);
	assert_err(multipart_init(&m, "a\rb", 3), ERR_FORMAT);
	assert_err(multipart_init(&m, "a\0b", 3), ERR_FORMAT);
	assert_err(multipart_init(&m, "a\"b", 3), ERR_FORMAT);
	assert_err(multipart_init(&m, "\xc3\xa9", 2), ERR_FORMAT);
}

/* A body whose header, preamble or epilogue has the given size. */
static void
expect_sized(const char *before, char fill, size_t n, const char *after, enum err e)
{
	size_t a = strlen(before), z = strlen(after);
	uint8_t *body = malloc(a + n + z + 1);
	struct transcript t;

	assert_non_null(body);
	memcpy(body, before, a);
	memset(body + a, fill, n);
	memcpy(body + a + n, after, z + 1);
	t = parse_once(B, body, a + n + z);
	assert_int_equal(t.e, e);
	transcript_free(&t);
	free(body);
}

static void
headers_and_slack_have_limits(void **state)
{
	static const char head[] = "Content-Disposition: form-data; name=a\r\nX: ";
	static const char before[] = "--" B "\r\nContent-Disposition: form-data; name=a\r\nX: ";
	static const char end[] = "\r\n\r\n" CLOSE;
	size_t room = LIMIT_PART_HEADER - strlen(head) - 4;

	(void)state;
	expect_sized(before, 'x', room, end, ERR_OK);
	expect_sized(before, 'x', room + 1, end, ERR_LIMIT);
	expect_sized("", 'x', LIMIT_MULTIPART_SLACK, "\r\n--" B "--", ERR_OK);
	expect_sized("", 'x', LIMIT_MULTIPART_SLACK + 1, "\r\n--" B "--", ERR_LIMIT);
	expect_sized("--" B "--", 'x', LIMIT_MULTIPART_SLACK, "", ERR_OK);
	expect_sized("--" B "--", 'x', LIMIT_MULTIPART_SLACK + 1, "", ERR_LIMIT);
	expect_sized("--" B, ' ', LIMIT_MULTIPART_SLACK + 1, "\r\n", ERR_LIMIT);
}

/* ---- every split, truncation and bit flip */

static const char *const sample = "pre\r\n" NAME(
    "name=\"a\"") "1\r\n--" B " \r\nContent-Disposition: form-data; name=\"f\"; "
		  "filename=\"x%22\xc3\xa9\"\r\nContent-Type: a/b\r\n\r\n\r\n--Xb\r\n--XbZ\r\r\n" CLOSE
		  "post";

static void
check_splits(const char *boundary, const uint8_t *p, size_t n)
{
	struct transcript whole = parse_once(boundary, p, n), t;
	size_t i;

	for (i = 0; i <= n; i++) {
		t = parse_split(boundary, p, n, i);
		assert_same(&whole, &t);
		transcript_free(&t);
	}
	transcript_start(&t, boundary, strlen(boundary));
	for (i = 0; i < n; i++)
		transcript_feed(&t, p + i, 1);
	transcript_finish(&t);
	assert_same(&whole, &t);
	transcript_free(&t);
	transcript_free(&whole);
}

static void
any_split_gives_the_same(void **state)
{
	(void)state;
	check_splits(B, (const uint8_t *)sample, strlen(sample));
}

static void
any_truncation_is_noticed(void **state)
{
	size_t i, closed = strlen(sample) - strlen("\r\npost");
	struct transcript t;

	(void)state;
	for (i = 0; i < strlen(sample); i++) {
		t = parse_once(B, sample, i);
		assert_int_equal(t.e, i < closed ? ERR_TRUNCATED : ERR_OK);
		transcript_free(&t);
	}
}

static void
any_bit_flip_is_survived_alike(void **state)
{
	size_t n = strlen(sample), i, at;
	struct transcript once, split;
	uint8_t *p = malloc(n);

	(void)state;
	assert_non_null(p);
	for (i = 0; i < n * 8; i++) {
		memcpy(p, sample, n);
		p[i / 8] ^= (uint8_t)(1 << i % 8);
		once = parse_once(B, p, n);
		for (at = 0; at <= n; at += 7) {
			split = parse_split(B, p, n, at);
			assert_same(&once, &split);
			transcript_free(&split);
		}
		transcript_free(&once);
	}
	free(p);
}

/* ---- against a parser that has the whole body at once */

static void
naive_parse(struct transcript *t, const char *boundary, const uint8_t *body, size_t n)
{
	char delimiter[80], header[LIMIT_PART_HEADER];
	struct part_header h;
	const uint8_t *p = body, *end = body + n, *next, *gap;
	size_t d;

	d = (size_t)snprintf(delimiter, sizeof delimiter, "\r\n--%s", boundary);
	buf_init(&t->b, 1 << 26);
	t->m = NULL;
	t->e = ERR_OK;
	p += d - 2;
	while (memcmp(p, "\r\n", 2) == 0) {
		p += 2;
		gap = memmem(p, (size_t)(end - p), "\r\n\r\n", 4);
		memcpy(header, p, (size_t)(gap - p) + 2);
		assert_ok(part_header_parse(header, (size_t)(gap - p) + 2, &h));
		transcript_part(&t->b, &h);
		p = gap + 4;
		for (next = p; memcmp(next, delimiter, d) != 0; next++)
			;
		assert_ok(buf_add(&t->b, p, (size_t)(next - p)));
		assert_ok(buf_add_str(&t->b, "\n[end]"));
		p = next + d;
	}
	assert_memory_equal(p, "--", 2);
	assert_ok(buf_add_str(&t->b, "\n[close]"));
}

/* Content made of what a delimiter is made of, but without a whole one. */
static void
add_nasty(struct buf *b, size_t n)
{
	size_t from = b->len;
	uint8_t *whole;

	static const char *const bits[] = {"\r", "\n", "-", "\r\n-", "\r\n--", "\r\n--abc",
	    "\r\n--ab", "abcabd", "--abcabd", "\r\r\n--abca", "x", "long stretch without anything",
	    "\0"};
	size_t i;

	while (n-- > 0) {
		i = random_below(sizeof bits / sizeof *bits);
		assert_ok(buf_add(b, bits[i], i == 12 ? 1 : strlen(bits[i])));
	}
	while ((whole = memmem(b->p + from, b->len - from, "\r\n--abcabc", 10)) != NULL)
		whole[9] = 'd';
}

static void
agrees_with_a_naive_parser(void **state)
{
	struct transcript want, got;
	struct buf b;
	int round, parts;
	size_t at, n;

	(void)state;
	for (round = 0; round < 400; round++) {
		buf_init(&b, 1 << 22);
		for (parts = (int)random_below(5); parts >= 0; parts--) {
			assert_ok(buf_addf(&b,
			    "%s--abcabc\r\nContent-Disposition: form-data; name=\"n%d\"\r\n\r\n.",
			    b.len == 0 ? "" : "\r\n", parts));
			add_nasty(&b, random_below(2000));
			assert_ok(buf_add_str(&b, "."));
		}
		assert_ok(buf_add_str(&b, "\r\n--abcabc--"));
		naive_parse(&want, "abcabc", b.p, b.len);
		transcript_start(&got, "abcabc", 6);
		for (at = 0; at < b.len; at += n) {
			n = 1 + random_below(round % 2 == 0 ? 20 : 3000);
			n = n < b.len - at ? n : b.len - at;
			transcript_feed(&got, b.p + at, n);
		}
		transcript_finish(&got);
		assert_same(&want, &got);
		transcript_free(&got);
		transcript_free(&want);
		buf_wipe(&b);
	}
}

/* ---- what browsers sent */

static const char *const captures[] = {"firefox-nothing", "firefox-message", "firefox-one",
    "firefox-odd", "chromium-nothing", "chromium-message", "chromium-one", "chromium-odd"};

static char *
load_capture(const char *name, struct buf *b)
{
	char path[512], *boundary;
	const uint8_t *end;

	buf_init(b, 1 << 20);
	snprintf(path, sizeof path, "%s/%s.body", VECTORS, name);
	assert_ok(io_read_file(AT_FDCWD, path, b));
	assert_non_null(end = memchr(b->p, '\r', b->len));
	assert_non_null(boundary = strndup((char *)b->p + 2, (size_t)(end - b->p) - 2));
	return boundary;
}

static void
browsers_bodies_parse_at_every_split(void **state)
{
	struct buf b;
	char *boundary;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof captures / sizeof *captures; i++) {
		boundary = load_capture(captures[i], &b);
		check_splits(boundary, b.p, b.len);
		free(boundary);
		buf_wipe(&b);
	}
}

static void
browsers_names_survive(void **state)
{
	static const char *const want[] = {"[part token|]\nAAAA", "[part topic-city|]\nNice\n",
	    "[part message|]\nbonjour\n[end]", "|file \xc3\xa9t\xc3\xa9 \xc3\xa0 N\xc3\xaemes.pdf|",
	    "|file \xd9\x88\xd8\xab\xd9\x8a\xd9\x82\xd8\xa9.odt|", "|file quote\"name.txt|",
	    "|file new\nline.txt|", "|file cr\rname.txt|", "|file back\\slash.doc|",
	    "|file per%cent\".bin|", "|file semi;colon=x.txt|", "|file tab\xef\xbf\xbdname.txt|",
	    "|file ..hidden|", "|file emoji\xf0\x9f\x98\x80.png|", "|file cafe\xcc\x81.txt|",
	    "|file rtl\xe2\x80\xaegnp.exe|", "|file ends\r\n--lookalike|",
	    "]\n\r\n--\r\n------geckoformboundary\r\n\r\n------WebKitFormBoundary\r\n\n[end]"};
	static const char *const odd[] = {"firefox-odd", "chromium-odd"};
	struct transcript t;
	struct buf b;
	char *boundary;
	size_t i, k;

	(void)state;
	for (k = 0; k < 2; k++) {
		boundary = load_capture(odd[k], &b);
		t = parse_once(boundary, b.p, b.len);
		assert_ok(t.e);
		for (i = 0; i < sizeof want / sizeof *want; i++)
			if (memmem(t.b.p, t.b.len, want[i], strlen(want[i])) == NULL)
				fail_msg("%s lacks %s", odd[k], want[i]);
		transcript_free(&t);
		free(boundary);
		buf_wipe(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_parts),
	    cmocka_unit_test(tolerates_what_the_rfcs_permit),
	    cmocka_unit_test(refuses_what_is_malformed),
	    cmocka_unit_test(is_dead_after_an_error),
	    cmocka_unit_test(boundaries_have_limits),
	    cmocka_unit_test(headers_and_slack_have_limits),
	    cmocka_unit_test(any_split_gives_the_same),
	    cmocka_unit_test(any_truncation_is_noticed),
	    cmocka_unit_test(any_bit_flip_is_survived_alike),
	    cmocka_unit_test(agrees_with_a_naive_parser),
	    cmocka_unit_test(browsers_bodies_parse_at_every_split),
	    cmocka_unit_test(browsers_names_survive),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
