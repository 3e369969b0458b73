#include "zip_write.h"

#include <string.h>

#include "seal/crc.h"
#include "seal/zip_record.h"

static enum err
die(struct zip_write *z, enum err e)
{
	z->state = ZIP_DEAD;
	return e;
}

static enum err
emit(struct zip_write *z, const void *p, size_t n)
{
	enum err e;

	if ((e = sink_put(z->out, p, n)) != ERR_OK)
		return die(z, e);
	z->offset += n;
	return ERR_OK;
}

void
zip_write_init(struct zip_write *z, struct buf *dir, struct sink out)
{
	*z = (struct zip_write){.out = out, .dir = dir, .state = ZIP_IDLE};
}

static bool
has_manifest(const struct zip_write *z)
{
	return strcmp(z->name, ZIP_MANIFEST) == 0;
}

/* The directory must have room for this member, and for the manifest that has to come still. */
static bool
has_room(const struct zip_write *z, const char *name)
{
	const size_t entry = ZIP_CENTRAL_LEN + ZIP_EXTRA64_MAX;
	size_t need = entry + strlen(name);

	if (strcmp(name, ZIP_MANIFEST) != 0)
		need += entry + strlen(ZIP_MANIFEST);
	return need <= z->dir->max - z->dir->len;
}

static struct zip_record
record_of(const struct zip_write *z)
{
	return (struct zip_record){z->name, z->size, z->start, z->crc};
}

enum err
zip_write_begin(struct zip_write *z, const char *name)
{
	uint8_t local[ZIP_LOCAL_MAX];
	struct zip_record r;
	enum err e;

	if (z->state != ZIP_IDLE || has_manifest(z))
		return die(z, ERR_STATE);
	if (!zip_record_is_name(name, z->members))
		return die(z, ERR_USAGE);
	if (z->members > LIMIT_UPLOAD_FILES && strcmp(name, ZIP_MANIFEST) != 0)
		return die(z, ERR_LIMIT);
	if (!has_room(z, name))
		return die(z, ERR_LIMIT);
	memcpy(z->name, name, strlen(name) + 1);
	z->start = z->offset;
	z->size = 0;
	z->crc = CRC_NONE;
	z->fill = 0;
	r = record_of(z);
	if ((e = emit(z, local, zip_record_local(local, &r))) != ERR_OK)
		return e;
	z->state = ZIP_MEMBER;
	return ERR_OK;
}

/* The block that was gathered in the buffer. */
static enum err
flush(struct zip_write *z, bool is_last)
{
	size_t n = z->fill;

	zip_record_block(z->block, n, is_last);
	z->fill = 0;
	return emit(z, z->block, ZIP_BLOCK_HEADER + n);
}

/* A full block that isn't the last, straight from the caller's memory. */
static enum err
pass(struct zip_write *z, const uint8_t *p)
{
	uint8_t head[ZIP_BLOCK_HEADER];
	enum err e;

	zip_record_block(head, ZIP_BLOCK, false);
	if ((e = emit(z, head, sizeof head)) != ERR_OK)
		return e;
	return emit(z, p, ZIP_BLOCK);
}

/*
 * A block's header says whether it is the last one, so a full block goes out
 * only when a byte behind it has come.
 */
enum err
zip_write_put(struct zip_write *z, const void *p, size_t n)
{
	const uint8_t *from = p;
	enum err e = ERR_OK;
	size_t take;

	if (z->state != ZIP_MEMBER)
		return die(z, ERR_STATE);
	while (n > 0 && e == ERR_OK) {
		if (z->fill == ZIP_BLOCK) {
			e = flush(z, false);
			continue;
		}
		take = n < ZIP_BLOCK - z->fill ? n : ZIP_BLOCK - z->fill;
		z->crc = crc_add(z->crc, from, take);
		z->size += take;
		if (z->fill == 0 && n > ZIP_BLOCK) {
			e = pass(z, from);
		} else {
			memcpy(z->block + ZIP_BLOCK_HEADER + z->fill, from, take);
			z->fill += take;
		}
		from += take;
		n -= take;
	}
	return e;
}

enum err
zip_write_end(struct zip_write *z)
{
	uint8_t descriptor[ZIP_DESC_LEN], central[ZIP_CENTRAL_MAX];
	struct zip_record r;
	enum err e;

	if (z->state != ZIP_MEMBER)
		return die(z, ERR_STATE);
	r = record_of(z);
	if ((e = flush(z, true)) != ERR_OK ||
	    (e = emit(z, descriptor, zip_record_descriptor(descriptor, &r))) != ERR_OK ||
	    (e = buf_add(z->dir, central, zip_record_central(central, &r))) != ERR_OK)
		return die(z, e);
	z->members++;
	z->state = ZIP_IDLE;
	return ERR_OK;
}

/* The same at every call until the archive is complete. */
static struct zip_end
plan(const struct zip_write *z)
{
	struct zip_end end;

	zip_record_plan(&end, z->start, z->dir->len, z->members);
	return end;
}

enum err
zip_write_finish_begin(struct zip_write *z)
{
	uint8_t local[ZIP_LOCAL_MAX];
	struct zip_end end;
	enum err e;

	if (z->state != ZIP_IDLE || !has_manifest(z))
		return die(z, ERR_STATE);
	z->start = z->offset;
	end = plan(z);
	if ((e = emit(z, local, zip_record_padding_local(local, &end))) != ERR_OK)
		return e;
	z->pad_left = end.padding;
	z->total = end.total;
	z->state = z->pad_left == 0 ? ZIP_PADDED : ZIP_PAD;
	return ERR_OK;
}

enum err
zip_write_pad(struct zip_write *z, size_t max)
{
	static const uint8_t zeros[ZIP_BLOCK];
	size_t take;
	enum err e;

	if (z->state != ZIP_PAD && z->state != ZIP_PADDED)
		return die(z, ERR_STATE);
	for (; z->pad_left > 0 && max > 0; max -= take) {
		take = max < sizeof zeros ? max : sizeof zeros;
		if (take > z->pad_left)
			take = (size_t)z->pad_left;
		if ((e = emit(z, zeros, take)) != ERR_OK)
			return e;
		z->pad_left -= take;
	}
	if (z->pad_left > 0)
		return ERR_AGAIN;
	z->state = ZIP_PADDED;
	return ERR_OK;
}

enum err
zip_write_finish_end(struct zip_write *z)
{
	uint8_t central[ZIP_CENTRAL_MAX], tail[ZIP_TAIL_MAX];
	struct zip_end end;
	enum err e;

	if (z->state != ZIP_PADDED)
		return die(z, ERR_STATE);
	end = plan(z);
	if ((e = emit(z, z->dir->p, z->dir->len)) != ERR_OK ||
	    (e = emit(z, central, zip_record_padding_central(central, &end))) != ERR_OK ||
	    (e = emit(z, tail, zip_record_tail(tail, &end))) != ERR_OK)
		return e;
	return die(z, ERR_OK);
}

void
zip_write_wipe(struct zip_write *z)
{
	explicit_bzero(z, sizeof *z);
	z->state = ZIP_DEAD;
}

static enum err
put_member(void *ctx, const void *p, size_t n)
{
	return zip_write_put(ctx, p, n);
}

struct sink
zip_write_sink(struct zip_write *z)
{
	return (struct sink){put_member, z};
}
