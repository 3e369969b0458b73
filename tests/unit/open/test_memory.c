/*
 * After everything is freed and wiped, no secret is left anywhere in this
 * process: not on the heap, and not on the dead part of the stack, where the
 * functions that worked with it had their variables.
 */
#include "fixture.h"

#include <sodium.h>

#include "base/text.h"
#include "open/keystore.h"
#include "seal/bech32.h"
#include "seal/hkdf.h"

#define MASK        0x5a
#define NEEDLE      20 /* bytes of a secret that are looked for */
#define NEEDLES     32
#define MARKER_LEN  4096
#define MAPPING_MAX (1UL << 27)  /* a sanitizer's shadow is larger, and isn't ours */
#define DEAD_STACK  (128 * 1024) /* bytes below our frame that functions may have used */

/* Secrets, masked so that the list itself isn't found. */
static struct {
	const char *name;
	uint8_t masked[NEEDLE];
} needles[NEEDLES];
static size_t n_needles;
static uint8_t dead_stack[DEAD_STACK];
static size_t n_found; /* on the stack, by watch */

/* From its middle: X25519 changes the first and last byte of a copy. */
static void
add_needle(const char *name, const void *secret, size_t len)
{
	const volatile uint8_t *p = (const volatile uint8_t *)secret + (len - NEEDLE) / 2;
	size_t i;

	assert_true(len >= NEEDLE && n_needles < NEEDLES);
	needles[n_needles].name = name;
	for (i = 0; i < NEEDLE; i++)
		needles[n_needles].masked[i] = p[i] ^ MASK;
	n_needles++;
}

__attribute__((no_sanitize("address"))) static size_t
find_in(const uint8_t *p, size_t n, const uint8_t masked[static NEEDLE])
{
	size_t i, k, found = 0;

	for (i = 0; i + NEEDLE <= n; i++) {
		if ((p[i] ^ MASK) != masked[0])
			continue;
		for (k = 1; k < NEEDLE && (p[i + k] ^ MASK) == masked[k]; k++)
			;
		found += k == NEEDLE;
	}
	return found;
}

/*
 * What the returned functions left below our frame, before anything we call
 * writes over it.
 */
__attribute__((noinline, no_sanitize("address"))) static void
save_dead_stack(void)
{
	const volatile uint8_t *from =
	    (const volatile uint8_t *)__builtin_frame_address(0) - DEAD_STACK;
	volatile uint8_t *to = dead_stack;
	size_t i;

	for (i = 0; i < DEAD_STACK; i++)
		to[i] = from[i];
}

/* What the call just before has left on the stack, of the secrets known so far. */
static enum err
watch(enum err e)
{
	size_t i, here;

	save_dead_stack();
	for (i = 0; i < n_needles; i++) {
		here = find_in(dead_stack, DEAD_STACK, needles[i].masked);
		if (here > 0)
			print_message("%s: %zu times on the stack\n", needles[i].name, here);
		n_found += here;
	}
	sodium_memzero(dead_stack, DEAD_STACK);
	return e;
}

/* Every mapping that we may read and write. */
__attribute__((no_sanitize("address"))) static size_t
count_found(void)
{
	unsigned long from, to;
	char line[512], perms[8];
	size_t found = 0, here, i;
	FILE *f = fopen("/proc/self/maps", "re");

	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL) {
		if (sscanf(line, "%lx-%lx %7s", &from, &to, perms) != 3 ||
		    strncmp(perms, "rw", 2) != 0 || to - from > MAPPING_MAX)
			continue;
		for (i = 0; i < n_needles; i++) {
			here = find_in((const uint8_t *)from, to - from, needles[i].masked);
			if (here > 0)
				print_message("%s: %zu times in %s", needles[i].name, here, line);
			found += here;
		}
	}
	fclose(f);
	return found;
}

static void
expect_clean(void)
{
	assert_int_equal(n_found, 0);
	assert_int_equal(count_found(), 0);
	n_needles = 0;
	sodium_memzero(needles, sizeof needles);
}

static void
add_identity(const char *raw_name, const char *text_name, const struct identity *id)
{
	char *text = secret_new(AGE_IDENTITY_LEN + 1);

	assert_non_null(text);
	bech32_identity(text, id->sk);
	add_needle(raw_name, id->sk, AGE_KEY);
	add_needle(text_name, text, AGE_IDENTITY_LEN);
	secret_free(text);
}

static void
random_pass(struct secret_text *pass)
{
	assert_ok(secret_text_new(pass, 40));
	while (pass->len < 40)
		pass->p[pass->len++] = (char)('a' + random_below(26));
	add_needle("passphrase", pass->p, pass->len);
}

/* A careless function. */
__attribute__((noinline)) static uint8_t
leave_on_stack(const uint8_t *secret, size_t n)
{
	uint8_t copy[2048];

	memcpy(copy, secret, n);
	__asm__ volatile("" : : "r"(copy) : "memory");
	return copy[0];
}

