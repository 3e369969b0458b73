#ifndef SEALSLOT_FRONT_PAGE_TABLE_H
#define SEALSLOT_FRONT_PAGE_TABLE_H

#include <stdint.h>

#include "front/page.h"

/* What server/pages/gen.c makes of the templates; read by page.c alone. */

enum page_table_kind {
	PAGE_TABLE_TEXT,  /* text, len */
	PAGE_TABLE_VALUE, /* what: enum page_value */
	PAGE_TABLE_IF,    /* what; jump: behind the matching END */
	PAGE_TABLE_UNLESS,
	PAGE_TABLE_EACH, /* what: enum page_list */
	PAGE_TABLE_END,  /* jump: the opening one */
};

struct page_table_op {
	uint8_t kind;
	uint8_t what;
	uint16_t jump;
	uint32_t len;
	const char *text;
};

struct page_table {
	const struct page_table_op *ops;
	size_t n;
};

#define PAGE_TABLE_DEPTH 4 /* how deep a template may nest; the generator refuses more */

struct page_table_language {
	const char *code;
	const char *name;
	struct page_table pages[PAGE_COUNT];
};

extern const struct page_table_language page_table_languages[];
extern const size_t page_table_n_languages;

#endif
