#include "display.h"

#include <langinfo.h>
#include <locale.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "base/text.h"

#define TAB_STOP 8

/* What one step through the text shows. */
struct piece {
	char s[12];
	size_t len;     /* bytes of s */
	size_t used;    /* bytes of the text */
	size_t columns; /* 0 for a combining mark that is shown as it is */
};

void
display_start(void)
{
	if (setlocale(LC_CTYPE, "") == NULL || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C");
}

static void
escape_byte(struct piece *out, unsigned byte)
{
	out->len = out->columns = (size_t)snprintf(out->s, sizeof out->s, "\\x%02X", byte);
}

static void
escape_point(struct piece *out, unsigned point)
{
	out->len = out->columns = (size_t)snprintf(out->s, sizeof out->s, "\\u{%X}", point);
}

/* The columns of a code point, or -1 if it may not be shown. */
static int
columns_of(uint32_t point)
{
	if (text_is_treacherous(point))
		return -1;
	if (point < 0x80)
		return 1;
	return wcwidth((wchar_t)point);
}

/* marks: combining characters shown since the last base; DISPLAY_MARKS at a line's start. */
static struct piece
next_piece(const uint8_t *p, size_t n, size_t marks)
{
	struct piece out = {.used = 1};
	size_t len = text_utf8_len(p, n);
	uint32_t point;
	int columns;

	if (len == 0) {
		escape_byte(&out, p[0]);
		return out;
	}
	out.used = len;
	point = text_utf8_point(p, len);
	columns = columns_of(point);
	if (point == '\\') {
		memcpy(out.s, "\\\\", 2);
		out.len = out.columns = 2;
	} else if (columns < 0 || (columns == 0 && marks >= DISPLAY_MARKS)) {
		escape_point(&out, point);
	} else {
		memcpy(out.s, p, len);
		out.len = len;
		out.columns = (size_t)columns;
	}
	return out;
}

static size_t
marks_after(size_t marks, const struct piece *piece)
{
	return piece->columns == 0 ? marks + 1 : 0;
}

/* The text's pieces as long as they fit into `columns`; *used says how far that was. */
static enum err
put_pieces(struct buf *out, const uint8_t *p, size_t n, size_t columns, size_t *used)
{
	size_t at = 0, marks = DISPLAY_MARKS;
	struct piece piece;
	enum err e;

	while (at < n) {
		piece = next_piece(p + at, n - at, marks);
		if (piece.columns > columns)
			break;
		if ((e = buf_add(out, piece.s, piece.len)) != ERR_OK)
			return e;
		columns -= piece.columns;
		marks = marks_after(marks, &piece);
		at += piece.used;
	}
	*used = at;
	return ERR_OK;
}

size_t
display_columns(const void *p, size_t n)
{
	size_t at = 0, columns = 0, marks = DISPLAY_MARKS;
	struct piece piece;

	for (; at < n; at += piece.used) {
		piece = next_piece((const uint8_t *)p + at, n - at, marks);
		columns += piece.columns;
		marks = marks_after(marks, &piece);
	}
	return columns;
}

enum err
display_line(struct buf *out, const void *p, size_t n)
{
	size_t used;

	return put_pieces(out, p, n, SIZE_MAX, &used);
}

enum err
display_cut(struct buf *out, const void *p, size_t n, size_t columns)
{
	size_t used;
	enum err e;

	if (display_columns(p, n) <= columns)
		return display_line(out, p, n);
	if ((e = put_pieces(out, p, n, columns - 3, &used)) != ERR_OK)
		return e;
	return buf_add_str(out, "...");
}

/* Where display_text is in its output. */
struct page {
	struct buf *out;
	const char *prefix;
	size_t width;  /* columns of text in a line, SIZE_MAX for any */
	size_t column; /* of the next character */
	size_t marks;
	bool is_begun; /* has the line its prefix? */
};

static enum err
begin_line(struct page *g)
{
	if (g->is_begun)
		return ERR_OK;
	g->is_begun = true;
	g->column = 0;
	g->marks = DISPLAY_MARKS;
	return buf_add_str(g->out, g->prefix);
}

static enum err
end_line(struct page *g)
{
	enum err e;

	if ((e = begin_line(g)) != ERR_OK)
		return e;
	g->is_begun = false;
	return buf_add_str(g->out, "\n");
}

static enum err
put_tab(struct page *g)
{
	enum err e;

	if ((e = begin_line(g)) != ERR_OK)
		return e;
	do {
		if (g->column >= g->width)
			break;
		if ((e = buf_add_str(g->out, " ")) != ERR_OK)
			return e;
		g->column++;
	} while (g->column % TAB_STOP != 0);
	g->marks = 0;
	return ERR_OK;
}

static enum err
put_piece(struct page *g, const uint8_t *p, size_t n, size_t *used)
{
	struct piece piece;
	enum err e;

	if ((e = begin_line(g)) != ERR_OK)
		return e;
	piece = next_piece(p, n, g->marks);
	if (g->column > 0 && piece.columns > g->width - g->column) {
		if ((e = end_line(g)) != ERR_OK || (e = begin_line(g)) != ERR_OK)
			return e;
		piece = next_piece(p, n, g->marks);
	}
	g->column += piece.columns;
	g->marks = marks_after(g->marks, &piece);
	*used = piece.used;
	return buf_add(g->out, piece.s, piece.len);
}

enum err
display_text(struct buf *out, const void *text, size_t n, const char *prefix, size_t columns)
{
	struct page g = {.out = out, .prefix = prefix, .width = SIZE_MAX};
	const uint8_t *p = text;
	size_t used, at;
	enum err e = ERR_OK;

	/* Never narrower than the longest escape. */
	if (columns != 0)
		g.width = columns > strlen(prefix) + 10 ? columns - strlen(prefix) : 10;
	for (at = 0; e == ERR_OK && at < n; at += used) {
		used = 1;
		if (p[at] == '\r' && n - at > 1 && p[at + 1] == '\n')
			used = 2;
		if (used == 2 || p[at] == '\n')
			e = end_line(&g);
		else if (p[at] == '\t')
			e = put_tab(&g);
		else
			e = put_piece(&g, p + at, n - at, &used);
	}
	if (e == ERR_OK && g.is_begun)
		e = end_line(&g);
	return e;
}
