#ifndef SEALSLOT_CARRY_LINES_H
#define SEALSLOT_CARRY_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * Walking through a text of fixed form, line by line and word by word. All
 * pieces are borrowed from the text. What a line may not contain anywhere
 * (carriage return, NUL) is refused here.
 */
struct lines {
	const char *p;
	size_t left;
	size_t number; /* of the line given last, from 1 */
};

struct lines_piece {
	const char *p;
	size_t len;
};

void lines_init(struct lines *l, const void *p, size_t n);
/*
 * The next line, without its line feed. ERR_TRUNCATED: the text is over;
 * ERR_LIMIT: longer than max bytes; ERR_FORMAT: not ended by a line feed, or
 * with a byte that has no place in it. *why says it in plain words.
 */
enum err MUST_CHECK lines_next(
    struct lines *l, size_t max, struct lines_piece *line, const char **why);
/* Drops a prefix from the piece; false, and nothing changed, if it doesn't begin so. */
bool lines_take(struct lines_piece *s, const char *prefix);
/* Moves what stands before the first space to *word and drops the space; false if there is none. */
bool lines_word(struct lines_piece *s, struct lines_piece *word);
/* Is the piece exactly this text? */
bool lines_is(struct lines_piece s, const char *text);

#endif
