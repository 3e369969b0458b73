#include "words.h"

#include <string.h>

#include "words_table.h"

const char *
words_get(uint32_t i)
{
	return words_table[i];
}

/* Like strcmp of a word and the text that begins with it. */
static int
compare(const char *word, const char *s, size_t len)
{
	size_t n = strlen(word);
	int c = memcmp(word, s, n < len ? n : len);

	return c != 0 || n <= len ? c : 1;
}

/* The first word that isn't below the text: if any word begins it, that one. */
enum err
words_find(const char *s, size_t len, uint32_t *i, size_t *used)
{
	uint32_t lo = 0, hi = WORDS_COUNT, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (compare(words_table[mid], s, len) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == WORDS_COUNT || compare(words_table[lo], s, len) != 0)
		return ERR_NOTFOUND;
	*i = lo;
	*used = strlen(words_table[lo]);
	return ERR_OK;
}
