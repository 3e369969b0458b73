#include "desk.h"

static enum err
reopen(struct desk *d, const char *keys, const struct secret_text *pass)
{
	struct vault_access how = {.path = d->vault, .keys = keys, .pass = pass};
	struct vault *v = NULL;
	enum err e;

	memset(&d->fault, 0, sizeof d->fault);
	e = vault_open(&how, &v, &d->fault);
	assert_true((e == ERR_OK) == (v != NULL));
	if (e != ERR_OK)
		assert_true(d->fault.path[0] != '\0');
	vault_free(v);
	return e;
}

static void
a_new_vault_is_empty_and_pinned(void **state)
{
	char path[PATH_MAX];
	struct stat st;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	assert_string_equal(d.v->catalog.instance, RIG_INSTANCE);
	assert_true(d.v->catalog.has_root);
	assert_false(d.v->catalog.has_transfer);
	assert_int_equal(d.v->catalog.n_items, 0);
	assert_ok(vault_keys_path(d.vault, path, &d.fault));
	assert_string_equal(path, d.keys);
	assert_int_equal(stat(d.vault, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_ok(reopen(&d, NULL, &d.pass));
	desk_wipe(&d);
}

/* What a newer version writes is signed with the same keys: it isn't damage. */
static void
a_ledger_of_another_version_is_told(void **state)
{
	static const char line[] = "colour: blue\n";
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	assert_ok(ledger_append(&d.v->ledger, line, strlen(line)));
	desk_close(&d);
	assert_err(reopen(&d, NULL, &d.pass), ERR_PROFILE);
	assert_non_null(strstr(d.fault.why, "another version"));
	desk_wipe(&d);
}

static enum err
create(struct desk *d, const char *name)
{
	struct vault_access how = {
	    .path = name, .keys = d->keys, .root = d->root, .pass = &d->pass};

	return vault_create(&how, &d->fault);
}

static void
init_takes_only_a_new_or_empty_folder(void **state)
{
	char path[128];
	struct desk d;
	int fd = -1;

	(void)state;
	desk_init(&d, 1);
	assert_err(create(&d, d.vault), ERR_EXISTS);
	assert_ok(reopen(&d, NULL, &d.pass)); /* unharmed */
	snprintf(path, sizeof path, "%s/empty", d.dir);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_ok(create(&d, path));
	snprintf(path, sizeof path, "%s/open", d.dir);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_err(create(&d, path), ERR_MODE);
	snprintf(path, sizeof path, "%s/link", d.dir);
	assert_int_equal(symlink("empty", path), 0);
	assert_err(create(&d, path), ERR_MODE);
	snprintf(path, sizeof path, "%s/no/such", d.dir);
	assert_err(create(&d, path), ERR_NOTFOUND);
	snprintf(path, sizeof path, "%s/file", d.dir);
	assert_ok(io_create(AT_FDCWD, path, 0600, &fd));
	close(fd);
	assert_err(create(&d, path), ERR_MODE);
	desk_wipe(&d);
}

/* A desk whose keys stand in another desk's schedule has no root key of its own. */
static void
the_root_key_may_come_from_elsewhere(void **state)
{
	char path[128], root[128], moved[128];
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	snprintf(path, sizeof path, "%s/other", d.dir);
	snprintf(root, sizeof root, "%s/root.pub", d.keys);
	snprintf(moved, sizeof moved, "%s/root.pub", d.dir);
	assert_int_equal(rename(root, moved), 0);
	d.root = moved;
	assert_ok(create(&d, path));
	assert_ok(reopen(&d, NULL, &d.pass)); /* an older vault goes by its pin */
	d.root = "/nonexistent";
	snprintf(path, sizeof path, "%s/third", d.dir);
	assert_err(create(&d, path), ERR_NOTFOUND);
	desk_wipe(&d);
}

/* What can't be finished isn't left half made. */
static void
init_leaves_nothing_on_failure(void **state)
{
	char path[128], root[128];
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	snprintf(path, sizeof path, "%s/other", d.dir);
	snprintf(root, sizeof root, "%s/root.pub", d.keys);
	assert_int_equal(unlink(root), 0);
	assert_err(create(&d, path), ERR_NOTFOUND);
	assert_int_equal(access(path, F_OK), -1);
	desk_wipe(&d);
}

static void
wrong_passphrase_and_wrong_place(void **state)
{
	struct secret_text wrong;
	char path[128];
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	assert_ok(secret_text_new(&wrong, 64));
	assert_ok(secret_text_add(&wrong, "wrong", 5));
	assert_err(reopen(&d, NULL, &wrong), ERR_PASSPHRASE);
	secret_text_wipe(&wrong);
	/* The key store has moved. */
	snprintf(path, sizeof path, "%s/MOVED", d.dir);
	assert_int_equal(rename(d.keys, path), 0);
	assert_err(reopen(&d, NULL, &d.pass), ERR_NOTFOUND);
	assert_ok(reopen(&d, path, &d.pass));
	/* Nobody else may look into the vault. */
	assert_int_equal(chmod(d.vault, 0750), 0);
	assert_err(reopen(&d, path, &d.pass), ERR_MODE);
	assert_int_equal(chmod(d.vault, 0700), 0);
	/* A folder that is no vault. */
	strcpy(d.vault, path);
	assert_err(reopen(&d, path, &d.pass), ERR_NOTFOUND);
	snprintf(d.vault, sizeof d.vault, "%s/VAULT", d.dir);
	desk_wipe(&d);
}

static void
another_key_store_is_refused(void **state)
{
	struct buf other;
	char path[128];
	struct desk d;
	int fd = -1;

	(void)state;
	desk_init(&d, 1);
	snprintf(path, sizeof path, "%s/KEYS2", d.dir);
	rig_keys(path, 1); /* the same passphrase, another unlock identity */
	assert_err(reopen(&d, path, &d.pass), ERR_NOMATCH);
	/* The right one, but with another root key. */
	buf_init(&other, 256);
	assert_ok(
	    buf_add_str(&other, "untrusted comment: x\n"
				"RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\n"));
	assert_ok(io_open_dir(AT_FDCWD, d.keys, &fd));
	assert_ok(io_replace(fd, "root.pub", other.p, other.len, 0600));
	assert_err(reopen(&d, NULL, &d.pass), ERR_AUTH);
	close(fd);
	buf_wipe(&other);
	desk_wipe(&d);
}

static void
there_is_one_writer_and_many_readers(void **state)
{
	struct vault_access how;
	struct vault *v = NULL;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	how = (struct vault_access){.path = d.vault, .pass = &d.pass};
	assert_err(vault_open_write(&how, &v, &d.fault), ERR_BUSY);
	assert_ok(vault_open(&how, &v, &d.fault));
	vault_free(v);
	desk_close(&d);
	assert_ok(vault_open_write(&how, &v, &d.fault));
	vault_free(v);
	desk_wipe(&d);
}

static void
the_file_in_the_clear_is_strict(void **state)
{
	static const char *const texts[] = {"", "sealslot-vault 1\n", "sealslot-vault 1\nkeys: x\n",
	    "sealslot-vault 1\nkeys: /x", "sealslot-vault 1\nkeys: /x\n\n",
	    "sealslot-vault 2\nkeys: /x\n", "sealslot-vault 1\nkeys: /x\nmore\n"};
	char path[PATH_MAX];
	struct desk d;
	size_t i;

	(void)state;
	desk_init(&d, 1);
	for (i = 0; i < sizeof texts / sizeof *texts; i++) {
		assert_ok(io_replace(d.v->dir, VAULT_FILE, texts[i], strlen(texts[i]), 0600));
		assert_err(vault_keys_path(d.vault, path, &d.fault), ERR_FORMAT);
	}
	assert_ok(io_replace(d.v->dir, VAULT_FILE, "sealslot-vault 1\nkeys: /x\n", 26, 0600));
	assert_ok(vault_keys_path(d.vault, path, &d.fault));
	assert_string_equal(path, "/x");
	desk_wipe(&d);
}

static void
what_is_committed_is_there_again(void **state)
{
	struct catalog_schedule s = {.serial = 1};
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	/* Past the point where one file is made of all. */
	for (; s.serial <= 80; s.serial++) {
		assert_ok(catalog_put_schedule(&d.v->catalog, &s));
		assert_ok(vault_commit(d.v));
		assert_ok(vault_commit(d.v)); /* nothing to do */
	}
	desk_close(&d);
	desk_open(&d);
	assert_int_equal(d.v->catalog.n_schedules, 80);
	assert_string_equal(d.v->catalog.instance, RIG_INSTANCE);
	assert_true(d.v->ledger.number - d.v->ledger.base < 64);
	desk_wipe(&d);
}

static void
item_names(void **state)
{
	const char *id = "0123456789abcdef0123456789abcdef";
	char name[VAULT_ITEM_NAME], out[RANDOM_ID_LEN + 1] = "";

	(void)state;
	vault_item_name(name, id);
	assert_string_equal(name, "0123456789abcdef0123456789abcdef.age");
	assert_true(vault_item_parse(name, strlen(name), out));
	assert_string_equal(out, id);
	assert_false(vault_item_parse("0123456789ABCDEF0123456789abcdef.age", 36, out));
	assert_false(vault_item_parse("0123456789abcdef0123456789abcdef.agf", 36, out));
	assert_false(vault_item_parse("0123456789abcdef0123456789abcde.age", 35, out));
	assert_false(vault_item_parse("", 0, out));
}

static void
items_are_listed_in_order(void **state)
{
	char(*ids)[RANDOM_ID_LEN + 1] = NULL;
	static const char *const names[] = {"b0000000000000000000000000000000.age",
	    "a0000000000000000000000000000000.age", ".sealslot-x", "notes.txt"};
	struct desk d;
	size_t n = 0, i;

	(void)state;
	desk_init(&d, 1);
	for (i = 0; i < 4; i++)
		assert_ok(io_write_new(d.v->items, names[i], "x", 1, 0600));
	assert_ok(vault_list_items(d.v, &ids, &n));
	assert_int_equal(n, 2);
	assert_int_equal(ids[0][0], 'a');
	assert_int_equal(ids[1][0], 'b');
	free(ids);
	/* Opened for writing, the vault is swept of what a killed import left. */
	desk_close(&d);
	desk_open(&d);
	assert_int_equal(faccessat(d.v->items, ".sealslot-x", F_OK, 0), -1);
	assert_int_equal(faccessat(d.v->items, "notes.txt", F_OK, 0), 0);
	desk_wipe(&d);
}

static void
identities_come_by_epoch(void **state)
{
	const struct identity_set *ids;
	struct desk d;

	(void)state;
	desk_init(&d, 3);
	assert_ok(vault_identities(d.v, &ids));
	assert_int_equal(ids->n, 3);
	assert_ok(vault_identities_of(d.v, RIG_EPOCH + 1, &ids));
	assert_int_equal(ids->n, 1);
	assert_int_equal(ids->p[0].tag, RIG_EPOCH + 1);
	assert_ok(vault_identities_of(d.v, 99, &ids));
	assert_int_equal(ids->n, 0);
	desk_wipe(&d);
}

static void
schedules_are_verified_whenever_read(void **state)
{
	const struct schedule *s = NULL;
	struct sign_key root, evil;
	struct buf text, sig;
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	buf_init(&text, LIMIT_SCHEDULE);
	buf_init(&sig, LIMIT_SIGNATURE);
	rig_sign_key(&root, "root");
	rig_sign_key(&evil, "evil");
	/* From KEYS/publish. */
	assert_ok(vault_schedule(d.v, RIG_SERIAL, &s));
	assert_int_equal(s->serial, RIG_SERIAL);
	assert_err(vault_schedule(d.v, 20, &s), ERR_NOTFOUND);
	/* From the vault. */
	rig_schedule(20, &root, &text, &sig);
	assert_ok(vault_schedule_put(d.v, 20, &text, &sig));
	assert_ok(vault_schedule(d.v, 20, &s));
	assert_int_equal(s->n_epochs, RIG_EPOCHS);
	/* One that the root key didn't sign, and one under a wrong number. */
	assert_ok(vault_schedule_put(d.v, 21, &text, &sig));
	assert_err(vault_schedule(d.v, 21, &s), ERR_FORMAT);
	buf_reset(&text);
	buf_reset(&sig);
	rig_schedule(22, &evil, &text, &sig);
	assert_ok(vault_schedule_put(d.v, 22, &text, &sig));
	assert_err(vault_schedule(d.v, 22, &s), ERR_NOMATCH);
	buf_wipe(&text);
	buf_wipe(&sig);
	desk_wipe(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_new_vault_is_empty_and_pinned),
	    cmocka_unit_test(a_ledger_of_another_version_is_told),
	    cmocka_unit_test(init_takes_only_a_new_or_empty_folder),
	    cmocka_unit_test(the_root_key_may_come_from_elsewhere),
	    cmocka_unit_test(init_leaves_nothing_on_failure),
	    cmocka_unit_test(wrong_passphrase_and_wrong_place),
	    cmocka_unit_test(another_key_store_is_refused),
	    cmocka_unit_test(there_is_one_writer_and_many_readers),
	    cmocka_unit_test(the_file_in_the_clear_is_strict),
	    cmocka_unit_test(what_is_committed_is_there_again),
	    cmocka_unit_test(item_names),
	    cmocka_unit_test(items_are_listed_in_order),
	    cmocka_unit_test(identities_come_by_epoch),
	    cmocka_unit_test(schedules_are_verified_whenever_read),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
