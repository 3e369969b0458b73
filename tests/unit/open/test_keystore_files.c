#include "keystore_rig.h"

/* What a store keeps: its files, the keys of epochs and those that replaced them, signing keys. */

static void
puts_and_gets(void **state)
{
	static char big[LIMIT_KEY_FILE + 1];
	struct secret_text t = {0};
	struct fixture f;

	(void)state;
	setup(&f);
	assert_ok(keystore_put(f.k, "root.age", "first", 5));
	assert_err(keystore_put(f.k, "root.age", "second", 6), ERR_EXISTS);
	assert_ok(keystore_get(f.k, "root.age", &t));
	assert_string_equal(t.p, "first");
	secret_text_wipe(&t);
	assert_int_equal(mode_of(below(&f, "root.age")), 0600);
	memset(big, 'k', sizeof big);
	assert_ok(keystore_put(f.k, "big.age", big, LIMIT_KEY_FILE));
	assert_ok(keystore_get(f.k, "big.age", &t));
	assert_int_equal(t.len, LIMIT_KEY_FILE);
	secret_text_wipe(&t);
	assert_err(keystore_put(f.k, "bigger.age", big, LIMIT_KEY_FILE + 1), ERR_LIMIT);
	assert_err(keystore_get(f.k, "bigger.age", &t), ERR_NOTFOUND);
	assert_string_equal(keystore_fault(f.k), "bigger.age");
	assert_int_equal(count_leftovers(f.path), 0);
	teardown(&f);
}

static void
names_stay_inside(void **state)
{
	static const char *const bad[] = {"", ".", "..", "../x", "/etc/x", "epochs/../x", "epochs/",
	    "epochs/.x", ".tmp.x", "a/b", "publish/x", "epochs/a/b", "a b", "A.age", "x\n",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	struct secret_text t = {0};
	struct fixture f;
	size_t i;

	(void)state;
	setup(&f);
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_err(keystore_put(f.k, bad[i], "x", 1), ERR_USAGE);
		assert_err(keystore_get(f.k, bad[i], &t), ERR_USAGE);
	}
	teardown(&f);
}

static void
keeps_epochs(void **state)
{
	static const char *const inboxes[] = {"tips", "a-1", "tips", "x"};
	static const uint32_t numbers[] = {9, 10, 10, UINT32_MAX};
	struct keystore_epoch *list = NULL;
	struct identity *ids[4], *got;
	struct identity_set set = {0};
	struct fixture f;
	size_t n = 0, i;

	(void)state;
	setup(&f);
	assert_ok(keystore_list_epochs(f.k, &list, &n));
	assert_int_equal(n, 0);
	free(list);
	assert_ok(keystore_all_epochs(f.k, &set));
	assert_int_equal(set.n, 0);
	for (i = 0; i < 4; i++) {
		assert_ok(identity_new(&ids[i]));
		assert_ok(keystore_put_epoch(f.k, inboxes[i], numbers[i], ids[i], DAY));
		assert_err(
		    keystore_put_epoch(f.k, inboxes[i], numbers[i], ids[i], DAY), ERR_EXISTS);
		assert_ok(keystore_get_epoch(f.k, inboxes[i], numbers[i], &got));
		assert_memory_equal(got->sk, ids[i]->sk, AGE_KEY);
		assert_int_equal(got->tag, numbers[i]);
		secret_free(got);
	}
	assert_int_equal(mode_of(below(&f, "epochs/tips-9.age")), 0600);
	assert_err(keystore_get_epoch(f.k, "tips", 11, &got), ERR_NOTFOUND);
	assert_err(keystore_get_epoch(f.k, "../tips", 9, &got), ERR_USAGE);
	assert_err(keystore_get_epoch(f.k, "", 9, &got), ERR_USAGE);
	assert_err(keystore_put_epoch(f.k, "aaaaaaaaaaaaaaaaaaaaaaaaa", 1, ids[0], DAY), ERR_USAGE);
	/* What isn't an epoch's name isn't one. */
	assert_ok(keystore_put(f.k, "epochs/notes", "x", 1));
	assert_ok(keystore_put(f.k, "epochs/tips-01.age", "x", 1));
	assert_ok(keystore_put(f.k, "epochs/tips-4294967296.age", "x", 1));
	assert_ok(keystore_put(f.k, "epochs/-1.age", "x", 1));
	assert_ok(keystore_put(f.k, "epochs/tips-1.age.bak", "x", 1));
	assert_ok(keystore_list_epochs(f.k, &list, &n));
	assert_int_equal(n, 4);
	assert_string_equal(list[0].inbox, "a-1");
	assert_string_equal(list[1].inbox, "tips");
	assert_int_equal(list[1].number, 9);
	assert_int_equal(list[2].number, 10);
	assert_int_equal(list[3].number, UINT32_MAX);
	free(list);
	assert_ok(keystore_all_epochs(f.k, &set));
	assert_int_equal(set.n, 4);
	for (i = 0; i < 4; i++)
		assert_int_equal(identity_set_find(&set, ids[i]->pk)->tag, numbers[i]);
	assert_int_equal(set.p[1].tag, 10); /* newest first */
	identity_set_wipe(&set);
	/* Of one number only, from every inbox that has it. */
	assert_ok(keystore_epochs_of(f.k, 10, &set));
	assert_int_equal(set.n, 2);
	assert_non_null(identity_set_find(&set, ids[1]->pk));
	assert_non_null(identity_set_find(&set, ids[2]->pk));
	identity_set_wipe(&set);
	assert_ok(keystore_epochs_of(f.k, 11, &set));
	assert_int_equal(set.n, 0);
	for (i = 0; i < 4; i++)
		secret_free(ids[i]);
	teardown(&f);
}

