#include <zlib.h>

#include "seal/padding.h"
#include "seal/zip_record.h"
#include "shelf.h"

/* ---- archives that are right but for one thing */

struct piece {
	const char *name;
	const char *text;
};

/* How an archive differs from what the writer would have made of the same pieces. */
struct twist {
	size_t gap;             /* bytes between the first and the second member */
	size_t skip;            /* the entry of this member points to the one before; 0: none */
	uint64_t claim;         /* added to the size that directory and descriptor claim */
	size_t comment;         /* bytes of a comment behind the end record */
	uint64_t extra_padding; /* more zeros than needed */
	size_t behind;          /* bytes between the zeros and the directory */
	size_t trail;        /* bytes behind the directory's last entry, for so many zeros less */
	size_t members_more; /* added to the number of members in the end record */
};

/* Builds with the shared records, so that everything but the twist is right. */
static void
build(struct shelf *s, const struct piece *pieces, size_t n, const struct twist *t)
{
	uint8_t rec[ZIP_CENTRAL_MAX], block[ZIP_BLOCK_HEADER];
	struct zip_record r = {0}, before = {0};
	struct zip_end end;
	struct buf dir;
	size_t i, len;

	*s = (struct shelf){0};
	buf_init(&s->zip, BIG);
	buf_init(&dir, BIG);
	for (i = 0; i < n; i++) {
		if (i == 1)
			assert_ok(buf_add(&s->zip, content, t->gap));
		len = strlen(pieces[i].text);
		before = r;
		r = (struct zip_record){.name = pieces[i].name,
		    .size = len + t->claim,
		    .start = s->zip.len,
		    .crc = (uint32_t)crc32(0, (const void *)pieces[i].text, (unsigned)len)};
		assert_ok(buf_add(&s->zip, rec, zip_record_local(rec, &r)));
		zip_record_block(block, len, true);
		assert_ok(buf_add(&s->zip, block, sizeof block));
		assert_ok(buf_add(&s->zip, pieces[i].text, len));
		assert_ok(buf_add(&s->zip, rec, zip_record_descriptor(rec, &r)));
		if (t->skip != 0 && i == t->skip)
			r.start = before.start;
		assert_ok(buf_add(&dir, rec, zip_record_central(rec, &r)));
	}
	zip_record_plan(&end, s->zip.len, dir.len, (uint32_t)n);
	end.padding += t->extra_padding;
	end.total += t->extra_padding + t->behind;
	end.members += (uint32_t)t->members_more;
	assert_ok(buf_add(&s->zip, rec, zip_record_padding_local(rec, &end)));
	for (i = 0; i < end.padding - t->trail; i++)
		assert_ok(buf_add(&s->zip, "", 1));
	for (i = 0; i < t->behind; i++)
		assert_ok(buf_add(&s->zip, "", 1));
	assert_ok(buf_add(&s->zip, dir.p, dir.len));
	assert_ok(buf_add(&s->zip, rec, zip_record_padding_central(rec, &end)));
	assert_ok(buf_add(&s->zip, content, t->trail));
	end.dir_len += t->trail;
	len = zip_record_tail(rec, &end);
	rec[len - 2] = (uint8_t)t->comment;
	assert_ok(buf_add(&s->zip, rec, len));
	assert_ok(buf_add(&s->zip, content, t->comment));
	buf_wipe(&dir);
}

#define M                                                                                          \
	{                                                                                          \
		ZIP_MESSAGE, "hi"                                                                  \
	}
#define J                                                                                          \
	{                                                                                          \
		ZIP_MANIFEST, "{}"                                                                 \
	}
#define A                                                                                          \
	{                                                                                          \
		"files/001-a", "aaa"                                                               \
	}
#define B                                                                                          \
	{                                                                                          \
		"files/002-b", "bbb"                                                               \
	}

static void
archives_that_are_nearly_right(void **state)
{
	static const struct piece good[] = {M, A, B, J};
	static const struct twist none = {0}, twists[] = {
						  {.gap = 1},
						  {.gap = 100},
						  {.skip = 1},
						  {.skip = 2},
						  {.claim = 1},
						  {.claim = 0xfffffffe},
						  {.claim = 1ULL << 40},
						  {.claim = 1ULL << 61},
						  {.claim = UINT64_MAX - 100},
						  {.comment = 1},
						  {.extra_padding = 1},
						  {.extra_padding = 32768}, /* the next bucket */
						  {.behind = 32768},
						  {.trail = 1},
						  {.trail = 100},
						  {.members_more = 1},
					      };
	struct shelf s;
	size_t i;

	(void)state;
	build(&s, good, 4, &none);
	assert_ok(read_all(&s));
	buf_wipe(&s.zip);
	for (i = 0; i < sizeof twists / sizeof *twists; i++) {
		build(&s, good, 4, &twists[i]);
		refused(&s);
		buf_wipe(&s.zip);
	}
}

