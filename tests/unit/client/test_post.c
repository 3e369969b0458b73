/* What goes back to the server: lines of the ledger, names of parts and of what was sealed twice.
 */
#include "harness.h"

#include <string.h>

#include "catalog.h"
#include "nested.h"
#include "parts.h"

#define ITEM "item: 11111111111111111111111111111111 0 0 2026-03-05 tips 31 262544 "
#define HASH "abababababababababababababababababababababababababababababababab"
#define REST " - 0 0 0 0 - - -\n"
#define ID   "11111111111111111111111111111111"
#define BOX  HASH

static const char lines[] = "backup: 1 2026-03-06 22222222222222222222222222222222 1\n"
			    "answers: 4 2026-03-07 1 1 0\n"
			    "reply: 33333333333333333333333333333333 " ID " " BOX
			    " 2026-03-06 8392 " HASH " 4\n" ITEM HASH REST "held: " ID " 1 4\n";

static void
test_lines_come_back(void **state)
{
	struct catalog c, again;
	struct buf dump;
	size_t line = 0;

	(void)state;
	catalog_init(&c);
	catalog_init(&again);
	buf_init(&dump, 1 << 16);
	assert_int_equal(catalog_load(&c, lines, strlen(lines), &line), ERR_OK);
	assert_int_equal(c.items[0]->backup, 1);
	assert_int_equal(c.items[0]->receipt, 4);
	assert_int_equal(c.post.replies[0].serial, 4);
	assert_false(c.post.bundles[0].is_written);
	/* A row that comes again leaves what happened to the submission as it is. */
	assert_int_equal(catalog_load(&c, ITEM HASH REST, strlen(ITEM HASH REST), &line), ERR_OK);
	assert_int_equal(c.items[0]->receipt, 4);
	assert_int_equal(catalog_dump(&c, &dump), ERR_OK);
	assert_int_equal(dump.len, strlen(lines));
	assert_memory_equal(dump.p, lines, dump.len);
	buf_wipe(&dump);
	catalog_wipe(&c);
	catalog_wipe(&again);
}

static void
test_bad_lines(void **state)
{
	static const char *const bad[] = {
	    "held: " ID " 1 4\n",                                         /* no such submission */
	    "answers: 0 2026-03-07 1 1 0\n",                              /* serials begin with 1 */
	    "answers: 4 2026-03-07 1 1 2\n",                              /* neither 0 nor 1 */
	    "answers: 5 2026-03-07 1 1 1\nanswers: 4 2026-03-07 1 1 1\n", /* backwards */
	    "backup: 2 2026-03-06 22222222222222222222222222222222 1\n",  /* one is missing */
	    "reply: - " ID " " BOX " 2026-03-06 1 " HASH " 4\n",
	    "reply: " ID " " ID " " BOX " 2026-03-06 61441 " HASH " 4\n", /* too large */
	};
	struct catalog c;
	size_t line = 0, i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		catalog_init(&c);
		assert_int_equal(catalog_load(&c, bad[i], strlen(bad[i]), &line), ERR_FORMAT);
		catalog_wipe(&c);
	}
	for (i = 1; i < strlen(lines); i++) { /* cut off anywhere but behind a line */
		catalog_init(&c);
		assert_int_equal(catalog_load(&c, lines, i, &line) == ERR_OK, lines[i - 1] == '\n');
		catalog_wipe(&c);
	}
}

static void
test_parts(void **state)
{
	static const struct {
		const char *name, *base;
		enum parts_kind kind;
		uint32_t number;
	} good[] = {{"a.part1", "a", PARTS_PART, 1}, {"b.c.part0012", "b.c", PARTS_PART, 12},
	    {"disk.001", "disk", PARTS_NUMBER, 1}, {"xaa", "x", PARTS_SPLIT, 0},
	    {"xbz", "x", PARTS_SPLIT, 51}, {"d.000", "d", PARTS_NUMBER, 0},
	    {"x00", "x", PARTS_COUNTED, 0}, {"a.01", "a", PARTS_COUNTED, 1},
	    {"a.0001", "a", PARTS_COUNTED, 1}, {"f.part-03", "f", PARTS_COUNTED, 3},
	    {"f.part_aa", "f", PARTS_LETTERED, 0}, {"f.zip.ba", "f.zip", PARTS_LETTERED, 26},
	    {"f-aac", "f", PARTS_LETTERED, 2}, {"report.de", "report", PARTS_LETTERED, 82}};
	static const char *const bad[] = {"", "a", "part1", ".part1", ".001", "a.1", ".aa", "aa",
	    "a.pdf", "a.Aa", "a.aaaa", "a.00001", "x1", "x000", "a.part", "a.part12345",
	    "a.part9999", "xa", "xaaa", "xAa", "yaa", "2026", "a2026.pdf"};
	struct parts_name got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof *good; i++) {
		assert_true(parts_name_parse(good[i].name, &got));
		assert_string_equal(got.base, good[i].base);
		assert_int_equal(got.kind, good[i].kind);
		assert_int_equal(got.number, good[i].number);
		assert_int_equal(parts_name_is_weak(&got), got.kind >= PARTS_COUNTED);
	}
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(parts_name_parse(bad[i], &got));
}

static void
test_nested_names(void **state)
{
	char name[NAME_MAX_LEN + 1] = "001-a.pdf.age";

	(void)state;
	nested_name(name);
	assert_string_equal(name, "001-a.pdf");
	nested_name(name);
	assert_string_equal(name, "001-a.pdf.opened");
	strcpy(name, "001-.age"); /* nothing would be left of it */
	nested_name(name);
	assert_string_equal(name, "001-.age.opened");
	memset(name, 'x', NAME_MAX_LEN);
	name[NAME_MAX_LEN] = '\0';
	memcpy(name + NAME_MAX_LEN - strlen(".opened") - 1, "\xc3\xa9", 2);
	nested_name(name);
	assert_int_equal(strlen(name), NAME_MAX_LEN - 1); /* no half character */
	assert_string_equal(name + strlen(name) - strlen("x.opened"), "x.opened");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines_come_back),
	    cmocka_unit_test(test_bad_lines), cmocka_unit_test(test_parts),
	    cmocka_unit_test(test_nested_names)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
