#include "desk.h"

#include <errno.h>

#include "item.h"
#include "sweep.h"

static struct desk desk;

static int
setup(void **state)
{
	(void)state;
	desk_init(&desk, 2);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	desk_wipe(&desk);
	return 0;
}

static enum err
open_item(int fd, struct item **out)
{
	return item_open_in(desk.v, fd, RIG_EPOCH, out);
}

static uint32_t listed_epoch; /* what the list says; 0: the truth */

static struct catalog_item
row_of(const struct rig_submission *s)
{
	struct catalog_item r = {.day = s->day, .epoch = s->epoch, .inbox = RIG_INBOX};

	if (listed_epoch != 0)
		r.epoch = listed_epoch;
	strcpy(r.id, s->id);
	return r;
}

/* The flags that a submission earns. */
static uint32_t
flags_of(const struct rig_submission *s, int32_t day)
{
	const struct schedule *schedule = NULL;
	struct catalog_item row = row_of(s);
	struct item *it = NULL;
	uint32_t flags;
	int fd = desk_seal(s);

	row.day = day;
	assert_ok(open_item(fd, &it));
	if (it->manifest != NULL &&
	    vault_schedule(desk.v, it->manifest->schedule, &schedule) != ERR_OK)
		schedule = NULL;
	item_judge(it, RIG_INSTANCE, schedule, &row);
	flags = row.flags;
	assert_int_equal(row.state, CATALOG_OPENED);
	assert_true((row.received[0] != '\0') == (it->manifest != NULL));
	item_free(it);
	close(fd);
	return flags;
}

static void
a_good_one_has_no_flags(void **state)
{
	struct rig_submission s;

	(void)state;
	rig_submission(&s, 1);
	s.n_files = 1;
	s.files[0] = (struct rig_file){"a", "b", 100000, NULL, NULL};
	assert_int_equal(flags_of(&s, s.day), 0);
	assert_int_equal(flags_of(&s, s.day + 1), 0); /* an upload over midnight */
}

static void
what_does_not_fit_is_flagged(void **state)
{
	struct rig_submission s;

	(void)state;
	rig_submission(&s, 1);
	s.stated_id = "00000000000000000000000000000000";
	assert_int_equal(flags_of(&s, s.day), CATALOG_BAD_ID);
	rig_submission(&s, 1);
	s.instance = "x";
	assert_int_equal(flags_of(&s, s.day), CATALOG_BAD_INSTANCE);
	rig_submission(&s, 1);
	s.manifest = "{}";
	assert_int_equal(flags_of(&s, s.day), CATALOG_BAD_MANIFEST);
	listed_epoch = RIG_EPOCH + 1; /* the key that opened it isn't the list's */
	assert_int_equal(flags_of(&s, s.day), CATALOG_BAD_MANIFEST | CATALOG_BAD_EPOCH);
	listed_epoch = 0;
	rig_submission(&s, 1);
	s.stated_epoch = RIG_EPOCH + 1;
	assert_true((flags_of(&s, s.day) & CATALOG_BAD_EPOCH) != 0);
	rig_submission(&s, 1);
	s.has_second = true;
	assert_int_equal(flags_of(&s, s.day), CATALOG_BAD_RECIPIENTS);
	rig_submission(&s, 1);
	s.schedule = 99;
	assert_int_equal(flags_of(&s, s.day), CATALOG_NO_SCHEDULE);
	rig_submission(&s, 1);
	assert_int_equal(flags_of(&s, s.day + 2), CATALOG_BAD_DAY);
	assert_int_equal(flags_of(&s, s.day - 2), CATALOG_BAD_DAY);
	/* Sealed to a key whose time was over, or hadn't begun. */
	rig_submission(&s, 1);
	s.day = RIG_DAY + 14 + 6;
	assert_int_equal(flags_of(&s, s.day), 0); /* a long upload */
	s.day++;
	assert_int_equal(flags_of(&s, s.day), CATALOG_BAD_DAY);
	rig_submission(&s, 1);
	s.epoch = s.stated_epoch = RIG_EPOCH + 1;
	assert_int_equal(flags_of(&s, s.day), CATALOG_BAD_DAY);
}