static void
members_in_another_order(void **state)
{
	static const struct {
		struct piece p[4];
		size_t n;
	} bad[] = {
	    {{{0}}, 0},
	    {{M}, 1},
	    {{J}, 1},
	    {{M, A}, 2},
	    {{A, J}, 2},
	    {{J, M}, 2},
	    {{M, J, J}, 3},
	    {{M, J, A}, 3},
	    {{M, B, J}, 3},
	    {{M, M, J}, 3},
	    {{A, M, J}, 3},
	    {{M, B, A, J}, 4},
	    {{M, A, A, J}, 4},
	    {{M, {"files/001-../x", "x"}, J}, 3},
	    {{M, {"files/001-", "x"}, J}, 3},
	    {{M, {"other", "x"}, J}, 3},
	    {{M, {".padding", "x"}, J}, 3},
	    {{M, {"files/001-\xc3\xa9", "x"}, J}, 3},
	    {{M, {"files/001-a\n", "x"}, J}, 3},
	    {{M, {"", "x"}, J}, 3},
	};
	static const struct twist none = {0};
	struct shelf s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		build(&s, bad[i].p, bad[i].n, &none);
		refused(&s);
		buf_wipe(&s.zip);
	}
}

/*
 * A content size so large that the size of its blocks wraps around to what
 * really is there: 8197 * WRAPPED is 2^64 + 5661.
 */
#define WRAPPED   2250426262499641ULL
#define REMAINDER 5661

static void
a_size_that_wraps_around(void **state)
{
	char text[REMAINDER - ZIP_BLOCK_HEADER + 1] = {0};
	const struct piece p[] = {{ZIP_MESSAGE, text}, {ZIP_MANIFEST, text}};
	const struct twist t = {.claim = WRAPPED * ZIP_BLOCK - (sizeof text - 1)};
	struct shelf s;

	(void)state;
	memset(text, 'a', sizeof text - 1);
	assert_int_equal(zip_record_packed(WRAPPED * ZIP_BLOCK), REMAINDER);
	build(&s, p, 2, &t);
	refused(&s);
	buf_wipe(&s.zip);
}

/* The directory says that the manifest lies within a file, where the uploader has put one. */
static void
a_member_within_another(void **state)
{
	static const char forged[] = "{}";
	struct zip_record r = {.name = ZIP_MANIFEST, .size = 2};
	uint8_t rec[ZIP_CENTRAL_MAX], *entry;
	struct zip_read *z = NULL;
	struct buf dir, upload;
	struct zip_write w;
	struct shelf s = {0};
	size_t planted;

	(void)state;
	r.crc = (uint32_t)crc32(0, (const void *)forged, 2);
	buf_init(&upload, 1024);
	buf_init(&dir, 1024);
	buf_init(&s.zip, BIG);
	assert_ok(buf_add(&upload, rec, zip_record_local(rec, &r)));
	zip_record_block(rec, 2, true);
	assert_ok(buf_add(&upload, rec, ZIP_BLOCK_HEADER));
	assert_ok(buf_add(&upload, forged, 2));
	assert_ok(buf_add(&upload, rec, zip_record_descriptor(rec, &r)));
	zip_write_init(&w, &dir, harness_sink(&s.zip));
	member(&w, ZIP_MESSAGE, "", 0);
	planted = s.zip.len + ZIP_LOCAL_LEN + strlen("files/001-a") + ZIP_LOCAL_EXTRA + 5;
	member(&w, "files/001-a", upload.p, upload.len);
	member(&w, ZIP_MANIFEST, "[]", 2);
	finish(&w, SIZE_MAX);
	assert_ok(zip_read_open(shelf_source(&s), &z));
	zip_read_free(z);
	z = NULL;
	/* the manifest's entry, before .padding's and the end record */
	r.start = planted;
	entry = s.zip.p + s.zip.len - ZIP_END_LEN - 54 - 59;
	assert_int_equal(zip_record_central(rec, &r), 59);
	assert_memory_equal(entry + 42 + 4, rec + 42 + 4, 13);
	memcpy(entry, rec, 59);
	refused(&s);
	buf_wipe(&s.zip);
	buf_wipe(&dir);
	buf_wipe(&upload);
}

/* zip64 records in an archive that is too small for them. */
static void
zip64_only_when_needed(void **state)
{
	const struct piece p[] = {M, J};
	uint8_t rec[ZIP_TAIL_MAX];
	struct zip_end end;
	struct shelf s;

	(void)state;
	build(&s, p, 2, &(struct twist){0});
	end = (struct zip_end){.members = 3, .dir_len = 170, .total = 5 * GIB};
	assert_int_equal(zip_record_tail(rec, &end), 98);
	memcpy(s.zip.p + s.zip.len - 98, rec, 98);
	refused(&s);
	buf_wipe(&s.zip);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(archives_that_are_nearly_right),
	    cmocka_unit_test(members_in_another_order),
	    cmocka_unit_test(a_size_that_wraps_around),
	    cmocka_unit_test(a_member_within_another),
	    cmocka_unit_test(zip64_only_when_needed),
	};

	return cmocka_run_group_tests_name("zip_hostile", tests, fill_content, NULL);
}
