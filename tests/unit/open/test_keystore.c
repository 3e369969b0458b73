#include "keystore_rig.h"

/* Creating and opening a store, and what it refuses: wrong modes, owners, links, damage. */

static void
creates_a_private_folder(void **state)
{
	struct keystore *again = NULL;
	struct fixture f;

	(void)state;
	umask(0);
	setup(&f);
	umask(022);
	assert_int_equal(mode_of(f.path), 0700);
	assert_int_equal(mode_of(below(&f, "epochs")), 0700);
	assert_int_equal(mode_of(below(&f, "publish")), 0700);
	assert_int_equal(mode_of(below(&f, "unlock.age")), 0600);
	assert_non_null(keystore_unlock(f.k));
	assert_ok(keystore_open(f.path, &f.pass, &again));
	assert_memory_equal(keystore_unlock(again), keystore_unlock(f.k), sizeof(struct identity));
	keystore_free(again);
	keystore_free(NULL);
	teardown(&f);
}

static void
never_creates_over_anything(void **state)
{
	struct fixture f;
	char path[128];

	(void)state;
	setup(&f);
	assert_err(keystore_create_cost(f.path, &f.pass, COST), ERR_EXISTS);
	snprintf(path, sizeof path, "%s/empty", f.base);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_ok(keystore_create_cost(path, &f.pass, COST));
	assert_int_equal(mode_of(path), 0700);
	snprintf(path, sizeof path, "%s/full", f.base);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof path, "%s/full/file", f.base);
	assert_int_equal(symlink("nowhere", path), 0);
	snprintf(path, sizeof path, "%s/full", f.base);
	assert_err(keystore_create_cost(path, &f.pass, COST), ERR_EXISTS);
	assert_int_equal(mode_of(path), 0755);
	snprintf(path, sizeof path, "%s/link", f.base);
	assert_int_equal(symlink("empty", path), 0);
	assert_err(keystore_create_cost(path, &f.pass, COST), ERR_MODE);
	snprintf(path, sizeof path, "%s/none/KEYS", f.base);
	assert_err(keystore_create_cost(path, &f.pass, COST), ERR_NOTFOUND);
	assert_err(keystore_create_cost(below(&f, "unlock.age"), &f.pass, COST), ERR_MODE);
	teardown(&f);
}

/* A store whose epochs hold something is no leftover of keystore_create. */
static void
keeps_keys_whose_unlock_is_lost(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f);
	assert_ok(keystore_put(f.k, "epochs/tips-1.age", "x", 1));
	assert_int_equal(unlink(below(&f, "unlock.age")), 0);
	assert_err(keystore_create_cost(f.path, &f.pass, COST), ERR_EXISTS);
	teardown(&f);
}

static void
opens_only_with_the_passphrase(void **state)
{
	struct secret_text wrong = fixture_text("another");
	struct keystore *k = NULL;
	struct fixture f;

	(void)state;
	setup(&f);
	assert_err(keystore_open(f.path, &wrong, &k), ERR_PASSPHRASE);
	assert_err(keystore_open(f.base, &f.pass, &k), ERR_NOTFOUND);
	assert_err(keystore_open(below(&f, "nothing"), &f.pass, &k), ERR_NOTFOUND);
	assert_err(keystore_open(below(&f, "unlock.age"), &f.pass, &k), ERR_MODE);
	assert_null(k);
	secret_text_wipe(&wrong);
	teardown(&f);
}

static void
without_passphrase_no_secrets(void **state)
{
	struct secret_text t = {0};
	struct keystore *k;
	struct fixture f;

	(void)state;
	setup(&f);
	assert_ok(keystore_put(f.k, "root.age", "x", 1));
	assert_ok(keystore_open_public(f.path, &k));
	assert_null(keystore_unlock(k));
	assert_ok(io_write_new(keystore_dir(k), "instance", "x\n", 2, 0600));
	assert_err(keystore_get(k, "root.age", &t), ERR_STATE);
	assert_err(keystore_put(k, "new.age", "x", 1), ERR_STATE);
	keystore_free(k);
	teardown(&f);
}

static void
refuses_what_others_may_touch(void **state)
{
	struct secret_text t = {0};
	struct keystore *k = NULL;
	struct fixture f;

	(void)state;
	setup(&f);
	assert_ok(keystore_put(f.k, "root.age", "x", 1));
	assert_int_equal(chmod(below(&f, "root.age"), 0644), 0);
	assert_err(keystore_get(f.k, "root.age", &t), ERR_MODE);
	assert_string_equal(keystore_fault(f.k), "root.age");
	assert_int_equal(chmod(below(&f, "root.age"), 0620), 0);
	assert_err(keystore_get(f.k, "root.age", &t), ERR_MODE);
	assert_int_equal(chmod(below(&f, "root.age"), 0400), 0);
	assert_ok(keystore_get(f.k, "root.age", &t));
	secret_text_wipe(&t);
	assert_int_equal(chmod(below(&f, "epochs"), 0755), 0);
	assert_err(keystore_put(f.k, "epochs/a-1.age", "x", 1), ERR_MODE);
	assert_int_equal(chmod(below(&f, "unlock.age"), 0640), 0);
	assert_err(keystore_open(f.path, &f.pass, &k), ERR_MODE);
	assert_int_equal(chmod(below(&f, "unlock.age"), 0600), 0);
	assert_int_equal(chmod(f.path, 0750), 0);
	assert_err(keystore_open(f.path, &f.pass, &k), ERR_MODE);
	assert_null(k);
	teardown(&f);
}

