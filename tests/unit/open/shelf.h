#ifndef SEALSLOT_TEST_SHELF_H
#define SEALSLOT_TEST_SHELF_H

/* An archive in memory that remembers how it was read. */
#include "open/zip_read.h"
#include "zip_rig.h"

struct shelf {
	struct buf zip;
	uint64_t reads; /* so far */
	uint64_t fail;  /* the read that fails, from 1; 0: none */
};

static inline enum err
shelf_read(void *ctx, uint64_t at, void *p, size_t n)
{
	struct shelf *s = ctx;

	assert_true(at <= s->zip.len && n <= s->zip.len - at); /* never asked past the end */
	if (++s->reads == s->fail)
		return ERR_AUTH;
	memcpy(p, s->zip.p + at, n);
	return ERR_OK;
}

static inline struct zip_source
shelf_source(struct shelf *s)
{
	return (struct zip_source){shelf_read, s, s->zip.len};
}

/* Written by the writer: a message and files of these sizes, out of the same content. */
static inline void
write_archive(struct shelf *s, size_t message, const size_t *sizes, size_t files)
{
	char name[LIMIT_ZIP_NAME + 1];
	struct zip_write z;
	struct buf dir;
	size_t i;

	*s = (struct shelf){0};
	buf_init(&s->zip, BIG);
	buf_init(&dir, LIMIT_UPLOAD_MEMORY);
	zip_write_init(&z, &dir, harness_sink(&s->zip));
	member(&z, ZIP_MESSAGE, content, message);
	for (i = 0; i < files; i++) {
		snprintf(name, sizeof name, "files/%03zu-a.bin", i + 1);
		member(&z, name, content, sizes[i]);
	}
	member(&z, ZIP_MANIFEST, "{}", 2);
	finish(&z, SIZE_MAX);
	buf_wipe(&dir);
}

/* Opens and reads all there is; the first error. */
static inline enum err
read_all(struct shelf *s)
{
	struct zip_read *z = NULL;
	struct buf out;
	size_t i;
	enum err e;

	buf_init(&out, BIG);
	e = zip_read_open(shelf_source(s), &z);
	for (i = 0; e == ERR_OK && i < z->n_members; i++) {
		e = zip_read_member(z, &z->members[i], harness_sink(&out));
		buf_reset(&out);
	}
	if (e == ERR_OK)
		e = zip_read_check_padding(z);
	zip_read_free(z);
	buf_wipe(&out);
	return e;
}

static inline void
refused(struct shelf *s)
{
	struct zip_read *z = NULL;

	assert_err(zip_read_open(shelf_source(s), &z), ERR_PROFILE);
	assert_null(z);
}

#endif
