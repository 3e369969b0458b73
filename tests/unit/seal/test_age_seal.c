#include "harness.h"

#include <sodium.h>

#include "base/limits.h"
#include "base/text.h"
#include "seal/age_seal.h"
#include "seal/hkdf.h"

#define KEYS LIMIT_AGE_RECIPIENTS
#define BIG  (8ULL << 20)

static uint8_t sk[KEYS][AGE_KEY], pk[KEYS][AGE_KEY];
static uint8_t plain[3 * AGE_CHUNK + 99];

static const uint8_t (*recipients(void))[AGE_KEY]
{
	return (const uint8_t(*)[AGE_KEY])pk;
}

static int
make_keys(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < KEYS; i++) {
		randombytes_buf(sk[i], AGE_KEY);
		crypto_scalarmult_base(pk[i], sk[i]);
	}
	harness_fill(plain, sizeof plain, 1);
	return 0;
}

/* ---- a small opener, written from the specification, for files of exactly our form */

/* The stanza of recipient i: its lines are where they must be. Gives the file key. */
static void
open_stanza(uint8_t file_key[AGE_FILE_KEY], const char *stanza, size_t i)
{
	uint8_t share[AGE_KEY], body[AGE_KEY], shared[AGE_KEY], key[AGE_KEY], salt[2 * AGE_KEY];
	const uint8_t nonce[12] = {0};

	assert_memory_equal(stanza, "-> X25519 ", 10);
	assert_ok(text_unb64(share, AGE_KEY, stanza + 10, 43));
	assert_int_equal(stanza[53], '\n');
	assert_ok(text_unb64(body, AGE_KEY, stanza + 54, 43));
	assert_int_equal(stanza[97], '\n');
	assert_int_equal(crypto_scalarmult(shared, sk[i], share), 0);
	memcpy(salt, share, AGE_KEY);
	memcpy(salt + AGE_KEY, pk[i], AGE_KEY);
	hkdf_sha256(key, shared, AGE_KEY, salt, sizeof salt, "age-encryption.org/v1/X25519");
	assert_int_equal(crypto_aead_chacha20poly1305_ietf_decrypt(
			     file_key, NULL, NULL, body, sizeof body, NULL, 0, nonce, key),
	    0);
}

/* Checks the MAC line and gives the payload key; returns the header's size with the nonce. */
static size_t
open_header(uint8_t payload[AGE_KEY], const struct buf *f, size_t n, size_t i)
{
	const char *text = (const char *)f->p;
	uint8_t file_key[AGE_FILE_KEY], key[AGE_KEY], mac[AGE_KEY], want[AGE_KEY];
	size_t dashes = 22 + 98 * n;

	assert_true(f->len >= dashes + 48 + AGE_NONCE);
	assert_memory_equal(text, "age-encryption.org/v1\n", 22);
	open_stanza(file_key, text + 22 + 98 * i, i);
	assert_memory_equal(text + dashes, "--- ", 4);
	assert_ok(text_unb64(mac, AGE_KEY, text + dashes + 4, 43));
	assert_int_equal(text[dashes + 47], '\n');
	hkdf_sha256(key, file_key, sizeof file_key, NULL, 0, "header");
	crypto_auth_hmacsha256(want, f->p, dashes + 3, key);
	assert_memory_equal(mac, want, sizeof mac);
	hkdf_sha256(payload, file_key, sizeof file_key, f->p + dashes + 48, AGE_NONCE, "payload");
	return dashes + 48 + AGE_NONCE;
}

/* Opens as recipient i of n and compares with the plaintext. */
static void
opens_to(const struct buf *f, size_t n, size_t i, const uint8_t *want, size_t want_len)
{
	uint8_t key[AGE_KEY], nonce[12] = {0};
	size_t at = open_header(key, f, n, i), done = 0, take;
	uint8_t *out = malloc(AGE_CHUNK);
	uint64_t counter;

	assert_non_null(out);
	for (counter = 0; counter == 0 || at < f->len; counter++) {
		take = f->len - at < AGE_SEALED_CHUNK ? f->len - at : AGE_SEALED_CHUNK;
		nonce[10] = (uint8_t)counter;
		nonce[9] = (uint8_t)(counter >> 8);
		nonce[11] = at + take == f->len;
		assert_int_equal(crypto_aead_chacha20poly1305_ietf_decrypt(
				     out, NULL, NULL, f->p + at, take, NULL, 0, nonce, key),
		    0);
		assert_true(take > AGE_TAG || counter == 0); /* only one empty chunk, alone */
		assert_true(done + take - AGE_TAG <= want_len);
		assert_memory_equal(out, want + done, take - AGE_TAG);
		done += take - AGE_TAG;
		at += take;
	}
	assert_int_equal(done, want_len);
	free(out);
}

