#include "front/page.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "front/page_table.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

size_t
page_languages(void)
{
	return page_table_n_languages;
}

const char *
page_language_code(size_t lang)
{
	return page_table_languages[lang].code;
}

const char *
page_language_name(size_t lang)
{
	return page_table_languages[lang].name;
}

/* What stands for one character; NULL: itself. */
static const char *
entity(uint32_t c)
{
	switch (c) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '"': return "&quot;";
	case '\'': return "&#39;";
	case '\n': return "\n";
	/* The joiners of Persian text and emoji: unseen, but they don't reorder anything. */
	case 0x200c:
	case 0x200d:
	case 0xfe0f: return NULL;
	default: return text_is_treacherous(c) ? REPLACEMENT : NULL;
	}
}

enum err
page_escape(struct buf *out, const char *p, size_t n)
{
	const uint8_t *at = (const uint8_t *)p;
	const char *e;
	size_t len;
	enum err err = ERR_OK;

	for (; n > 0 && err == ERR_OK; at += len, n -= len) {
		if ((len = text_utf8_len(at, n)) == 0) {
			len = 1;
			err = buf_add_str(out, REPLACEMENT);
			continue;
		}
		if ((e = entity(text_utf8_point(at, len))) != NULL)
			err = buf_add_str(out, e);
		else
			err = buf_add(out, at, len);
	}
	return err;
}

/* Where the renderer is inside {{*..}}, {{?..}} and {{^..}}. */
struct level {
	size_t i, rows;
};

struct walk {
	struct buf *out;
	struct page_model *m;
	const struct page_table_op *ops;
	struct level level[PAGE_TABLE_DEPTH];
	size_t depth;
};

static bool
is_shown(const struct page_model *m, const struct page_table_op *op)
{
	const char *v = m->value[op->what];
	bool is_empty = v == NULL || v[0] == '\0';

	return is_empty == (op->kind == PAGE_TABLE_UNLESS);
}

static size_t
rows_of(const struct page_model *m, const struct page_table_op *op)
{
	if (op->kind != PAGE_TABLE_EACH)
		return is_shown(m, op) ? 1 : 0;
	return m->count == NULL ? 0 : m->count(m->ctx, (enum page_list)op->what);
}

/* Enters a block, or jumps over it. The index of the next op. */
static size_t
open_block(struct walk *w, size_t at)
{
	const struct page_table_op *op = &w->ops[at];
	size_t rows = rows_of(w->m, op);

	if (rows == 0)
		return op->jump;
	if (op->kind == PAGE_TABLE_EACH)
		w->m->row(w->m->ctx, (enum page_list)op->what, 0, w->m);
	w->level[w->depth++] = (struct level){0, rows};
	return at + 1;
}

/* Goes back for the next row, or leaves the block. */
static size_t
close_block(struct walk *w, size_t at)
{
	struct level *l = &w->level[w->depth - 1];
	const struct page_table_op *opening = &w->ops[w->ops[at].jump];

	if (++l->i >= l->rows) {
		w->depth--;
		return at + 1;
	}
	w->m->row(w->m->ctx, (enum page_list)opening->what, l->i, w->m);
	return w->ops[at].jump + 1u;
}

enum err
page_render(struct buf *out, size_t lang, enum page_id page, struct page_model *m)
{
	const struct page_table *t = &page_table_languages[lang].pages[page];
	struct walk w = {.out = out, .m = m, .ops = t->ops};
	enum err e = ERR_OK;
	const char *v;
	size_t at = 0;

	while (at < t->n && e == ERR_OK) {
		switch ((enum page_table_kind)t->ops[at].kind) {
		case PAGE_TABLE_TEXT:
			e = buf_add(out, t->ops[at].text, t->ops[at].len);
			at++;
			break;
		case PAGE_TABLE_VALUE:
			if ((v = m->value[t->ops[at].what]) != NULL)
				e = page_escape(out, v, strlen(v));
			at++;
			break;
		case PAGE_TABLE_IF:
		case PAGE_TABLE_UNLESS:
		case PAGE_TABLE_EACH: at = open_block(&w, at); break;
		case PAGE_TABLE_END: at = close_block(&w, at); break;
		}
	}
	return e;
}