/* The scanner finds what is there, or the other tests would mean nothing. */
static void
the_search_works(void **state)
{
	uint8_t *heap = malloc(64), *careless = malloc(64);

	(void)state;
	random_bytes(heap, 64);
	random_bytes(careless, 64);
	add_needle("on the heap", heap, 64);
	add_needle("on the dead stack", careless, 64);
	assert_int_equal(watch(leave_on_stack(careless, 64)), careless[0]);
	assert_in_range(n_found, 1, 4);
	sodium_memzero(careless, 64);
	assert_in_range(count_found(), 1, 4);
	sodium_memzero(heap, 64);
	sodium_stackzero(DEAD_STACK);
	n_found = 0;
	free(careless);
	free(heap);
	expect_clean();
}

static void
a_key_store_leaves_nothing(void **state)
{
	char path[96], base[64];
	struct secret_text pass, wrong, text;
	struct identity_set all = {0};
	struct identity *id, *again;
	struct keystore *k, *none;
	struct sign_key *key;

	(void)state;
	snprintf(base, sizeof base, "%s", harness_mkdir());
	snprintf(path, sizeof path, "%s/KEYS", base);
	random_pass(&pass);
	random_pass(&wrong);
	assert_ok(watch(keystore_create_cost(path, &pass, 1)));
	assert_err(watch(keystore_open(path, &wrong, &none)), ERR_PASSPHRASE);
	assert_ok(watch(keystore_open(path, &pass, &k)));
	add_identity("unlock key", "unlock key as text", keystore_unlock(k));

	assert_ok(watch(identity_new(&id)));
	add_identity("epoch key", "epoch key as text", id);
	assert_ok(watch(keystore_put_epoch(k, "tips", 1, id, 1)));
	assert_err(watch(keystore_put_epoch(k, "tips", 1, id, 1)), ERR_EXISTS);
	assert_ok(watch(keystore_get_epoch(k, "tips", 1, &again)));
	assert_ok(watch(keystore_all_epochs(k, &all)));
	assert_ok(watch(keystore_get(k, "epochs/tips-1.age", &text)));
	secret_text_wipe(&text);
	secret_free(id);
	secret_free(again);
	identity_set_wipe(&all);

	assert_non_null(key = secret_new(sizeof *key));
	sign_key_new(key);
	add_needle("signing seed", key->seed, SIGN_SEED);
	assert_ok(watch(keystore_put_sign(k, "root.age", key)));
	assert_ok(watch(keystore_get_sign(k, "root.age", key)));
	assert_err(watch(keystore_get_sign(k, "epochs/tips-1.age", key)), ERR_FORMAT);
	sign_key_wipe(key);
	secret_free(key);

	keystore_free(k);
	secret_text_wipe(&pass);
	secret_text_wipe(&wrong);
	expect_clean();
	harness_rmdir(base);
}

static void
signing_leaves_nothing(void **state)
{
	struct sign_key *key = secret_new(sizeof *key);
	unsigned char *sk = secret_new(crypto_sign_SECRETKEYBYTES), *az = secret_new(64);
	struct buf sig;

	(void)state;
	assert_non_null(key);
	buf_init(&sig, 1024);
	sign_key_new(key);
	add_needle("signing seed", key->seed, SIGN_SEED);
	crypto_hash_sha512(az, key->seed, SIGN_SEED);
	add_needle("signing scalar", az, 32);
	add_needle("signing nonce key", az + 32, 32);
	assert_ok(watch(sign_message(key, "m", 1, "comment", &sig)));
	assert_err(watch(sign_message(key, "m", 1, "com\nment", &sig)), ERR_USAGE);
	sign_key_from_seed(key, key->seed);
	sign_key_wipe(key);
	secret_free(key);
	secret_free(sk);
	secret_free(az);
	buf_wipe(&sig);
	expect_clean();
}

/* A file of two chunks whose content is only in guarded memory, and on return nowhere. */
static struct buf
seal_marker(const struct identity_set *ids)
{
	struct age_seal *s = secret_new(sizeof *s);
	uint8_t *plain = secret_new(AGE_CHUNK + MARKER_LEN);
	struct buf out;

	assert_true(s != NULL && plain != NULL);
	random_bytes(plain, AGE_CHUNK + MARKER_LEN);
	add_needle("plaintext, first chunk", plain, MARKER_LEN);
	add_needle("plaintext, last chunk", plain + AGE_CHUNK, MARKER_LEN);
	buf_init(&out, 1 << 20);
	assert_ok(watch(
	    age_seal_init(s, (const uint8_t(*)[AGE_KEY])ids->p[0].pk, 1, harness_sink(&out))));
	add_needle("payload key", s->payload.key, AGE_KEY);
	assert_ok(watch(age_seal_put(s, plain, AGE_CHUNK + MARKER_LEN)));
	assert_ok(watch(age_seal_finish(s)));
	secret_free(s);
	secret_free(plain);
	return out;
}

