#include "front/lang.h"

#include <string.h>
#include <strings.h>

#include "front/page.h"

bool
lang_add(struct lang_set *s, const char *code)
{
	size_t i;

	for (i = 0; i < page_languages() && s->n < LANG_MAX; i++)
		if (strcmp(page_language_code(i), code) == 0) {
			s->lang[s->n++] = i;
			return true;
		}
	return false;
}

bool
lang_find(const struct lang_set *s, const char *code, size_t len, size_t *lang)
{
	const char *dash = memchr(code, '-', len);
	const char *have;
	size_t i;

	if (dash != NULL)
		len = (size_t)(dash - code);
	for (i = 0; i < s->n; i++) {
		have = page_language_code(s->lang[i]);
		if (strlen(have) == len && strncasecmp(have, code, len) == 0) {
			*lang = s->lang[i];
			return true;
		}
	}
	return false;
}

/* ";q=0.8" in thousandths; 1000 when there is none, 0 when it is malformed. */
static unsigned
weight(const char *p, size_t n)
{
	static const unsigned unit[] = {1000, 0, 100, 10, 1};
	unsigned q = 0;
	size_t i;

	while (n > 0 && (*p == ' ' || *p == '\t'))
		p++, n--;
	if (n == 0)
		return 1000;
	if (n < 4 || n > 8 || strncasecmp(p, ";q=", 3) != 0)
		return 0;
	for (i = 0; i + 3 < n; i++) {
		char c = p[i + 3];

		if (i == 1 ? c != '.' : c < '0' || c > '9')
			return 0;
		q += i == 1 ? 0 : (unsigned)(c - '0') * unit[i];
	}
	return q > 1000 ? 0 : q;
}

size_t
lang_choose(const struct lang_set *s, const char *accept)
{
	size_t best = s->lang[0], found, n, tag;
	unsigned best_q = 0, q;

	for (;; accept += n + 1) {
		accept += strspn(accept, " \t");
		n = strcspn(accept, ",");
		tag = strcspn(accept, ";, \t");
		q = weight(accept + tag, n - tag);
		if (q > best_q && lang_find(s, accept, tag, &found)) {
			best = found;
			best_q = q;
		}
		if (accept[n] == '\0')
			return best;
	}
}
