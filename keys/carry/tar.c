#include "tar.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/*
 * The fields of a ustar header (POSIX.1-2017, pax). What is read is written
 * again and compared, so this one layout is all that both directions know.
 */
#define OFF_MODE     100
#define OFF_UID      108
#define OFF_GID      116
#define OFF_SIZE     124
#define OFF_MTIME    136
#define OFF_CHECKSUM 148
#define OFF_TYPE     156
#define OFF_MAGIC    257
#define OFF_DEVMAJOR 329
#define OFF_DEVMINOR 337
#define CHECKSUM_LEN 8
#define SIZE_DIGITS  11

#define TYPE_FILE '0'
#define TYPE_PAX  'x'

#define SIZE_PAX      (8 * 1024ULL * 1024 * 1024) /* what eleven octal digits can't say */
#define SIZE_MAX_OURS ((uint64_t)INT64_MAX)
#define PAX_NAME      "pax"
#define PAX_KEY       " size="

static bool
is_name(const char *name)
{
	const char *part = name;
	size_t i, len;

	for (i = 0; name[i] != '\0'; i++)
		if (name[i] <= 0x20 || name[i] >= 0x7f || i >= TAR_NAME_MAX)
			return false;
	for (;;) {
		len = strcspn(part, "/");
		if (len == 0 || (len == 1 && part[0] == '.') ||
		    (len == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		if (part[len] == '\0')
			return true;
		part += len + 1;
	}
}

static uint32_t
checksum(const uint8_t b[static TAR_BLOCK])
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < TAR_BLOCK; i++)
		sum += i >= OFF_CHECKSUM && i < OFF_CHECKSUM + CHECKSUM_LEN ? ' ' : b[i];
	return sum;
}

/* name and size are valid, size < SIZE_PAX. */
static void
header_block(uint8_t b[static TAR_BLOCK], const char *name, uint64_t size, char type)
{
	char *s = (char *)b;

	memset(b, 0, TAR_BLOCK);
	memcpy(b, name, strlen(name));
	memcpy(b + OFF_MODE, "0000600", 7);
	memcpy(b + OFF_UID, "0000000", 7);
	memcpy(b + OFF_GID, "0000000", 7);
	snprintf(s + OFF_SIZE, SIZE_DIGITS + 1, "%011llo", (unsigned long long)size);
	memcpy(b + OFF_MTIME, "00000000000", SIZE_DIGITS);
	b[OFF_TYPE] = (uint8_t)type;
	memcpy(b + OFF_MAGIC, "ustar\00000", 8);
	memcpy(b + OFF_DEVMAJOR, "0000000", 7);
	memcpy(b + OFF_DEVMINOR, "0000000", 7);
	snprintf(s + OFF_CHECKSUM, CHECKSUM_LEN - 1, "%06o", checksum(b));
	b[OFF_CHECKSUM + CHECKSUM_LEN - 1] = ' ';
}

/* The record "NN size=...\n", zero padded; returns its length, which it states itself. */
static size_t
pax_body(uint8_t b[static TAR_BLOCK], uint64_t size)
{
	char digits[24];
	size_t len;

	/* From 8 GiB to 2^63 - 1 are 10 to 19 digits, so the length always has two. */
	len = (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)size);
	len += 2 + strlen(PAX_KEY) + 1;
	memset(b, 0, TAR_BLOCK);
	snprintf((char *)b, TAR_BLOCK, "%zu" PAX_KEY "%s\n", len, digits);
	return len;
}

enum err
tar_header_write(uint8_t out[static TAR_HEAD_MAX], size_t *len, const char *name, uint64_t size)
{
	size_t record;

	if (!is_name(name))
		return ERR_USAGE;
	if (size > SIZE_MAX_OURS)
		return ERR_LIMIT;
	if (size < SIZE_PAX) {
		header_block(out, name, size, TYPE_FILE);
		*len = TAR_BLOCK;
		return ERR_OK;
	}
	record = pax_body(out + TAR_BLOCK, size);
	header_block(out, PAX_NAME, record, TYPE_PAX);
	header_block(out + 2 * TAR_BLOCK, name, 0, TYPE_FILE);
	*len = 3 * TAR_BLOCK;
	return ERR_OK;
}

size_t
tar_pad(uint64_t size)
{
	return (size_t)(-size % TAR_BLOCK);
}

