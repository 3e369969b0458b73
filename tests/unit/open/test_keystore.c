#include "fixture.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "open/keystore.h"
#include "open/keystore_file.h"

#define COST 1 /* 2^1: scrypt isn't what is tested here */
#define DAY  20517

struct fixture {
	char base[64];
	char path[96];
	struct secret_text pass;
	struct keystore *k;
};

/* In memory if there is such a place: two thousand synced writes take long on a disk. */
static void
make_base(char out[static 64])
{
	strcpy(out, "/dev/shm/sealslot-unit-XXXXXX");
	if (mkdtemp(out) == NULL)
		snprintf(out, 64, "%s", harness_mkdir());
}

static void
setup(struct fixture *f)
{
	*f = (struct fixture){0};
	make_base(f->base);
	snprintf(f->path, sizeof f->path, "%s/KEYS", f->base);
	f->pass = fixture_text("a passphrase");
	assert_ok(keystore_create_cost(f->path, &f->pass, COST));
	assert_ok(keystore_open(f->path, &f->pass, &f->k));
}

static void
teardown(struct fixture *f)
{
	keystore_free(f->k);
	secret_text_wipe(&f->pass);
	harness_rmdir(f->base);
}

/* A path below the store; static until the next call. */
static const char *
below(const struct fixture *f, const char *name)
{
	static char path[256];

	snprintf(path, sizeof path, "%s/%s", f->path, name);
	return path;
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

/* Names in a folder that the store wouldn't know. */
static size_t
count_leftovers(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *entry;
	size_t n = 0;

	assert_non_null(d);
	while ((entry = readdir(d)) != NULL)
		n += strncmp(entry->d_name, ".tmp", 4) == 0;
	closedir(d);
	return n;
}

/* ---- creating and opening */

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

/* ---- its files */

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

static void
one_writer_at_a_time(void **state)
{
	struct keystore *other;
	struct fixture f;

	(void)state;
	setup(&f);
	assert_ok(keystore_open(f.path, &f.pass, &other));
	assert_ok(keystore_lock(f.k));
	assert_ok(keystore_lock(f.k));
	assert_err(keystore_lock(other), ERR_BUSY);
	assert_ok(keystore_put(f.k, "a.age", "x", 1));
	/* The running writer's temporary file is no leftover. */
	assert_ok(
	    io_write_new(keystore_dir(f.k), ".tmp.0123456789abcdef0123456789abcdef", "x", 1, 0600));
	keystore_free(other);
	assert_ok(keystore_open(f.path, &f.pass, &other));
	assert_int_equal(count_leftovers(f.path), 1);
	keystore_free(f.k);
	assert_ok(keystore_lock(other));
	keystore_free(other);
	assert_ok(keystore_open_public(f.path, &f.k));
	assert_int_equal(count_leftovers(f.path), 0);
	teardown(&f);
}

static void
cleans_only_its_own_leftovers(void **state)
{
	static const char *const keep[] = {".tmp.x", ".tmp.0123456789abcdef0123456789abcdeg",
	    ".tmp.0123456789abcdef0123456789abcdef0", "tmp.0123456789abcdef0123456789abcdef"};
	struct fixture f;
	size_t i;

	(void)state;
	setup(&f);
	for (i = 0; i < 4; i++)
		assert_ok(io_write_new(keystore_dir(f.k), keep[i], "x", 1, 0600));
	assert_ok(io_write_new(
	    keystore_dir(f.k), "epochs/.tmp.0123456789abcdef0123456789abcdef", "x", 1, 0600));
	keystore_free(f.k);
	assert_ok(keystore_open(f.path, &f.pass, &f.k));
	assert_int_equal(count_leftovers(below(&f, "epochs")), 0);
	for (i = 0; i < 4; i++)
		assert_int_equal(access(below(&f, keep[i]), F_OK), 0);
	teardown(&f);
}

/* ---- killed between any two system calls */

/*
 * Runs step in a child that is killed when it enters its n-th system call.
 * True if it ended by itself before that.
 */
static bool
run_killed(void (*step)(const struct fixture *f), const struct fixture *f, int n)
{
	int status;
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		step(f);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSTOPPED(status));
	ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
	for (; n > 0; n--) {
		assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status))
			return true;
		assert_true(WIFSTOPPED(status));
	}
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return false;
}

