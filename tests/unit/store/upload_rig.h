#ifndef SEALSLOT_TEST_STORE_UPLOAD_RIG_H
#define SEALSLOT_TEST_STORE_UPLOAD_RIG_H

/* An upload under way in a store's folder. */
#include "fixture.h"

#include <dirent.h>

#include "store/upload.h"

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

struct file {
	int items, fd, writer;
};

static inline struct file
begin(const struct fixture *f, size_t n)
{
	uint8_t data[5000];
	struct file u = {-1, -1, -1};

	harness_fill(data, sizeof data, 1);
	assert_ok(io_open_dir(AT_FDCWD, f->dir, &u.items));
	assert_ok(upload_new(u.items, &u.fd, &u.writer));
	assert_ok(io_write_all(u.writer, data, n));
	return u;
}

static inline void
end(struct file *u)
{
	io_close(&u->writer);
	io_close(&u->fd);
	io_close(&u->items);
}

static inline int
count_files(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n += strstr(e->d_name, ".age") != NULL;
	closedir(d);
	return n;
}

#endif