void
tar_read_init(struct tar_read *t)
{
	*t = (struct tar_read){.state = TAR_HEADER};
}

static bool
is_zero(const uint8_t b[static TAR_BLOCK])
{
	uint8_t any = 0;
	size_t i;

	for (i = 0; i < TAR_BLOCK; i++)
		any |= b[i];
	return any == 0;
}

static enum err
parse_octal(const uint8_t *p, size_t n, uint64_t *out)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '7')
			return ERR_FORMAT;
		v = v << 3 | (uint64_t)(p[i] - '0');
	}
	*out = v;
	return ERR_OK;
}

/* Is it a tar header of any kind, undamaged? Then it is foreign, not broken. */
static enum err
refusal(const uint8_t b[static TAR_BLOCK])
{
	uint64_t sum;

	if (memcmp(b + OFF_MAGIC, "ustar", 5) != 0 ||
	    parse_octal(b + OFF_CHECKSUM, 6, &sum) != ERR_OK || sum != checksum(b))
		return ERR_FORMAT;
	return ERR_PROFILE;
}

/* A block that header_block wrote with this type. */
static enum err
parse_header(const uint8_t b[static TAR_BLOCK], char type, struct tar_member *m)
{
	uint8_t again[TAR_BLOCK];
	struct tar_member got = {0};

	memcpy(got.name, b, TAR_NAME_MAX);
	if (parse_octal(b + OFF_SIZE, SIZE_DIGITS, &got.size) != ERR_OK || !is_name(got.name))
		return refusal(b);
	header_block(again, got.name, got.size, type);
	if (memcmp(again, b, TAR_BLOCK) != 0)
		return refusal(b);
	*m = got;
	return ERR_OK;
}

static enum err
read_header(struct tar_read *t, const uint8_t b[static TAR_BLOCK], struct tar_member *m)
{
	struct tar_member pax;
	enum err e;

	if (is_zero(b)) {
		if (++t->zero_blocks < 2)
			return ERR_AGAIN;
		t->state = TAR_ENDED;
		return ERR_CLOSED;
	}
	if (t->zero_blocks != 0)
		return ERR_FORMAT;
	if (b[OFF_TYPE] != TYPE_PAX)
		return parse_header(b, TYPE_FILE, m);
	if ((e = parse_header(b, TYPE_PAX, &pax)) != ERR_OK)
		return e;
	if (strcmp(pax.name, PAX_NAME) != 0 || pax.size > TAR_BLOCK)
		return ERR_PROFILE;
	t->pax_size = pax.size; /* of the record, until it has come */
	t->state = TAR_PAX_BODY;
	return ERR_AGAIN;
}

static enum err
read_pax_body(struct tar_read *t, const uint8_t b[static TAR_BLOCK])
{
	uint8_t again[TAR_BLOCK];
	size_t skip = 2 + strlen(PAX_KEY);
	uint64_t size;

	if (t->pax_size <= skip + 1 || text_number((const char *)b + skip, t->pax_size - skip - 1,
					   SIZE_MAX_OURS, &size) != ERR_OK)
		return ERR_PROFILE;
	if (size < SIZE_PAX || pax_body(again, size) != t->pax_size ||
	    memcmp(again, b, TAR_BLOCK) != 0)
		return ERR_PROFILE;
	t->pax_size = size;
	t->state = TAR_AFTER_PAX;
	return ERR_AGAIN;
}

static enum err
read_after_pax(struct tar_read *t, const uint8_t b[static TAR_BLOCK], struct tar_member *m)
{
	struct tar_member got;
	enum err e;

	if ((e = parse_header(b, TYPE_FILE, &got)) != ERR_OK)
		return e;
	if (got.size != 0)
		return ERR_PROFILE;
	got.size = t->pax_size;
	*m = got;
	t->state = TAR_HEADER;
	return ERR_OK;
}

enum err
tar_read_block(struct tar_read *t, const uint8_t block[static TAR_BLOCK], struct tar_member *m)
{
	enum err e = ERR_STATE;

	switch (t->state) {
	case TAR_HEADER: e = read_header(t, block, m); break;
	case TAR_PAX_BODY: e = read_pax_body(t, block); break;
	case TAR_AFTER_PAX: e = read_after_pax(t, block, m); break;
	case TAR_ENDED: break;
	}
	if (e != ERR_OK && e != ERR_AGAIN)
		t->state = TAR_ENDED;
	return e;
}