/* A revoked key and what replaced it, under the same number. */
static void
keeps_replacements(void **state)
{
	struct keystore_epoch epoch = {.inbox = "tips-3", .number = 7}, *list = NULL;
	struct identity *ids[3], *got;
	struct identity_set set = {0};
	struct fixture f;
	size_t n = 0;
	uint32_t i;

	(void)state;
	setup(&f);
	for (i = 0; i < 3; i++) {
		epoch.replacement = 2 - i;
		assert_ok(identity_new(&ids[i]));
		assert_ok(keystore_put_key(f.k, &epoch, ids[i], DAY));
		assert_err(keystore_put_key(f.k, &epoch, ids[i], DAY), ERR_EXISTS);
	}
	assert_int_equal(mode_of(below(&f, "epochs/tips-3-7.1.age")), 0600);
	assert_ok(keystore_get_epoch(f.k, "tips-3", 7, &got));
	assert_memory_equal(got->sk, ids[2]->sk, AGE_KEY);
	secret_free(got);
	assert_ok(keystore_put(f.k, "epochs/tips-3-7.0.age", "x", 1));
	assert_ok(keystore_put(f.k, "epochs/tips-3-7.01.age", "x", 1));
	assert_ok(keystore_put(f.k, "epochs/tips-3-7.1.1.age", "x", 1));
	assert_ok(keystore_put(f.k, "epochs/tips-3-7..age", "x", 1));
	assert_ok(keystore_list_epochs(f.k, &list, &n));
	assert_int_equal(n, 3);
	for (i = 0; i < 3; i++) {
		assert_string_equal(list[i].inbox, "tips-3");
		assert_int_equal(list[i].number, 7);
		assert_int_equal(list[i].replacement, i);
	}
	free(list);
	assert_ok(keystore_all_epochs(f.k, &set));
	assert_int_equal(set.n, 3);
	identity_set_wipe(&set);
	assert_ok(keystore_epochs_of(f.k, 7, &set));
	assert_int_equal(set.n, 3);
	identity_set_wipe(&set);
	/* Destroyed for good; the others stay. */
	epoch.replacement = 1;
	assert_ok(keystore_destroy_key(f.k, &epoch));
	assert_err(keystore_get_key(f.k, &epoch, &got), ERR_NOTFOUND);
	assert_err(keystore_destroy_key(f.k, &epoch), ERR_NOTFOUND);
	assert_int_equal(chmod(below(&f, "epochs/tips-3-7.2.age"), 0640), 0);
	epoch.replacement = 2;
	assert_err(keystore_destroy_key(f.k, &epoch), ERR_MODE);
	assert_ok(keystore_list_epochs(f.k, &list, &n));
	assert_int_equal(n, 2);
	free(list);
	/* Taken back. */
	assert_ok(keystore_remove_key(f.k, &epoch));
	assert_err(keystore_remove_key(f.k, &epoch), ERR_NOTFOUND);
	assert_ok(keystore_list_epochs(f.k, &list, &n));
	assert_int_equal(n, 1);
	assert_int_equal(list[0].replacement, 0);
	free(list);
	for (i = 0; i < 3; i++)
		secret_free(ids[i]);
	teardown(&f);
}

