#include "schedule_rig.h"

#include <sodium.h>

/* Which schedule may follow which, and who signed it. */

static enum err
follows(const char *current, size_t at, const char *with, bool *is_gap)
{
	uint8_t ch[HASH_LEN], nh[HASH_LEN];
	struct schedule *c, *n = NULL;
	struct schedule_fault f;
	struct buf b;
	enum err e;

	c = parse_ok(current);
	buf_init(&b, 8192);
	text_expand(&b, current);
	hash_256(ch, b.p, b.len);
	buf_wipe(&b);
	text_edit(&b, current, at, with);
	hash_256(nh, b.p, b.len);
	if (schedule_parse(b.p, b.len, &n, &f) != ERR_OK)
		fail_msg("line %zu: %s", f.line, f.why);
	if (n->serial == c->serial + 1)
		memcpy(n->previous, ch, HASH_LEN);
	e = schedule_may_follow(c, ch, n, nh, is_gap);
	buf_wipe(&b);
	schedule_free(c);
	schedule_free(n);
	return e;
}

static void
serials_only_go_up(void **state)
{
	bool gap = true;

	(void)state;
	assert_ok(follows(example, 3, "serial: 13", &gap));
	assert_false(gap);
	assert_ok(follows(example, 3, "serial: 14", &gap));
	assert_true(gap);
	assert_ok(follows(example, 3, "serial: 12", &gap)); /* identical bytes */
	assert_false(gap);
	gap = true;
	assert_err(follows(example, 3, "serial: 11", &gap), ERR_ROLLBACK);
	assert_err(follows(example, 4, "issued: 2026-03-02", &gap), ERR_FORK);
	assert_true(gap);
}

static void
hash_chain_must_match(void **state)
{
	struct schedule *c = parse_ok(example), *n = parse_ok(example);
	uint8_t ch[HASH_LEN] = {1}, nh[HASH_LEN] = {2};
	bool gap;

	(void)state;
	n->serial++;
	assert_err(schedule_may_follow(c, ch, n, nh, &gap), ERR_AUTH);
	memcpy(n->previous, ch, HASH_LEN);
	assert_ok(schedule_may_follow(c, ch, n, nh, &gap));
	n->instance[0] = 'a';
	assert_err(schedule_may_follow(c, ch, n, nh, &gap), ERR_USAGE);
	schedule_free(c);
	schedule_free(n);
}

static void
epochs_never_move_and_the_revoked_stay_so(void **state)
{
	static const char later[] = HEAD "inbox: b B\ninbox: a A\n"
					 "epoch: b 1 2026-01-01 2026-01-15 @9\n"
					 "epoch: a 1 2026-01-01 2026-01-15 @1\n"
					 "epoch: a 2 2026-01-15 2026-01-29 @2\n"
					 "revoked: a 1 @3\nend\n";
	struct schedule *c = parse_ok(later), *n = parse_ok(later);
	uint8_t ch[HASH_LEN] = {1}, nh[HASH_LEN] = {2};
	struct schedule_epoch *last = &n->epochs[2];
	bool gap;

	(void)state;
	n->serial += 2;
	assert_ok(schedule_may_follow(c, ch, n, nh, &gap));
	assert_non_null(strstr(schedule_follow_text(ERR_PROFILE), "revoked"));
	assert_string_not_equal(schedule_follow_text(ERR_FORK), schedule_follow_text(ERR_ROLLBACK));
	last->end++;
	assert_err(schedule_may_follow(c, ch, n, nh, &gap), ERR_PROFILE);
	last->end--;
	last->start--;
	assert_err(schedule_may_follow(c, ch, n, nh, &gap), ERR_PROFILE);
	last->start++;
	text_key(last->recipient, 77); /* a replacement for a stolen key */
	assert_ok(schedule_may_follow(c, ch, n, nh, &gap));
	text_key(last->recipient, 3);
	n->n_revoked = 0;
	assert_err(schedule_may_follow(c, ch, n, nh, &gap), ERR_PROFILE);
	text_key(last->recipient, 2);
	assert_ok(schedule_may_follow(c, ch, n, nh, &gap));
	n->issued = c->issued - 1;
	assert_err(schedule_may_follow(c, ch, n, nh, &gap), ERR_PROFILE);
	schedule_free(c);
	schedule_free(n);
}

