#include "harness.h"

#include <stdbool.h>

#include "open/age_header.h"

#define B32  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"                      /* 32 bytes */
#define B48  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" /* 48 bytes */
#define V    "age-encryption.org/v1\n"
#define X    "-> X25519 " B32 "\n" B32 "\n"
#define MAC  "--- " B32 "\n"
#define FULL V X MAC

static struct age_header *
new_header(void)
{
	struct age_header *h = malloc(sizeof *h);

	assert_non_null(h);
	age_header_init(h);
	return h;
}

/* The verdict over a whole text, given at once; ERR_AGAIN if it isn't complete. */
static enum err
verdict_n(const void *p, size_t n)
{
	struct age_header *h = new_header();
	size_t used = 0;
	enum err e = age_header_put(h, p, n, &used);

	free(h);
	return e;
}

static enum err
verdict(const char *s)
{
	return verdict_n(s, strlen(s));
}

static void
parses_stanzas(void **state)
{
	static const char text[] = V "-> X25519 abc\n" B32 "\n"
				     "-> some-type a bc  def\n\n"
				     "-> t !~\n" B48 "\n\n" MAC;
	static const char good[] = V "-> X25519 abc\n" B32 "\n"
				     "-> some-type a bc def\n\n"
				     "-> t !~\n" B48 "\n\n" MAC "payload";
	struct age_header *h = new_header();
	uint8_t body[32];
	size_t used = 0, len = 0;
	const char *arg;

	(void)state;
	assert_err(verdict(text), ERR_FORMAT); /* two spaces */
	assert_ok(age_header_put(h, good, sizeof good - 1, &used));
	assert_int_equal(used, sizeof good - 1 - strlen("payload"));
	assert_int_equal(h->n_stanzas, 3);
	assert_int_equal(h->mac_len, used - strlen(" " B32 "\n"));
	assert_memory_equal(h->raw, good, used);
	assert_int_equal(age_header_args(h, &h->stanzas[0]), 2);
	assert_int_equal(age_header_args(h, &h->stanzas[1]), 4);
	arg = age_header_arg(h, &h->stanzas[1], 3, &len);
	assert_int_equal(len, 3);
	assert_memory_equal(arg, "def", 3);
	assert_null(age_header_arg(h, &h->stanzas[1], 4, &len));
	assert_true(age_header_is(h, &h->stanzas[0], "X25519"));
	assert_false(age_header_is(h, &h->stanzas[0], "x25519"));
	assert_false(age_header_is(h, &h->stanzas[0], "X2551"));
	assert_false(age_header_is(h, &h->stanzas[1], "some-type2"));
	assert_ok(age_header_body(h, &h->stanzas[0], body, 32));
	assert_err(age_header_body(h, &h->stanzas[0], body, 31), ERR_FORMAT);
	assert_err(age_header_body(h, &h->stanzas[1], body, 32), ERR_FORMAT);
	assert_int_equal(h->stanzas[1].body_size, 0);
	assert_int_equal(h->stanzas[2].body_size, 48);
	assert_err(age_header_put(h, "x", 1, &used), ERR_STATE);
	free(h);
}

