#include "harness.h"

#include "base/limits.h"
#include "tool/ceremony.h"
#include "tool/listed.h"
#include "tool/plan.h"
#include "tool/published.h"

#define INSTANCE "sealslotsealslotsealslotsealslotsealslotsealslotsealslad.onion"
#define TODAY    20000

struct fixture {
	char path[64];
	struct keystore *k;
	struct sign_key root;
	struct published old, next;
};

/* A schedule after f's old one; nothing is written yet. */
static void
make_next(struct fixture *x, uint32_t epochs)
{
	struct plan_request r = {
	    .instance = INSTANCE, .today = TODAY, .epochs = epochs, .n_inboxes = 1};
	struct tool_fault f = {0};
	size_t i;

	strcpy(r.inboxes[0].name, "tips");
	strcpy(r.inboxes[0].title, "Tips");
	published_wipe(&x->next);
	assert_ok(plan_make(x->old.s, x->old.hash, &r, &x->next.s, &f));
	for (i = 0; i < x->next.s->n_epochs; i++)
		memset(x->next.s->epochs[i].recipient, (int)i + 1, AGE_KEY);
	if (ceremony_sign(&x->root, &x->old, &x->next, &f) != ERR_OK)
		fail_msg("%s", f.what);
}

static int
setup(void **state)
{
	struct fixture *x = calloc(1, sizeof *x);
	struct secret_text pass = {0};

	snprintf(x->path, sizeof x->path, "%s", harness_mkdir());
	assert_ok(secret_text_new(&pass, 16));
	assert_ok(secret_text_add(&pass, "pass", 4));
	assert_ok(keystore_create_cost(x->path, &pass, 2));
	assert_ok(keystore_open(x->path, &pass, &x->k));
	secret_text_wipe(&pass);
	sign_key_new(&x->root);
	*state = x;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *x = *state;

	published_wipe(&x->old);
	published_wipe(&x->next);
	keystore_free(x->k);
	harness_rmdir(x->path);
	free(x);
	return 0;
}

static enum err
newest(struct fixture *x, struct published *out, struct tool_fault *f)
{
	return published_newest(x->k, &x->root.public, out, f);
}

/* Reads the newest again as x->old, so that another one can follow. */
static void
reload(struct fixture *x)
{
	struct tool_fault f;

	published_wipe(&x->old);
	assert_ok(newest(x, &x->old, &f));
}

static void
shell(const struct fixture *x, const char *command)
{
	char cmd[512];

	snprintf(cmd, sizeof cmd, "cd '%s/publish' && { %s; }", x->path, command);
	if (system(cmd) != 0)
		fail_msg("failed: %s", cmd);
}

static void
the_newest_of_several(void **state)
{
	struct fixture *x = *state;
	struct tool_fault f;
	uint32_t i;

	reload(x);
	assert_null(x->old.s);
	for (i = 1; i <= 3; i++) {
		make_next(x, i);
		assert_ok(published_add(x->k, &x->next, &f));
		reload(x);
		assert_int_equal(x->old.s->serial, i);
		assert_memory_equal(x->old.hash, x->next.hash, HASH_LEN);
	}
	/* Names that aren't ours say nothing. */
	shell(x,
	    "touch keys-9.txt keys-00009.txt keys-0000.txt keys-4.txt.minisig keys-0004.txt.minisig "
	    "keys-.txt keys-0004.txt~ keys-99999999999.txt x");
	reload(x);
	assert_int_equal(x->old.s->serial, 3);
}

static void
copies_are_put_right(void **state)
{
	static const char *const damage[] = {"rm keys.txt", "rm keys.txt.minisig", ": >keys.txt",
	    "echo x >>keys.txt.minisig", "cp keys-0001.txt keys.txt",
	    "rm keys.txt; ln -s x keys.txt"};
	struct fixture *x = *state;
	struct tool_fault f;
	size_t i;

	make_next(x, 1);
	assert_ok(published_add(x->k, &x->next, &f));
	reload(x);
	make_next(x, 2);
	assert_ok(published_add(x->k, &x->next, &f));
	reload(x);
	assert_ok(published_refresh(x->k, &x->old, &f));
	for (i = 0; i < sizeof damage / sizeof *damage; i++) {
		shell(x, damage[i]);
		assert_ok(published_refresh(x->k, &x->old, &f));
		shell(x, "cmp -s keys.txt keys-0002.txt && "
			 "cmp -s keys.txt.minisig keys-0002.txt.minisig && test ! -h keys.txt");
	}
}

static void
damaged_ones_are_refused(void **state)
{
	static const struct {
		const char *command, *why;
	} damage[] = {
	    {"sed -i s/Tips/Tipz/ keys-0001.txt", "signature doesn't fit"},
	    {"sed -i s/serial:1/serial:2/ keys-0001.txt.minisig", "signature doesn't fit"},
	    {": >keys-0001.txt.minisig", "damaged"},
	    {"rm keys-0001.txt.minisig", "not found"},
	    {"cp keys-0001.txt keys-0002.txt; cp keys-0001.txt.minisig keys-0002.txt.minisig",
		"another serial"},
	    {"rm keys-0001.txt; mkfifo keys-0001.txt", "type"},
	    {"dd if=/dev/zero of=keys-0001.txt bs=1048577 count=1 2>/dev/null", "larger"},
	};
	struct published p = {0};
	struct fixture *x = *state;
	struct tool_fault f;
	size_t i;

	for (i = 0; i < sizeof damage / sizeof *damage; i++) {
		shell(x, "rm -f *");
		make_next(x, 1);
		assert_ok(published_add(x->k, &x->next, &f));
		shell(x, damage[i].command);
		assert_int_not_equal(newest(x, &p, &f), ERR_OK);
		if (strstr(f.what, damage[i].why) == NULL)
			fail_msg("%s: %s", damage[i].command, f.what);
		published_wipe(&p);
	}
	shell(x, "rm -f *");
	assert_ok(published_add(x->k, &x->next, &f));
	sign_key_new(&x->root);
	assert_err(newest(x, &p, &f), ERR_NOMATCH);
	published_wipe(&p);
}

