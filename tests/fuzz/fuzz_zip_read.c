#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "fuzz.h"
#include "open/zip_read.h"
#include "seal/zip_record.h"
#include "seal/zip_write.h"

/*
 * An archive is at least 256 KiB, nearly all of it zeros, so the input is a
 * short form of one: runs of  LEN u16 | LEN bytes | ZEROS u40, little endian.
 *
 * What opens, and reads without an error, must be what the writer makes of the
 * same members, byte for byte: the reader accepts nothing else.
 */
#define RUNS_MAX  64
#define WHOLE_MAX (2u << 20) /* bytes of an archive that is read and written whole */

struct run {
	const uint8_t *p;
	size_t len;
	uint64_t at;  /* where it begins in the archive */
	uint64_t end; /* with its zeros */
};

struct image {
	struct run runs[RUNS_MAX];
	size_t n;
	uint64_t size;
};

static uint64_t
number(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

static void
unpack(struct image *im, const uint8_t *p, size_t n)
{
	struct run *r;

	for (im->n = 0, im->size = 0; im->n < RUNS_MAX && n >= 7; im->n++) {
		r = &im->runs[im->n];
		r->len = (size_t)number(p, 2);
		if (r->len > n - 7)
			r->len = n - 7;
		r->p = p + 2;
		r->at = im->size;
		r->end = r->at + r->len + number(p + 2 + r->len, 5);
		im->size = r->end;
		p += 7 + r->len;
		n -= 7 + r->len;
	}
}

static enum err
image_read(void *ctx, uint64_t at, void *p, size_t n)
{
	const struct image *im = ctx;
	const struct run *r = im->runs;
	uint8_t *to = p;
	uint64_t skip;
	size_t take;

	FUZZ_CHECK(at <= im->size && n <= im->size - at);
	memset(to, 0, n);
	for (; n > 0; at += take, to += take, n -= take) {
		while (at >= r->end)
			r++;
		skip = at - r->at;
		take = r->end - at < n ? (size_t)(r->end - at) : n;
		if (skip < r->len)
			memcpy(to, r->p + skip, take < r->len - skip ? take : r->len - skip);
	}
	return ERR_OK;
}

static enum err
put_buf(void *ctx, const void *p, size_t n)
{
	return buf_add(ctx, p, n);
}

/* A part of a member is the same as that part of the whole. */
static void
check_part(struct zip_read *z, const struct zip_member *m, const struct buf *whole)
{
	uint8_t part[300];
	uint64_t at = m->crc % (m->size + 1);
	size_t n = m->size - at < sizeof part ? (size_t)(m->size - at) : sizeof part;

	FUZZ_CHECK(whole->len == m->size);
	FUZZ_CHECK(zip_read_part(z, m, at, part, n) == ERR_OK);
	FUZZ_CHECK(n == 0 || memcmp(part, whole->p + at, n) == 0);
	FUZZ_CHECK(zip_read_part(z, m, at, part, (size_t)(m->size - at) + 1) == ERR_TRUNCATED);
}

/*
 * What a core gets that has only its own piece of the archive: cut somewhere, both pieces together
 * say the same as the reader that goes in order, and refuse what it refuses for its blocks.
 */
static void
check_pick(struct zip_read *z, const struct zip_member *m, const struct buf *whole, enum err e)
{
	size_t packed = (size_t)zip_record_packed(m->size), cut = m->crc % (packed + 1);
	struct zip_piece a = {0}, b = {0};
	uint8_t *p = malloc(packed + 1);
	bool is_good;

	FUZZ_CHECK(p != NULL);
	FUZZ_CHECK(z->source.read(z->source.ctx, m->data, p, packed) == ERR_OK);
	is_good = zip_read_pick(m, m->data, p, cut, &a) == ERR_OK &&
		  zip_read_pick(m, m->data + cut, p + cut, packed - cut, &b) == ERR_OK;
	FUZZ_CHECK(is_good == (e != ERR_PROFILE));
	if (e == ERR_OK) {
		FUZZ_CHECK(a.n + b.n == whole->len && a.at == 0 && (b.n == 0 || b.at == a.n));
		FUZZ_CHECK(a.n == 0 || memcmp(a.p, whole->p, a.n) == 0);
		FUZZ_CHECK(b.n == 0 || memcmp(b.p, whole->p + a.n, b.n) == 0);
	}
	FUZZ_CHECK(zip_read_pick(m, m->data + cut, p, packed - cut + 1, &b) == ERR_PROFILE);
	free(p);
}

/* Reads all and writes it again. An error of the reader is a verdict, too. */
static enum err
rewrite(struct zip_read *z, struct buf *out)
{
	struct zip_write w;
	struct buf dir, content;
	size_t i;
	enum err e = ERR_OK;

	buf_init(&dir, LIMIT_UPLOAD_MEMORY);
	buf_init(&content, WHOLE_MAX);
	zip_write_init(&w, &dir, (struct sink){put_buf, out});
	for (i = 0; i < z->n_members; i++) {
		buf_reset(&content);
		e = zip_read_member(z, &z->members[i], (struct sink){put_buf, &content});
		check_pick(z, &z->members[i], &content, e);
		if (e != ERR_OK)
			goto done;
		check_part(z, &z->members[i], &content);
		FUZZ_CHECK(zip_write_begin(&w, z->members[i].name) == ERR_OK);
		FUZZ_CHECK(zip_write_put(&w, content.p, content.len) == ERR_OK);
		FUZZ_CHECK(zip_write_end(&w) == ERR_OK);
	}
	if ((e = zip_read_check_padding(z)) != ERR_OK)
		goto done;
	FUZZ_CHECK(zip_write_finish_begin(&w) == ERR_OK);
	FUZZ_CHECK(zip_write_pad(&w, SIZE_MAX) == ERR_OK);
	FUZZ_CHECK(zip_write_finish_end(&w) == ERR_OK);
done:
	buf_wipe(&dir);
	buf_wipe(&content);
	return e;
}

static void
check_same(struct image *im, const struct buf *out)
{
	uint8_t *whole;

	FUZZ_CHECK(out->len == im->size);
	FUZZ_CHECK((whole = malloc(out->len)) != NULL);
	FUZZ_CHECK(image_read(im, 0, whole, out->len) == ERR_OK);
	FUZZ_CHECK(memcmp(whole, out->p, out->len) == 0);
	free(whole);
}

/* Too large to be read whole: the ends of the members. */
static void
touch(struct zip_read *z)
{
	const struct zip_member *m;
	uint8_t part[20];

	for (m = z->members; m < z->members + z->n_members; m++) {
		FUZZ_CHECK(m->data < z->source.size && m->size < z->source.size);
		(void)!zip_read_part(z, m, 0, part, m->size < 20 ? (size_t)m->size : 20);
		if (m->size > 20)
			(void)!zip_read_part(z, m, m->size - 20, part, 20);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct zip_read *z = NULL;
	struct image im;
	struct buf out;
	enum err e;

	unpack(&im, p, n);
	e = zip_read_open((struct zip_source){image_read, &im, im.size}, &z);
	FUZZ_CHECK(e == ERR_OK || e == ERR_PROFILE);
	FUZZ_CHECK((z != NULL) == (e == ERR_OK));
	if (z == NULL)
		return 0;
	buf_init(&out, WHOLE_MAX);
	if (im.size > WHOLE_MAX)
		touch(z);
	else if (rewrite(z, &out) == ERR_OK)
		check_same(&im, &out);
	buf_wipe(&out);
	zip_read_free(z);
	return 0;
}
