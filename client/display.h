#ifndef SEALSLOT_CLIENT_DISPLAY_H
#define SEALSLOT_CLIENT_DISPLAY_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * The one way for untrusted text to reach a terminal. What comes out is valid
 * UTF-8 without any control, bidirectional, zero-width, private or unassigned
 * character: each of these is shown as a visible escape, \u{202E}, and a byte
 * that isn't part of valid UTF-8 as \xFF. A backslash becomes two, so that
 * nobody can type an escape. More than DISPLAY_MARKS combining characters in
 * a row, or one without a character to stand on, are escaped as well.
 *
 * Widths are in terminal columns and come from the C library's tables: call
 * display_start first. Where the terminal's locale isn't UTF-8 everything but
 * ASCII is escaped, because there the bytes 80 to 9F are control codes.
 */
#define DISPLAY_MARKS 4

/* Chooses the locale that all functions here work by; call once. */
void display_start(void);

/* One line: line feeds and tabs are escaped, too. */
enum err MUST_CHECK display_line(struct buf *out, const void *p, size_t n);
/* The same, cut to at most `columns` columns (3 or more), "..." at its end when cut. */
enum err MUST_CHECK display_cut(struct buf *out, const void *p, size_t n, size_t columns);
/* How many columns display_line takes for it. */
size_t display_columns(const void *p, size_t n);
/*
 * A text of several lines: LF and CR LF begin a new line, a tab becomes
 * blanks. Every line begins with prefix and is broken after `columns` columns
 * (prefix included; 0: never), so that no text can pass for the tool's own words.
 * Ends with a line feed unless the text is empty.
 */
enum err MUST_CHECK display_text(
    struct buf *out, const void *p, size_t n, const char *prefix, size_t columns);

#endif