static void
step_put(const struct fixture *f)
{
	struct keystore *k;

	if (keystore_open(f->path, &f->pass, &k) != ERR_OK ||
	    keystore_put(k, "epochs/tips-2.age", "second", 6) != ERR_OK)
		_exit(1);
	keystore_free(k);
}

static void
step_create(const struct fixture *f)
{
	if (keystore_create_cost(f->path, &f->pass, COST) != ERR_OK)
		_exit(1);
}

static void
a_killed_put_leaves_old_or_new(void **state)
{
	struct secret_text t = {0};
	bool is_done = false;
	struct fixture f;
	int n, old = 0, new = 0;
	enum err e;

	(void)state;
	setup(&f);
	assert_ok(keystore_put(f.k, "epochs/tips-1.age", "first", 5));
	for (n = 1; !is_done; n++) {
		is_done = run_killed(step_put, &f, n);
		keystore_free(f.k);
		assert_ok(keystore_open(f.path, &f.pass, &f.k));
		assert_int_equal(count_leftovers(f.path), 0);
		assert_int_equal(count_leftovers(below(&f, "epochs")), 0);
		assert_ok(keystore_get(f.k, "epochs/tips-1.age", &t));
		assert_string_equal(t.p, "first");
		secret_text_wipe(&t);
		e = keystore_get(f.k, "epochs/tips-2.age", &t);
		assert_true(e == ERR_OK || e == ERR_NOTFOUND);
		if (e == ERR_OK) {
			assert_string_equal(t.p, "second");
			secret_text_wipe(&t);
			assert_int_equal(unlink(below(&f, "epochs/tips-2.age")), 0);
		}
		old += e == ERR_NOTFOUND;
		new += e == ERR_OK;
	}
	print_message(
	    "killed at %d places: %d times the old state, %d times the new one\n", n - 2, old, new);
	assert_in_range(old, 20, 10000);
	assert_in_range(new, 3, 10000);
	teardown(&f);
}

static void
a_killed_create_can_be_repeated(void **state)
{
	int n, none = 0, whole = 0;
	bool is_done = false;
	struct fixture f;
	enum err e;

	(void)state;
	setup(&f);
	for (n = 1; !is_done; n++) {
		keystore_free(f.k);
		f.k = NULL;
		harness_rmdir(f.path);
		is_done = run_killed(step_create, &f, n);
		e = keystore_open(f.path, &f.pass, &f.k);
		assert_true(e == ERR_OK || e == ERR_NOTFOUND);
		none += e == ERR_NOTFOUND;
		whole += e == ERR_OK;
		if (e == ERR_NOTFOUND) {
			assert_ok(keystore_create_cost(f.path, &f.pass, COST));
			assert_ok(keystore_open(f.path, &f.pass, &f.k));
		}
		assert_int_equal(count_leftovers(f.path), 0);
		assert_ok(keystore_put(f.k, "epochs/tips-1.age", "x", 1));
	}
	print_message(
	    "killed at %d places: %d times nothing, %d times a whole store\n", n - 2, none, whole);
	assert_in_range(none, 20, 10000);
	assert_in_range(whole, 3, 10000);
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
	    cmocka_unit_test(puts_and_gets),
	    cmocka_unit_test(names_stay_inside),
	    cmocka_unit_test(keeps_epochs),
	    cmocka_unit_test(keeps_replacements),
	    cmocka_unit_test(a_half_destroyed_epoch_is_in_no_other_way),
	    cmocka_unit_test(a_damaged_epoch_is_named),
	    cmocka_unit_test(keeps_signing_keys),
	    cmocka_unit_test(one_writer_at_a_time),
	    cmocka_unit_test(cleans_only_its_own_leftovers),
	    cmocka_unit_test(a_killed_put_leaves_old_or_new),
	    cmocka_unit_test(a_killed_create_can_be_repeated),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests_name("keystore", tests, NULL, NULL);
}
