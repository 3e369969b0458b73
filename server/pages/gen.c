#include "gen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * gen PAGES STATIC [CODE=FILE.mo ...]   prints the C tables; English is always in
 * gen --pot PAGES                       prints the texts, for msgmerge
 */

#define NATIVE_NAME "English" /* each language translates it to its own name */
#define FILE_MAX_   (1024 * 1024)
#define LANGS_MAX   16

static const struct {
	const char *symbol;
	const char *file;
	bool is_static;
} pages[] = {
    {"FORM", "form.html", false},
    {"RECEIPT", "receipt.html", false},
    {"SIGN_IN", "sign_in.html", false},
    {"MAILBOX", "mailbox.html", false},
    {"SIGNED_OUT", "signed_out.html", false},
    {"PROGRESS", "progress.html", false},
    {"SLOT", "slot.html", false},
    {"HOW", "how.html", false},
    {"FINGERPRINTS", "fingerprints.html", false},
    {"ERROR", "error.html", false},
    {"DATE", "date.html", false},
    {"STYLE", "style.css", true},
    {"ROBOTS", "robots.txt", true},
};
#define N_PAGES (sizeof pages / sizeof pages[0])

struct language {
	const char *code;
	const char *name;
	struct gen_mo *mo;
};

_Noreturn void
gen_die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "pages: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	exit(1);
}

char *
gen_read(const char *path, size_t *len)
{
	char *p = malloc(FILE_MAX_ + 1);
	FILE *f = fopen(path, "rb");

	if (p == NULL || f == NULL)
		gen_die("%s: can't be read", path);
	*len = fread(p, 1, FILE_MAX_, f);
	if (ferror(f) || !feof(f))
		gen_die("%s: can't be read, or too long", path);
	fclose(f);
	p[*len] = '\0';
	return p;
}

static void
print_tables(const struct language *langs, size_t n)
{
	size_t i, j;

	printf("const struct page_table_language page_table_languages[] = {\n");
	for (i = 0; i < n; i++) {
		printf("\t{\"%s\", \"%s\", {\n", langs[i].code, langs[i].name);
		for (j = 0; j < N_PAGES; j++)
			printf("\t\t[PAGE_%s] = {%s_%s, sizeof %s_%s / sizeof %s_%s[0]},\n",
			    pages[j].symbol, langs[i].code, pages[j].symbol, langs[i].code,
			    pages[j].symbol, langs[i].code, pages[j].symbol);
		printf("\t}},\n");
	}
	printf("};\nconst size_t page_table_n_languages = %zu;\n", n);
}

static void
print_language(const char *dir, const char *static_dir, const struct language *l)
{
	char symbol[64];
	size_t i;
	const char *stale;

	for (i = 0; i < N_PAGES; i++) {
		snprintf(symbol, sizeof symbol, "%s_%s", l->code, pages[i].symbol);
		gen_template(pages[i].is_static ? static_dir : dir, pages[i].file, symbol, l->mo);
	}
	if (l->mo != NULL && (stale = gen_mo_unused(l->mo)) != NULL)
		gen_die("%s: no page has this text any more: %s", l->code, stale);
}

static struct language
language_of(char *arg)
{
	struct language l = {.code = arg};
	char *file = strchr(arg, '=');

	if (file == NULL)
		gen_die("expected CODE=FILE.mo: %s", arg);
	*file++ = '\0';
	l.mo = gen_mo_read(file);
	if ((l.name = gen_mo_find(l.mo, NATIVE_NAME)) == NULL)
		gen_die("%s: \"" NATIVE_NAME "\" must become the language's own name", l.code);
	return l;
}

static void
print_pot(const char *dir)
{
	size_t i;

	printf("msgid \"\"\nmsgstr \"Content-Type: text/plain; charset=UTF-8\\n\"\n");
	printf("\nmsgid \"" NATIVE_NAME "\"\nmsgstr \"\"\n");
	for (i = 0; i < N_PAGES; i++)
		if (!pages[i].is_static)
			gen_template_pot(dir, pages[i].file);
}

int
main(int argc, char **argv)
{
	struct language langs[LANGS_MAX] = {{"en", NATIVE_NAME, NULL}};
	size_t n = 1, i;

	if (argc == 3 && strcmp(argv[1], "--pot") == 0) {
		print_pot(argv[2]);
		return 0;
	}
	if (argc < 3 || argc - 2 > LANGS_MAX)
		gen_die("usage: gen PAGES STATIC [CODE=FILE.mo ...] | gen --pot PAGES");
	for (i = 3; i < (size_t)argc; i++)
		langs[n++] = language_of(argv[i]);
	printf("#include \"front/page_table.h\"\n\n");
	for (i = 0; i < n; i++)
		print_language(argv[1], argv[2], &langs[i]);
	print_tables(langs, n);
	return fflush(stdout) == 0 ? 0 : 1;
}