/* ---- sealing in pieces */

static void
seal_in_pieces(struct buf *out, size_t n, const uint8_t *p, size_t len, size_t piece)
{
	struct age_seal *s = malloc(sizeof *s);
	size_t at, take;

	assert_non_null(s);
	assert_ok(age_seal_init(s, recipients(), n, harness_sink(out)));
	for (at = 0; at < len; at += take) {
		take = len - at < piece ? len - at : piece;
		assert_ok(age_seal_put(s, p + at, take));
	}
	assert_ok(age_seal_finish(s));
	age_seal_wipe(s);
	free(s);
}

static void
each_recipient_opens_each_size(void **state)
{
	static const size_t sizes[] = {0, 1, 15, 16, 17, AGE_CHUNK - 1, AGE_CHUNK, AGE_CHUNK + 1,
	    2 * AGE_CHUNK - 1, 2 * AGE_CHUNK, 2 * AGE_CHUNK + 1, 3 * AGE_CHUNK + 99};
	struct buf f;
	size_t n, i, k;

	(void)state;
	for (n = 1; n <= KEYS; n++)
		for (k = 0; k < sizeof sizes / sizeof *sizes; k++) {
			buf_init(&f, BIG);
			seal_in_pieces(&f, n, plain, sizes[k], 8197);
			assert_int_equal(f.len, age_sealed_size(n, sizes[k]));
			for (i = 0; i < n; i++)
				opens_to(&f, n, i, plain, sizes[k]);
			buf_wipe(&f);
		}
}

/* ---- any split of the input gives the same output */

/* The same file key for two runs: the stage after init, copied. */
static void
continue_split(const struct age_seal *start, struct buf *out, size_t len, size_t at)
{
	struct age_seal *s = malloc(sizeof *s);

	assert_non_null(s);
	*s = *start;
	s->out = harness_sink(out);
	assert_ok(age_seal_put(s, plain, at));
	assert_ok(age_seal_put(s, plain + at, 0));
	assert_ok(age_seal_put(s, plain + at, len - at));
	assert_ok(age_seal_finish(s));
	free(s);
}

static bool
is_near_a_border(size_t at)
{
	size_t r = at % AGE_CHUNK;

	return r < 9 || r > AGE_CHUNK - 9;
}

static void
every_split_is_the_same(void **state)
{
	const size_t lens[] = {AGE_CHUNK, 2 * AGE_CHUNK, 2 * AGE_CHUNK + 1, 3 * AGE_CHUNK + 99};
	struct age_seal *start = malloc(sizeof *start);
	struct buf header, want, got;
	size_t k, at;

	(void)state;
	assert_non_null(start);
	buf_init(&header, BIG);
	assert_ok(age_seal_init(start, recipients(), 1, harness_sink(&header)));
	for (k = 0; k < 4; k++) {
		buf_init(&want, BIG);
		continue_split(start, &want, lens[k], 0);
		for (at = 0; at <= lens[k]; at += is_near_a_border(at) ? 1 : 1009) {
			buf_init(&got, BIG);
			continue_split(start, &got, lens[k], at);
			assert_int_equal(got.len, want.len);
			assert_memory_equal(got.p, want.p, want.len);
			buf_wipe(&got);
		}
		buf_wipe(&want);
	}
	buf_wipe(&header);
	free(start);
}

static void
every_piece_size_is_the_same(void **state)
{
	static const size_t pieces[] = {
	    1, 7, 4096, AGE_CHUNK - 1, AGE_CHUNK, AGE_CHUNK + 1, 2 * AGE_CHUNK + 1, sizeof plain};
	struct buf f;
	size_t k;

	(void)state;
	for (k = 0; k < sizeof pieces / sizeof *pieces; k++) {
		buf_init(&f, BIG);
		seal_in_pieces(&f, 1, plain, sizeof plain, pieces[k]);
		opens_to(&f, 1, 0, plain, sizeof plain);
		buf_wipe(&f);
	}
}

/* ---- primitives */

