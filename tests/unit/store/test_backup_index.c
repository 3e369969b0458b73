#include "harness.h"

#include "base/date.h"
#include "parent/backup_index.h"

#define ONION "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwd.onion"

static const char *const names[] = {"state", "transfer.key", "index.db", "root.pub",
    "keys/keys-0012.txt", "keys/keys-0012.txt.minisig", "00112233445566778899aabbccddeeff.age"};
#define N (sizeof names / sizeof names[0])

static struct buf text, files;

static void
make(void)
{
	struct backup_head head = {.instance = ONION, .made = 20000};
	struct backup_file f = {.day = 20001, .size = 1ULL << 37};
	size_t i;

	buf_init(&text, LIMIT_BUNDLE_INDEX);
	buf_init(&files, SIZE_MAX);
	assert_ok(backup_head_format(&head, N, &text));
	for (i = 0; i < N; i++) {
		strcpy(f.name, names[i]);
		harness_fill(f.hash, HASH_LEN, (uint32_t)i);
		assert_ok(backup_file_format(&f, &text));
	}
	assert_ok(backup_end_format(&text));
}

static enum err
parse(const struct buf *t)
{
	struct backup_head head = {.made = 7};
	const char *why = NULL;
	size_t line = 0;
	enum err e;

	buf_wipe(&files);
	if ((e = backup_index_parse(t, &head, &files, &line, &why)) != ERR_OK) {
		assert_non_null(why);
		assert_int_not_equal(line, 0);
		assert_int_equal(head.made, 7);
	}
	return e;
}

static void
what_is_written_is_read(void **state)
{
	const struct backup_file *f;
	size_t i;

	(void)state;
	make();
	assert_ok(parse(&text));
	assert_int_equal(files.len, N * sizeof *f);
	f = (const struct backup_file *)(const void *)files.p;
	for (i = 0; i < N; i++) {
		assert_string_equal(f[i].name, names[i]);
		assert_int_equal(f[i].day, 20001);
		assert_true(f[i].size == 1ULL << 37);
	}
	buf_wipe(&text);
	buf_wipe(&files);
}

static void
a_part_is_refused(void **state)
{
	struct buf part;
	size_t len;

	(void)state;
	make();
	for (len = 0; len < text.len; len++) {
		part = text;
		part.len = len;
		assert_int_not_equal(parse(&part), ERR_OK);
	}
	assert_ok(buf_add(&text, "\n", 1));
	assert_err(parse(&text), ERR_FORMAT);
	buf_wipe(&text);
	buf_wipe(&files);
}

/* One bit: refused, or another text, but never a name that leads elsewhere. */
static void
a_changed_bit_leads_nowhere(void **state)
{
	const struct backup_file *f;
	size_t at, bit, i;

	(void)state;
	make();
	for (at = 0; at < text.len; at++)
		for (bit = 0; bit < 8; bit++) {
			text.p[at] ^= (uint8_t)(1u << bit);
			if (parse(&text) == ERR_OK) {
				f = (const struct backup_file *)(const void *)files.p;
				for (i = 0; i < files.len / sizeof *f; i++)
					assert_int_not_equal(
					    backup_kind_of(f[i].name), BACKUP_NONE);
			}
			text.p[at] ^= (uint8_t)(1u << bit);
		}
	buf_wipe(&text);
	buf_wipe(&files);
}

static void
names_have_their_places(void **state)
{
	static const char *const none[] = {"", "State", "state ", "items/x", "../state", "/state",
	    "keys/", "keys/keys-12.txt", "keys/keys-0012.txt.sig", "keys/keys-0000.txt",
	    "keys/../keys-0012.txt", "index.db-journal", "lock", "restoring", "backup.txt",
	    "00112233445566778899aabbccddeefg.age", "00112233445566778899AABBCCDDEEFF.age",
	    "00112233445566778899aabbccddeeff.copy", "00112233445566778899aabbccddeeff"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof none / sizeof none[0]; i++)
		if (backup_kind_of(none[i]) != BACKUP_NONE)
			fail_msg("%s", none[i]);
	assert_int_equal(backup_kind_of("state"), BACKUP_STATE);
	assert_int_equal(backup_kind_of("transfer.pub"), BACKUP_OWN);
	assert_int_equal(backup_kind_of("sealslotd.conf"), BACKUP_CONF);
	assert_int_equal(backup_kind_of("keys/keys-0012.txt"), BACKUP_KEY);
	assert_int_equal(backup_kind_of("keys/keys-0012.txt.minisig"), BACKUP_KEY);
	assert_int_equal(backup_kind_of("00112233445566778899aabbccddeeff.age"), BACKUP_ITEM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_written_is_read),
	    cmocka_unit_test(a_part_is_refused),
	    cmocka_unit_test(a_changed_bit_leads_nowhere),
	    cmocka_unit_test(names_have_their_places),
	};

	return cmocka_run_group_tests_name("parent backup index", tests, NULL, NULL);
}