static void
refuses_what_is_malformed(void **state)
{
	static const char *const bad[] = {
	    "age-encryption.org/v2\n",
	    "age-encryption.org/v1\r\n",
	    " " V,
	    V MAC,          /* no stanza */
	    V "\n",         /* an empty line */
	    V "->X25519\n", /* no space */
	    V "-> \n",      /* no argument */
	    V "->\n",
	    V "--> X25519\n",
	    V "->  a\n", /* empty arguments */
	    V "-> a \n",
	    V "-> a  b\n",
	    V "-> a\tb\n", /* not VCHAR */
	    V "-> a\x7f\n",
	    V "-> caf\xc3\xa9\n",
	    V "-> a\r\n",
	    V "-> a\n" B48 "A\n",    /* 65 columns */
	    V "-> a\n" B48 "\n" MAC, /* no short line */
	    V "-> a\n" MAC,
	    V "-> a\nA\n",    /* no such base64 length */
	    V "-> a\nAA==\n", /* padding */
	    V "-> a\nAB\n",   /* not canonical */
	    V "-> a\nAAB\n",
	    V "-> a\nA-A_\n", /* the other alphabet */
	    V "-> a\nAAAA\r\n",
	    V "-> a\n AAAA\n",
	    V "-> a\nAAAA\nAAAA\n", /* two short lines */
	    V X "---\n",
	    V X "--- \n",
	    V X "---" B32 "\n",
	    V X "---  " B32 "\n",
	    V X "--- " B32 " \n",
	    V X "--- " B32 "\r\n",
	    V X "--- " B32 "A\n",
	    V X "--- " B32 "=\n",
	    V X "----" B32 "\n",
	    V X "--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (verdict(bad[i]) != ERR_FORMAT)
			fail_msg("accepted: %s", bad[i]);
	assert_ok(verdict(FULL));
	assert_ok(verdict(V "-> a\n\n" MAC));
	assert_ok(verdict(V "-> a\n" B48 "\n" B48 "\nAA\n" MAC));
	assert_err(verdict_n(V "-> a\0\n", sizeof V + 5), ERR_FORMAT);
	assert_err(verdict_n(V "-> a\nAA\0A\n", sizeof V + 9), ERR_FORMAT);
}

/* The first byte that can't be is the one that is refused. */
static void
other_files_are_refused_at_once(void **state)
{
	(void)state;
	assert_err(verdict("a"), ERR_AGAIN);
	assert_err(verdict("b"), ERR_FORMAT);
	assert_err(verdict("-----BEGIN AGE"), ERR_FORMAT);
	assert_err(verdict("age-encryption.org/v10"), ERR_FORMAT);
	assert_err(verdict(""), ERR_AGAIN);
}

static void
has_limits(void **state)
{
	static char text[LIMIT_AGE_HEADER + 100];
	size_t n = strlen(V), i;

	(void)state;
	memcpy(text, V, n);
	for (i = 0; i < LIMIT_AGE_STANZAS; i++, n += 6)
		memcpy(text + n, "-> a\n\n", 6);
	memcpy(text + n, MAC, strlen(MAC));
	assert_ok(verdict_n(text, n + strlen(MAC)));
	memcpy(text + n, "-> a\n", 5);
	assert_err(verdict_n(text, n + 5), ERR_LIMIT);
	/* One argument line that makes the header exactly as long as it may be, then longer. */
	n = strlen(V);
	memcpy(text + n, "-> ", 3);
	memset(text + n + 3, 'a', sizeof text - n - 3);
	n = LIMIT_AGE_HEADER - strlen("\n\n" MAC);
	memcpy(text + n, "\n\n" MAC, strlen("\n\n" MAC));
	assert_ok(verdict_n(text, LIMIT_AGE_HEADER));
	text[n] = 'a';
	memcpy(text + n + 1, "\n\n" MAC, strlen("\n\n" MAC));
	assert_err(verdict_n(text, LIMIT_AGE_HEADER), ERR_AGAIN);
	assert_err(verdict_n(text, LIMIT_AGE_HEADER + 1), ERR_LIMIT);
}

/* Fed in two pieces, and byte by byte, the result is the same as at once. */
static void
any_split_gives_the_same(void **state)
{
	static const char text[] = V X "-> other 1 2 3\n" B48 "\nAAAA\n" MAC "payload";
	size_t n = sizeof text - 1, used, total, i;
	struct age_header *whole = new_header(), *h;
	enum err e;

	(void)state;
	assert_ok(age_header_put(whole, text, n, &used));
	for (i = 0; i <= n; i++) {
		h = new_header();
		e = age_header_put(h, text, i, &used);
		total = used;
		if (e == ERR_AGAIN) {
			assert_int_equal(used, i);
			e = age_header_put(h, text + i, n - i, &used);
			total += used;
		}
		assert_ok(e);
		assert_int_equal(total, n - strlen("payload"));
		assert_memory_equal(h, whole, sizeof *h);
		free(h);
	}
	h = new_header();
	for (i = 0, e = ERR_AGAIN; e == ERR_AGAIN; i++)
		e = age_header_put(h, text + i, 1, &used);
	assert_ok(e);
	assert_memory_equal(h, whole, sizeof *h);
	free(h);
	free(whole);
}

static void
every_truncation_wants_more(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < strlen(FULL); i++)
		assert_err(verdict_n(FULL, i), ERR_AGAIN);
}

/* Line ends and version must be what they are; other changes are the MAC's to find. */
static void
every_bit_flip_has_a_verdict(void **state)
{
	char text[] = FULL;
	bool is_fixed;
	enum err e;
	size_t i;
	int bit;

	(void)state;
	for (i = 0; i < strlen(FULL); i++) {
		is_fixed = i < strlen(V) || text[i] == '\n';
		for (bit = 0; bit < 8; bit++) {
			text[i] = (char)(text[i] ^ 1 << bit);
			e = verdict_n(text, sizeof text - 1);
			assert_true(
			    e == ERR_FORMAT || e == ERR_AGAIN || (e == ERR_OK && !is_fixed));
			text[i] = (char)(text[i] ^ 1 << bit);
		}
	}
}

static void
a_failure_is_final(void **state)
{
	struct age_header *h = new_header();
	size_t used = 7;

	(void)state;
	assert_err(age_header_put(h, "x", 1, &used), ERR_FORMAT);
	assert_int_equal(used, 7);
	assert_err(age_header_put(h, FULL, strlen(FULL), &used), ERR_STATE);
	free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parses_stanzas),
	    cmocka_unit_test(refuses_what_is_malformed),
	    cmocka_unit_test(other_files_are_refused_at_once),
	    cmocka_unit_test(has_limits),
	    cmocka_unit_test(any_split_gives_the_same),
	    cmocka_unit_test(every_truncation_wants_more),
	    cmocka_unit_test(every_bit_flip_has_a_verdict),
	    cmocka_unit_test(a_failure_is_final),
	};

	return cmocka_run_group_tests_name("age_header", tests, NULL, NULL);
}