/* The keys in between: what X25519 and HKDF give for the first stanza. */
static void
add_stanza_keys(const struct buf *file, const struct identity *id)
{
	uint8_t salt[2 * AGE_KEY], *shared = secret_new(AGE_KEY), *key = secret_new(HKDF_LEN);
	const char *share = (const char *)file->p + strlen(AGE_VERSION_LINE "-> X25519 ");

	assert_true(shared != NULL && key != NULL);
	assert_ok(text_unb64(salt, AGE_KEY, share, TEXT_B64_LEN(AGE_KEY)));
	memcpy(salt + AGE_KEY, id->pk, AGE_KEY);
	assert_int_equal(crypto_scalarmult(shared, id->sk, salt), 0);
	hkdf_sha256(key, shared, AGE_KEY, salt, sizeof salt, AGE_X25519_INFO);
	add_needle("shared secret", shared, AGE_KEY);
	add_needle("wrapping key", key, HKDF_LEN);
	secret_free(shared);
	secret_free(key);
}

static void
opening_leaves_nothing(void **state)
{
	struct identity_set ids = fixture_ids(3), others = fixture_ids(1);
	uint8_t *chunk = secret_new(AGE_SEALED_CHUNK);
	struct secret_text text;
	struct age_open *a;
	struct buf b;
	size_t n;

	(void)state;
	add_identity("identity", "identity as text", &ids.p[0]);
	add_identity("another identity", "another identity as text", &others.p[0]);
	b = seal_marker(&ids);
	add_stanza_keys(&b, &ids.p[0]);
	assert_ok(watch(age_open_mem(b.p, b.len, &ids, NULL, &a)));
	assert_ok(watch(age_open_chunk(a, 0, chunk, &n)));
	assert_ok(watch(age_open_read(a, AGE_CHUNK - 10, chunk, 20)));
	age_open_free(a);
	assert_ok(watch(age_open_small(b.p, b.len, &ids, NULL, b.len, &text)));
	secret_text_wipe(&text);
	assert_err(watch(age_open_small(b.p, b.len, &ids, NULL, 10, &text)), ERR_LIMIT);
	assert_err(watch(age_open_mem(b.p, b.len, &others, NULL, &a)), ERR_NOMATCH);
	b.p[AGE_X25519_HEADER(1) - 5] ^= 1;
	assert_int_not_equal(watch(age_open_mem(b.p, b.len, &ids, NULL, &a)), ERR_OK);
	b.p[AGE_X25519_HEADER(1) - 5] ^= 1;
	b.p[AGE_X25519_HEADER(1) + AGE_NONCE] ^= 1;
	assert_err(watch(age_open_small(b.p, b.len, &ids, NULL, b.len, &text)), ERR_AUTH);
	b.p[b.len - 1] ^= 1;
	assert_err(watch(age_open_mem(b.p, b.len, &ids, NULL, &a)), ERR_AUTH);
	secret_free(chunk);
	buf_wipe(&b);
	identity_set_wipe(&ids);
	identity_set_wipe(&others);
	expect_clean();
}

/* What scrypt gives for the stanza of a file whose work factor is 2^2. */
static void
add_scrypt_key(const struct buf *file, const struct secret_text *pass)
{
	uint8_t salt[sizeof AGE_SCRYPT_LABEL - 1 + 16], *key = secret_new(AGE_KEY);
	const char *text = (const char *)file->p + strlen(AGE_VERSION_LINE "-> scrypt ");

	assert_non_null(key);
	memcpy(salt, AGE_SCRYPT_LABEL, sizeof AGE_SCRYPT_LABEL - 1);
	assert_ok(text_unb64(salt + sizeof AGE_SCRYPT_LABEL - 1, 16, text, TEXT_B64_LEN(16)));
	assert_int_equal(crypto_pwhash_scryptsalsa208sha256_ll((const uint8_t *)pass->p, pass->len,
			     salt, sizeof salt, 4, 8, 1, key, AGE_KEY),
	    0);
	add_needle("scrypt key", key, AGE_KEY);
	secret_free(key);
	sodium_stackzero(DEAD_STACK);
}

static void
a_passphrase_leaves_nothing(void **state)
{
	struct secret_text pass, text, wrong;
	struct buf b;

	(void)state;
	random_pass(&pass);
	random_pass(&wrong);
	buf_init(&b, 4096);
	assert_ok(watch(identity_seal_passphrase(&pass, 2, "text", 4, &b)));
	add_scrypt_key(&b, &pass);
	add_scrypt_key(&b, &wrong);
	assert_ok(watch(age_open_small(b.p, b.len, NULL, &pass, 10, &text)));
	secret_text_wipe(&text);
	assert_err(watch(age_open_small(b.p, b.len, NULL, &wrong, 10, &text)), ERR_PASSPHRASE);
	assert_err(watch(age_open_small(b.p, b.len, NULL, &pass, 3, &text)), ERR_LIMIT);
	secret_text_wipe(&pass);
	secret_text_wipe(&wrong);
	buf_wipe(&b);
	expect_clean();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_search_works),
	    cmocka_unit_test(a_key_store_leaves_nothing),
	    cmocka_unit_test(signing_leaves_nothing),
	    cmocka_unit_test(opening_leaves_nothing),
	    cmocka_unit_test(a_passphrase_leaves_nothing),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
