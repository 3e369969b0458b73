#include "zip_record.h"

#include <string.h>

#include "seal/crc.h"
#include "seal/padding.h"

#define MAX32          0xffffffffu
#define MAX16          0xffffu
#define METHOD_STORE   0
#define METHOD_DEFLATE 8
#define EXTRA64_ID     0x0001
#define EXTRA_HEAD     4 /* id and length of an extra field */
#define DISKS          1
#define FILES_DIGITS   3

#define NAME_LEN(literal) (sizeof(literal) - 1)

/* Little-endian bytes that grow in a buffer which is known to be large enough. */
struct pen {
	uint8_t *at;
};

static void
pen_bytes(struct pen *w, uint64_t v, size_t n)
{
	for (; n > 0; n--, v >>= 8)
		*w->at++ = (uint8_t)v;
}

static void
pen16(struct pen *w, uint32_t v)
{
	pen_bytes(w, v, 2);
}

static void
pen32(struct pen *w, uint32_t v)
{
	pen_bytes(w, v, 4);
}

static void
pen64(struct pen *w, uint64_t v)
{
	pen_bytes(w, v, 8);
}

static void
pen_name(struct pen *w, const char *name)
{
	size_t n = strlen(name);

	memcpy(w->at, name, n);
	w->at += n;
}

static uint32_t
low32(uint64_t v)
{
	return v < MAX32 ? (uint32_t)v : MAX32;
}

bool
zip_record_is64(uint64_t total)
{
	return total >= MAX32;
}

static bool
is_file_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

bool
zip_record_is_name(const char *name, size_t place)
{
	size_t i, number = 0, len = strnlen(name, LIMIT_ZIP_NAME + 1);

	if (place == 0)
		return strcmp(name, ZIP_MESSAGE) == 0;
	if (strcmp(name, ZIP_MANIFEST) == 0)
		return true;
	if (len > LIMIT_ZIP_NAME || strncmp(name, ZIP_FILES, NAME_LEN(ZIP_FILES)) != 0)
		return false;
	name += NAME_LEN(ZIP_FILES);
	for (i = 0; i < FILES_DIGITS && *name >= '0' && *name <= '9'; i++, name++)
		number = number * 10 + (size_t)(*name - '0');
	if (i != FILES_DIGITS || number != place || *name++ != '-' || *name == '\0')
		return false;
	while (is_file_char(*name))
		name++;
	return *name == '\0';
}

uint64_t
zip_record_packed(uint64_t size)
{
	uint64_t blocks = size / ZIP_BLOCK + (size % ZIP_BLOCK != 0);

	return size + ZIP_BLOCK_HEADER * (blocks == 0 ? 1 : blocks);
}

/* RFC 1951 section 3.2.4: last flag and type 0 in the first byte, length, its complement. */
void
zip_record_block(uint8_t out[static ZIP_BLOCK_HEADER], size_t n, bool is_last)
{
	struct pen w = {out};

	*w.at++ = is_last;
	pen16(&w, (uint32_t)n);
	pen16(&w, ~(uint32_t)n);
}

/* What local header and directory have in common (APPNOTE 4.4.2 to 4.4.6). */
static void
pen_common(struct pen *w, uint32_t flags, uint32_t method)
{
	pen16(w, ZIP_VERSION);
	pen16(w, flags);
	pen16(w, method);
	pen16(w, 0);
	pen16(w, ZIP_DATE);
}

size_t
zip_record_local(uint8_t out[static ZIP_LOCAL_MAX], const struct zip_record *r)
{
	struct pen w = {out};

	pen32(&w, ZIP_LOCAL_SIG);
	pen_common(&w, ZIP_FLAG_DESC | ZIP_FLAG_UTF8, METHOD_DEFLATE);
	pen32(&w, 0); /* CRC and sizes follow in the descriptor */
	pen32(&w, MAX32);
	pen32(&w, MAX32);
	pen16(&w, (uint32_t)strlen(r->name));
	pen16(&w, ZIP_LOCAL_EXTRA);
	pen_name(&w, r->name);
	pen16(&w, EXTRA64_ID);
	pen16(&w, ZIP_LOCAL_EXTRA - EXTRA_HEAD);
	pen64(&w, 0);
	pen64(&w, 0);
	return (size_t)(w.at - out);
}

size_t
zip_record_descriptor(uint8_t out[static ZIP_DESC_LEN], const struct zip_record *r)
{
	struct pen w = {out};

	pen32(&w, ZIP_DESC_SIG);
	pen32(&w, r->crc);
	pen64(&w, zip_record_packed(r->size));
	pen64(&w, r->size);
	return (size_t)(w.at - out);
}

/* The fields of a directory entry from the name's length to the offset. */
static void
pen_central_end(struct pen *w, const char *name, size_t extra_len, uint32_t start)
{
	pen16(w, (uint32_t)strlen(name));
	pen16(w, (uint32_t)extra_len);
	pen16(w, 0); /* no comment */
	pen16(w, 0); /* disk */
	pen16(w, 0); /* internal attributes */
	pen32(w, ZIP_MODE << 16);
	pen32(w, start);
	pen_name(w, name);
}

