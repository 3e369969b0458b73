#include "harness.h"

#include "base/limits.h"
#include "base/random.h"
#include "carry/handover.h"
#include "sign/sign.h"

#define ONION "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaad.onion"

static struct sign_key old, new;

static struct handover
statement(void)
{
	struct handover h = {
	    .instance = ONION, .issued = 20605, .serial = 13, .old = old.public, .new = new.public};

	return h;
}

static void
sign(const struct sign_key *k, const struct buf *text, const char *comment, struct buf *sig)
{
	buf_reset(sig);
	assert_ok(sign_message(k, text->p, text->len, comment, sig));
}

static void
only_the_old_key_hands_over(void **state)
{
	struct handover h = statement(), got;
	char comment[200], name[HANDOVER_NAME_MAX];
	struct buf text, sig;

	(void)state;
	buf_init(&text, HANDOVER_MAX);
	buf_init(&sig, LIMIT_SIGNATURE);
	assert_ok(handover_format(&h, &text));
	assert_ok(handover_comment(&h, comment, sizeof comment));
	assert_string_equal(comment, "sealslot-root serial:13 instance:" ONION);
	assert_err(handover_comment(&h, comment, 20), ERR_LIMIT);
	assert_ok(handover_comment(&h, comment, sizeof comment));
	sign(&old, &text, comment, &sig);
	assert_ok(handover_verify(&text, &sig, &old.public, &got));
	assert_memory_equal(got.new.pk, new.public.pk, MINISIGN_PK);
	assert_int_equal(got.serial, 13);
	assert_err(handover_verify(&text, &sig, &new.public, &got), ERR_NOMATCH);
	sign(&new, &text, comment, &sig);
	assert_err(handover_verify(&text, &sig, &old.public, &got), ERR_NOMATCH);
	/* Its own statement, but of another key: "old" isn't who signs. */
	assert_err(handover_verify(&text, &sig, &new.public, &got), ERR_AUTH);
	sign(&old, &text, "sealslot-keys serial:13 instance:" ONION, &sig);
	assert_err(handover_verify(&text, &sig, &old.public, &got), ERR_AUTH);
	handover_name(name, 13);
	assert_string_equal(name, "root-0013.txt");
	buf_wipe(&text);
	buf_wipe(&sig);
}

static void
every_bit_and_every_truncation(void **state)
{
	struct handover h = statement(), got;
	struct buf text, again;
	size_t i, bit;

	(void)state;
	buf_init(&text, HANDOVER_MAX + 1);
	buf_init(&again, HANDOVER_MAX);
	assert_ok(handover_format(&h, &text));
	for (i = 0; i < text.len; i++) {
		assert_err(handover_parse(text.p, i, &got), ERR_FORMAT);
		for (bit = 0; bit < 8; bit++) {
			text.p[i] ^= (uint8_t)(1 << bit);
			if (handover_parse(text.p, text.len, &got) == ERR_OK) {
				buf_reset(&again);
				assert_ok(handover_format(&got, &again));
				assert_memory_equal(again.p, text.p, text.len);
			}
			text.p[i] ^= (uint8_t)(1 << bit);
		}
	}
	assert_ok(handover_parse(text.p, text.len, &got));
	assert_ok(buf_add_str(&text, "\n"));
	assert_err(handover_parse(text.p, text.len, &got), ERR_FORMAT);
	while (text.len <= HANDOVER_MAX)
		assert_ok(buf_add_str(&text, "x"));
	assert_err(handover_parse(text.p, text.len, &got), ERR_LIMIT);
	/* A key can't hand over to itself. */
	h.new = h.old;
	buf_reset(&text);
	assert_ok(handover_format(&h, &text));
	assert_err(handover_parse(text.p, text.len, &got), ERR_FORMAT);
	buf_wipe(&text);
	buf_wipe(&again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_the_old_key_hands_over),
	    cmocka_unit_test(every_bit_and_every_truncation),
	};

	if (random_start() == -1)
		return 1;
	sign_key_new(&old);
	sign_key_new(&new);
	return cmocka_run_group_tests_name("carry/handover", tests, NULL, NULL);
}
