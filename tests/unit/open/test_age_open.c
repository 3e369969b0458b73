#include "age_rig.h"

#include <sodium.h>
#include <stdbool.h>

/* Damage: cut off, changed, in another place, more than there was. */

static void
every_truncation_is_an_error(void **state)
{
	struct identity_set ids = fixture_ids(1);
	struct buf b = fixture_seal(&ids, 1, 40);
	size_t i;

	(void)state;
	assert_ok(open_all(b.p, b.len, &ids));
	for (i = 0; i < b.len; i++)
		assert_int_not_equal(open_all(b.p, i, &ids), ERR_OK);
	buf_wipe(&b);
	/* Of a larger file, each end within 40 bytes of a border, and every 1,009th. */
	b = fixture_seal(&ids, 1, 2 * AGE_CHUNK + 100);
	for (i = 0; i < b.len; i++)
		if (i % 1009 == 0 ||
		    (i + 40 - AGE_X25519_HEADER(1) - AGE_NONCE) % AGE_SEALED_CHUNK < 80)
			assert_int_not_equal(open_all(b.p, i, &ids), ERR_OK);
	buf_wipe(&b);
	identity_set_wipe(&ids);
}

static void
a_file_cut_between_chunks_is_an_error(void **state)
{
	struct identity_set ids = fixture_ids(1);
	size_t start = AGE_X25519_HEADER(1) + AGE_NONCE, k, n;
	struct age_open *a = NULL;
	struct buf b;

	(void)state;
	for (n = 3 * AGE_CHUNK + 1; n <= 4 * AGE_CHUNK; n += AGE_CHUNK - 1) {
		b = fixture_seal(&ids, 1, n);
		for (k = 0; k < 4; k++)
			assert_int_not_equal(
			    age_open_mem(b.p, start + k * AGE_SEALED_CHUNK, &ids, NULL, &a),
			    ERR_OK);
		assert_null(a);
		assert_ok(open_all(b.p, b.len, &ids));
		buf_wipe(&b);
	}
	identity_set_wipe(&ids);
}

/*
 * Every bit of a small file. What stands before the payload is refused by
 * parser, stanza or MAC; all else by the tags.
 */
static void
every_bit_flip_is_an_error(void **state)
{
	struct identity_set ids = fixture_ids(2);
	struct buf b = fixture_seal(&ids, 2, 100);
	enum err e;
	size_t i;
	int bit;

	(void)state;
	for (i = 0; i < b.len; i++) {
		for (bit = 0; bit < 8; bit++) {
			b.p[i] ^= (uint8_t)(1 << bit);
			e = open_all(b.p, b.len, &ids);
			assert_int_not_equal(e, ERR_OK);
			if (i >= AGE_X25519_HEADER(2))
				assert_int_equal(e, ERR_AUTH);
			b.p[i] ^= (uint8_t)(1 << bit);
		}
	}
	assert_ok(open_all(b.p, b.len, &ids));
	buf_wipe(&b);
	identity_set_wipe(&ids);
}

/* In a large file the damage is found by who reads that chunk, and by nobody else. */
static void
damage_stays_in_its_chunk(void **state)
{
	struct identity_set ids = fixture_ids(1);
	struct buf b = fixture_seal(&ids, 1, 4 * AGE_CHUNK);
	uint8_t *chunk = malloc(AGE_SEALED_CHUNK), zero[64] = {0};
	size_t start = AGE_X25519_HEADER(1) + AGE_NONCE, n, i;
	struct age_open *a;
	uint64_t k;

	(void)state;
	for (i = start; i < b.len; i += 4099) {
		b.p[i] ^= 0x10;
		if (i >= start + 3 * AGE_SEALED_CHUNK) {
			assert_err(open_mem(&b, &ids, &a), ERR_AUTH);
		} else {
			assert_ok(open_mem(&b, &ids, &a));
			for (k = 0; k < 4; k++) {
				memset(chunk, 0, 64);
				assert_err(age_open_chunk(a, k, chunk, &n),
				    k == (i - start) / AGE_SEALED_CHUNK ? ERR_AUTH : ERR_OK);
				if (k == (i - start) / AGE_SEALED_CHUNK)
					assert_memory_equal(chunk, zero, 64);
			}
			age_open_free(a);
		}
		b.p[i] ^= 0x10;
	}
	free(chunk);
	buf_wipe(&b);
	identity_set_wipe(&ids);
}

