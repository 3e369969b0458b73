#ifndef SEALSLOT_TEST_SPARSE_H
#define SEALSLOT_TEST_SPARSE_H

/* A sink that keeps of each put only what isn't all zeros, and can be read at random: archives
 * of several GiB of zeros in a few MiB of memory. */
#include "harness.h"
#include "seal/zip_write.h"

struct sparse_extent {
	uint64_t at;
	size_t len;
	size_t data; /* offset in the bytes that were kept; SPARSE_ZEROS: none were */
};

#define SPARSE_ZEROS SIZE_MAX

/* What large members are written from; recognised without being looked at. */
static const uint8_t sparse_zeros[1 << 20];

struct sparse {
	struct sparse_extent *extents;
	size_t n, cap;
	struct buf data;
	uint64_t size;
};

static inline void
sparse_init(struct sparse *s)
{
	*s = (struct sparse){0};
	buf_init(&s->data, SIZE_MAX / 2);
}

static inline void
sparse_wipe(struct sparse *s)
{
	free(s->extents);
	buf_wipe(&s->data);
	sparse_init(s);
}

static inline bool
sparse_is_zero(const uint8_t *p, size_t n)
{
	if (p >= sparse_zeros && p < sparse_zeros + sizeof sparse_zeros)
		return true;
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

static inline enum err
sparse_put(void *ctx, const void *p, size_t n)
{
	struct sparse *s = ctx;
	bool is_zero = sparse_is_zero(p, n);
	struct sparse_extent *last = s->n == 0 ? NULL : &s->extents[s->n - 1];

	if (is_zero && last != NULL && last->data == SPARSE_ZEROS) {
		last->len += n;
		s->size += n;
		return ERR_OK;
	}
	if (s->n == s->cap) {
		s->cap = s->cap == 0 ? 1024 : s->cap * 2;
		s->extents = realloc(s->extents, s->cap * sizeof *s->extents);
		assert_non_null(s->extents);
	}
	s->extents[s->n++] =
	    (struct sparse_extent){s->size, n, is_zero ? SPARSE_ZEROS : s->data.len};
	s->size += n;
	return is_zero ? ERR_OK : buf_add(&s->data, p, n);
}

static inline struct sink
sparse_sink(struct sparse *s)
{
	return (struct sink){sparse_put, s};
}

/* The extent that holds an offset. */
static inline size_t
sparse_find(const struct sparse *s, uint64_t at)
{
	size_t lo = 0, hi = s->n;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->extents[mid].at <= at)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/* The read function of a zip_source. */
static inline enum err
sparse_read(void *ctx, uint64_t at, void *p, size_t n)
{
	const struct sparse *s = ctx;
	uint8_t *to = p;
	size_t i, take, skip;

	if (at > s->size || n > s->size - at)
		return ERR_TRUNCATED;
	for (i = n == 0 ? 0 : sparse_find(s, at); n > 0; i++) {
		skip = (size_t)(at - s->extents[i].at);
		take = s->extents[i].len - skip < n ? s->extents[i].len - skip : n;
		if (s->extents[i].data == SPARSE_ZEROS)
			memset(to, 0, take);
		else
			memcpy(to, s->data.p + s->extents[i].data + skip, take);
		to += take;
		at += take;
		n -= take;
	}
	return ERR_OK;
}

/* A member of n zeros. */
static inline void
sparse_member(struct zip_write *z, const char *name, uint64_t n)
{
	size_t take;

	assert_ok(zip_write_begin(z, name));
	for (; n > 0; n -= take) {
		take = n < sizeof sparse_zeros ? (size_t)n : sizeof sparse_zeros;
		assert_ok(zip_write_put(z, sparse_zeros, take));
	}
	assert_ok(zip_write_end(z));
}

#endif
