#ifndef SEALSLOT_TEST_DESK_H
#define SEALSLOT_TEST_DESK_H

/* A scratch folder with a key store and a vault in it. */
#include "harness.h"
#include "import.h"
#include "rig.h"
#include "vault.h"

#include <ftw.h>
#include <sys/mman.h>

struct desk {
	char dir[64], keys[80], vault[80];
	struct secret_text pass;
	const char *root; /* vault_access.root of what is made */
	struct vault *v;  /* open for writing */
	struct vault_fault fault;
};

static inline void
desk_open(struct desk *d)
{
	struct vault_access how = {.path = d->vault, .pass = &d->pass};

	assert_ok(vault_open_write(&how, &d->v, &d->fault));
}

static inline void
desk_close(struct desk *d)
{
	vault_free(d->v);
	d->v = NULL;
}

/* In memory where there is such a place: the tests below write thousands of times. */
static inline void
desk_init(struct desk *d, uint32_t epochs)
{
	struct vault_access how = {.path = d->vault, .keys = d->keys, .pass = &d->pass};

	memset(d, 0, sizeof *d);
	strcpy(d->dir, "/dev/shm/sealslot-unit-XXXXXX");
	if (mkdtemp(d->dir) == NULL) {
		strcpy(d->dir, "/tmp/sealslot-unit-XXXXXX");
		assert_non_null(mkdtemp(d->dir));
	}
	snprintf(d->keys, sizeof d->keys, "%s/KEYS", d->dir);
	snprintf(d->vault, sizeof d->vault, "%s/VAULT", d->dir);
	rig_keys(d->keys, epochs);
	assert_ok(secret_text_new(&d->pass, 64));
	assert_ok(secret_text_add(&d->pass, RIG_PASSPHRASE, strlen(RIG_PASSPHRASE)));
	assert_ok(vault_create(&how, &d->fault));
	desk_open(d);
}

static inline int
desk_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void
desk_wipe(struct desk *d)
{
	desk_close(d);
	secret_text_wipe(&d->pass);
	assert_int_equal(nftw(d->dir, desk_remove, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static inline enum err
desk_put_nowhere(void *ctx, const void *p, size_t n)
{
	(void)ctx;
	(void)p;
	(void)n;
	return ERR_OK;
}

static inline struct sink
desk_nowhere(void)
{
	return (struct sink){desk_put_nowhere, NULL};
}

/* What an import said. */
struct desk_notes {
	size_t n[IMPORT_ENDED + 1];
	char last[128]; /* the name in the last one but IMPORT_MISSING */
};

static inline void
desk_note(void *ctx, const struct import_note *n)
{
	struct desk_notes *notes = ctx;

	notes->n[n->kind]++;
	if (n->kind != IMPORT_MISSING)
		snprintf(notes->last, sizeof notes->last, "%s", n->name);
}

/* Imports the first n bytes of a bundle. */
static inline enum err
desk_import(struct desk *d, const struct buf *bundle, size_t n, struct import_report *r,
    struct desk_notes *notes)
{
	struct desk_notes ignored = {{0}, ""};
	struct import_events ev = {notes == NULL ? &ignored : notes, desk_note, NULL};
	int fd = memfd_create("bundle", MFD_CLOEXEC);
	const char *why = NULL;
	enum err e;

	if (notes != NULL)
		*notes = ignored;
	assert_int_not_equal(fd, -1);
	assert_ok(io_write_all(fd, bundle->p, n));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	e = import_run(d->v, fd, &ev, r, &why);
	close(fd);
	return e;
}

/* A memfd with one sealed submission. */
static inline int
desk_seal(const struct rig_submission *s)
{
	int fd = memfd_create("item", MFD_CLOEXEC);

	assert_int_not_equal(fd, -1);
	rig_seal(s, io_sink(&fd));
	return fd;
}

/* The same of submission 1 with one file of `size` bytes. */
static inline int
desk_seal_file(uint64_t size)
{
	struct rig_submission s;

	rig_submission(&s, 1);
	s.n_files = 1;
	s.files[0] = (struct rig_file){"a", "b", size, NULL, NULL};
	return desk_seal(&s);
}

#endif
