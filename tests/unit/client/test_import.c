#include "desk.h"

#include <sys/wait.h>

#include "alarm.h"
#include "carry/tar.h"
#include "item.h"
#include "verify.h"

/* A bundle with submissions [first, first + n), in memory. */
static void
make(struct buf *out, struct rig_bundle *b, unsigned first, unsigned n)
{
	struct rig_submission s;
	unsigned i;

	for (i = first; i < first + n; i++) {
		rig_submission(&s, i);
		rig_bundle_add(b, &s);
	}
	buf_init(out, SIZE_MAX / 2);
	rig_bundle_write(b, buf_sink(out));
}

static void
write_again(struct buf *out, struct rig_bundle *b)
{
	buf_reset(out);
	rig_bundle_write(b, buf_sink(out));
}

static struct catalog_alarm
only_alarm(const struct desk *d)
{
	assert_int_equal(d->v->catalog.n_alarms, 1);
	return d->v->catalog.alarms[0];
}

static void
a_bundle_comes_in_whole(void **state)
{
	struct import_report r;
	struct verify_result checked;
	struct desk_notes notes;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;
	size_t i;

	(void)state;
	desk_init(&d, RIG_EPOCHS);
	rig_bundle(&b, 1);
	make(&tar, &b, 0, 3);
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_true(r.is_authentic && r.is_first && !r.is_cut);
	assert_int_equal(r.listed, 3);
	assert_int_equal(r.added, 3);
	assert_int_equal(r.had + r.missing + r.unopened, 0);
	for (i = 0; i <= IMPORT_ENDED; i++)
		assert_int_equal(notes.n[i], 0);
	desk_close(&d);
	desk_open(&d);
	assert_int_equal(d.v->catalog.n_items, 3);
	assert_int_equal(d.v->catalog.n_bundles, 1);
	assert_int_equal(d.v->catalog.n_alarms, 0);
	assert_true(d.v->catalog.bundles[0].is_whole);
	assert_int_equal(d.v->catalog.bundles[0].schedule, RIG_SERIAL);
	for (i = 0; i < 3; i++) {
		assert_int_equal(d.v->catalog.items[i]->state, CATALOG_OPENED);
		assert_int_equal(d.v->catalog.items[i]->flags, 0);
		assert_int_equal(d.v->catalog.items[i]->n_topics, 2);
		assert_ok(verify_item(d.v, d.v->catalog.items[i], desk_nowhere(), &checked));
		assert_ok(checked.file);
		assert_ok(checked.open);
	}
	/* The same volume again is fine, and changes nothing. */
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_false(r.is_first);
	assert_int_equal(r.had, 3);
	assert_int_equal(r.added + r.missing, 0);
	assert_int_equal(d.v->catalog.n_alarms, 0);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

/* A pipe can't be sought in. */
static void
a_bundle_comes_through_a_pipe(void **state)
{
	struct import_events ev = {NULL, NULL, NULL};
	struct import_report r;
	struct rig_bundle b;
	const char *why;
	struct buf tar;
	struct desk d;
	int fds[2];
	pid_t pid;

	(void)state;
	desk_init(&d, 1);
	rig_bundle(&b, 1);
	make(&tar, &b, 0, 2);
	assert_int_equal(pipe(fds), 0);
	if ((pid = fork()) == 0) {
		close(fds[0]);
		_exit(io_write_all(fds[1], tar.p, tar.len) == ERR_OK ? 0 : 1);
	}
	close(fds[1]);
	assert_ok(import_run(d.v, fds[0], &ev, &r, &why));
	assert_int_equal(r.added, 2);
	close(fds[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

/* Small items, so that every byte can be tried: ciphertext that opens with no key. */
static void
add_small(struct rig_bundle *b, unsigned i, size_t n)
{
	struct rig_submission s;
	struct rig_item *item;
	uint8_t *p;

	rig_submission(&s, i);
	assert_non_null(b->items = realloc(b->items, (b->n + 1) * sizeof *b->items));
	item = &b->items[b->n++];
	*item = (struct rig_item){.row = {.day = s.day, .epoch = s.epoch, .size = n}, .spool = -1};
	snprintf(item->row.id, sizeof item->row.id, "%032x", i);
	strcpy(item->row.inbox, RIG_INBOX);
	buf_init(&item->sealed, n + 1);
	assert_ok(buf_grow(&item->sealed, n, &p));
	harness_fill(p, n, i);
	hash_256(item->row.hash, item->sealed.p, n);
}

/* Where in the archive the content of small item i ends. */
static size_t
end_of(const struct buf *tar, const struct rig_bundle *b, size_t i)
{
	const uint8_t *at;
	char name[64];

	/* The index has the id alone; with its ending it stands in the member's header. */
	snprintf(name, sizeof name, "%s" BUNDLE_ITEM_EXT, b->items[i].row.id);
	assert_non_null(at = memmem(tar->p, tar->len, name, strlen(name)));
	return (size_t)(at - tar->p) + TAR_BLOCK + b->items[i].sealed.len;
}

static bool
has_file(const struct desk *d, const char *id)
{
	const struct catalog_item *row = catalog_find(&d->v->catalog, id);
	int fd = -1;
	bool has;

	has = row != NULL && row->state != CATALOG_MISSING;
	assert_int_equal(vault_open_item(d->v, id, &fd) == ERR_OK, has);
	io_close(&fd);
	return has;
}

static void
make_small(struct buf *tar, struct rig_bundle *b)
{
	rig_bundle(b, 1);
	add_small(b, 1, 700);
	add_small(b, 2, 512);
	add_small(b, 3, 1);
	buf_init(tar, LIMIT_MIB);
	rig_bundle_write(b, buf_sink(tar));
}

/*
 * Cut off at every byte, one after the other into the same vault: after each,
 * exactly what was whole is there, the rest is named, and nothing is lost of what was there before.
 */
static void
truncated_at_any_byte(void **state)
{
	struct import_report r;
	struct desk_notes notes;
	size_t n, i, there, head;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;
	enum err e;

	(void)state;
	desk_init(&d, 1);
	make_small(&tar, &b);
	/* transfer.pub is the last of what must be whole. */
	head = (size_t)((uint8_t *)memmem(tar.p, tar.len, BUNDLE_SCHEDULES, 5) - tar.p);
	for (n = 0; n < tar.len; n++) {
		e = desk_import(&d, &tar, n, &r, &notes);
		if (e != ERR_OK) {
			assert_err(e, ERR_TRUNCATED);
			assert_true(n <= head);
			assert_int_equal(d.v->catalog.n_items, 0);
			continue;
		}
		assert_true(n > head - TAR_BLOCK);
		assert_true(r.is_cut);
		assert_int_equal(notes.n[IMPORT_ENDED], 1);
		for (i = 0, there = 0; i < b.n; i++) {
			assert_int_equal(has_file(&d, b.items[i].row.id), n >= end_of(&tar, &b, i));
			there += n >= end_of(&tar, &b, i);
		}
		assert_int_equal(notes.n[IMPORT_MISSING], b.n - there);
		assert_int_equal(r.missing, b.n - there);
		assert_int_equal(d.v->catalog.n_items, b.n);
		assert_false(d.v->catalog.bundles[0].is_whole);
	}
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_false(r.is_cut);
	assert_true(d.v->catalog.bundles[0].is_whole);
	assert_int_equal(d.v->catalog.n_alarms, 0);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

/* The same into a fresh vault each time, at fewer places. */
static void
truncated_in_a_fresh_vault(void **state)
{
	struct import_report r;
	struct desk_notes notes;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;
	size_t n, i;

	(void)state;
	make_small(&tar, &b);
	for (n = 0; n < tar.len; n += 509) {
		desk_init(&d, 1);
		if (desk_import(&d, &tar, n, &r, &notes) == ERR_OK)
			for (i = 0; i < b.n; i++)
				assert_int_equal(
				    has_file(&d, b.items[i].row.id), n >= end_of(&tar, &b, i));
		assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
		assert_int_equal(r.had + r.added, b.n);
		desk_wipe(&d);
	}
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
}

/* One changed byte anywhere: what is not as listed stays out, or nothing comes in at all. */
static void
changed_at_any_byte(void **state)
{
	struct import_report r;
	struct desk_notes notes;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;
	size_t n, i;
	enum err e;
	int fd;

	(void)state;
	make_small(&tar, &b);
	for (n = 0; n < tar.len; n += n % 512 < 160 ? 13 : 37) {
		desk_init(&d, 1);
		tar.p[n] ^= 1;
		e = desk_import(&d, &tar, tar.len, &r, &notes);
		tar.p[n] ^= 1;
		if (e != ERR_OK)
			assert_int_equal(d.v->catalog.n_items, 0);
		for (i = 0; i < b.n; i++) {
			if (!has_file(&d, b.items[i].row.id))
				continue;
			assert_ok(vault_open_item(d.v, b.items[i].row.id, &fd));
			assert_int_equal(lseek(fd, 0, SEEK_END), b.items[i].sealed.len);
			close(fd);
		}
		/* The whole bundle afterwards heals everything but the pin of a forged key. */
		if (e == ERR_OK)
			assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
		desk_wipe(&d);
	}
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
}

static void
a_damaged_item_stays_out(void **state)
{
	struct import_report r;
	struct desk_notes notes;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	make_small(&tar, &b);
	tar.p[end_of(&tar, &b, 1) - 1] ^= 1;
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_int_equal(notes.n[IMPORT_DAMAGED], 1);
	assert_string_equal(notes.last, b.items[2].row.id); /* which can't be opened */
	assert_int_equal(r.missing, 1);
	assert_false(has_file(&d, b.items[1].row.id));
	assert_true(has_file(&d, b.items[0].row.id) && has_file(&d, b.items[2].row.id));
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

static void
foreign_members_stay_out(void **state)
{
	struct import_report r;
	struct desk_notes notes;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	rig_bundle(&b, 1);
	b.foreign = "autorun.inf";
	make(&tar, &b, 0, 1);
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_int_equal(notes.n[IMPORT_FOREIGN], 1);
	assert_string_equal(notes.last, "autorun.inf");
	assert_int_equal(r.added, 1);
	assert_int_equal(faccessat(d.v->items, "autorun.inf", F_OK, 0), -1);
	b.foreign = "00000000000000000000000000000000.age";
	write_again(&tar, &b);
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_int_equal(notes.n[IMPORT_UNLISTED], 1);
	b.foreign = "keys/stray.txt"; /* a schedule without its signature */
	write_again(&tar, &b);
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_int_equal(notes.n[IMPORT_SCHEDULE], 1);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

static void
another_transfer_key_brings_nothing_in(void **state)
{
	struct import_report r;
	struct desk_notes notes;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	rig_bundle(&b, 1);
	make(&tar, &b, 0, 1);
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	b.transfer = "evil";
	b.head.serial = 2;
	write_again(&tar, &b);
	assert_err(desk_import(&d, &tar, tar.len, &r, &notes), ERR_AUTH);
	assert_false(r.is_authentic);
	assert_int_equal(only_alarm(&d).kind, CATALOG_TRANSFER_KEY);
	assert_int_equal(d.v->catalog.n_bundles, 1);
	desk_close(&d);
	desk_open(&d);
	assert_int_equal(alarm_count(&d.v->catalog), 1); /* it stays visible */
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

static void
another_instance_brings_nothing_in(void **state)
{
	struct import_report r;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	rig_bundle(&b, 1);
	strcpy(b.head.instance, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaad.onion");
	make(&tar, &b, 0, 1);
	assert_err(desk_import(&d, &tar, tar.len, &r, NULL), ERR_AUTH);
	assert_false(d.v->catalog.has_transfer);
	assert_int_equal(d.v->catalog.n_items, 0);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

static void
what_is_no_bundle_is_refused(void **state)
{
	static uint8_t junk[4096];
	struct buf text = {.p = junk, .len = sizeof junk};
	struct import_report r;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	assert_err(desk_import(&d, &text, 0, &r, NULL), ERR_TRUNCATED);
	assert_err(desk_import(&d, &text, 4096, &r, NULL), ERR_FORMAT); /* an empty archive */
	harness_fill(junk, sizeof junk, 1);
	assert_err(desk_import(&d, &text, 4096, &r, NULL), ERR_FORMAT);
	desk_wipe(&d);
}

static void
volumes_come_in_any_order(void **state)
{
	struct import_report r;
	struct desk_notes notes;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;
	size_t i;

	(void)state;
	desk_init(&d, 1);
	rig_bundle(&b, 1);
	b.head.volumes = 2;
	b.head.volume = 2;
	make(&tar, &b, 0, 4);
	for (i = 0; i < 4; i++)
		b.items[i].is_left_out = i < 2;
	write_again(&tar, &b);
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_int_equal(r.added, 2);
	assert_int_equal(notes.n[IMPORT_MISSING], 2);
	b.head.volume = 1;
	for (i = 0; i < 4; i++)
		b.items[i].is_left_out = i >= 2;
	write_again(&tar, &b);
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_int_equal(r.added, 2);
	assert_int_equal(r.had, 2);
	assert_int_equal(notes.n[IMPORT_MISSING], 0);
	assert_int_equal(d.v->catalog.n_bundles, 2);
	assert_int_equal(d.v->catalog.n_alarms, 0);
	assert_true(catalog_find_bundle(&d.v->catalog, 1, 1)->is_whole);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

/* ---- serials */

static void
import_serial(struct desk *d, struct rig_bundle *b, uint32_t serial, const uint8_t *previous)
{
	struct import_report r;
	struct buf tar;

	b->head.serial = serial;
	b->head.made = RIG_DAY + (int32_t)serial;
	memset(b->head.previous, 0, HASH_LEN);
	if (previous != NULL)
		memcpy(b->head.previous, previous, HASH_LEN);
	buf_init(&tar, SIZE_MAX / 2);
	rig_bundle_write(b, buf_sink(&tar));
	assert_ok(desk_import(d, &tar, tar.len, &r, NULL));
	buf_wipe(&tar);
}

static void
a_gap_is_an_alarm_until_it_is_closed(void **state)
{
	uint8_t hashes[6][HASH_LEN] = {{0}};
	struct rig_bundle b;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	rig_bundle(&b, 1);
	import_serial(&d, &b, 1, NULL);
	memcpy(hashes[1], b.hash, HASH_LEN);
	import_serial(&d, &b, 2, hashes[1]);
	assert_int_equal(d.v->catalog.n_alarms, 0);
	memcpy(hashes[2], b.hash, HASH_LEN);
	import_serial(&d, &b, 3, hashes[2]); /* writes bundle 3, to know its hash */
	memcpy(hashes[3], b.hash, HASH_LEN);
	desk_wipe(&d);

	desk_init(&d, 1);
	import_serial(&d, &b, 1, NULL);
	import_serial(&d, &b, 4, hashes[3]);
	assert_int_equal(only_alarm(&d).kind, CATALOG_GAP);
	assert_int_equal(only_alarm(&d).a, 2);
	assert_int_equal(only_alarm(&d).b, 3);
	import_serial(&d, &b, 3, hashes[2]);
	assert_int_equal(alarm_count(&d.v->catalog), 1);
	import_serial(&d, &b, 2, hashes[1]);
	assert_int_equal(alarm_count(&d.v->catalog), 0);
	assert_int_equal(d.v->catalog.n_alarms, 1);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

static void
two_bundles_of_one_serial_are_an_alarm(void **state)
{
	struct rig_bundle b;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	rig_bundle(&b, 1);
	import_serial(&d, &b, 1, NULL);
	b.schedule = 0;
	add_small(&b, 1, 5);
	import_serial(&d, &b, 1, NULL);
	assert_int_equal(only_alarm(&d).kind, CATALOG_BUNDLE_FORK);
	/* What it brought is kept all the same, and the first stays on record. */
	assert_int_equal(d.v->catalog.n_items, 1);
	assert_int_equal(d.v->catalog.bundles[0].items, 0);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

static void
a_broken_chain_is_an_alarm(void **state)
{
	static const uint8_t wrong[HASH_LEN] = {1};
	struct rig_bundle b;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	rig_bundle(&b, 1);
	import_serial(&d, &b, 1, NULL);
	import_serial(&d, &b, 2, wrong);
	assert_int_equal(only_alarm(&d).kind, CATALOG_BUNDLE_CHAIN);
	assert_int_equal(only_alarm(&d).a, 2);
	desk_wipe(&d);
	/* Found from the other side, too. */
	desk_init(&d, 1);
	import_serial(&d, &b, 2, wrong);
	import_serial(&d, &b, 1, NULL);
	assert_int_equal(only_alarm(&d).kind, CATALOG_BUNDLE_CHAIN);
	assert_int_equal(only_alarm(&d).a, 2);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

static void
a_step_back_is_an_alarm(void **state)
{
	struct import_report r;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	rig_bundle(&b, 5);
	import_serial(&d, &b, 5, NULL);
	/* An older bundle that comes late is none. */
	import_serial(&d, &b, 2, NULL);
	assert_int_equal(d.v->catalog.n_alarms, 0);
	/* One that was made later than bundle 5 is. */
	b.head.serial = 3;
	b.head.made = RIG_DAY + 100;
	memcpy(b.head.previous, b.hash, HASH_LEN);
	buf_init(&tar, SIZE_MAX / 2);
	rig_bundle_write(&b, buf_sink(&tar));
	assert_ok(desk_import(&d, &tar, tar.len, &r, NULL));
	assert_int_equal(only_alarm(&d).kind, CATALOG_BUNDLE_BACK);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

/* ---- schedules */

static void
schedules_are_pinned(void **state)
{
	uint8_t hash[HASH_LEN];
	struct rig_bundle b;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	rig_bundle(&b, 1);
	b.schedule = 14;
	import_serial(&d, &b, 1, NULL);
	assert_non_null(catalog_find_schedule(&d.v->catalog, 14));
	assert_int_equal(d.v->catalog.n_alarms, 0);
	memcpy(hash, b.hash, HASH_LEN);
	b.schedule = 13;
	import_serial(&d, &b, 2, hash);
	assert_int_equal(only_alarm(&d).kind, CATALOG_SCHEDULE_BACK);
	assert_int_equal(only_alarm(&d).a, 13);
	assert_int_equal(only_alarm(&d).b, 14);
	memcpy(hash, b.hash, HASH_LEN);
	b.schedule = 15;
	b.root = "evil";
	import_serial(&d, &b, 3, hash);
	assert_null(catalog_find_schedule(&d.v->catalog, 15));
	assert_int_equal(d.v->catalog.n_alarms, 2);
	assert_int_equal(d.v->catalog.alarms[1].kind, CATALOG_SCHEDULE_BAD);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

/* ---- items that are somehow wrong */

static void
what_can_not_be_opened_is_kept_with_the_reason(void **state)
{
	struct rig_submission s;
	struct import_report r;
	struct desk_notes notes;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	rig_bundle(&b, 1);
	rig_submission(&s, 0);
	s.is_stranger = true;
	rig_bundle_add(&b, &s);
	rig_submission(&s, 1);
	s.stated_id = "00000000000000000000000000000000";
	rig_bundle_add(&b, &s);
	make(&tar, &b, 2, 1);
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_int_equal(r.added, 3);
	assert_int_equal(r.unopened, 1);
	assert_int_equal(notes.n[IMPORT_UNOPENED], 1);
	assert_int_equal(notes.n[IMPORT_FLAGGED], 1);
	rig_submission(&s, 0);
	assert_int_equal(catalog_find(&d.v->catalog, s.id)->state, CATALOG_NO_KEY);
	rig_submission(&s, 1);
	assert_int_equal(catalog_find(&d.v->catalog, s.id)->flags, CATALOG_BAD_ID);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

static void
a_key_that_comes_later_opens_it(void **state)
{
	struct rig_submission s;
	struct import_report r;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;
	char keys[128];
	size_t n;

	(void)state;
	desk_init(&d, 1);
	rig_bundle(&b, 1);
	rig_submission(&s, 0);
	s.day = RIG_DAY + 15;
	s.epoch = s.stated_epoch = RIG_EPOCH + 1;
	rig_bundle_add(&b, &s);
	make(&tar, &b, 1, 1);
	assert_ok(desk_import(&d, &tar, tar.len, &r, NULL));
	assert_int_equal(r.unopened, 1);
	assert_ok(import_retry(d.v, &n));
	assert_int_equal(n, 0);
	desk_close(&d);
	/* The key arrives. */
	snprintf(keys, sizeof keys, "%s/KEYS", d.dir);
	rig_add_epoch(keys, RIG_EPOCH + 1);
	desk_open(&d);
	assert_ok(import_retry(d.v, &n));
	assert_int_equal(n, 1);
	assert_int_equal(catalog_find(&d.v->catalog, s.id)->state, CATALOG_OPENED);
	assert_int_equal(catalog_find(&d.v->catalog, s.id)->flags, 0);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

static void
an_item_never_changes(void **state)
{
	struct import_report r;
	struct desk_notes notes;
	struct rig_bundle b;
	struct buf tar;
	struct desk d;
	char before;
	int fd = -1;

	(void)state;
	desk_init(&d, 1);
	make_small(&tar, &b);
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	before = (char)b.items[0].sealed.p[0];
	b.items[0].sealed.p[0] ^= 1;
	hash_256(b.items[0].row.hash, b.items[0].sealed.p, b.items[0].sealed.len);
	b.head.serial = 2;
	memcpy(b.head.previous, b.hash, HASH_LEN);
	write_again(&tar, &b);
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_int_equal(notes.n[IMPORT_CHANGED], 1);
	assert_int_equal(notes.n[IMPORT_MISSING], 0);
	assert_int_equal(only_alarm(&d).kind, CATALOG_ITEM_CHANGED);
	assert_string_equal(only_alarm(&d).id, b.items[0].row.id);
	assert_int_equal(d.v->catalog.items[0]->flags, CATALOG_CHANGED);
	assert_ok(vault_open_item(d.v, b.items[0].row.id, &fd));
	assert_int_equal(read(fd, &r, 1), 1);
	assert_int_equal(*(char *)&r, before);
	close(fd);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

/* ---- what a killed import may leave */

static void
a_name_without_a_row_is_adopted_or_replaced(void **state)
{
	struct import_report r;
	struct desk_notes notes;
	char name[VAULT_ITEM_NAME];
	struct rig_bundle b;
	struct buf tar;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	make_small(&tar, &b);
	/* Whole, but without a row; and one that a power cut left empty; and one that is a link. */
	vault_item_name(name, b.items[0].row.id);
	assert_ok(io_write_new(d.v->items, name, b.items[0].sealed.p, b.items[0].sealed.len, 0600));
	vault_item_name(name, b.items[1].row.id);
	assert_ok(io_write_new(d.v->items, name, "", 0, 0600));
	vault_item_name(name, b.items[2].row.id);
	assert_int_equal(symlinkat("/etc/passwd", d.v->items, name), 0);
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_int_equal(r.added, 3);
	assert_int_equal(r.missing, 0);
	desk_close(&d);
	desk_open(&d);
	assert_true(has_file(&d, b.items[0].row.id));
	assert_true(has_file(&d, b.items[1].row.id));
	assert_true(has_file(&d, b.items[2].row.id));
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

static void
a_row_whose_file_is_gone_comes_again(void **state)
{
	struct import_report r;
	struct verify_result checked;
	char name[VAULT_ITEM_NAME];
	struct rig_bundle b;
	struct buf tar;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	make_small(&tar, &b);
	assert_ok(desk_import(&d, &tar, tar.len, &r, NULL));
	vault_item_name(name, b.items[0].row.id);
	assert_int_equal(unlinkat(d.v->items, name, 0), 0);
	assert_ok(verify_item(d.v, d.v->catalog.items[0], desk_nowhere(), &checked));
	assert_err(checked.file, ERR_NOTFOUND);
	assert_ok(desk_import(&d, &tar, tar.len, &r, NULL));
	assert_int_equal(r.added, 1);
	assert_int_equal(r.had, 2);
	assert_ok(verify_item(d.v, d.v->catalog.items[0], desk_nowhere(), &checked));
	assert_ok(checked.file);
	/* Changed in the vault: the hash of the signed index tells. */
	assert_ok(io_replace(d.v->items, name, "x", 1, 0600));
	assert_ok(verify_item(d.v, d.v->catalog.items[0], desk_nowhere(), &checked));
	assert_err(checked.file, ERR_AUTH);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

static off_t
file_size(const struct desk *d, const char *name)
{
	struct stat st;

	return fstatat(d->v->items, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_size : -1;
}

/* What is left of an item goes only when a good copy takes its place. */
static void
a_truncated_file_is_replaced_by_a_good_one_only(void **state)
{
	struct import_report r;
	struct desk_notes notes;
	char name[VAULT_ITEM_NAME];
	struct rig_bundle b;
	struct buf tar;
	struct desk d;
	size_t last;
	int i;

	(void)state;
	desk_init(&d, 1);
	make_small(&tar, &b);
	assert_ok(desk_import(&d, &tar, tar.len, &r, NULL));
	vault_item_name(name, b.items[1].row.id);
	assert_ok(io_replace(d.v->items, name, b.items[1].sealed.p, 100, 0600));
	last = end_of(&tar, &b, 1) - 1;
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_int_equal(notes.n[IMPORT_HEALED], 1);
	assert_int_equal(r.missing, 0);
	assert_true(has_file(&d, b.items[1].row.id));
	assert_ok(io_replace(d.v->items, name, b.items[1].sealed.p, 100, 0600));
	tar.p[last] ^= 1;
	/* The second time its row says that it is missing. */
	for (i = 0; i < 2; i++) {
		assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
		assert_int_equal(notes.n[IMPORT_DAMAGED], 1);
		assert_int_equal(notes.n[IMPORT_HEALED], 0);
		assert_int_equal(r.missing, 1);
		assert_int_equal(file_size(&d, name), 100);
	}
	tar.p[last] ^= 1;
	assert_ok(desk_import(&d, &tar, tar.len, &r, &notes));
	assert_int_equal(r.missing, 0);
	assert_int_equal(r.added, 1);
	assert_int_equal(file_size(&d, name), b.items[1].sealed.len);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_bundle_comes_in_whole),
	    cmocka_unit_test(a_bundle_comes_through_a_pipe),
	    cmocka_unit_test(truncated_at_any_byte),
	    cmocka_unit_test(truncated_in_a_fresh_vault),
	    cmocka_unit_test(changed_at_any_byte),
	    cmocka_unit_test(a_damaged_item_stays_out),
	    cmocka_unit_test(foreign_members_stay_out),
	    cmocka_unit_test(another_transfer_key_brings_nothing_in),
	    cmocka_unit_test(another_instance_brings_nothing_in),
	    cmocka_unit_test(what_is_no_bundle_is_refused),
	    cmocka_unit_test(volumes_come_in_any_order),
	    cmocka_unit_test(a_gap_is_an_alarm_until_it_is_closed),
	    cmocka_unit_test(two_bundles_of_one_serial_are_an_alarm),
	    cmocka_unit_test(a_broken_chain_is_an_alarm),
	    cmocka_unit_test(a_step_back_is_an_alarm),
	    cmocka_unit_test(schedules_are_pinned),
	    cmocka_unit_test(what_can_not_be_opened_is_kept_with_the_reason),
	    cmocka_unit_test(a_key_that_comes_later_opens_it),
	    cmocka_unit_test(an_item_never_changes),
	    cmocka_unit_test(a_name_without_a_row_is_adopted_or_replaced),
	    cmocka_unit_test(a_row_whose_file_is_gone_comes_again),
	    cmocka_unit_test(a_truncated_file_is_replaced_by_a_good_one_only),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