static void
chunk_nonce_is_counter_and_flag(void **state)
{
	static const struct {
		uint64_t counter;
		uint8_t nonce[11];
	} table[] = {
	    {0, {0}},
	    {1, {[10] = 1}},
	    {0x1ff, {[9] = 1, 0xff}},
	    {0x0102030405060708, {0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8}},
	    {UINT64_MAX, {0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255}},
	};
	struct age_payload p;
	uint8_t got[64 + AGE_TAG], want[64 + AGE_TAG], nonce[12];
	size_t i;
	int last;

	(void)state;
	harness_fill(p.key, sizeof p.key, 3);
	for (i = 0; i < sizeof table / sizeof *table; i++)
		for (last = 0; last < 2; last++) {
			memcpy(nonce, table[i].nonce, 11);
			nonce[11] = (uint8_t)last;
			crypto_aead_chacha20poly1305_ietf_encrypt(
			    want, NULL, plain, 64, NULL, 0, NULL, nonce, p.key);
			age_chunk_seal(&p, table[i].counter, last, got, plain, 64);
			assert_memory_equal(got, want, sizeof want);
			memcpy(got, plain, 64); /* in place */
			age_chunk_seal(&p, table[i].counter, last, got, got, 64);
			assert_memory_equal(got, want, sizeof want);
		}
	age_payload_wipe(&p);
	assert_true(sodium_is_zero(p.key, sizeof p.key));
}

static void
header_primitive_fits_the_stage(void **state)
{
	struct age_payload p;
	uint8_t key[AGE_KEY];
	struct buf f;
	size_t n;

	(void)state;
	for (n = 1; n <= KEYS; n++) {
		buf_init(&f, BIG);
		assert_ok(age_header_write(&p, recipients(), n, harness_sink(&f)));
		assert_int_equal(f.len, AGE_X25519_HEADER(n) + AGE_NONCE);
		assert_int_equal(open_header(key, &f, n, n - 1), f.len);
		assert_memory_equal(key, p.key, sizeof key);
		buf_wipe(&f);
	}
	assert_int_equal(AGE_X25519_HEADER(1), 168);
}

/* File key, nonce and every ephemeral share are fresh. */
static void
nothing_repeats(void **state)
{
	struct age_payload a, b;
	struct buf f, g;
	size_t i;

	(void)state;
	buf_init(&f, BIG);
	buf_init(&g, BIG);
	assert_ok(age_header_write(&a, recipients(), 2, harness_sink(&f)));
	assert_ok(age_header_write(&b, recipients(), 2, harness_sink(&g)));
	assert_memory_not_equal(a.key, b.key, AGE_KEY);
	assert_memory_not_equal(f.p + f.len - AGE_NONCE, g.p + g.len - AGE_NONCE, AGE_NONCE);
	for (i = 0; i < 2; i++)
		assert_memory_not_equal(f.p + 32 + 98 * i, g.p + 32 + 98 * i, 43);
	assert_memory_not_equal(f.p + 32, f.p + 32 + 98, 43);
	buf_wipe(&f);
	buf_wipe(&g);
}

static void
sealed_size_is_exact(void **state)
{
	static const struct {
		size_t n;
		uint64_t plain, sealed;
	} table[] = {
	    {1, 0, 168 + 16 + 16},
	    {1, 1, 168 + 16 + 17},
	    {1, 65536, 168 + 16 + 65552},
	    {1, 65537, 168 + 16 + 65552 + 17},
	    {2, 262144, 266 + 16 + 4 * 65552},
	    {4, 1ULL << 32, 462 + 16 + (1ULL << 16) * 65552},
	    {1, 1ULL << 60, 168 + 16 + (1ULL << 44) * 65552},
	};
	struct buf f;
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof table / sizeof *table; i++)
		assert_int_equal(age_sealed_size(table[i].n, table[i].plain), table[i].sealed);
	for (len = 0; len <= sizeof plain; len += 1 + len / 7) {
		buf_init(&f, BIG);
		seal_in_pieces(&f, 1, plain, len, sizeof plain);
		assert_int_equal(f.len, age_sealed_size(1, len));
		buf_wipe(&f);
	}
}

/* ---- hostile */

/* All points whose multiple by a clamped scalar is zero (RFC 7748 section 6.1), in every encoding
 * below 2^255, and with the bit that X25519 ignores. */