static void
chunks_have_their_place(void **state)
{
	struct identity_set ids = fixture_ids(1);
	struct buf b = fixture_seal(&ids, 1, 4 * AGE_CHUNK);
	uint8_t *first = b.p + AGE_X25519_HEADER(1) + AGE_NONCE, *chunk = malloc(AGE_SEALED_CHUNK);

	(void)state;
	assert_non_null(chunk);
	memcpy(chunk, first, AGE_SEALED_CHUNK);
	memcpy(first, first + AGE_SEALED_CHUNK, AGE_SEALED_CHUNK);
	memcpy(first + AGE_SEALED_CHUNK, chunk, AGE_SEALED_CHUNK);
	assert_err(open_all(b.p, b.len, &ids), ERR_AUTH);
	free(chunk);
	buf_wipe(&b);
	identity_set_wipe(&ids);
}

static void
nothing_may_follow(void **state)
{
	struct identity_set ids = fixture_ids(1);
	size_t i, extra;
	struct buf b;

	(void)state;
	for (i = 0; i < N_SIZES; i++) {
		for (extra = 1; extra <= 17; extra++) {
			b = fixture_seal(&ids, 1, sizes[i]);
			assert_ok(buf_add(&b, "trailing garbage!", extra));
			assert_int_not_equal(open_all(b.p, b.len, &ids), ERR_OK);
			buf_wipe(&b);
		}
	}
	identity_set_wipe(&ids);
}

/* Seals chunks by hand: what an honest writer never makes. */
static struct buf
seal_chunks(const struct identity_set *ids, const size_t *lens, size_t n, size_t last_from)
{
	static uint8_t zero[AGE_CHUNK];
	struct age_payload p;
	struct buf out;
	uint8_t *to;
	size_t i;

	buf_init(&out, 1 << 20);
	assert_ok(
	    age_header_write(&p, (const uint8_t(*)[AGE_KEY])ids->p[0].pk, 1, harness_sink(&out)));
	for (i = 0; i < n; i++) {
		assert_ok(buf_grow(&out, lens[i] + AGE_TAG, &to));
		age_chunk_seal(&p, i, i >= last_from, to, zero, lens[i]);
	}
	return out;
}

static enum err
open_chunks(const size_t *lens, size_t n, size_t last_from)
{
	struct identity_set ids = fixture_ids(1);
	struct buf b = seal_chunks(&ids, lens, n, last_from);
	enum err e = open_all(b.p, b.len, &ids);

	buf_wipe(&b);
	identity_set_wipe(&ids);
	return e;
}

static void
the_last_chunk_is_special(void **state)
{
	static const size_t full[] = {AGE_CHUNK, AGE_CHUNK, AGE_CHUNK};
	static const size_t empty_end[] = {AGE_CHUNK, 0};
	static const size_t short_middle[] = {AGE_CHUNK, 100, 100};

	(void)state;
	assert_ok(open_chunks(full, 1, 0));
	assert_ok(open_chunks(full, 3, 2));
	assert_err(open_chunks(full, 3, 3), ERR_AUTH); /* no last chunk */
	assert_err(open_chunks(full, 3, 1), ERR_AUTH); /* two of them */
	assert_err(open_chunks(full, 1, 1), ERR_AUTH);
	assert_err(open_chunks(empty_end, 2, 1), ERR_FORMAT); /* empty, but not alone */
	assert_err(open_chunks(empty_end, 2, 0), ERR_FORMAT);
	assert_ok(open_chunks(empty_end + 1, 1, 0));
	assert_err(open_chunks(short_middle, 3, 2), ERR_AUTH);
	assert_err(open_chunks(full, 0, 0), ERR_TRUNCATED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_truncation_is_an_error),
	    cmocka_unit_test(a_file_cut_between_chunks_is_an_error),
	    cmocka_unit_test(every_bit_flip_is_an_error),
	    cmocka_unit_test(damage_stays_in_its_chunk),
	    cmocka_unit_test(chunks_have_their_place),
	    cmocka_unit_test(nothing_may_follow),
	    cmocka_unit_test(the_last_chunk_is_special),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests_name("age_open", tests, NULL, NULL);
}