static void
overwrite_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "r+");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* As a retire leaves it that was cut off before it took the name away. */
static void
a_half_destroyed_epoch_is_in_no_other_way(void **state)
{
	struct identity_set set = {0};
	struct identity *ids[2];
	struct fixture f;
	uint32_t i;

	(void)state;
	setup(&f);
	for (i = 0; i < 2; i++) {
		assert_ok(identity_new(&ids[i]));
		assert_ok(keystore_put_epoch(f.k, "tips", i + 1, ids[i], DAY));
	}
	overwrite_file(below(&f, "epochs/tips-1.age"), "noise, noise, noise, noise, noise");
	assert_ok(keystore_all_epochs(f.k, &set));
	assert_int_equal(set.n, 1);
	assert_non_null(identity_set_find(&set, ids[1]->pk));
	identity_set_wipe(&set);
	/* Nobody but it: then that is what is told. */
	assert_err(keystore_epochs_of(f.k, 1, &set), ERR_FORMAT);
	assert_string_equal(keystore_fault(f.k), "epochs/tips-1.age");
	/* An age file that doesn't open is damage, whatever else there is. */
	overwrite_file(
	    below(&f, "epochs/tips-1.age"), "age-encryption.org/v1\n-> noise noise noise");
	assert_true(keystore_all_epochs(f.k, &set) != ERR_OK);
	assert_int_equal(set.n, 0);
	for (i = 0; i < 2; i++)
		secret_free(ids[i]);
	teardown(&f);
}

static void
a_damaged_epoch_is_named(void **state)
{
	struct identity_set set = {0};
	struct fixture f;

	(void)state;
	setup(&f);
	assert_ok(keystore_put(f.k, "epochs/tips-1.age", "no identity", 11));
	assert_err(keystore_all_epochs(f.k, &set), ERR_FORMAT);
	assert_string_equal(keystore_fault(f.k), "epochs/tips-1.age");
	assert_int_equal(set.n, 0);
	assert_err(keystore_epochs_of(f.k, 1, &set), ERR_FORMAT);
	assert_int_equal(set.n, 0);
	/* It is in nobody else's way. */
	assert_ok(keystore_epochs_of(f.k, 2, &set));
	assert_int_equal(set.n, 0);
	teardown(&f);
}

static void
keeps_signing_keys(void **state)
{
	struct sign_key key, got;
	struct secret_text t;
	struct fixture f;

	(void)state;
	setup(&f);
	sign_key_new(&key);
	assert_ok(keystore_put_sign(f.k, "root.age", &key));
	assert_ok(keystore_get_sign(f.k, "root.age", &got));
	assert_memory_equal(&got, &key, sizeof key);
	assert_ok(keystore_get(f.k, "root.age", &t));
	assert_int_equal(t.len, 44);
	secret_text_wipe(&t);
	assert_ok(keystore_put(f.k, "bad.age", "AAAA\n", 5));
	memset(&got, 7, sizeof got);
	assert_err(keystore_get_sign(f.k, "bad.age", &got), ERR_FORMAT);
	assert_int_equal(got.seed[0], 7);
	sign_key_wipe(&key);
	sign_key_wipe(&got);
	teardown(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(puts_and_gets),
	    cmocka_unit_test(names_stay_inside),
	    cmocka_unit_test(keeps_epochs),
	    cmocka_unit_test(keeps_replacements),
	    cmocka_unit_test(a_half_destroyed_epoch_is_in_no_other_way),
	    cmocka_unit_test(a_damaged_epoch_is_named),
	    cmocka_unit_test(keeps_signing_keys),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests_name("keystore files", tests, NULL, NULL);
}