static void
signs_only_what_may_follow(void **state)
{
	struct fixture *x = *state;
	struct tool_fault f = {0};

	make_next(x, 3);
	assert_ok(published_add(x->k, &x->next, &f));
	reload(x);
	make_next(x, 4);
	buf_wipe(&x->next.text);
	buf_wipe(&x->next.sig);
	x->next.s->epochs[0].start--;
	assert_err(ceremony_sign(&x->root, &x->old, &x->next, &f), ERR_PROFILE);
	assert_int_equal(x->next.sig.len, 0);
	x->next.s->epochs[0].start++;
	buf_wipe(&x->next.text);
	memcpy(x->next.s->epochs[3].recipient, x->next.s->epochs[2].recipient, AGE_KEY);
	assert_err(ceremony_sign(&x->root, &x->old, &x->next, &f), ERR_FORMAT);
	assert_non_null(strstr(f.what, "same recipient"));
}

static void
keys_are_made_once_and_tested(void **state)
{
	struct fixture *x = *state;
	struct identity *other = NULL;
	struct tool_fault f = {0};
	uint32_t n = 0;
	size_t i;

	make_next(x, 3);
	for (i = 0; i < 3; i++)
		memset(x->next.s->epochs[i].recipient, 0, AGE_KEY);
	assert_ok(ceremony_make_keys(x->k, x->next.s, &n, &f));
	assert_int_equal(n, 3);
	assert_ok(ceremony_test_keys(x->k, x->next.s, TODAY, &n, &f));
	assert_int_equal(n, 3);
	memset(x->next.s->epochs[1].recipient, 0, AGE_KEY);
	assert_ok(ceremony_make_keys(x->k, x->next.s, &n, &f));
	assert_int_equal(n, 0);
	assert_ok(ceremony_test_keys(x->k, x->next.s, x->next.s->epochs[1].start, &n, &f));
	assert_int_equal(n, 2);
	/* A key file that holds another key. */
	shell(x, "rm ../epochs/tips-2.age");
	assert_ok(identity_new(&other));
	assert_ok(keystore_put_epoch(x->k, "tips", 2, other, TODAY));
	secret_free(other);
	assert_err(ceremony_test_keys(x->k, x->next.s, TODAY, &n, &f), ERR_NOMATCH);
	assert_non_null(strstr(f.what, "epochs/tips-2.age"));
	shell(x, "echo x >>../epochs/tips-1.age");
	assert_int_not_equal(ceremony_test_keys(x->k, x->next.s, TODAY, &n, &f), ERR_OK);
	assert_non_null(strstr(f.what, "epochs/tips-1.age"));
	shell(x, "rm ../epochs/tips-1.age");
	assert_err(ceremony_test_keys(x->k, x->next.s, TODAY, &n, &f), ERR_NOTFOUND);
}

/* A desk that loses its keys must find its own lines again: they are the first ones. */
static void
another_desk_never_stands_first(void **state)
{
	struct fixture *x = *state;
	struct schedule_epoch other;
	struct identity *id = NULL;
	struct tool_fault f = {0};
	uint32_t n = 0;

	make_next(x, 2);
	memset(x->next.s->epochs[0].recipient, 0, AGE_KEY);
	memset(x->next.s->epochs[1].recipient, 0, AGE_KEY);
	assert_ok(ceremony_make_keys(x->k, x->next.s, &n, &f));
	other = x->next.s->epochs[0];
	assert_ok(identity_new(&id));
	memcpy(other.recipient, id->pk, AGE_KEY);
	secret_free(id);
	assert_ok(listed_add_recipient(x->next.s, &other));
	assert_ok(ceremony_test_keys(x->k, x->next.s, TODAY, &n, &f));
	x->next.s->epochs[1] = x->next.s->epochs[0];
	x->next.s->epochs[0] = other;
	assert_err(ceremony_test_keys(x->k, x->next.s, TODAY, &n, &f), ERR_NOMATCH);
	assert_non_null(strstr(f.what, "epochs/tips-1.age"));
}

/* Another desk's recipient is no key at all: what names and recipients look like doesn't show it.
 */
static void
only_sealing_finds_a_weak_recipient(void **state)
{
	struct fixture *x = *state;
	struct schedule_epoch weak;
	struct tool_fault f = {0};
	uint32_t n = 0;

	make_next(x, 2);
	memset(x->next.s->epochs[0].recipient, 0, AGE_KEY);
	memset(x->next.s->epochs[1].recipient, 0, AGE_KEY);
	assert_ok(ceremony_make_keys(x->k, x->next.s, &n, &f));
	assert_ok(ceremony_test_keys(x->k, x->next.s, TODAY, &n, &f));
	weak = x->next.s->epochs[1];
	memset(weak.recipient, 0, AGE_KEY);
	weak.recipient[0] = 1; /* a point of order 4 */
	assert_ok(listed_add_recipient(x->next.s, &weak));
	assert_err(ceremony_test_keys(x->k, x->next.s, TODAY, &n, &f), ERR_CRYPTO);
	assert_non_null(strstr(f.what, "epochs/tips-2.age"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_newest_of_several),
	    TEST(copies_are_put_right),
	    TEST(damaged_ones_are_refused),
	    TEST(signs_only_what_may_follow),
	    TEST(keys_are_made_once_and_tested),
	    TEST(another_desk_never_stands_first),
	    TEST(only_sealing_finds_a_weak_recipient),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
