#include <stdbool.h>
#include <string.h>

#include "base/limits.h"
#include "base/random.h"
#include "fuzz.h"
#include "open/age_header.h"
#include "open/age_open.h"
#include "seal/age_seal.h"

/*
 * Three kinds of input, told by the first byte:
 * 'x', 'p'  an age file, opened with one known identity, or the passphrase "p";
 * 'c'       a recipe for chunks, two bytes each: sealed under a known key with
 *           right or wrong place, flag and size, they open if and only if an
 *           honest writer could have made them.
 */
#define CHUNKS_MAX 4
#define COST_MAX   1 /* digits of a work factor: nobody has the time for more */

static const char identity[] =
    "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
static struct identity_set ids;
static struct secret_text pass;
static struct buf header; /* a good one, with payload's key behind it */
static struct age_payload payload;

static enum err
put_buf(void *ctx, const void *p, size_t n)
{
	return buf_add(ctx, p, n);
}

static void
start(void)
{
	struct identity *id;

	if (ids.n > 0)
		return;
	buf_init(&header, 4096);
	FUZZ_CHECK(random_start() == 0);
	FUZZ_CHECK(identity_parse(&id, identity, strlen(identity)) == ERR_OK);
	FUZZ_CHECK(identity_set_add(&ids, id) == ERR_OK);
	FUZZ_CHECK(secret_text_new(&pass, 1) == ERR_OK);
	FUZZ_CHECK(secret_text_add(&pass, "p", 1) == ERR_OK);
	FUZZ_CHECK(age_header_write(&payload, (const uint8_t(*)[AGE_KEY])id->pk, 1,
		       (struct sink){put_buf, &header}) == ERR_OK);
	secret_free(id);
}

/* ERR_OK if it opens and every chunk is good; then the whole agrees with its parts. */
static enum err
open_all(const uint8_t *p, size_t n, const struct identity_set *set, const struct secret_text *pw)
{
	static uint8_t chunk[AGE_SEALED_CHUNK], part[AGE_CHUNK];
	struct age_open *a = NULL;
	uint64_t i, total = 0;
	size_t got;
	enum err e;

	e = age_open_mem(p, n, set, pw, &a);
	FUZZ_CHECK((a != NULL) == (e == ERR_OK));
	for (i = 0; e == ERR_OK && i < age_open_chunks(a); i++, total += got) {
		if ((e = age_open_chunk(a, i, chunk, &got)) != ERR_OK)
			break;
		FUZZ_CHECK(age_open_read(a, total, part, got) == ERR_OK);
		FUZZ_CHECK(memcmp(part, chunk, got) == 0);
	}
	if (e == ERR_OK)
		FUZZ_CHECK(total == age_open_size(a));
	age_open_free(a);
	return e;
}

static bool
is_cheap(const uint8_t *p, size_t n)
{
	static struct age_header h;
	size_t used, len = 0;

	age_header_init(&h);
	if (age_header_put(&h, p, n, &used) != ERR_OK)
		return true;
	return age_header_arg(&h, &h.stanzas[0], 2, &len) == NULL || len <= COST_MAX;
}

/* Bits of a recipe's first byte: size (3), last flag, counter one off, a flipped bit. */
static bool
add_chunk(struct buf *out, const uint8_t recipe[static 2], size_t place, size_t count)
{
	static const size_t sizes[] = {
	    0, 1, 100, AGE_CHUNK - 1, AGE_CHUNK, AGE_CHUNK, AGE_CHUNK, 65};
	static uint8_t plain[AGE_CHUNK];
	bool is_end = place + 1 == count, flag = (recipe[0] & 8) != 0;
	size_t n = sizes[recipe[0] & 7];
	uint64_t counter = place + ((recipe[0] & 16) != 0);
	uint8_t *to;

	FUZZ_CHECK(buf_grow(out, n + AGE_TAG, &to) == ERR_OK);
	age_chunk_seal(&payload, counter, flag, to, plain, n);
	if ((recipe[0] & 32) != 0)
		to[recipe[1] * (n + AGE_TAG) / 256] ^= (uint8_t)(1 << recipe[1] % 8);
	return flag == is_end && counter == place && (recipe[0] & 32) == 0 &&
	       (is_end ? n > 0 || count == 1 : n == AGE_CHUNK);
}

static void
open_recipe(const uint8_t *p, size_t n)
{
	size_t count = n / 2 < CHUNKS_MAX ? n / 2 : CHUNKS_MAX, i;
	bool is_honest = count > 0;
	struct buf file;

	buf_init(&file, 1 << 20);
	FUZZ_CHECK(buf_add(&file, header.p, header.len) == ERR_OK);
	for (i = 0; i < count; i++)
		is_honest = add_chunk(&file, p + 2 * i, i, count) && is_honest;
	FUZZ_CHECK((open_all(file.p, file.len, &ids, NULL) == ERR_OK) == is_honest);
	buf_wipe(&file);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	enum err e;

	start();
	if (n == 0)
		return 0;
	switch (p[0]) {
	case 'x':
		e = open_all(p + 1, n - 1, &ids, NULL);
		FUZZ_CHECK(e != ERR_PASSPHRASE && e != ERR_SYS && e != ERR_USAGE);
		break;
	case 'p':
		if (is_cheap(p + 1, n - 1)) {
			e = open_all(p + 1, n - 1, NULL, &pass);
			FUZZ_CHECK(e != ERR_SYS && e != ERR_USAGE);
		}
		break;
	case 'c': open_recipe(p + 1, n - 1); break;
	default: break;
	}
	return 0;
}
