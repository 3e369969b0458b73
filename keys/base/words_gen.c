/*
 * Build tool: turns the EFF large list ("11111<TAB>abacus" per line, from
 * Debian's diceware package) into words_table.h. Refuses any list that doesn't
 * have what words.h promises.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

static char words[WORDS_COUNT][WORDS_MAX + 1];

static int
by_letters(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The letters behind the tab. 0, or -1 for anything but letters and hyphens. */
static int
read_word(const char *line, char *out)
{
	const char *s = strchr(line, '\t');
	size_t n = 0;

	if (s == NULL)
		return -1;
	for (s++; *s != '\n'; s++) {
		if (*s == '-')
			continue;
		if (*s < 'a' || *s > 'z' || n == WORDS_MAX)
			return -1;
		out[n++] = *s;
	}
	return n == 0 ? -1 : 0;
}

static int
read_list(const char *path)
{
	char line[64];
	size_t n = 0;
	int bad = 0;
	FILE *f = fopen(path, "r");

	if (f == NULL)
		return -1;
	while (!bad && fgets(line, sizeof line, f) != NULL)
		bad = strchr(line, '\n') == NULL || n == WORDS_COUNT ||
		      read_word(line, words[n++]) == -1;
	fclose(f);
	return bad || n != WORDS_COUNT ? -1 : 0;
}

/* In sorted order a word's prefix would stand right before it. */
static int
check_prefixes(void)
{
	size_t i, same = 0;

	for (i = 1; i < WORDS_COUNT; i++) {
		if (strcmp(words[i - 1], words[i]) == 0)
			same++;
		else if (strncmp(words[i - 1], words[i], strlen(words[i - 1])) == 0)
			return -1;
	}
	return same == 1 ? 0 : -1;
}

int
main(int argc, char **argv)
{
	size_t i;
	FILE *f;

	if (argc != 3)
		return 2;
	if (read_list(argv[1]) == -1) {
		fprintf(stderr, "words_gen: %s isn't the EFF large list\n", argv[1]);
		return 1;
	}
	qsort(words, WORDS_COUNT, sizeof words[0], by_letters);
	if (check_prefixes() == -1) {
		fprintf(stderr, "words_gen: %s: a word begins another one\n", argv[1]);
		return 1;
	}
	if ((f = fopen(argv[2], "w")) == NULL)
		return 1;
	fprintf(f, "/* Made by words_gen from the EFF large list. */\n");
	fprintf(f, "static const char words_table[WORDS_COUNT][WORDS_MAX + 1] = {\n");
	for (i = 0; i < WORDS_COUNT; i++)
		fprintf(f, "\t\"%s\",\n", words[i]);
	fprintf(f, "};\n");
	return fclose(f) == 0 ? 0 : 1;
}
