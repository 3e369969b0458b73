#include "desk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "item.h"
#include "keep.h"
#include "needed.h"
#include "verify.h"

/* What became of submissions: reviewed, gone from the server, kept; and what is still needed. */

/* Bundle `serial` with submissions first to first + n - 1. */
static void
import(struct desk *d, uint32_t serial, unsigned first, unsigned n, bool is_inventory)
{
	struct rig_submission s;
	struct import_report r;
	struct rig_bundle b;
	struct buf tar;
	unsigned i;

	rig_bundle(&b, serial);
	b.head.is_inventory = is_inventory;
	for (i = first; i < first + n; i++) {
		rig_submission(&s, i);
		rig_bundle_add(&b, &s);
	}
	buf_init(&tar, 64 * LIMIT_MIB);
	rig_bundle_write(&b, buf_sink(&tar));
	assert_ok(desk_import(d, &tar, tar.len, &r, NULL));
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
}

static const struct catalog_item *
row(const struct desk *d, unsigned i)
{
	struct rig_submission s;
	const struct catalog_item *r;

	rig_submission(&s, i);
	r = catalog_find(&d->v->catalog, s.id);
	assert_non_null(r);
	return r;
}

static void
done(struct desk *d, unsigned i)
{
	struct catalog_item next = *row(d, i);

	next.reviewed = RIG_DAY + 3;
	assert_ok(catalog_put_review(&d->v->catalog, &next));
}

static void
reopen(struct desk *d)
{
	assert_ok(vault_commit(d->v));
	desk_close(d);
	desk_open(d);
}

static void
a_complete_list_says_what_is_gone(void **state)
{
	struct desk d;

	(void)state;
	desk_init(&d, RIG_EPOCHS);
	import(&d, 1, 0, 3, false);
	assert_int_equal(d.v->catalog.inventory, 0);
	import(&d, 2, 1, 1, false);
	assert_int_equal(row(&d, 0)->gone, 0); /* that list may leave things out */
	import(&d, 3, 1, 2, true);
	reopen(&d);
	assert_int_equal(d.v->catalog.inventory, 3);
	assert_int_equal(d.v->catalog.inventory_made, RIG_DAY + 3);
	assert_int_equal(row(&d, 0)->gone, 3);
	assert_int_equal(row(&d, 1)->gone, 0);
	/* An older one that comes again says nothing about now. */
	import(&d, 1, 0, 3, true);
	assert_int_equal(row(&d, 0)->gone, 3);
	assert_int_equal(d.v->catalog.inventory, 3);
	/* A newer list has it again: the server isn't what it was. */
	import(&d, 4, 0, 1, false);
	assert_int_equal(row(&d, 0)->gone, 0);
	assert_int_equal(d.v->catalog.inventory, 3);
	/* The review stays when the row is written anew. */
	done(&d, 0);
	assert_ok(catalog_put_item(&d.v->catalog, row(&d, 0)));
	reopen(&d);
	assert_int_equal(row(&d, 0)->reviewed, RIG_DAY + 3);
	desk_wipe(&d);
}

/* A list that brought less than it names isn't whole. */
static void
a_list_with_something_missing_proves_nothing(void **state)
{
	struct rig_submission s;
	struct import_report r;
	struct rig_bundle b;
	struct needed n;
	struct buf tar;
	struct desk d;
	unsigned i;

	(void)state;
	desk_init(&d, RIG_EPOCHS);
	import(&d, 1, 5, 1, false);
	rig_bundle(&b, 2);
	b.head.is_inventory = true;
	for (i = 0; i < 2; i++) {
		rig_submission(&s, i);
		rig_bundle_add(&b, &s);
	}
	b.items[0].is_left_out = true;
	buf_init(&tar, 64 * LIMIT_MIB);
	rig_bundle_write(&b, buf_sink(&tar));
	assert_ok(desk_import(&d, &tar, tar.len, &r, NULL));
	assert_int_equal(r.missing, 1);
	assert_int_equal(d.v->catalog.inventory, 0);
	assert_int_equal(row(&d, 5)->gone, 0);
	assert_ok(needed_make(d.v, &n));
	assert_int_equal(n.head.inventory, 0);
	assert_int_equal(n.head.n_items, 3);
	for (i = 0; i < 3; i++)
		assert_true((n.items[i].why == NEEDS_MISSING) ==
			    (catalog_find(&d.v->catalog, n.items[i].id)->state == CATALOG_MISSING));
	needed_wipe(&n);
	buf_wipe(&tar);
	rig_bundle_wipe(&b);
	desk_wipe(&d);
}

