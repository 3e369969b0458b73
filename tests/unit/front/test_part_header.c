#include "harness.h"

#include "base/limits.h"
#include "front/part_header.h"

/* Parses n bytes from an exact allocation, so that sanitizers see its edges. */
static enum err
parse_n(const void *header, size_t n, struct part_header *h)
{
	char *p = malloc(n == 0 ? 1 : n);
	enum err e;

	assert_non_null(p);
	memcpy(p, header, n);
	e = part_header_parse(p, n, h);
	free(p);
	return e;
}

static enum err
parse(const char *header, struct part_header *h)
{
	return parse_n(header, strlen(header), h);
}

/* name, or name|filename; NULL: malformed. */
static void
expect_names(const char *disposition, const char *want)
{
	char header[4096], got[4096];
	struct part_header h = {0};
	enum err e;

	snprintf(header, sizeof header, "Content-Disposition: %s\r\n", disposition);
	e = parse(header, &h);
	assert_int_equal(e, want == NULL ? ERR_FORMAT : ERR_OK);
	if (want == NULL) {
		assert_string_equal(h.name, "");
		return;
	}
	snprintf(got, sizeof got, "%s%s%s", h.name, h.is_file ? "|" : "", h.filename);
	assert_string_equal(got, want);
}

static void
names_as_browsers_write_them(void **state)
{
	(void)state;
	expect_names("form-data; name=\"a%22b\"", "a\"b");
	expect_names("form-data; name=\"f\"; filename=\"%0d%0A%22\"", "f|\r\n\"");
	expect_names("form-data; name=f; filename=\"a%20b%2\"", "f|a%20b%2");
	expect_names("form-data; name=f; filename=\"a\\\\b\\\"", "f|a\\\\b\\");
	expect_names("form-data; name=f; filename=\"a;b=c, d\"", "f|a;b=c, d");
	expect_names(
	    "form-data; name=f; filename=\"\xc3\xa9\xd9\x88\xff\"", "f|\xc3\xa9\xd9\x88\xff");
	expect_names("form-data; name=f; filename=\"\"", "f|");
	expect_names("form-data; name=f; filename=\"a\tb\x1b\x7f\"", "f|a\xef\xbf\xbd"
								     "b\xef\xbf\xbd\xef\xbf\xbd");
	/* RFC 7578 section 4.2: never filename*. */
	expect_names("form-data; name=f; filename*=UTF-8''e%CC%81", "f");
	expect_names("form-data; name=f; filename*=UTF-8''evil; filename=\"good\"", "f|good");
	expect_names("form-data", NULL);
	expect_names("form-data; filename=\"a\"", NULL);
	expect_names("form-data; name=\"\"", NULL);
	expect_names("form-data; name=", NULL);
	expect_names("form-data; name", NULL);
	expect_names("form-data; name=a; name=b", NULL);
	expect_names("form-data; name=a; filename=b; filename=c", NULL);
	expect_names("form-data; name=\"a", NULL);
	expect_names("form-data; name=\"a\\\"b\"", NULL);
	expect_names("form-data; name=\"a\"b", NULL);
	expect_names("form-data name=a", NULL);
	expect_names("form-data; name=\xc3\xa9", NULL);
	expect_names("attachment; name=a", NULL);
	expect_names("", NULL);
}

static void
a_nul_in_a_name_cuts_nothing(void **state)
{
	static const char header[] =
	    "Content-Disposition: form-data; name=f; filename=\"a\0.exe\"\r\n";
	struct part_header h;

	(void)state;
	assert_ok(parse_n(header, sizeof header - 1, &h));
	assert_string_equal(h.filename, "a\xef\xbf\xbd.exe");
}

static void
long_names_are_cut_at_a_character(void **state)
{
	char disposition[8192], want[4096], name[2048];
	size_t n;

	(void)state;
	for (n = LIMIT_ORIGINAL_NAME - 4; n <= LIMIT_ORIGINAL_NAME; n++) {
		memset(name, 'n', n);
		strcpy(name + n, "\xf0\x9f\x98\x80tail");
		snprintf(
		    disposition, sizeof disposition, "form-data; name=f; filename=\"%s\"", name);
		name[n > LIMIT_ORIGINAL_NAME - 4 ? n : n + 4] = '\0';
		snprintf(want, sizeof want, "f|%s", name);
		expect_names(disposition, want);
	}
	/* Bytes that are no UTF-8 are cut somewhere. */
	memset(name, 0x80, LIMIT_ORIGINAL_NAME + 1);
	name[LIMIT_ORIGINAL_NAME + 1] = '\0';
	snprintf(disposition, sizeof disposition, "form-data; name=f; filename=\"%s\"", name);
	name[LIMIT_ORIGINAL_NAME - 3] = '\0';
	snprintf(want, sizeof want, "f|%s", name);
	expect_names(disposition, want);
	/* A field's name is cut, too, and then no known one. */
	memset(name, 'n', LIMIT_FIELD_NAME + 1);
	name[LIMIT_FIELD_NAME + 1] = '\0';
	snprintf(disposition, sizeof disposition, "form-data; name=\"%s\"", name);
	name[LIMIT_FIELD_NAME] = '\0';
	expect_names(disposition, name);
}