static void
refuses_a_foreign_owner(void **state)
{
	struct keystore *k = NULL;
	struct fixture f;

	(void)state;
	if (geteuid() != 0)
		skip();
	setup(&f);
	assert_int_equal(chown(below(&f, "unlock.age"), 12345, 12345), 0);
	assert_err(keystore_open(f.path, &f.pass, &k), ERR_MODE);
	assert_int_equal(chown(below(&f, "unlock.age"), 0, 0), 0);
	assert_int_equal(chown(f.path, 12345, 12345), 0);
	assert_err(keystore_open(f.path, &f.pass, &k), ERR_MODE);
	teardown(&f);
}

static void
refuses_links_and_other_things(void **state)
{
	struct secret_text t = {0};
	struct fixture f;
	char path[256];

	(void)state;
	setup(&f);
	assert_ok(keystore_put(f.k, "root.age", "x", 1));
	assert_int_equal(symlink("root.age", below(&f, "link.age")), 0);
	assert_err(keystore_get(f.k, "link.age", &t), ERR_MODE);
	assert_int_equal(mkfifo(below(&f, "fifo.age"), 0600), 0);
	assert_err(keystore_get(f.k, "fifo.age", &t), ERR_MODE);
	assert_int_equal(mkdir(below(&f, "folder.age"), 0700), 0);
	assert_err(keystore_get(f.k, "folder.age", &t), ERR_MODE);
	assert_err(keystore_put(f.k, "link.age", "x", 1), ERR_EXISTS);
	snprintf(path, sizeof path, "%s/elsewhere", f.base);
	assert_int_equal(rename(below(&f, "epochs"), path), 0);
	assert_int_equal(symlink(path, below(&f, "epochs")), 0);
	assert_err(keystore_put(f.k, "epochs/a-1.age", "x", 1), ERR_MODE);
	assert_null(t.p);
	teardown(&f);
}

/* Every cut and every changed byte of a file, through try. */
static void
damage(struct keystore *k, const char *name, enum err (*try)(const struct fixture *f),
    const struct fixture *f)
{
	struct buf b;
	size_t i;

	buf_init(&b, LIMIT_KEY_FILE);
	assert_ok(io_read_file(keystore_dir(k), name, &b));
	assert_ok(try(f));
	for (i = 0; i < b.len; i++) {
		assert_ok(io_replace(keystore_dir(k), name, b.p, i, 0600));
		assert_int_not_equal(try(f), ERR_OK);
		b.p[i] ^= 1;
		assert_ok(io_replace(keystore_dir(k), name, b.p, b.len, 0600));
		assert_int_not_equal(try(f), ERR_OK);
		b.p[i] ^= 1;
	}
	assert_ok(io_replace(keystore_dir(k), name, b.p, b.len, 0600));
	assert_ok(try(f));
	buf_wipe(&b);
}

static enum err
try_root(const struct fixture *f)
{
	struct secret_text t = {0};
	enum err e = keystore_get(f->k, "root.age", &t);

	if (e != ERR_OK)
		assert_null(t.p);
	secret_text_wipe(&t);
	return e;
}

static enum err
try_unlock(const struct fixture *f)
{
	struct keystore *k = NULL;
	enum err e = keystore_open(f->path, &f->pass, &k);

	if (e != ERR_OK)
		assert_null(k);
	keystore_free(k);
	return e;
}

static void
refuses_damaged_files(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f);
	assert_ok(keystore_put(f.k, "root.age", "the key", 7));
	damage(f.k, "root.age", try_root, &f);
	damage(f.k, "unlock.age", try_unlock, &f);
	teardown(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(creates_a_private_folder),
	    cmocka_unit_test(never_creates_over_anything),
	    cmocka_unit_test(keeps_keys_whose_unlock_is_lost),
	    cmocka_unit_test(opens_only_with_the_passphrase),
	    cmocka_unit_test(without_passphrase_no_secrets),
	    cmocka_unit_test(refuses_what_others_may_touch),
	    cmocka_unit_test(refuses_a_foreign_owner),
	    cmocka_unit_test(refuses_links_and_other_things),
	    cmocka_unit_test(refuses_damaged_files),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests_name("keystore", tests, NULL, NULL);
}
