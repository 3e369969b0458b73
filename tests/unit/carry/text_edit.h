#ifndef SEALSLOT_TEST_TEXT_EDIT_H
#define SEALSLOT_TEST_TEXT_EDIT_H

/* Building texts for parsers: placeholders for keys and hashes, and edits of single lines. */
#include "harness.h"

#include "base/hash.h"
#include "base/text.h"
#include "carry/minisign.h"
#include "seal/bech32.h"

#define TEXT_INSTANCE "sealslotsealslotsealslotsealslotsealslotsealslotsealslad.onion"

static inline void
text_key(uint8_t pk[static 32], unsigned number)
{
	char seed[32];

	snprintf(seed, sizeof seed, "test key %u", number);
	hash_256(pk, seed, strlen(seed));
}

/* Appends s: @n becomes an age recipient, #n a reply key, !n a hash (!0 is zeros), % the instance.
 */
static inline void
text_expand(struct buf *out, const char *s)
{
	char line[HASH_HEX_LEN + AGE_RECIPIENT_LEN];
	struct minisign_key k;
	uint8_t raw[32];
	char *end;

	while (*s != '\0') {
		if (strchr("@#!%", *s) == NULL) {
			assert_ok(buf_add(out, s++, 1));
			continue;
		}
		if (*s == '%') {
			assert_ok(buf_add_str(out, TEXT_INSTANCE));
			s++;
			continue;
		}
		text_key(raw, (unsigned)strtoul(s + 1, &end, 10));
		minisign_key_init(&k, raw);
		if (*s == '@')
			bech32_recipient(line, raw);
		else if (*s == '#')
			minisign_key_format(line, &k);
		else
			text_hex(line, s[1] == '0' ? (const uint8_t[32]){0} : raw, 32);
		assert_ok(buf_add_str(out, line));
		s = end;
	}
}

/* The text with line number at (from 1) replaced by with; NULL drops the line. */
static inline void
text_edit(struct buf *out, const char *text, size_t at, const char *with)
{
	const char *lf;
	size_t i;

	for (i = 1; *text != '\0'; i++, text = lf + 1) {
		lf = strchr(text, '\n');
		if (i != at) {
			struct buf one = {.max = 4096};

			assert_ok(buf_add(&one, text, (size_t)(lf - text) + 1));
			text_expand(out, buf_cstr(&one));
			buf_wipe(&one);
		} else if (with != NULL) {
			text_expand(out, with);
			assert_ok(buf_add_str(out, "\n"));
		}
	}
}

#endif
