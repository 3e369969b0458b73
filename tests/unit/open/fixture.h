#ifndef SEALSLOT_TEST_OPEN_FIXTURE_H
#define SEALSLOT_TEST_OPEN_FIXTURE_H

/* A desk with keys, and files sealed to it. */
#include "harness.h"

#include "base/limits.h"
#include "open/age_open.h"
#include "open/identity.h"
#include "seal/age_seal.h"

static inline struct secret_text
fixture_text(const char *s)
{
	struct secret_text t;

	assert_ok(secret_text_new(&t, 2048));
	assert_ok(secret_text_add(&t, s, strlen(s)));
	return t;
}

/* n fresh identities. */
static inline struct identity_set
fixture_ids(size_t n)
{
	struct identity_set set = {0};
	struct identity *id;

	for (; n > 0; n--) {
		assert_ok(identity_new(&id));
		id->tag = (uint32_t)n;
		assert_ok(identity_set_add(&set, id));
		secret_free(id);
	}
	return set;
}

/* The plaintext that fixture_seal seals. */
static inline uint8_t *
fixture_plain(size_t n)
{
	uint8_t *p = malloc(n + 1);

	assert_non_null(p);
	harness_fill(p, n, (uint32_t)n);
	return p;
}

/* An age file of n bytes, sealed to the first n_recipients identities of the set. */
static inline struct buf
fixture_seal(const struct identity_set *ids, size_t n_recipients, size_t n)
{
	uint8_t recipients[LIMIT_AGE_RECIPIENTS][AGE_KEY];
	struct age_seal *s = malloc(sizeof *s);
	uint8_t *plain = fixture_plain(n);
	struct buf out;
	size_t i;

	assert_non_null(s);
	for (i = 0; i < n_recipients; i++)
		memcpy(recipients[i], ids->p[i].pk, AGE_KEY);
	buf_init(&out, n + (1 << 20));
	assert_ok(age_seal_init(
	    s, (const uint8_t(*)[AGE_KEY])recipients, n_recipients, harness_sink(&out)));
	assert_ok(age_seal_put(s, plain, n));
	assert_ok(age_seal_finish(s));
	age_seal_wipe(s);
	free(s);
	free(plain);
	return out;
}

#endif