/* A manifest that claims other files than the archive has. */
static void
a_manifest_of_other_files_is_not_believed(void **state)
{
	struct rig_submission s, other;
	struct item *it = NULL;
	struct buf text;
	int fd;

	(void)state;
	rig_submission(&s, 1);
	other = s;
	other.n_files = 1;
	other.files[0] = (struct rig_file){"../evil", "x", 5, NULL, NULL};
	buf_init(&text, LIMIT_MIB);
	rig_manifest(&other, &text);
	s.manifest = buf_cstr(&text);
	fd = desk_seal(&s);
	assert_ok(open_item(fd, &it));
	assert_null(it->manifest);
	assert_non_null(it->manifest_why);
	item_free(it);
	close(fd);
	buf_wipe(&text);
}

static void
keys_are_found_by_epoch_or_not_at_all(void **state)
{
	struct rig_submission s;
	struct item *it = NULL;
	enum catalog_state st;
	int fd;

	(void)state;
	rig_submission(&s, 1);
	s.epoch = RIG_EPOCH + 1;
	fd = desk_seal(&s);
	assert_ok(item_open_in(desk.v, fd, RIG_EPOCH + 1, &it));
	assert_int_equal(it->epoch, RIG_EPOCH + 1);
	item_free(it);
	/* A wrong hint, and one that fits no key. */
	assert_ok(item_open_in(desk.v, fd, RIG_EPOCH, &it));
	item_free(it);
	assert_ok(item_open_in(desk.v, fd, 77, &it));
	item_free(it);
	close(fd);
	s.epoch = RIG_EPOCH + 2; /* this desk has no such key */
	fd = desk_seal(&s);
	assert_err(item_open_in(desk.v, fd, RIG_EPOCH + 2, &it), ERR_NOMATCH);
	close(fd);
	assert_true(item_state_of(ERR_NOMATCH, &st) && st == CATALOG_NO_KEY);
	assert_true(item_state_of(ERR_PROFILE, &st) && st == CATALOG_FOREIGN);
	assert_true(item_state_of(ERR_AUTH, &st) && st == CATALOG_DAMAGED);
	assert_false(item_state_of(ERR_NOMEM, &st));
	assert_false(item_state_of(ERR_SYS, &st));
}

static enum err
check_all(int fd)
{
	struct item *it = NULL;
	enum err e;

	if ((e = open_item(fd, &it)) == ERR_OK)
		e = item_check_all(it, desk_nowhere());
	item_free(it);
	return e;
}

/*
 * Every byte of the header, every byte around every border of a chunk, and
 * one in a few hundred between them.
 */
static void
every_changed_byte_is_noticed(void **state)
{
	struct stat st;
	uint8_t byte;
	off_t i, in;
	int fd;

	(void)state;
	fd = desk_seal_file(150000);
	assert_int_equal(fstat(fd, &st), 0);
	assert_ok(check_all(fd));
	for (i = 0; i < st.st_size; i++) {
		in = (i - (off_t)(AGE_X25519_HEADER(1) + AGE_NONCE)) % AGE_SEALED_CHUNK;
		if (i >= 200 && in > 20 && in < AGE_SEALED_CHUNK - 20 && i % 397 != 0 &&
		    i < st.st_size - 40)
			continue;
		assert_int_equal(pread(fd, &byte, 1, i), 1);
		byte ^= 0x20;
		assert_int_equal(pwrite(fd, &byte, 1, i), 1);
		assert_int_not_equal(check_all(fd), ERR_OK);
		byte ^= 0x20;
		assert_int_equal(pwrite(fd, &byte, 1, i), 1);
	}
	assert_ok(check_all(fd));
	close(fd);
}

static void
truncated_anywhere_it_does_not_open(void **state)
{
	struct rig_submission s;
	struct stat st;
	off_t n;
	int fd;

	(void)state;
	rig_submission(&s, 1);
	fd = desk_seal(&s);
	assert_int_equal(fstat(fd, &st), 0);
	for (n = st.st_size - 1; n > 0; n -= n < 400 ? 1 : 211) {
		assert_int_equal(ftruncate(fd, n), 0);
		assert_int_not_equal(check_all(fd), ERR_OK);
	}
	close(fd);
}

