#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "fuzz.h"
#include "open/zip_read.h"
#include "seal/zip_write.h"

/*
 * The input says how many bytes each member has and how they are cut into
 * puts:  members of  SIZE u16 | PUTS u8 | a length u16 for each put.
 * However it is cut, the archive is the one that whole members give, and the
 * reader takes it.
 */
#define FILES_MAX   6
#define ARCHIVE_MAX (1u << 20)

static uint8_t content[1 << 16];

struct input {
	const uint8_t *p;
	size_t n;
};

static size_t
take(struct input *in, size_t bytes)
{
	size_t v = 0, i;

	for (i = 0; i < bytes && in->n > 0; i++, in->n--)
		v |= (size_t)*in->p++ << 8 * i;
	return v;
}

static enum err
put_buf(void *ctx, const void *p, size_t n)
{
	return buf_add(ctx, p, n);
}

/* Content cut as the input says; what is left comes in one. */
static void
put_cut(struct zip_write *z, size_t size, struct input *in)
{
	size_t puts = take(in, 1), at = 0, n;

	for (; puts > 0; puts--, at += n) {
		n = take(in, 2);
		if (n > size - at)
			n = size - at;
		FUZZ_CHECK(zip_write_put(z, content + at, n) == ERR_OK);
	}
	FUZZ_CHECK(zip_write_put(z, content + at, size - at) == ERR_OK);
}

/* The name of member i of n. */
static const char *
name_of(char name[static LIMIT_ZIP_NAME], size_t i, size_t n)
{
	if (i == 0)
		return ZIP_MESSAGE;
	if (i == n - 1)
		return ZIP_MANIFEST;
	snprintf(name, LIMIT_ZIP_NAME, ZIP_FILES "%03zu-f", i);
	return name;
}

static void
finish(struct zip_write *z, size_t step)
{
	enum err e;

	FUZZ_CHECK(zip_write_finish_begin(z) == ERR_OK);
	while ((e = zip_write_pad(z, step)) == ERR_AGAIN)
		;
	FUZZ_CHECK(e == ERR_OK);
	FUZZ_CHECK(zip_write_finish_end(z) == ERR_OK);
	FUZZ_CHECK(z->offset == z->total);
}

/* Writes it twice, cut and whole, and says what the sizes were. */
static size_t
write_both(struct buf *cut, struct buf *whole, size_t sizes[static FILES_MAX], struct input in)
{
	struct zip_write a, b;
	struct buf dir_a, dir_b;
	char text[LIMIT_ZIP_NAME];
	const char *name;
	size_t i, n = 2 + take(&in, 1) % (FILES_MAX - 1);

	buf_init(&dir_a, 1024);
	buf_init(&dir_b, 1024);
	zip_write_init(&a, &dir_a, (struct sink){put_buf, cut});
	zip_write_init(&b, &dir_b, (struct sink){put_buf, whole});
	for (i = 0; i < n; i++) {
		name = name_of(text, i, n);
		sizes[i] = take(&in, 2);
		FUZZ_CHECK(zip_write_begin(&a, name) == ERR_OK);
		FUZZ_CHECK(zip_write_begin(&b, name) == ERR_OK);
		put_cut(&a, sizes[i], &in);
		FUZZ_CHECK(zip_write_put(&b, content, sizes[i]) == ERR_OK);
		FUZZ_CHECK(zip_write_end(&a) == ERR_OK);
		FUZZ_CHECK(zip_write_end(&b) == ERR_OK);
	}
	finish(&a, 512 + take(&in, 2));
	finish(&b, SIZE_MAX);
	buf_wipe(&dir_a);
	buf_wipe(&dir_b);
	return n;
}

static enum err
buf_read(void *ctx, uint64_t at, void *p, size_t n)
{
	const struct buf *b = ctx;

	FUZZ_CHECK(at <= b->len && n <= b->len - at);
	memcpy(p, b->p + at, n);
	return ERR_OK;
}

static void
read_back(struct buf *zip, const size_t *sizes, size_t n)
{
	struct zip_read *z = NULL;
	struct buf out;
	size_t i;

	buf_init(&out, sizeof content);
	FUZZ_CHECK(zip_read_open((struct zip_source){buf_read, zip, zip->len}, &z) == ERR_OK);
	FUZZ_CHECK(z->n_members == n);
	for (i = 0; i < n; i++) {
		buf_reset(&out);
		FUZZ_CHECK(
		    zip_read_member(z, &z->members[i], (struct sink){put_buf, &out}) == ERR_OK);
		FUZZ_CHECK(out.len == sizes[i]);
		FUZZ_CHECK(out.len == 0 || memcmp(out.p, content, out.len) == 0);
	}
	FUZZ_CHECK(zip_read_check_padding(z) == ERR_OK);
	zip_read_free(z);
	buf_wipe(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	size_t sizes[FILES_MAX], members, i;
	struct buf cut, whole;

	for (i = sizeof content; content[0] == 0 && i > 0; i--)
		content[i - 1] = (uint8_t)(i * 2654435761u >> 13);
	buf_init(&cut, ARCHIVE_MAX);
	buf_init(&whole, ARCHIVE_MAX);
	members = write_both(&cut, &whole, sizes, (struct input){p, n});
	FUZZ_CHECK(cut.len == whole.len && memcmp(cut.p, whole.p, cut.len) == 0);
	read_back(&cut, sizes, members);
	buf_wipe(&cut);
	buf_wipe(&whole);
	return 0;
}
