#include "harness.h"

#include <stdlib.h>

#include "base/limits.h"
#include "tool/offer.h"
#include "tool/plan.h"

#define INSTANCE "sealslotsealslotsealslotsealslotsealslotsealslotsealslad.onion"
#define TODAY    20000

/* A schedule of one inbox and three epochs, with recipients of the given first byte. */
static struct schedule *
schedule(uint8_t first)
{
	struct plan_request r = {.instance = INSTANCE, .today = TODAY, .epochs = 3, .n_inboxes = 1};
	static const uint8_t none[HASH_LEN];
	struct tool_fault f;
	struct schedule *s;
	size_t i;

	strcpy(r.inboxes[0].name, "tips");
	strcpy(r.inboxes[0].title, "Tips");
	assert_ok(plan_make(NULL, none, &r, &s, &f));
	for (i = 0; i < s->n_epochs; i++)
		memset(s->epochs[i].recipient, first + (int)i, AGE_KEY);
	return s;
}

struct fixture {
	char path[96], sig[128];
	struct sign_key desk;
	struct schedule *ours;
	struct buf text, signature;
};

static void
write_files(struct fixture *x)
{
	unlink(x->path);
	unlink(x->sig);
	assert_ok(io_write_new(AT_FDCWD, x->path, x->text.p, x->text.len, 0600));
	assert_ok(io_write_new(AT_FDCWD, x->sig, x->signature.p, x->signature.len, 0600));
}

static int
setup(void **state)
{
	struct fixture *x = calloc(1, sizeof *x);
	struct schedule *theirs = schedule(0x40);
	const char *dir = harness_mkdir();

	snprintf(x->path, sizeof x->path, "%s/offer.txt", dir);
	snprintf(x->sig, sizeof x->sig, "%s.minisig", x->path);
	buf_init(&x->text, LIMIT_SCHEDULE);
	buf_init(&x->signature, LIMIT_SIGNATURE);
	sign_key_new(&x->desk);
	theirs->reply_keys[theirs->n_reply_keys++] = x->desk.public;
	assert_ok(offer_sign(theirs, &x->desk, &x->text, &x->signature));
	schedule_free(theirs);
	x->ours = schedule(0x10);
	write_files(x);
	*state = x;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *x = *state;

	*strrchr(x->path, '/') = '\0';
	harness_rmdir(x->path);
	schedule_free(x->ours);
	buf_wipe(&x->text);
	buf_wipe(&x->signature);
	free(x);
	return 0;
}

static void
round_trip(void **state)
{
	struct fixture *x = *state;
	struct tool_fault f = {0};
	struct offer o = {0};
	struct offer_result res = {7, 7};
	size_t i;

	assert_ok(offer_read(x->path, &o, &f));
	assert_memory_equal(&o.desk, &x->desk.public, sizeof o.desk);
	assert_ok(offer_merge(x->ours, &o, x->path, &x->desk.public, &res, &f));
	assert_int_equal(res.added, 3);
	assert_int_equal(x->ours->n_epochs, 6);
	for (i = 0; i < 6; i++)
		assert_int_equal(
		    x->ours->epochs[i].recipient[0], (i % 2 == 0 ? 0x10 : 0x40) + (int)i / 2);
	assert_int_equal(x->ours->n_reply_keys, 1);
	/* Known now, and nothing new. */
	assert_ok(offer_merge(x->ours, &o, x->path, NULL, &res, &f));
	assert_int_equal(res.added, 0);
	assert_int_equal(x->ours->n_epochs, 6);
	offer_wipe(&o);
}

static void
unknown_desks_must_be_named(void **state)
{
	struct fixture *x = *state;
	struct tool_fault f = {0};
	struct sign_key other;
	struct offer o = {0};
	struct offer_result res;

	sign_key_new(&other);
	assert_ok(offer_read(x->path, &o, &f));
	assert_err(offer_merge(x->ours, &o, x->path, NULL, &res, &f), ERR_NOMATCH);
	assert_err(offer_merge(x->ours, &o, x->path, &other.public, &res, &f), ERR_NOMATCH);
	assert_non_null(strstr(f.what, "doesn't know"));
	assert_int_equal(x->ours->n_epochs, 3);
	offer_wipe(&o);
}

static void
every_changed_byte_is_refused(void **state)
{
	struct fixture *x = *state;
	struct tool_fault f;
	struct offer o = {0};
	size_t i, comment;

	for (i = 0; i < x->text.len; i += 3) {
		x->text.p[i] ^= 1;
		write_files(x);
		assert_int_not_equal(offer_read(x->path, &o, &f), ERR_OK);
		assert_null(o.s);
		x->text.p[i] ^= 1;
	}
	comment =
	    (size_t)((uint8_t *)memchr(x->signature.p, '\n', x->signature.len) - x->signature.p);
	for (i = comment; i < x->signature.len; i++) {
		x->signature.p[i] ^= 1;
		write_files(x);
		assert_int_not_equal(offer_read(x->path, &o, &f), ERR_OK);
		x->signature.p[i] ^= 1;
	}
	write_files(x);
	assert_ok(offer_read(x->path, &o, &f));
	offer_wipe(&o);
}

/* Signed by the right key, but as something else. */
static void
a_signature_for_another_purpose_is_none(void **state)
{
	char comment[200];
	struct fixture *x = *state;
	struct tool_fault f;
	struct offer o = {0};

	buf_reset(&x->signature);
	snprintf(comment, sizeof comment, "sealslot-keys serial:1 instance:%s", INSTANCE);
	assert_ok(sign_message(&x->desk, x->text.p, x->text.len, comment, &x->signature));
	write_files(x);
	assert_err(offer_read(x->path, &o, &f), ERR_AUTH);
}

static void
must_fit_the_schedule(void **state)
{
	struct fixture *x = *state;
	struct tool_fault f = {0};
	struct offer o = {0};
	struct offer_result res;

	assert_ok(offer_read(x->path, &o, &f));
	o.s->epochs[1].end--;
	assert_err(offer_merge(x->ours, &o, x->path, &x->desk.public, &res, &f), ERR_USAGE);
	assert_non_null(strstr(f.what, "other dates"));
	o.s->epochs[1].end++;
	strcpy(o.s->inboxes[0].name, "arts");
	assert_err(offer_merge(x->ours, &o, x->path, &x->desk.public, &res, &f), ERR_NOTFOUND);
	o.s->instance[0] = 'a';
	assert_err(offer_merge(x->ours, &o, x->path, &x->desk.public, &res, &f), ERR_USAGE);
	assert_non_null(strstr(f.what, "another instance"));
	offer_wipe(&o);
}

static void
files_that_are_missing_or_no_offer(void **state)
{
	struct fixture *x = *state;
	struct tool_fault f = {0};
	struct offer o = {0};

	x->text.len = 0;
	assert_ok(schedule_format(x->ours, &x->text)); /* no reply key */
	write_files(x);
	assert_err(offer_read(x->path, &o, &f), ERR_FORMAT);
	assert_non_null(strstr(f.what, "isn't a desk's offer"));
	unlink(x->sig);
	assert_err(offer_read(x->path, &o, &f), ERR_NOTFOUND);
	unlink(x->path);
	assert_err(offer_read(x->path, &o, &f), ERR_NOTFOUND);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(round_trip),
	    TEST(unknown_desks_must_be_named),
	    TEST(every_changed_byte_is_refused),
	    TEST(a_signature_for_another_purpose_is_none),
	    TEST(must_fit_the_schedule),
	    TEST(files_that_are_missing_or_no_offer),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
