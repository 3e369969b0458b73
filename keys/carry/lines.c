#include "lines.h"

#include <string.h>

void
lines_init(struct lines *l, const void *p, size_t n)
{
	*l = (struct lines){.p = p, .left = n};
}

enum err
lines_next(struct lines *l, size_t max, struct lines_piece *line, const char **why)
{
	const char *lf;
	size_t len;

	l->number++;
	if (l->left == 0) {
		*why = "the text ends too early";
		return ERR_TRUNCATED;
	}
	if ((lf = memchr(l->p, '\n', l->left)) == NULL) {
		*why = "the text is cut off in the middle of a line";
		return ERR_FORMAT;
	}
	len = (size_t)(lf - l->p);
	if (len > max) {
		*why = "the line is too long";
		return ERR_LIMIT;
	}
	if (memchr(l->p, '\r', len) != NULL || memchr(l->p, '\0', len) != NULL) {
		*why =
		    "a carriage return or NUL byte: an editor or a mail program changed the file";
		return ERR_FORMAT;
	}
	*line = (struct lines_piece){l->p, len};
	l->p += len + 1;
	l->left -= len + 1;
	return ERR_OK;
}

bool
lines_take(struct lines_piece *s, const char *prefix)
{
	size_t n = strlen(prefix);

	if (s->len < n || memcmp(s->p, prefix, n) != 0)
		return false;
	s->p += n;
	s->len -= n;
	return true;
}

bool
lines_word(struct lines_piece *s, struct lines_piece *word)
{
	const char *space = s->len == 0 ? NULL : memchr(s->p, ' ', s->len);
	size_t n;

	if (space == NULL)
		return false;
	n = (size_t)(space - s->p);
	*word = (struct lines_piece){s->p, n};
	s->p += n + 1;
	s->len -= n + 1;
	return true;
}

bool
lines_is(struct lines_piece s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.p, text, s.len) == 0;
}