/* ---- signatures */

static void
sign(const struct buf *text, const char *comment, const uint8_t *sk, const struct minisign_key *k,
    struct buf *out)
{
	uint8_t hash[64], sig[74] = {'E', 'D'}, all[64 + 256], global[64];
	char line[200];

	crypto_generichash(hash, sizeof hash, text->p, text->len, NULL, 0);
	memcpy(sig + 2, k->keyid, MINISIGN_KEYID);
	crypto_sign_detached(sig + 10, NULL, hash, sizeof hash, sk);
	memcpy(all, sig + 10, 64);
	memcpy(all + 64, comment, strlen(comment));
	crypto_sign_detached(global, NULL, all, 64 + strlen(comment), sk);
	text_b64_pad(line, sig, sizeof sig);
	assert_ok(buf_addf(out, "untrusted comment: x\n%s\ntrusted comment: %s\n", line, comment));
	text_b64_pad(line, global, sizeof global);
	assert_ok(buf_addf(out, "%s\n", line));
}

static enum err
verify(const char *text, const char *comment, int which, struct schedule_fault *f)
{
	uint8_t pk[32], sk[64], seed[32] = {42};
	struct schedule *s = NULL;
	struct minisign_key k, other;
	struct buf t, sig;
	enum err e;

	crypto_sign_seed_keypair(pk, sk, seed);
	minisign_key_init(&k, pk);
	seed[0]++;
	crypto_sign_seed_keypair(pk, sk + 0, (const uint8_t[32]){43});
	minisign_key_init(&other, pk);
	crypto_sign_seed_keypair(pk, sk, (const uint8_t[32]){42});
	buf_init(&t, 8192);
	buf_init(&sig, 8192);
	text_expand(&t, text);
	sign(&t, comment, sk, &k, &sig);
	if (which == 1)
		t.p[t.len - 6] ^= 1;
	if (which == 2)
		sig.len--;
	*f = (struct schedule_fault){0};
	e = schedule_verify(&t, &sig, which == 3 ? &other : &k, &s, f);
	assert_int_equal(e == ERR_OK, s != NULL);
	schedule_free(s);
	buf_wipe(&t);
	buf_wipe(&sig);
	return e;
}

static void
verify_demands_text_comment_and_key(void **state)
{
	static const char comment[] = "sealslot-keys serial:12 instance:" TEXT_INSTANCE;
	char got[SCHEDULE_COMMENT_MAX + 1];
	struct schedule_fault f;
	struct schedule *s;

	(void)state;
	assert_ok(verify(example, comment, 0, &f));
	assert_err(verify(example, comment, 1, &f), ERR_AUTH);
	assert_non_null(strstr(f.why, "changed"));
	assert_err(verify(example, comment, 2, &f), ERR_FORMAT);
	assert_non_null(strstr(f.why, "damaged"));
	assert_err(verify(example, comment, 3, &f), ERR_NOMATCH);
	assert_non_null(strstr(f.why, "another key"));
	assert_err(
	    verify(example, "sealslot-keys serial:13 instance:" TEXT_INSTANCE, 0, &f), ERR_AUTH);
	assert_non_null(strstr(f.why, "comment"));
	assert_err(verify("sealslot-keys 1\nend\n", comment, 0, &f), ERR_FORMAT);
	assert_int_equal(f.line, 2);
	s = parse_ok(example);
	assert_ok(schedule_comment(s, got, sizeof got));
	assert_string_equal(got, comment);
	assert_err(schedule_comment(s, got, strlen(comment)), ERR_LIMIT);
	schedule_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(serials_only_go_up),
	    cmocka_unit_test(hash_chain_must_match),
	    cmocka_unit_test(epochs_never_move_and_the_revoked_stay_so),
	    cmocka_unit_test(verify_demands_text_comment_and_key),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
