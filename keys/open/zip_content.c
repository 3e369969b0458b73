#include "zip_read.h"

#include <string.h>

#include "seal/crc.h"
#include "seal/zip_record.h"

/* Where the block with content byte `at` begins, how long it is, and its header. */
struct block {
	uint64_t offset;
	size_t len;
	uint8_t head[ZIP_BLOCK_HEADER];
};

static struct block
block_at(const struct zip_member *m, uint64_t at)
{
	uint64_t number = at / ZIP_BLOCK, before = number * ZIP_BLOCK;
	struct block b;

	b.offset = m->data + number * (ZIP_BLOCK_HEADER + ZIP_BLOCK);
	b.len = m->size - before < ZIP_BLOCK ? (size_t)(m->size - before) : ZIP_BLOCK;
	zip_record_block(b.head, b.len, before + b.len == m->size);
	return b;
}

enum err
zip_read_member(struct zip_read *z, const struct zip_member *m, struct sink out)
{
	uint8_t bytes[ZIP_BLOCK_HEADER + ZIP_BLOCK];
	uint32_t crc = CRC_NONE;
	const uint8_t *content = bytes + ZIP_BLOCK_HEADER;
	struct block b;
	uint64_t at = 0;
	enum err e;

	do {
		b = block_at(m, at);
		if ((e = zip_source_read(&z->source, b.offset, bytes, ZIP_BLOCK_HEADER + b.len)) !=
		    ERR_OK)
			goto done;
		if (memcmp(bytes, b.head, ZIP_BLOCK_HEADER) != 0) {
			e = ERR_PROFILE;
			goto done;
		}
		crc = crc_add(crc, content, b.len);
		if (b.len > 0 && (e = sink_put(out, content, b.len)) != ERR_OK)
			goto done;
		at += b.len;
	} while (at < m->size);
	e = crc == m->crc ? ERR_OK : ERR_FORMAT;
done:
	explicit_bzero(bytes, sizeof bytes);
	return e;
}

static enum err
expect_head(const struct zip_read *z, const struct block *b)
{
	uint8_t got[ZIP_BLOCK_HEADER];
	enum err e;

	if ((e = zip_source_read(&z->source, b->offset, got, sizeof got)) != ERR_OK)
		return e;
	return memcmp(got, b->head, sizeof got) == 0 ? ERR_OK : ERR_PROFILE;
}

enum err
zip_read_part(struct zip_read *z, const struct zip_member *m, uint64_t at, void *p, size_t n)
{
	uint8_t *to = p;
	struct block b;
	size_t skip, take;
	enum err e;

	if (at > m->size || n > m->size - at)
		return ERR_TRUNCATED;
	for (; n > 0; n -= take, to += take, at += take) {
		b = block_at(m, at);
		skip = (size_t)(at % ZIP_BLOCK);
		take = n < b.len - skip ? n : b.len - skip;
		if ((e = expect_head(z, &b)) != ERR_OK ||
		    (e = zip_source_read(
			 &z->source, b.offset + ZIP_BLOCK_HEADER + skip, to, take)) != ERR_OK)
			return e;
	}
	return ERR_OK;
}

enum err
zip_read_pick(const struct zip_member *m, uint64_t at, uint8_t *p, size_t n, struct zip_piece *out)
{
	const uint64_t whole = ZIP_BLOCK_HEADER + ZIP_BLOCK, packed = zip_record_packed(m->size);
	struct block b;
	uint8_t *to = p;
	size_t skip, take;

	if (at < m->data || at - m->data > packed || n > packed - (at - m->data))
		return ERR_PROFILE;
	at -= m->data;
	skip = (size_t)(at % whole);
	*out = (struct zip_piece){.at = at / whole * ZIP_BLOCK, .p = p};
	out->at += skip > ZIP_BLOCK_HEADER ? skip - ZIP_BLOCK_HEADER : 0;
	for (; n > 0; n -= take, p += take, at += take) {
		skip = (size_t)(at % whole);
		b = block_at(m, at / whole * ZIP_BLOCK);
		take = skip < ZIP_BLOCK_HEADER ? ZIP_BLOCK_HEADER - skip
					       : ZIP_BLOCK_HEADER + b.len - skip;
		if (take > n)
			take = n;
		if (skip >= ZIP_BLOCK_HEADER) {
			memmove(to, p, take);
			to += take;
		} else if (memcmp(p, b.head + skip, take) != 0) {
			return ERR_PROFILE;
		}
	}
	out->n = (size_t)(to - out->p);
	return ERR_OK;
}

enum err
zip_read_check_padding(struct zip_read *z)
{
	static const uint8_t zeros[ZIP_BLOCK];
	uint8_t got[ZIP_BLOCK];
	uint64_t at;
	size_t n;
	enum err e;

	for (at = 0; at < z->padding; at += n) {
		n = z->padding - at < sizeof got ? (size_t)(z->padding - at) : sizeof got;
		if ((e = zip_source_read(&z->source, z->padding_at + at, got, n)) != ERR_OK)
			return e;
		if (memcmp(got, zeros, n) != 0)
			return ERR_PROFILE;
	}
	return ERR_OK;
}
