#include "harness.h"

#include "base/limits.h"

#include <dirent.h>

#include "ledger.h"
#include "open/secret.h"

struct place {
	char dir[64];
	int fd;
	struct identity *unlock;
};

static void
place_init(struct place *p)
{
	strcpy(p->dir, harness_mkdir());
	p->fd = open(p->dir, O_RDONLY | O_DIRECTORY);
	assert_int_not_equal(p->fd, -1);
	assert_ok(identity_new(&p->unlock));
}

static void
place_wipe(struct place *p)
{
	close(p->fd);
	secret_free(p->unlock);
	harness_rmdir(p->dir);
}

static enum err
read_text(const struct place *p, const struct identity *unlock, struct ledger *l, struct buf *text)
{
	uint32_t number;

	return ledger_open(l, p->fd, unlock, text, &number);
}

/* All lines are these? */
static void
check(const struct place *p, const char *expected)
{
	struct ledger l;
	struct buf text;

	buf_init(&text, LIMIT_MIB);
	assert_ok(read_text(p, p->unlock, &l, &text));
	assert_string_equal(buf_cstr(&text), expected);
	buf_wipe(&text);
}

static enum err
why_not(const struct place *p, const struct identity *unlock)
{
	struct ledger l;
	struct buf text;
	enum err e;

	buf_init(&text, LIMIT_MIB);
	e = read_text(p, unlock, &l, &text);
	assert_int_equal(text.len, 0);
	buf_wipe(&text);
	return e;
}

