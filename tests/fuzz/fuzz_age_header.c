#include <string.h>

#include "base/text.h"
#include "fuzz.h"
#include "open/age_header.h"
#include "seal/age.h"

static struct age_header whole, split;

/* What was parsed, written again, has exactly the bytes that came: there is one form of it. */
static void
check_lengths(const struct age_header *h)
{
	size_t n = strlen(AGE_VERSION_LINE), i, lines;

	for (i = 0; i < h->n_stanzas; i++) {
		const struct age_header_stanza *s = &h->stanzas[i];

		FUZZ_CHECK(s->args == n + 3);
		n += 3 + s->args_len + 1;
		FUZZ_CHECK(s->body == n);
		lines = s->body_size / 48 + 1;
		n += TEXT_B64_LEN((size_t)s->body_size) + lines;
	}
	FUZZ_CHECK(h->mac_len == n + 3);
	FUZZ_CHECK(h->len == n + 4 + TEXT_B64_LEN(AGE_HEADER_MAC) + 1);
}

static void
check_arguments(const struct age_header *h)
{
	uint8_t body[47];
	const char *arg;
	size_t i, k, n, len, total;

	for (i = 0; i < h->n_stanzas; i++) {
		const struct age_header_stanza *s = &h->stanzas[i];

		n = age_header_args(h, s);
		FUZZ_CHECK(n >= 1);
		for (k = 0, total = 0; k < n; k++) {
			arg = age_header_arg(h, s, k, &len);
			FUZZ_CHECK(arg != NULL && len > 0 && memchr(arg, ' ', len) == NULL);
			total += len + 1;
		}
		FUZZ_CHECK(total == s->args_len + (size_t)1);
		FUZZ_CHECK(age_header_arg(h, s, n, &len) == NULL);
		for (k = 0; k < sizeof body; k++)
			FUZZ_CHECK(
			    (age_header_body(h, s, body, k) == ERR_OK) == (k == s->body_size));
	}
}

/* The first byte says where the rest is cut in two. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	size_t used = 0, first = 0, second = 0, cut;
	enum err e, again;

	if (n == 0)
		return 0;
	cut = (n - 1) * p[0] / 256;
	p++, n--;
	age_header_init(&whole);
	e = age_header_put(&whole, p, n, &used);
	age_header_init(&split);
	again = age_header_put(&split, p, cut, &first);
	if (again == ERR_AGAIN)
		again = age_header_put(&split, p + cut, n - cut, &second);
	FUZZ_CHECK(e == again);
	FUZZ_CHECK(memcmp(&whole, &split, sizeof whole) == 0);
	if (e == ERR_OK || e == ERR_AGAIN)
		FUZZ_CHECK(used == first + second && used == whole.len);
	if (e == ERR_OK) {
		FUZZ_CHECK(memcmp(whole.raw, p, used) == 0);
		check_lengths(&whole);
		check_arguments(&whole);
	}
	return 0;
}
