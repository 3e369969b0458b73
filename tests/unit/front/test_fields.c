#include "harness.h"

#include "front/fields.h"

#define PART(name) "--B\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n"
#define TOKEN      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

/* Feeds a body in two pieces. */
static enum err
read_split(struct fields *f, const char *name, const char *body, size_t n, size_t cut)
{
	enum err e;

	assert_ok(fields_init(f, "B", 1, name));
	if ((e = fields_put(f, body, cut)) == ERR_OK)
		e = fields_put(f, body + cut, n - cut);
	return e == ERR_OK ? fields_end(f) : e;
}

static enum err
read_all(const char *name, const char *body)
{
	struct fields *f = test_calloc(1, sizeof *f);
	enum err e = read_split(f, name, body, strlen(body), 0);

	fields_wipe(f);
	test_free(f);
	return e;
}

static void
test_every_split_and_truncation(void **state)
{
	static const char good[] =
	    PART("token") TOKEN "\r\n" PART("codename") "Abacus zoom\r\n--B--\r\n";
	struct fields *f = test_calloc(1, sizeof *f);
	size_t i, n = sizeof good - 1;

	(void)state;
	for (i = 0; i <= n; i++) {
		assert_ok(read_split(f, "codename", good, n, i));
		assert_string_equal(f->token, TOKEN);
		assert_string_equal(f->value, "Abacus zoom");
		assert_int_equal(f->value_len, 11);
		fields_wipe(f);
		assert_int_equal(f->value[0], 0);
	}
	for (i = 0; i < n - 2; i++) {
		assert_int_not_equal(read_split(f, "codename", good, i, 0), ERR_OK);
		fields_wipe(f);
	}
	test_free(f);
}

static void
test_refusals(void **state)
{
	static const char nul[] = PART("token") TOKEN "\r\n" PART("codename") "a\0b\r\n--B--\r\n";
	static char body[4096], text[LIMIT_FIELD + 2];
	struct fields *f = test_calloc(1, sizeof *f);

	(void)state;
	assert_ok(read_all(NULL, PART("token") TOKEN "\r\n--B--\r\n"));
	assert_ok(read_all("reply", PART("reply") "\r\n" PART("token") "\r\n--B--\r\n"));
	assert_err(read_all("reply", PART("token") TOKEN "\r\n--B--\r\n"), ERR_FORMAT);
	assert_err(read_all("reply", PART("reply") "x\r\n--B--\r\n"), ERR_FORMAT);
	assert_err(
	    read_all(NULL, PART("token") TOKEN "\r\n" PART("reply") "x\r\n--B--\r\n"), ERR_FORMAT);
	assert_err(
	    read_all("reply", PART("token") "\r\n" PART("token") "\r\n--B--\r\n"), ERR_FORMAT);
	assert_err(
	    read_all("reply", PART("reply") "\r\n" PART("reply") "\r\n--B--\r\n"), ERR_FORMAT);
	assert_err(read_all(NULL, PART("token") TOKEN "A\r\n--B--\r\n"), ERR_LIMIT);
	assert_err(read_all(NULL, PART("token\"; filename=\"x") TOKEN "\r\n--B--\r\n"), ERR_FORMAT);
	assert_err(read_split(f, "codename", nul, sizeof nul - 1, 0), ERR_FORMAT);
	fields_wipe(f);
	memset(text, 'x', LIMIT_FIELD);
	snprintf(body, sizeof body, PART("token") "\r\n" PART("reply") "%s\r\n--B--\r\n", text);
	assert_ok(read_all("reply", body));
	text[LIMIT_FIELD] = 'x';
	snprintf(body, sizeof body, PART("token") "\r\n" PART("reply") "%s\r\n--B--\r\n", text);
	assert_err(read_all("reply", body), ERR_LIMIT);
	assert_err(fields_init(f, "bad\r", 4, NULL), ERR_FORMAT);
	test_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_split_and_truncation),
	    cmocka_unit_test(test_refusals),
	};

	return random_start() != 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
