#ifndef SEALSLOT_TEST_OPEN_KEYSTORE_RIG_H
#define SEALSLOT_TEST_OPEN_KEYSTORE_RIG_H

/* A key store of its own, open, and what lies in it. */
#include "fixture.h"

#include <dirent.h>

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
static inline void
make_base(char out[static 64])
{
	strcpy(out, "/dev/shm/sealslot-unit-XXXXXX");
	if (mkdtemp(out) == NULL)
		snprintf(out, 64, "%s", harness_mkdir());
}

static inline void
setup(struct fixture *f)
{
	*f = (struct fixture){0};
	make_base(f->base);
	snprintf(f->path, sizeof f->path, "%s/KEYS", f->base);
	f->pass = fixture_text("a passphrase");
	assert_ok(keystore_create_cost(f->path, &f->pass, COST));
	assert_ok(keystore_open(f->path, &f->pass, &f->k));
}

static inline void
teardown(struct fixture *f)
{
	keystore_free(f->k);
	secret_text_wipe(&f->pass);
	harness_rmdir(f->base);
}

/* A path below the store; static until the next call. */
static inline const char *
below(const struct fixture *f, const char *name)
{
	static char path[256];

	snprintf(path, sizeof path, "%s/%s", f->path, name);
	return path;
}

static inline mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

/* Names in a folder that the store wouldn't know. */
static inline size_t
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

#endif