static void
what_is_done_and_gone_is_needed_no_more(void **state)
{
	struct needed n;
	struct desk d;
	struct minisign_sig parsed;
	struct buf text, sig;
	struct sign_key key;
	uint32_t i;

	(void)state;
	desk_init(&d, RIG_EPOCHS);
	import(&d, 1, 0, 3, true);
	assert_ok(needed_make(d.v, &n));
	assert_int_equal(n.head.n_items, 3);
	assert_true(n.head.n_epochs > 0);
	assert_int_equal(strlen(n.head.vault), RANDOM_ID_LEN);
	for (i = 0; i < 3; i++)
		assert_int_equal(n.items[i].why, NEEDS_UNREAD);
	needed_wipe(&n);
	done(&d, 0);
	done(&d, 1);
	import(&d, 2, 1, 2, true);
	assert_ok(needed_make(d.v, &n));
	assert_int_equal(n.head.n_items, 2);
	assert_int_equal(n.head.inventory, 2);
	for (i = 0; i < 2; i++)
		assert_int_equal(n.items[i].why,
		    catalog_find(&d.v->catalog, n.items[i].id)->reviewed == 0 ? NEEDS_UNREAD
									      : NEEDS_SERVER);
	buf_init(&text, LIMIT_NEEDS);
	buf_init(&sig, LIMIT_SIGNATURE);
	assert_ok(needed_format(&n, &text));
	assert_err(needed_sign(d.v, &n, &text, &sig), ERR_NOTFOUND); /* no reply key yet */
	rig_sign_key(&key, "reply");
	assert_ok(keystore_put_sign(d.v->keys, "reply.age", &key));
	assert_ok(needed_sign(d.v, &n, &text, &sig));
	assert_ok(minisign_sig_parse(&parsed, sig.p, sig.len));
	assert_ok(minisign_verify(&key.public, &parsed, text.p, text.len, NULL));
	buf_wipe(&text);
	buf_wipe(&sig);
	needed_wipe(&n);
	desk_wipe(&d);
}

static void
lines_of_another_form_are_refused(void **state)
{
	/* In the place of @ the id of an item that there is. */
	static const char *const bad[] = {"review: \n", "review: 12 - 0 -\n",
	    "review: 00000000000000000000000000000009 - 0 -\n", "review: @ 2026-02-30 0 -\n",
	    "review: @ - -1 -\n", "review: @ - 0 ab\n", "review: @ - 0 - -\n", "review: @ - 0\n",
	    "vault: 12\n", "inventory: 1\n", "inventory: x 2026-03-01\n",
	    "inventory: 1 2026-03-01 \n"};
	const char *mark;
	struct desk d;
	char line[200];
	size_t i, at;

	(void)state;
	desk_init(&d, RIG_EPOCHS);
	import(&d, 1, 0, 1, false);
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		mark = strchr(bad[i], '@');
		snprintf(line, sizeof line, "%.*s%s%s",
		    (int)(mark == NULL ? strlen(bad[i]) : (size_t)(mark - bad[i])), bad[i],
		    mark == NULL ? "" : row(&d, 0)->id, mark == NULL ? "" : mark + 1);
		assert_err(catalog_load(&d.v->catalog, line, strlen(line), &at), ERR_FORMAT);
	}
	assert_int_equal(row(&d, 0)->reviewed + (int32_t)row(&d, 0)->gone, 0);
	desk_wipe(&d);
}

static void
corrupt(const struct desk *d, const char *folder, const char *id, off_t at)
{
	char path[256];
	uint8_t c;
	int fd;

	snprintf(path, sizeof path, "%s/%s/%s.age", d->vault, folder, id);
	fd = open(path, O_RDWR);
	assert_int_not_equal(fd, -1);
	assert_int_equal(pread(fd, &c, 1, at), 1);
	c ^= 1;
	assert_int_equal(pwrite(fd, &c, 1, at), 1);
	close(fd);
}