static const char *const weak_points[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

static void
refused_recipients(const uint8_t (*r)[AGE_KEY], size_t n, enum err e)
{
	struct age_seal *s = malloc(sizeof *s);
	struct age_payload p, before;
	struct buf f;

	assert_non_null(s);
	buf_init(&f, BIG);
	memset(&p, 0xa5, sizeof p);
	before = p;
	assert_err(age_header_write(&p, r, n, harness_sink(&f)), e);
	assert_memory_equal(&p, &before, sizeof p);
	assert_int_equal(f.len, 0);
	assert_err(age_seal_init(s, r, n, harness_sink(&f)), e);
	assert_int_equal(f.len, 0);
	assert_err(age_seal_put(s, "x", 1), ERR_STATE);
	assert_err(age_seal_finish(s), ERR_STATE);
	age_seal_wipe(s);
	free(s);
}

static void
weak_points_are_refused(void **state)
{
	uint8_t r[2][AGE_KEY];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof weak_points / sizeof *weak_points; i++) {
		assert_ok(text_unhex(r[0], AGE_KEY, weak_points[i], 2 * AGE_KEY));
		memcpy(r[1], pk[0], AGE_KEY);
		refused_recipients((const uint8_t(*)[AGE_KEY])r, 2, ERR_CRYPTO);
		r[0][31] |= 0x80;
		refused_recipients((const uint8_t(*)[AGE_KEY])r, 1, ERR_CRYPTO);
		memcpy(r[1], r[0], AGE_KEY);
		memcpy(r[0], pk[0], AGE_KEY);
		refused_recipients((const uint8_t(*)[AGE_KEY])r, 2, ERR_CRYPTO);
	}
}

static void
number_of_recipients_is_bounded(void **state)
{
	uint8_t five[KEYS + 1][AGE_KEY];

	(void)state;
	memcpy(five, pk, sizeof pk);
	memcpy(five[KEYS], pk[0], AGE_KEY);
	refused_recipients((const uint8_t(*)[AGE_KEY])five, KEYS + 1, ERR_USAGE);
	refused_recipients((const uint8_t(*)[AGE_KEY])five, SIZE_MAX, ERR_USAGE);
	refused_recipients(recipients(), 0, ERR_USAGE);
}

/* A sink that fails at its n-th call. */
struct failing {
	size_t calls, at;
};

static enum err
put_failing(void *ctx, const void *p, size_t n)
{
	struct failing *f = ctx;

	(void)p;
	(void)n;
	return f->calls++ == f->at ? ERR_NOSPACE : ERR_OK;
}

static void
a_failure_is_the_end(void **state)
{
	struct age_seal *s = malloc(sizeof *s);
	struct failing f;
	size_t at;
	enum err e;

	(void)state;
	assert_non_null(s);
	for (at = 0; at < 5; at++) { /* header, three full chunks, the last one */
		f = (struct failing){.at = at};
		if ((e = age_seal_init(s, recipients(), 1, (struct sink){put_failing, &f})) ==
			ERR_OK &&
		    (e = age_seal_put(s, plain, sizeof plain)) == ERR_OK)
			e = age_seal_finish(s);
		assert_err(e, ERR_NOSPACE);
		assert_int_equal(f.calls, at + 1);
		assert_err(age_seal_put(s, plain, 1), ERR_STATE);
		assert_err(age_seal_finish(s), ERR_STATE);
		assert_int_equal(f.calls, at + 1);
	}
	free(s);
}

static void
finish_is_the_end_and_wipe_leaves_nothing(void **state)
{
	struct age_seal *s = calloc(1, sizeof *s);
	struct buf f;

	(void)state;
	assert_non_null(s);
	age_seal_wipe(s); /* zeroed */
	buf_init(&f, BIG);
	assert_ok(age_seal_init(s, recipients(), 1, harness_sink(&f)));
	assert_ok(sink_put(age_seal_sink(s), plain, 1000));
	assert_ok(age_seal_finish(s));
	opens_to(&f, 1, 0, plain, 1000);
	assert_err(age_seal_put(s, plain, 1), ERR_STATE);
	assert_err(age_seal_put(s, plain, 0), ERR_STATE);
	assert_err(age_seal_finish(s), ERR_STATE);
	age_seal_wipe(s);
	assert_err(age_seal_put(s, plain, 1), ERR_STATE);
	assert_true(sodium_is_zero(s->payload.key, sizeof s->payload.key));
	assert_true(sodium_is_zero(s->chunk, sizeof s->chunk));
	buf_wipe(&f);
	free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_recipient_opens_each_size),
	    cmocka_unit_test(every_split_is_the_same),
	    cmocka_unit_test(every_piece_size_is_the_same),
	    cmocka_unit_test(chunk_nonce_is_counter_and_flag),
	    cmocka_unit_test(header_primitive_fits_the_stage),
	    cmocka_unit_test(nothing_repeats),
	    cmocka_unit_test(sealed_size_is_exact),
	    cmocka_unit_test(weak_points_are_refused),
	    cmocka_unit_test(number_of_recipients_is_bounded),
	    cmocka_unit_test(a_failure_is_the_end),
	    cmocka_unit_test(finish_is_the_end_and_wipe_leaves_nothing),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests_name("age_seal", tests, make_keys, NULL);
}