size_t
zip_record_central(uint8_t out[static ZIP_CENTRAL_MAX], const struct zip_record *r)
{
	/* In APPNOTE 4.5.3's order; only what is too large for its field stands in the extra. */
	const uint64_t v[3] = {r->size, zip_record_packed(r->size), r->start};
	struct pen w = {out};
	size_t i, extra = 0;

	for (i = 0; i < 3; i++)
		extra += v[i] >= MAX32 ? 8 : 0;
	pen32(&w, ZIP_CENTRAL_SIG);
	pen16(&w, ZIP_MADE_BY);
	pen_common(&w, ZIP_FLAG_DESC | ZIP_FLAG_UTF8, METHOD_DEFLATE);
	pen32(&w, r->crc);
	pen32(&w, low32(v[1]));
	pen32(&w, low32(v[0]));
	pen_central_end(&w, r->name, extra == 0 ? 0 : EXTRA_HEAD + extra, low32(v[2]));
	if (extra == 0)
		return (size_t)(w.at - out);
	pen16(&w, EXTRA64_ID);
	pen16(&w, (uint32_t)extra);
	for (i = 0; i < 3; i++)
		if (v[i] >= MAX32)
			pen64(&w, v[i]);
	return (size_t)(w.at - out);
}

/* zip64 adds to .padding's local header, to its entry and to the tail. */
void
zip_record_plan(struct zip_end *end, uint64_t offset, uint64_t dir_len, uint32_t members)
{
	const uint64_t name = NAME_LEN(ZIP_PADDING);
	uint64_t base, total;

	dir_len += ZIP_CENTRAL_LEN + name;
	base = offset + ZIP_LOCAL_LEN + name + dir_len + ZIP_END_LEN;
	total = padding_bucket(base);
	if (zip_record_is64(total)) {
		dir_len += ZIP_EXTRA64_MAX;
		base += ZIP_LOCAL_EXTRA + ZIP_EXTRA64_MAX + ZIP_END64_LEN + ZIP_LOC64_LEN;
		total = padding_bucket(base);
	}
	*end = (struct zip_end){.padding_start = offset,
	    .padding = total - base,
	    .dir_len = dir_len,
	    .total = total,
	    .members = members + 1};
}

size_t
zip_record_padding_local(uint8_t out[static ZIP_LOCAL_MAX], const struct zip_end *end)
{
	bool is64 = zip_record_is64(end->total);
	uint32_t size = is64 ? MAX32 : (uint32_t)end->padding;
	struct pen w = {out};

	pen32(&w, ZIP_LOCAL_SIG);
	pen_common(&w, ZIP_FLAG_UTF8, METHOD_STORE);
	pen32(&w, crc_of_zeros(end->padding));
	pen32(&w, size);
	pen32(&w, size);
	pen16(&w, NAME_LEN(ZIP_PADDING));
	pen16(&w, is64 ? ZIP_LOCAL_EXTRA : 0);
	pen_name(&w, ZIP_PADDING);
	if (!is64)
		return (size_t)(w.at - out);
	pen16(&w, EXTRA64_ID);
	pen16(&w, ZIP_LOCAL_EXTRA - EXTRA_HEAD);
	pen64(&w, end->padding);
	pen64(&w, end->padding);
	return (size_t)(w.at - out);
}

size_t
zip_record_padding_central(uint8_t out[static ZIP_CENTRAL_MAX], const struct zip_end *end)
{
	bool is64 = zip_record_is64(end->total);
	uint32_t size = is64 ? MAX32 : (uint32_t)end->padding;
	struct pen w = {out};

	pen32(&w, ZIP_CENTRAL_SIG);
	pen16(&w, ZIP_MADE_BY);
	pen_common(&w, ZIP_FLAG_UTF8, METHOD_STORE);
	pen32(&w, crc_of_zeros(end->padding));
	pen32(&w, size);
	pen32(&w, size);
	pen_central_end(&w, ZIP_PADDING, is64 ? ZIP_EXTRA64_MAX : 0,
	    is64 ? MAX32 : (uint32_t)end->padding_start);
	if (!is64)
		return (size_t)(w.at - out);
	pen16(&w, EXTRA64_ID);
	pen16(&w, ZIP_EXTRA64_MAX - EXTRA_HEAD);
	pen64(&w, end->padding);
	pen64(&w, end->padding);
	pen64(&w, end->padding_start);
	return (size_t)(w.at - out);
}

static void
pen_end64(struct pen *w, const struct zip_end *end, uint64_t dir_start)
{
	pen32(w, ZIP_END64_SIG);
	pen64(w, ZIP_END64_LEN - 12); /* what follows this field */
	pen16(w, ZIP_MADE_BY);
	pen16(w, ZIP_VERSION);
	pen32(w, 0); /* this disk, and the directory's */
	pen32(w, 0);
	pen64(w, end->members);
	pen64(w, end->members);
	pen64(w, end->dir_len);
	pen64(w, dir_start);
	pen32(w, ZIP_LOC64_SIG);
	pen32(w, 0);
	pen64(w, dir_start + end->dir_len);
	pen32(w, DISKS);
}

/* In a zip64 archive no number stands twice: the end record only points to the zip64 record. */
size_t
zip_record_tail(uint8_t out[static ZIP_TAIL_MAX], const struct zip_end *end)
{
	bool is64 = zip_record_is64(end->total);
	uint64_t tail = is64 ? ZIP_TAIL_MAX : ZIP_END_LEN;
	uint64_t dir_start = end->total - tail - end->dir_len;
	struct pen w = {out};

	if (is64)
		pen_end64(&w, end, dir_start);
	pen32(&w, ZIP_END_SIG);
	pen32(&w, 0); /* disks, as above */
	pen16(&w, is64 ? MAX16 : end->members);
	pen16(&w, is64 ? MAX16 : end->members);
	pen32(&w, is64 ? MAX32 : (uint32_t)end->dir_len);
	pen32(&w, is64 ? MAX32 : (uint32_t)dir_start);
	pen16(&w, 0); /* no comment */
	return (size_t)(w.at - out);
}
