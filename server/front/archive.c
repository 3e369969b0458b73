#include "archive.h"

#include <string.h>

#include "front/member_name.h"
#include "seal/zip_record.h"

/* Both together are LIMIT_UPLOAD_MEMORY; the directory of the most files always fits. */
#define DIR_MAX      ((size_t)LIMIT_ZIP_MEMBERS * (ZIP_CENTRAL_LEN + ZIP_EXTRA64_MAX + MEMBER_NAME_MAX))
#define MANIFEST_MAX (LIMIT_UPLOAD_MEMORY - DIR_MAX)
/* What a piece puts out beyond its content: a block that was gathered, and a few headers. */
#define EXTRA ((size_t)ZIP_BLOCK + 1024)

_Static_assert(DIR_MAX + EXTRA <= CHUNKS_SPARE * AGE_CHUNK, "the directory is written in one step");
_Static_assert(DIR_MAX < LIMIT_UPLOAD_MEMORY / 2, "names and types need room, too");

void
archive_init(struct archive *a, struct sealer *s, struct sealer_file *f)
{
	*a = (struct archive){0};
	chunks_init(&a->chunks, s, f);
	buf_init(&a->dir, DIR_MAX);
	zip_write_init(&a->zip, &a->dir, chunks_sink(&a->chunks));
}

enum err
archive_reserve(struct archive *a, size_t n)
{
	return chunks_reserve(&a->chunks, n + EXTRA);
}

enum err
archive_begin(struct archive *a, const struct manifest_head *h)
{
	enum err e;

	if (a->state != ARCHIVE_NONE)
		return ERR_STATE;
	if ((e = manifest_begin(&a->manifest, h, MANIFEST_MAX)) != ERR_OK ||
	    (e = zip_write_begin(&a->zip, ZIP_MESSAGE)) != ERR_OK)
		return e;
	a->state = ARCHIVE_MESSAGE;
	return ERR_OK;
}

enum err
archive_put(struct archive *a, const void *p, size_t n)
{
	return zip_write_put(&a->zip, p, n);
}

/* Ends the message or the open file. */
static enum err
end_member(struct archive *a)
{
	uint64_t size = a->zip.size;
	enum err e;

	if ((e = zip_write_end(&a->zip)) != ERR_OK)
		return e;
	return a->state == ARCHIVE_FILE ? manifest_file_size(&a->manifest, size) : ERR_OK;
}

enum err
archive_file(struct archive *a, const char *original, const char *type)
{
	char name[MEMBER_NAME_MAX + 1];
	enum err e;

	if (a->files == LIMIT_UPLOAD_FILES)
		return ERR_LIMIT;
	member_name(name, a->files + 1, original);
	if ((e = end_member(a)) == ERR_OK &&
	    (e = manifest_file(&a->manifest, name, original, type)) == ERR_OK)
		e = zip_write_begin(&a->zip, name);
	explicit_bzero(name, sizeof name);
	if (e != ERR_OK)
		return e;
	a->files++;
	a->state = ARCHIVE_FILE;
	return ERR_OK;
}

/* ---- behind the content */

static enum err
begin_manifest(struct archive *a, int64_t received)
{
	enum err e;

	if ((e = archive_reserve(a, 0)) != ERR_OK || (e = end_member(a)) != ERR_OK ||
	    (e = manifest_end(&a->manifest, received)) != ERR_OK ||
	    (e = zip_write_begin(&a->zip, ZIP_MANIFEST)) != ERR_OK)
		return e;
	a->state = ARCHIVE_MANIFEST;
	return ERR_OK;
}

static enum err
put_manifest(struct archive *a)
{
	const struct buf *text = &a->manifest.text;
	size_t n = text->len - a->manifest_at;
	enum err e;

	n = n < ARCHIVE_SLICE ? n : ARCHIVE_SLICE;
	if ((e = archive_reserve(a, n)) != ERR_OK)
		return e;
	if (n > 0) {
		a->manifest_at += n;
		return zip_write_put(&a->zip, text->p + a->manifest_at - n, n);
	}
	if ((e = zip_write_end(&a->zip)) != ERR_OK ||
	    (e = zip_write_finish_begin(&a->zip)) != ERR_OK)
		return e;
	a->state = ARCHIVE_PADDING;
	return ERR_OK;
}

static enum err
put_padding(struct archive *a)
{
	enum err e;

	if ((e = archive_reserve(a, ARCHIVE_SLICE)) != ERR_OK)
		return e;
	if ((e = zip_write_pad(&a->zip, ARCHIVE_SLICE)) == ERR_OK)
		a->state = ARCHIVE_DIRECTORY;
	return e == ERR_AGAIN ? ERR_OK : e;
}

static enum err
put_directory(struct archive *a)
{
	enum err e;

	if ((e = chunks_reserve(&a->chunks, a->dir.len + EXTRA)) != ERR_OK ||
	    (e = zip_write_finish_end(&a->zip)) != ERR_OK)
		return e;
	a->state = ARCHIVE_DONE;
	return chunks_finish(&a->chunks);
}

enum err
archive_finish(struct archive *a, int64_t received)
{
	enum err e = ERR_OK;

	while (e == ERR_OK && a->state != ARCHIVE_DONE)
		switch (a->state) {
		case ARCHIVE_MESSAGE:
		case ARCHIVE_FILE: e = begin_manifest(a, received); break;
		case ARCHIVE_MANIFEST: e = put_manifest(a); break;
		case ARCHIVE_PADDING: e = put_padding(a); break;
		case ARCHIVE_DIRECTORY: e = put_directory(a); break;
		case ARCHIVE_NONE:
		case ARCHIVE_DONE: e = ERR_STATE; break;
		}
	return e;
}

void
archive_wipe(struct archive *a)
{
	chunks_wipe(&a->chunks);
	buf_wipe(&a->dir);
	manifest_wipe(&a->manifest);
	zip_write_wipe(&a->zip);
	a->state = ARCHIVE_NONE;
}
