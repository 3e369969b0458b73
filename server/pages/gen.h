#ifndef SEALSLOT_PAGES_GEN_H
#define SEALSLOT_PAGES_GEN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The build-time generator: templates and translations become the C tables of
 * front/page_table.h. It runs while Sealslot is built, on trusted input, and
 * ends with a message as soon as something is wrong.
 */

_Noreturn void gen_die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A whole file, with a NUL behind it; never freed, as the generator is short-lived. */
char *gen_read(const char *path, size_t *len);

/* gen_mo.c: the translations of one language, as msgfmt wrote them. */
struct gen_mo;
struct gen_mo *gen_mo_read(const char *path);
/* The translation; NULL: there is none. Remembers that it was asked for. */
const char *gen_mo_find(struct gen_mo *mo, const char *msgid);
/* A translation that nobody asked for; NULL: none. */
const char *gen_mo_unused(const struct gen_mo *mo);

/* gen_template.c: one page in one language. mo NULL: the texts as they are. Prints the ops. */
void gen_template(const char *dir, const char *file, const char *symbol, struct gen_mo *mo);
/* Prints each text of a page as a message of a .pot file; the same text twice is msguniq's job. */
void gen_template_pot(const char *dir, const char *file);

/* gen_emit.c: the ops of one page. */
void gen_emit_begin(void);
void gen_emit_text(const char *p, size_t n);
void gen_emit_value(const char *name, size_t len);
/* kind: "IF", "UNLESS" or "EACH". */
void gen_emit_open(const char *kind, const char *name, size_t len);
void gen_emit_close(const char *name, size_t len);
void gen_emit_print(const char *symbol);

#endif
