#include "desk_rig.h"

#include "mailbox/deriver.h"

/* Signing in takes an Argon2id: who waits for it, and whose it is. */

static void
a_typo_costs_nothing_and_is_named(void **state)
{
	static const char typed[] = "abacus zzzz abacus";
	struct rig r;
	uint32_t ref;

	(void)state;
	setup(&r);
	assert_ok(mailbox_sign_in(r.box, typed, strlen(typed), session, &r, &ref));
	pump(&r, 1);
	assert_err(r.e, ERR_FORMAT);
	assert_int_equal(r.session.fault, CODENAME_UNKNOWN_WORD);
	assert_int_equal(r.session.word, 2);
	assert_string_equal(r.session.token, "");
	teardown(&r);
}

/* Another front on a new socket, which counts its refs from the start. */
static void
restart_front(struct rig *r)
{
	int ends[2];

	mailbox_free(r->box);
	io_close(&r->sock);
	desk_front_lost(r->desk);
	assert_ok(wire_pair(ends));
	r->sock = ends[0];
	assert_ok(mailbox_new(ends[1], &r->box));
}

/* Sign-ins queued, being worked on and done when front dies: none may answer another source's. */
static void
a_new_front_gets_no_old_sign_in(void **state)
{
	char words[CODENAME_TEXT_MAX];
	struct codename_keys mine;
	struct codename c;
	struct rig r;
	uint32_t ref, old_ref;
	int i;

	(void)state;
	setup(&r);
	codename_new(&c);
	codename_format(words, &c);
	for (i = 0; i < 6; i++)
		assert_ok(mailbox_sign_in(
		    r.box, words, strlen(words), session, &r, i == 0 ? &old_ref : &ref));
	hand_on(&r);
	/* By then some are done and not fetched, some wait (on a slow machine all do). */
	poll(NULL, 0, 300);
	restart_front(&r);

	codename_new(&c);
	codename_format(words, &c);
	assert_ok(codename_derive(&mine, &c, INSTANCE));
	assert_ok(mailbox_sign_in(r.box, words, strlen(words), session, &r, &ref));
	assert_int_equal(ref, old_ref);
	hand_on(&r);
	pump(&r, 1);
	assert_ok(r.e);
	assert_ok(mailbox_take(r.box, r.session.token, named, &r, &ref));
	pump(&r, 2);
	assert_ok(r.e);
	assert_memory_equal(r.name.mailbox, mine.mailbox, sizeof mine.mailbox);
	teardown(&r);
}

/* More sign-ins than places: the rest is told to wait, nobody is forgotten. */
static void
the_queue_is_bounded(void **state)
{
	struct codename c;
	char words[CODENAME_TEXT_MAX];
	unsigned i, asked = LIMIT_SIGN_IN_WAITING + 20;
	struct rig r;
	uint32_t ref;

	(void)state;
	setup(&r);
	codename_new(&c);
	codename_format(words, &c);
	for (i = 0; i < asked; i++)
		assert_ok(mailbox_sign_in(r.box, words, strlen(words), session, &r, &ref));
	pump(&r, asked);
	/* How many the workers took meanwhile the machine decides. */
	assert_in_range(r.busy, 1, asked - LIMIT_SIGN_IN_WAITING);
	teardown(&r);
}

struct tally {
	unsigned done, busy;
};

static void
tally(void *ctx, uint32_t ref, enum err e, const struct codename_keys *keys)
{
	struct tally *t = ctx;

	(void)ref;
	(void)keys;
	t->done++;
	t->busy += e == ERR_BUSY;
}

/* Until the pool has got `n` more; each is announced, and the counter adds up. */
static void
wait_for_fresh(const struct deriver *d, unsigned n)
{
	struct pollfd p = {.fd = deriver_fd(d), .events = POLLIN};
	uint64_t more, sum;

	for (sum = 0; sum < n; sum += more) {
		assert_int_equal(poll(&p, 1, 90000), 1);
		assert_int_equal(read(p.fd, &more, sizeof more), sizeof more);
	}
	assert_int_equal(sum, n);
}

/* Whose turn doesn't come is told, once, and not before it is time. */
static void
nobody_waits_for_ever(void **state)
{
	struct tally t = {0, 0};
	const struct deriver_events events = {&t, tally};
	const unsigned asked = 20;
	int64_t end = clock_mono_ms() + PATIENCE_MS;
	struct deriver *d = NULL;
	struct codename c;
	struct pollfd p = {.events = POLLIN};
	uint32_t i;

	(void)state;
	codename_new(&c);
	assert_ok(deriver_new(1, LIMIT_CODENAME_POOL, INSTANCE, &events, &d));
	for (i = 1; i <= asked; i++)
		assert_ok(deriver_sign_in(d, i, &c, 1000));
	assert_true(deriver_sweep(d, 1000 + LIMIT_SIGN_IN_MS));
	deriver_on_readable(d);
	assert_int_equal(t.busy, 0);
	assert_false(deriver_sweep(d, 1001 + LIMIT_SIGN_IN_MS));
	p.fd = deriver_fd(d);
	while (t.done < asked && clock_mono_ms() < end) {
		poll(&p, 1, 100);
		deriver_on_readable(d);
	}
	assert_int_equal(t.done, asked);
	assert_in_range(t.busy, 1, asked);
	deriver_free(d);
}

/* What a full house takes brings no Argon2id yet; what it takes after that is refilled, all of it.
 */
static void
a_crowd_takes_half_the_pool_in_peace(void **state)
{
	const unsigned at_once = 2;
	struct tally t = {0, 0};
	const struct deriver_events events = {&t, tally};
	struct deriver *d = NULL;
	struct deriver_fresh f;
	struct pollfd p = {.events = POLLIN};
	unsigned i;

	(void)state;
	assert_ok(deriver_new(1, at_once, INSTANCE, &events, &d));
	p.fd = deriver_fd(d);
	wait_for_fresh(d, 2 * at_once);
	for (i = 0; i < at_once; i++)
		assert_ok(deriver_take(d, &f));
	assert_int_equal(poll(&p, 1, 3000), 0); /* a refill takes 0.1 s, with low priority */
	assert_ok(deriver_take(d, &f));
	wait_for_fresh(d, at_once + 1);
	for (i = 0; i < 2 * at_once; i++)
		assert_ok(deriver_take(d, &f));
	deriver_free(d);
	explicit_bzero(&f, sizeof f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_typo_costs_nothing_and_is_named),
	    cmocka_unit_test(a_crowd_takes_half_the_pool_in_peace),
	    cmocka_unit_test(a_new_front_gets_no_old_sign_in),
	    cmocka_unit_test(the_queue_is_bounded),
	    cmocka_unit_test(nobody_waits_for_ever),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests_name("mailbox/desk sign in", tests, NULL, NULL);
}
