#include "gen.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define OPS_MAX   2048
#define TEXT_MAX  (256 * 1024)
#define PIECE_MAX 2048 /* C promises string literals of 4,095 characters only */
#define NAME_MAX_ 40
#define DEPTH_MAX 4 /* PAGE_TABLE_DEPTH */

struct op {
	const char *kind;
	char what[NAME_MAX_ + 16];
	size_t jump, at, len;
};

static struct op ops[OPS_MAX];
static size_t n_ops;
static char texts[TEXT_MAX];
static size_t n_texts;
static size_t opened[DEPTH_MAX], depth;

void
gen_emit_begin(void)
{
	n_ops = n_texts = depth = 0;
}

static struct op *
add(const char *kind)
{
	if (n_ops == OPS_MAX)
		gen_die("a page has too many parts");
	ops[n_ops] = (struct op){.kind = kind};
	return &ops[n_ops++];
}

void
gen_emit_text(const char *p, size_t n)
{
	struct op *op = n_ops > 0 ? &ops[n_ops - 1] : NULL;

	if (n > TEXT_MAX - n_texts)
		gen_die("a page is too long");
	if (op == NULL || strcmp(op->kind, "TEXT") != 0 || op->len + n > PIECE_MAX) {
		op = add("TEXT");
		op->at = n_texts;
	}
	memcpy(texts + n_texts, p, n);
	n_texts += n;
	op->len += n;
}

static void
set_what(struct op *op, const char *prefix, const char *name, size_t len)
{
	size_t i;

	if (len == 0 || len > NAME_MAX_)
		gen_die("a name is empty or too long: %.*s", (int)len, name);
	snprintf(op->what, sizeof op->what, "%s%.*s", prefix, (int)len, name);
	for (i = 0; op->what[i] != '\0'; i++)
		op->what[i] = (char)toupper((unsigned char)op->what[i]);
}

void
gen_emit_value(const char *name, size_t len)
{
	set_what(add("VALUE"), "PAGE_", name, len);
}

void
gen_emit_open(const char *kind, const char *name, size_t len)
{
	if (depth == DEPTH_MAX)
		gen_die("nested too deep: %.*s", (int)len, name);
	opened[depth++] = n_ops;
	set_what(add(kind), strcmp(kind, "EACH") == 0 ? "PAGE_LIST_" : "PAGE_", name, len);
}

void
gen_emit_close(const char *name, size_t len)
{
	struct op *op, *opening;

	if (depth == 0)
		gen_die("nothing to close: %.*s", (int)len, name);
	opening = &ops[opened[--depth]];
	op = add("END");
	op->jump = opened[depth];
	opening->jump = n_ops;
	set_what(op, strcmp(opening->kind, "EACH") == 0 ? "PAGE_LIST_" : "PAGE_", name, len);
	if (strcmp(op->what, opening->what) != 0)
		gen_die("%s is closed as %s", opening->what, op->what);
}

static void
print_text(const char *p, size_t n)
{
	size_t i;

	putchar('"');
	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c == '\n')
			printf("\\n");
		else if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c >= 0x7f || c == '?') /* '?': no trigraphs */
			printf("\\%03o", c);
		else
			putchar(c);
	}
	putchar('"');
}

void
gen_emit_print(const char *symbol)
{
	size_t i;

	if (depth != 0)
		gen_die("%s is never closed", ops[opened[depth - 1]].what);
	printf("static const struct page_table_op %s[] = {\n", symbol);
	for (i = 0; i < n_ops; i++) {
		printf("\t{PAGE_TABLE_%s, %s, %zu, %zu, ", ops[i].kind,
		    ops[i].what[0] != '\0' ? ops[i].what : "0", ops[i].jump, ops[i].len);
		if (ops[i].len > 0)
			print_text(texts + ops[i].at, ops[i].len);
		else
			printf("NULL");
		printf("},\n");
	}
	printf("};\n\n");
}