static void
written_it_is(struct item *it, const struct zip_member *m, const uint8_t *want, size_t n)
{
	uint8_t *got = malloc(n + 1);
	int fd = memfd_create("member", MFD_CLOEXEC);

	assert_non_null(got);
	assert_ok(item_write_member(it, m, fd));
	assert_int_equal(pread(fd, got, n + 1, 0), n);
	assert_memory_equal(got, want, n);
	close(fd);
	free(got);
}

static void
members_come_back_bit_for_bit(void **state)
{
	static const uint64_t sizes[] = {0, 1, 8191, 8192, 8193, 65535, 65536, 65537,
	    4 * SWEEP_RUN - 1, 4 * SWEEP_RUN, 4 * SWEEP_RUN + 1, 3000000};
	struct rig_submission s;
	struct item *it = NULL;
	struct buf got;
	uint8_t *want;
	size_t i;
	int fd;

	(void)state;
	assert_non_null(want = malloc(3000000));
	buf_init(&got, 4 * LIMIT_MIB);
	for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		rig_submission(&s, 1);
		s.n_files = 2;
		s.files[0] = (struct rig_file){"a", "b", sizes[i], NULL, NULL};
		s.files[1] = (struct rig_file){"c", "d", 70000, NULL, NULL};
		fd = desk_seal(&s);
		assert_ok(open_item(fd, &it));
		buf_reset(&got);
		assert_ok(item_read_member(it, &it->zip->members[1], buf_sink(&got)));
		assert_int_equal(got.len, sizes[i]);
		rig_content(want, got.len, 0, 0);
		if (got.len > 0)
			assert_memory_equal(got.p, want, got.len);
		written_it_is(it, &it->zip->members[1], want, got.len);
		/* Once more, and another, in any order. */
		buf_reset(&got);
		assert_ok(item_read_member(it, &it->zip->members[2], buf_sink(&got)));
		rig_content(want, 70000, 0, 1);
		assert_memory_equal(got.p, want, 70000);
		written_it_is(it, &it->zip->members[2], want, 70000);
		buf_reset(&got);
		assert_ok(item_read_member(it, &it->zip->members[0], buf_sink(&got)));
		assert_string_equal(buf_cstr(&got), s.message);
		assert_ok(item_check_all(it, desk_nowhere()));
		item_free(it);
		close(fd);
	}
	buf_wipe(&got);
	free(want);
}

/* The opener alone: any order of reads inside, before and behind the announced range. */
static void
reads_in_any_order_are_right(void **state)
{
	struct zip_source source;
	struct item *it = NULL;
	uint8_t got[3000], want[3000];
	uint64_t at, from = 0, to = 0;
	uint32_t i;
	size_t n;
	int fd;

	(void)state;
	fd = desk_seal_file(3000000);
	assert_ok(open_item(fd, &it));
	source = opener_source(it->opener);
	for (i = 0; i < 2000; i++) {
		if (i % 50 == 0) {
			from = random_below((uint32_t)source.size);
			to = from + random_below((uint32_t)(source.size - from));
			assert_ok(opener_ahead(it->opener, from, to));
		}
		n = random_below(sizeof got);
		at = random_below((uint32_t)(source.size - n));
		if (i % 3 != 0) /* mostly forward */
			at = from + (to - from) * (i % 50) / 50;
		if (n > source.size - at)
			n = (size_t)(source.size - at);
		assert_ok(source.read(source.ctx, at, got, n));
		assert_ok(age_open_read(it->age, at, want, n));
		assert_memory_equal(got, want, n);
	}
	assert_int_not_equal(source.read(source.ctx, source.size - 1, got, 2), ERR_OK);
	item_free(it);
	close(fd);
}

/* An error in a chunk that a worker opens reaches the reader, and the threads end. */
static void
a_damaged_chunk_ends_the_reading(void **state)
{
	struct item *it = NULL;
	struct buf got;
	uint8_t byte = 0;
	int fd;

	(void)state;
	fd = desk_seal_file(3000000);
	assert_int_equal(pwrite(fd, &byte, 1, 1500000), 1);
	assert_ok(open_item(fd, &it)); /* nothing of that chunk was needed */
	buf_init(&got, 4 * LIMIT_MIB);
	assert_err(item_read_member(it, &it->zip->members[1], buf_sink(&got)), ERR_AUTH);
	assert_true(got.len < 1500000);
	assert_err(item_check_all(it, desk_nowhere()), ERR_AUTH);
	assert_err(item_write_member(it, &it->zip->members[1], -1), ERR_AUTH);
	buf_reset(&got);
	assert_ok(item_read_member(it, &it->zip->members[0], buf_sink(&got)));
	item_free(it);
	buf_wipe(&got);
	close(fd);
}