static void
types_are_kept_or_dropped_whole(void **state)
{
	char header[1024], type[256];
	struct part_header h;
	size_t n;

	(void)state;
	for (n = LIMIT_FILE_TYPE - 1; n <= LIMIT_FILE_TYPE + 1; n++) {
		memset(type, 't', n);
		type[n] = '\0';
		snprintf(header, sizeof header,
		    "Content-Type: %s \t\r\nContent-Disposition: form-data; name=a\r\n", type);
		assert_ok(parse(header, &h));
		assert_string_equal(h.type, n <= LIMIT_FILE_TYPE ? type : "");
	}
	assert_ok(parse("Content-Type:\r\nContent-Disposition:form-data;name=a\r\n", &h));
	assert_string_equal(h.type, "");
}

static void
lines_and_folds(void **state)
{
	static const char *const bad[] = {"", "\r\n", "x", " a: b\r\n", "a: b\r\n\r\n", "a b\r\n",
	    ": b\r\n", "Content-Disposition: form-data; name=a", "a : b\r\n",
	    "Content-Disposition: form-data; name=a\n", "Content-Disposition: form-data; name=a\r",
	    "Content-Disposition: form-data; name=a\r\rX: y\r\n",
	    "Content-Disposition: form-data; name=a\nX: y\r\n",
	    "Content-Disposition: form-data; name=\"a\r\nb\"\r\n",
	    "Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=a\r\n",
	    "Content-Type: a\r\nContent-Type: a\r\nContent-Disposition: form-data; name=a\r\n"};
	struct part_header h;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		if (parse(bad[i], &h) != ERR_FORMAT)
			fail_msg("%s", bad[i]);
	assert_ok(parse("X-a:\r\ncontent-disposition:\r\n\tFORM-DATA ;\r\n name\t= a\r\n", &h));
	assert_string_equal(h.name, "a");
	assert_ok(parse("Content-Disposition: form-data; name=a; filename=\"b\r\n c\"\r\n", &h));
	assert_string_equal(h.filename, "b   c");
}

/* Whatever changes, the result is complete or there is none. */
static void
any_bit_flip_and_truncation(void **state)
{
	static const char header[] = "Content-Disposition: form-data; name=\"f\"; "
				     "filename=\"a%22\xc3\xa9\";\r\n\tx=y\r\nContent-Type: a/b\r\n";
	struct part_header h;
	char p[sizeof header];
	size_t i;

	(void)state;
	for (i = 0; i < (sizeof header - 1) * 8; i++) {
		memcpy(p, header, sizeof header);
		p[i / 8] = (char)(p[i / 8] ^ (1 << i % 8));
		memset(&h, 0x55, sizeof h);
		if (parse_n(p, sizeof header - 1, &h) == ERR_OK) {
			assert_in_range(strnlen(h.name, sizeof h.name), 1, LIMIT_FIELD_NAME);
			assert_in_range(
			    strnlen(h.filename, sizeof h.filename), 0, LIMIT_ORIGINAL_NAME);
			assert_in_range(strnlen(h.type, sizeof h.type), 0, LIMIT_FILE_TYPE);
			assert_int_equal(h.is_file, h.filename[0] != '\0');
		} else {
			assert_int_equal(h.type[0], 0x55);
		}
	}
	for (i = 0; i < sizeof header - 1; i++)
		assert_int_equal(parse_n(header, i, &h) == ERR_OK, i > 0 && header[i - 1] == '\n');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_as_browsers_write_them),
	    cmocka_unit_test(a_nul_in_a_name_cuts_nothing),
	    cmocka_unit_test(long_names_are_cut_at_a_character),
	    cmocka_unit_test(types_are_kept_or_dropped_whole),
	    cmocka_unit_test(lines_and_folds),
	    cmocka_unit_test(any_bit_flip_and_truncation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
