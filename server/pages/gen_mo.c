#include "gen.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * GNU .mo: magic, revision, count, offset of the originals' table, offset of
 * the translations' table; each table row is length and offset. msgfmt leaves
 * out what is fuzzy or untranslated, so whatever is found here may be shown.
 */
#define MO_MAGIC 0x950412deu

struct gen_mo {
	const char *p;
	size_t len;
	uint32_t n, ids, texts;
	bool *is_used;
};

static uint32_t
word(const struct gen_mo *mo, size_t at)
{
	uint32_t v;

	if (mo->len < 4 || at > mo->len - 4)
		gen_die("a .mo file ends too early");
	memcpy(&v, mo->p + at, sizeof v);
	return v;
}

static const char *
string_at(const struct gen_mo *mo, uint32_t table, uint32_t i)
{
	uint32_t len = word(mo, table + 8u * i), at = word(mo, table + 8u * i + 4u);

	if (at >= mo->len || len >= mo->len - at || mo->p[at + len] != '\0')
		gen_die("a .mo file is damaged");
	return mo->p + at;
}

struct gen_mo *
gen_mo_read(const char *path)
{
	struct gen_mo *mo = calloc(1, sizeof *mo);

	if (mo == NULL)
		gen_die("out of memory");
	mo->p = gen_read(path, &mo->len);
	if (word(mo, 0) != MO_MAGIC)
		gen_die("%s: not a .mo file of this machine", path);
	mo->n = word(mo, 8);
	mo->ids = word(mo, 12);
	mo->texts = word(mo, 16);
	if ((mo->is_used = calloc(mo->n + 1u, sizeof *mo->is_used)) == NULL)
		gen_die("out of memory");
	return mo;
}

const char *
gen_mo_find(struct gen_mo *mo, const char *msgid)
{
	uint32_t i;

	for (i = 0; i < mo->n; i++)
		if (strcmp(string_at(mo, mo->ids, i), msgid) == 0) {
			mo->is_used[i] = true;
			return string_at(mo, mo->texts, i);
		}
	return NULL;
}

const char *
gen_mo_unused(const struct gen_mo *mo)
{
	uint32_t i;

	for (i = 0; i < mo->n; i++)
		if (!mo->is_used[i] && string_at(mo, mo->ids, i)[0] != '\0')
			return string_at(mo, mo->ids, i);
	return NULL;
}