static void
what_is_kept_opens_without_its_key(void **state)
{
	struct keystore_epoch *epochs = NULL;
	struct verify_result checked;
	struct item *it = NULL;
	struct desk d;
	size_t n = 0, i;
	int fd = -1;

	(void)state;
	desk_init(&d, RIG_EPOCHS);
	import(&d, 1, 0, 3, false);
	/* What isn't as it was sent isn't kept. */
	corrupt(&d, "items", row(&d, 2)->id, 100000);
	assert_err(keep_item(d.v, row(&d, 2)), ERR_AUTH);
	assert_false(row(&d, 2)->is_kept);
	assert_ok(keep_item(d.v, row(&d, 0)));
	assert_ok(keep_item(d.v, row(&d, 0)));
	assert_true(row(&d, 0)->is_kept);
	assert_ok(keep_open(d.v, row(&d, 0), &fd, &it));
	assert_false(it->is_kept); /* as long as the key is there */
	item_free(it);
	it = NULL;
	io_close(&fd);
	reopen(&d);
	assert_true(row(&d, 0)->is_kept);
	assert_ok(keystore_list_epochs(d.v->keys, &epochs, &n));
	assert_ok(keystore_lock(d.v->keys));
	for (i = 0; i < n; i++)
		assert_ok(keystore_destroy_key(d.v->keys, &epochs[i]));
	free(epochs);
	reopen(&d);
	assert_ok(keep_open(d.v, row(&d, 0), &fd, &it));
	assert_true(it->is_kept);
	assert_non_null(it->manifest);
	item_free(it);
	it = NULL;
	io_close(&fd);
	assert_ok(verify_item(d.v, row(&d, 0), desk_nowhere(), &checked));
	assert_ok(checked.file.e);
	assert_err(checked.open.e, ERR_NOMATCH);
	assert_ok(checked.kept.e);
	assert_err(keep_open(d.v, row(&d, 1), &fd, &it), ERR_NOMATCH);
	io_close(&fd);
	assert_err(keep_item(d.v, row(&d, 1)), ERR_NOMATCH);
	corrupt(&d, "kept", row(&d, 0)->id, 100000);
	assert_ok(verify_item(d.v, row(&d, 0), desk_nowhere(), &checked));
	assert_err(checked.kept.e, ERR_AUTH);
	assert_err(keep_item(d.v, row(&d, 0)), ERR_NOMATCH); /* it can't be made again */
	desk_wipe(&d);
}

/* As long as the key is there: afterwards nothing helps. */
static void
a_copy_that_is_damaged_is_found_and_made_again(void **state)
{
	struct verify_result checked;
	struct desk d;

	(void)state;
	desk_init(&d, RIG_EPOCHS);
	import(&d, 1, 0, 1, false);
	assert_ok(keep_item(d.v, row(&d, 0)));
	assert_ok(verify_item(d.v, row(&d, 0), desk_nowhere(), &checked));
	assert_ok(checked.kept.e);
	corrupt(&d, "kept", row(&d, 0)->id, 100000);
	assert_ok(verify_item(d.v, row(&d, 0), desk_nowhere(), &checked));
	assert_ok(checked.file.e);
	assert_ok(checked.open.e);
	assert_err(checked.kept.e, ERR_AUTH);
	assert_ok(keep_item(d.v, row(&d, 0)));
	assert_ok(verify_item(d.v, row(&d, 0), desk_nowhere(), &checked));
	assert_ok(checked.kept.e);
	/* Its original may be damaged while it is whole. */
	corrupt(&d, "items", row(&d, 0)->id, 100000);
	assert_ok(verify_item(d.v, row(&d, 0), desk_nowhere(), &checked));
	assert_err(checked.file.e, ERR_AUTH);
	assert_ok(checked.kept.e);
	desk_wipe(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_complete_list_says_what_is_gone),
	    cmocka_unit_test(a_list_with_something_missing_proves_nothing),
	    cmocka_unit_test(what_is_done_and_gone_is_needed_no_more),
	    cmocka_unit_test(lines_of_another_form_are_refused),
	    cmocka_unit_test(what_is_kept_opens_without_its_key),
	    cmocka_unit_test(a_copy_that_is_damaged_is_found_and_made_again),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests_name("client/review", tests, NULL, NULL);
}