static size_t
files(const struct place *p)
{
	struct dirent *d;
	size_t n = 0;
	DIR *dir = opendir(p->dir);

	assert_non_null(dir);
	while ((d = readdir(dir)) != NULL)
		n += d->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void
start(struct place *p, struct ledger *l)
{
	place_init(p);
	ledger_init(l, p->fd, p->unlock);
	assert_ok(ledger_replace(l, "one\n", 4));
	assert_ok(ledger_append(l, "two\n", 4));
	assert_ok(ledger_append(l, "three\n", 6));
}

static void
lines_come_back_in_order(void **state)
{
	struct ledger l, again;
	struct place p;
	struct buf text;

	(void)state;
	start(&p, &l);
	check(&p, "one\ntwo\nthree\n");
	/* A ledger that was read goes on where it ended. */
	buf_init(&text, LIMIT_MIB);
	assert_ok(read_text(&p, p.unlock, &again, &text));
	assert_ok(ledger_append(&again, "four\n", 5));
	check(&p, "one\ntwo\nthree\nfour\n");
	assert_int_equal(files(&p), 4);
	buf_wipe(&text);
	place_wipe(&p);
}

static void
one_file_stands_for_all(void **state)
{
	struct ledger l;
	struct place p;
	int i;

	(void)state;
	start(&p, &l);
	assert_false(ledger_is_long(&l));
	for (i = 0; !ledger_is_long(&l); i++)
		assert_ok(ledger_append(&l, "more\n", 5));
	assert_true(i > 20 && i < 100);
	assert_ok(ledger_replace(&l, "all\n", 4));
	assert_false(ledger_is_long(&l));
	assert_int_equal(files(&p), 1);
	check(&p, "all\n");
	assert_ok(ledger_append(&l, "next\n", 5));
	check(&p, "all\nnext\n");
	place_wipe(&p);
}

/* A writer that was killed between the file that stands for all and the removal of the others. */
static void
leftovers_do_no_harm(void **state)
{
	struct ledger l;
	struct place p;

	(void)state;
	start(&p, &l);
	assert_int_equal(linkat(p.fd, "000002.age", p.fd, "keep", 0), 0);
	assert_ok(ledger_replace(&l, "all\n", 4));
	assert_int_equal(linkat(p.fd, "keep", p.fd, "000002.age", 0), 0);
	assert_ok(io_write_new(p.fd, ".tmp.0123", "x", 1, 0600));
	check(&p, "all\n");
	ledger_sweep(&l);
	assert_int_equal(faccessat(p.fd, "000002.age", F_OK, 0), -1);
	assert_int_equal(faccessat(p.fd, ".tmp.0123", F_OK, 0), -1);
	assert_int_equal(faccessat(p.fd, "keep", F_OK, 0), 0); /* not ours */
	check(&p, "all\n");
	place_wipe(&p);
}

static void
an_empty_folder_is_no_ledger(void **state)
{
	struct place p;

	(void)state;
	place_init(&p);
	assert_err(why_not(&p, p.unlock), ERR_NOTFOUND);
	place_wipe(&p);
}

static void
a_missing_file_is_noticed(void **state)
{
	struct ledger l;
	struct place p;

	(void)state;
	start(&p, &l);
	assert_int_equal(unlinkat(p.fd, "000002.age", 0), 0);
	assert_err(why_not(&p, p.unlock), ERR_TRUNCATED);
	/* Nor can the next one take its place. */
	assert_int_equal(renameat(p.fd, "000003.age", p.fd, "000002.age"), 0);
	assert_err(why_not(&p, p.unlock), ERR_FORMAT);
	place_wipe(&p);
}

/* Files of two histories, as after a vault was put together from two backups. */
static void
a_file_of_another_history_is_noticed(void **state)
{
	struct ledger l, older;
	struct place p;

	(void)state;
	place_init(&p);
	ledger_init(&l, p.fd, p.unlock);
	assert_ok(ledger_replace(&l, "one\n", 4));
	older = l;
	assert_ok(ledger_append(&l, "two\n", 4));
	assert_ok(ledger_append(&l, "three\n", 6));
	assert_err(ledger_append(&older, "TWO\n", 4), ERR_EXISTS);
	assert_int_equal(unlinkat(p.fd, "000002.age", 0), 0);
	assert_ok(ledger_append(&older, "TWO\n", 4)); /* in the place of number 2 */
	assert_err(why_not(&p, p.unlock), ERR_TRUNCATED);
	place_wipe(&p);
}

static void
another_key_store_reads_nothing(void **state)
{
	struct identity *other = NULL;
	struct ledger l;
	struct place p;

	(void)state;
	start(&p, &l);
	assert_ok(identity_new(&other));
	assert_err(why_not(&p, other), ERR_NOMATCH);
	secret_free(other);
	place_wipe(&p);
}

/* Who has only the recipient can seal a file to it, but can't tag it. */
static void
a_file_that_we_did_not_tag_is_refused(void **state)
{
	struct identity *forger = NULL;
	struct ledger l, forged;
	struct place p;

	(void)state;
	start(&p, &l);
	assert_ok(identity_new(&forger));
	memcpy(forger->pk, p.unlock->pk, AGE_KEY);
	forged = l;
	forged.unlock = forger;
	assert_ok(ledger_append(&forged, "four\n", 5));
	assert_err(why_not(&p, p.unlock), ERR_AUTH);
	secret_free(forger);
	place_wipe(&p);
}

static void
every_changed_byte_is_noticed(void **state)
{
	struct ledger l;
	struct place p;
	struct buf sealed;
	uint8_t byte;
	size_t i;
	int fd;

	(void)state;
	start(&p, &l);
	buf_init(&sealed, LIMIT_MIB);
	assert_ok(io_read_file(p.fd, "000002.age", &sealed));
	assert_int_not_equal(fd = openat(p.fd, "000002.age", O_WRONLY), -1);
	for (i = 0; i < sealed.len; i++) {
		byte = sealed.p[i] ^ 1;
		assert_ok(io_pwrite_all(fd, &byte, 1, (off_t)i));
		assert_int_not_equal(why_not(&p, p.unlock), ERR_OK);
		assert_ok(io_pwrite_all(fd, &sealed.p[i], 1, (off_t)i));
	}
	check(&p, "one\ntwo\nthree\n");
	close(fd);
	for (i = 0; i < sealed.len; i += 7) {
		assert_ok(io_replace(p.fd, "000002.age", sealed.p, i, 0600));
		assert_int_not_equal(why_not(&p, p.unlock), ERR_OK);
	}
	assert_ok(io_replace(p.fd, "000002.age", sealed.p, sealed.len, 0600));
	check(&p, "one\ntwo\nthree\n");
	buf_wipe(&sealed);
	place_wipe(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_come_back_in_order),
	    cmocka_unit_test(one_file_stands_for_all),
	    cmocka_unit_test(leftovers_do_no_harm),
	    cmocka_unit_test(an_empty_folder_is_no_ledger),
	    cmocka_unit_test(a_missing_file_is_noticed),
	    cmocka_unit_test(a_file_of_another_history_is_noticed),
	    cmocka_unit_test(another_key_store_reads_nothing),
	    cmocka_unit_test(a_file_that_we_did_not_tag_is_refused),
	    cmocka_unit_test(every_changed_byte_is_noticed),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