/* What a medium says to a thread of the opener is what the user reads. */
static void
a_workers_errno_is_told(void **state)
{
	struct zip_source source;
	struct item *it = NULL;
	uint8_t byte;
	int fd, folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	fd = desk_seal_file(3000000);
	assert_ok(open_item(fd, &it));
	source = opener_source(it->opener);
	assert_int_equal(dup2(folder, fd), fd); /* from here on no byte of it can be read */
	assert_ok(opener_ahead(it->opener, 0, source.size));
	errno = ENOENT;
	assert_err(source.read(source.ctx, 1500000, &byte, 1), ERR_SYS);
	assert_int_equal(errno, EISDIR);
	item_free(it);
	close(folder);
	close(fd);
}

/* What is sealed well, and isn't what the directory says: by all cores as in order. */
static void
a_wrong_sum_or_block_is_noticed(void **state)
{
	struct zip_member m;
	struct item *it = NULL;
	int fd, out = memfd_create("member", MFD_CLOEXEC), full = open("/dev/full", O_WRONLY);

	(void)state;
	fd = desk_seal_file(3000000);
	assert_ok(open_item(fd, &it));
	m = it->zip->members[1];
	assert_ok(item_write_member(it, &m, out));
	m.crc ^= 1;
	assert_err(item_write_member(it, &m, out), ERR_FORMAT);
	m.crc ^= 1;
	m.size -= 8192; /* the last block would be one earlier */
	assert_err(item_write_member(it, &m, out), ERR_PROFILE);
	assert_err(item_write_member(it, &it->zip->members[1], full), ERR_NOSPACE);
	it->zip->padding_at--; /* a zero's neighbour, from the record before it */
	it->zip->padding++;
	assert_err(item_check_all(it, desk_nowhere()), ERR_PROFILE);
	item_free(it);
	close(fd);
	close(out);
	close(full);
}

static void
what_is_no_submission_is_refused(void **state)
{
	static const uint8_t junk[300000];
	uint8_t to[1][AGE_KEY];
	struct item *it = NULL;
	int fd = memfd_create("junk", MFD_CLOEXEC);
	struct buf sealed;

	(void)state;
	assert_err(open_item(fd, &it), ERR_TRUNCATED);
	assert_ok(io_write_all(fd, junk, 1000));
	assert_err(open_item(fd, &it), ERR_FORMAT);
	close(fd);
	/* Sealed to our key, but not an archive. */
	rig_epoch_pk(to[0], RIG_EPOCH);
	buf_init(&sealed, LIMIT_MIB);
	assert_ok(identity_seal((const uint8_t(*)[AGE_KEY])to, 1, junk, 60000, &sealed));
	fd = memfd_create("junk", MFD_CLOEXEC);
	assert_ok(io_write_all(fd, sealed.p, sealed.len));
	assert_err(open_item(fd, &it), ERR_PROFILE);
	close(fd);
	buf_wipe(&sealed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_good_one_has_no_flags),
	    cmocka_unit_test(what_does_not_fit_is_flagged),
	    cmocka_unit_test(a_manifest_of_other_files_is_not_believed),
	    cmocka_unit_test(keys_are_found_by_epoch_or_not_at_all),
	    cmocka_unit_test(every_changed_byte_is_noticed),
	    cmocka_unit_test(truncated_anywhere_it_does_not_open),
	    cmocka_unit_test(members_come_back_bit_for_bit),
	    cmocka_unit_test(reads_in_any_order_are_right),
	    cmocka_unit_test(a_workers_errno_is_told),
	    cmocka_unit_test(a_damaged_chunk_ends_the_reading),
	    cmocka_unit_test(a_wrong_sum_or_block_is_noticed),
	    cmocka_unit_test(what_is_no_submission_is_refused),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests(tests, setup, teardown);
}
