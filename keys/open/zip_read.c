#include "zip_read.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "seal/padding.h"
#include "seal/zip_record.h"

#define MAX32       0xffffffffu
#define ARCHIVE_MAX (1ULL << 61)
#define DIR_MAX     (LIMIT_ZIP_MEMBERS * ZIP_CENTRAL_MAX)
#define MEMBERS_MIN 3 /* message.txt, manifest.json, .padding */
#define EXTRA_HEAD  4

/* Fields of the records, where APPNOTE 4.3.12, 4.3.14 and 4.3.16 put them. */
#define CENTRAL_CRC    16
#define CENTRAL_PACKED 20
#define CENTRAL_SIZE   24
#define CENTRAL_NLEN   28
#define CENTRAL_START  42
#define END_MEMBERS    8
#define END_DIR_LEN    12
#define END64_MEMBERS  24
#define END64_DIR_LEN  40

_Static_assert(PADDING_MIN > DIR_MAX + ZIP_TAIL_MAX, "the largest directory fits into any archive");

static uint64_t
get(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

/* Do the n bytes at an offset have to be these? */
static enum err
expect(const struct zip_read *z, uint64_t at, const uint8_t *want, size_t n)
{
	uint8_t got[ZIP_CENTRAL_MAX];
	enum err e;

	if ((e = zip_source_read(&z->source, at, got, n)) != ERR_OK)
		return e;
	return memcmp(got, want, n) == 0 ? ERR_OK : ERR_PROFILE;
}

/* ---- the directory, from the end of the archive on */

/* What stands behind the directory. Fills in members, dir_len and total. */
static enum err
read_tail(const struct zip_read *z, struct zip_end *end)
{
	bool is64 = zip_record_is64(z->source.size);
	size_t n = is64 ? ZIP_TAIL_MAX : ZIP_END_LEN;
	uint8_t got[ZIP_TAIL_MAX], want[ZIP_TAIL_MAX];
	uint64_t members, dir_len;
	enum err e;

	if (z->source.size > ARCHIVE_MAX || padding_bucket(z->source.size) != z->source.size)
		return ERR_PROFILE;
	if ((e = zip_source_read(&z->source, z->source.size - n, got, n)) != ERR_OK)
		return e;
	members = is64 ? get(got + END64_MEMBERS, 8) : get(got + END_MEMBERS, 2);
	dir_len = is64 ? get(got + END64_DIR_LEN, 8) : get(got + END_DIR_LEN, 4);
	if (members < MEMBERS_MIN || members > LIMIT_ZIP_MEMBERS || dir_len > DIR_MAX)
		return ERR_PROFILE;
	*end = (struct zip_end){
	    .members = (uint32_t)members, .dir_len = dir_len, .total = z->source.size};
	if (zip_record_tail(want, end) != n || memcmp(got, want, n) != 0)
		return ERR_PROFILE;
	return ERR_OK;
}

static enum err
read_dir(const struct zip_read *z, const struct zip_end *end, struct buf *dir)
{
	uint64_t tail = zip_record_is64(end->total) ? ZIP_TAIL_MAX : ZIP_END_LEN;
	uint8_t *p;
	enum err e;

	if ((e = buf_grow(dir, (size_t)end->dir_len, &p)) != ERR_OK)
		return e;
	return zip_source_read(
	    &z->source, end->total - tail - end->dir_len, p, (size_t)end->dir_len);
}

/* A number that is too large for its field stands in the extra field, the next eight bytes of it.
 */
static bool
get_long(uint64_t *v, const uint8_t **extra, const uint8_t *end)
{
	if (*v != MAX32)
		return true;
	if (end - *extra < 8)
		return false;
	*v = get(*extra, 8);
	*extra += 8;
	return true;
}

/*
 * One entry at p, of at most left bytes. Takes only numbers and name from it;
 * that all the rest is as it has to be is shown by writing it again.
 */
static enum err
parse_entry(struct zip_member *m, const uint8_t *p, size_t left, size_t *used)
{
	uint8_t again[ZIP_CENTRAL_MAX];
	const uint8_t *extra, *end = p + left;
	uint64_t packed;
	size_t name_len;

	if (left < ZIP_CENTRAL_LEN)
		return ERR_PROFILE;
	name_len = (size_t)get(p + CENTRAL_NLEN, 2);
	if (name_len > LIMIT_ZIP_NAME || name_len > left - ZIP_CENTRAL_LEN)
		return ERR_PROFILE;
	memcpy(m->name, p + ZIP_CENTRAL_LEN, name_len);
	m->name[name_len] = '\0';
	m->crc = (uint32_t)get(p + CENTRAL_CRC, 4);
	m->size = get(p + CENTRAL_SIZE, 4);
	packed = get(p + CENTRAL_PACKED, 4);
	m->header = get(p + CENTRAL_START, 4);
	extra = p + ZIP_CENTRAL_LEN + name_len;
	extra += end - extra < EXTRA_HEAD ? 0 : EXTRA_HEAD;
	if (!get_long(&m->size, &extra, end) || !get_long(&packed, &extra, end) ||
	    !get_long(&m->header, &extra, end) || m->size > ARCHIVE_MAX)
		return ERR_PROFILE;
	*used =
	    zip_record_central(again, &(struct zip_record){m->name, m->size, m->header, m->crc});
	return *used <= left && memcmp(again, p, *used) == 0 ? ERR_OK : ERR_PROFILE;
}

/* A member begins where the one before it ends (*at), and ends within the archive. */
static enum err
place(const struct zip_read *z, struct zip_member *m, uint64_t *at)
{
	uint64_t len = ZIP_LOCAL_LEN + strlen(m->name) + ZIP_LOCAL_EXTRA +
		       zip_record_packed(m->size) + ZIP_DESC_LEN;

	if (m->header != *at || len > z->source.size - *at)
		return ERR_PROFILE;
	m->data = m->header + ZIP_LOCAL_LEN + strlen(m->name) + ZIP_LOCAL_EXTRA;
	*at += len;
	return ERR_OK;
}

/* All entries but .padding's; *at and *used are where members and entries end. */
static enum err
parse_members(struct zip_read *z, const struct buf *dir, uint64_t *at, size_t *used)
{
	struct zip_member *m;
	size_t i, n;
	bool is_manifest;
	enum err e;

	for (*at = 0, *used = 0, i = 0; i < z->n_members; i++, *used += n) {
		m = &z->members[i];
		if ((e = parse_entry(m, dir->p + *used, dir->len - *used, &n)) != ERR_OK)
			return e;
		is_manifest = strcmp(m->name, ZIP_MANIFEST) == 0;
		if (!zip_record_is_name(m->name, i) || is_manifest != (i == z->n_members - 1))
			return ERR_PROFILE;
		if ((e = place(z, m, at)) != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/*
 * From where the members end it follows how much padding there is and what
 * .padding's entry is: nothing of it is read.
 */
static enum err
check_padding_entry(
    const struct zip_end *plan, const struct zip_end *end, const struct buf *dir, size_t used)
{
	uint8_t want[ZIP_CENTRAL_MAX];
	size_t n = zip_record_padding_central(want, plan);

	if (plan->total != end->total || dir->len - used != n ||
	    memcmp(dir->p + used, want, n) != 0)
		return ERR_PROFILE;
	return ERR_OK;
}

/* Local headers and descriptors say the same as the directory. */
static enum err
check_members(const struct zip_read *z)
{
	uint8_t want[ZIP_LOCAL_MAX];
	const struct zip_member *m;
	struct zip_record r;
	enum err e;

	for (m = z->members; m < z->members + z->n_members; m++) {
		r = (struct zip_record){m->name, m->size, m->header, m->crc};
		if ((e = expect(z, m->header, want, zip_record_local(want, &r))) != ERR_OK)
			return e;
		e = expect(
		    z, m->data + zip_record_packed(m->size), want, zip_record_descriptor(want, &r));
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

static enum err
check_padding_header(struct zip_read *z, const struct zip_end *plan)
{
	uint8_t want[ZIP_LOCAL_MAX];
	size_t n = zip_record_padding_local(want, plan);

	z->padding = plan->padding;
	z->padding_at = plan->padding_start + n;
	return expect(z, plan->padding_start, want, n);
}

static enum err
parse(struct zip_read *z, struct buf *dir)
{
	struct zip_end end, plan;
	uint64_t at;
	size_t used;
	enum err e;

	if ((e = read_tail(z, &end)) != ERR_OK || (e = read_dir(z, &end, dir)) != ERR_OK)
		return e;
	z->n_members = end.members - 1;
	if ((z->members = calloc(z->n_members, sizeof *z->members)) == NULL)
		return ERR_NOMEM;
	if ((e = parse_members(z, dir, &at, &used)) != ERR_OK)
		return e;
	zip_record_plan(&plan, at, used, (uint32_t)z->n_members);
	if ((e = check_padding_entry(&plan, &end, dir, used)) != ERR_OK ||
	    (e = check_members(z)) != ERR_OK)
		return e;
	return check_padding_header(z, &plan);
}

enum err
zip_read_open(struct zip_source source, struct zip_read **out)
{
	struct zip_read *z;
	struct buf dir;
	enum err e;

	buf_init(&dir, DIR_MAX);
	if ((z = calloc(1, sizeof *z)) == NULL)
		return ERR_NOMEM;
	z->source = source;
	if ((e = parse(z, &dir)) == ERR_OK) {
		*out = z;
		z = NULL;
	}
	zip_read_free(z);
	buf_wipe(&dir);
	return e;
}

void
zip_read_free(struct zip_read *z)
{
	if (z == NULL)
		return;
	if (z->members != NULL)
		explicit_bzero(z->members, z->n_members * sizeof *z->members);
	free(z->members);
	free(z);
}

const struct zip_member *
zip_read_find(const struct zip_read *z, const char *name)
{
	size_t i;

	for (i = 0; i < z->n_members; i++)
		if (strcmp(z->members[i].name, name) == 0)
			return &z->members[i];
	return NULL;
}
