#include "gen.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INCLUDES_MAX 3
#define MESSAGE_MAX  4096

/* What is being read: the page, and above it the files it includes. */
struct source {
	const char *file;
	const char *at;
};

struct compiler {
	const char *dir;
	struct gen_mo *mo;
	bool is_pot;
	struct source stack[INCLUDES_MAX];
	size_t depth;
};

static void
push(struct compiler *c, const char *name, size_t len)
{
	char *file, *path;
	size_t ignored;

	if (c->depth == INCLUDES_MAX)
		gen_die("includes nest too deep");
	if (asprintf(&file, "%.*s", (int)len, name) < 0 ||
	    asprintf(&path, "%s/%s", c->dir, file) < 0)
		gen_die("out of memory");
	c->stack[c->depth++] = (struct source){file, gen_read(path, &ignored)};
}

/* One blank for any run of white space, none at the ends. */
static void
squeeze(const char *p, size_t n, char out[static MESSAGE_MAX])
{
	size_t i, len = 0;

	if (n >= MESSAGE_MAX)
		gen_die("a text is too long: %.40s...", p);
	for (i = 0; i < n; i++) {
		/* Only ASCII blanks: a no-break space is part of the text. */
		bool is_blank = strchr(" \t\n", p[i]) != NULL;

		if (!is_blank)
			out[len++] = p[i];
		else if (len > 0 && out[len - 1] != ' ')
			out[len++] = ' ';
	}
	if (len > 0 && out[len - 1] == ' ')
		len--;
	out[len] = '\0';
}

/* The next <tag> or {{value}} of a text; NULL: no more. */
static const char *
markup(const char *p, size_t *len)
{
	const char *end;

	for (; *p != '\0'; p++) {
		if (*p != '<' && strncmp(p, "{{", 2) != 0)
			continue;
		if ((end = strstr(p, *p == '<' ? ">" : "}}")) == NULL)
			gen_die("markup without an end: %s", p);
		*len = (size_t)(end - p) + (*p == '<' ? 1 : 2);
		return p;
	}
	return NULL;
}

static size_t
occurrences(const char *text, const char *what, size_t len)
{
	size_t n = 0, found;
	const char *p;

	for (p = text; (p = markup(p, &found)) != NULL; p += found)
		n += found == len && memcmp(p, what, len) == 0;
	return n;
}

/* A translation must have exactly the tags and values of the original. */
static void
check_markup(const char *id, const char *text)
{
	const char *sides[2] = {id, text}, *p;
	size_t len, i;

	for (i = 0; i < 2; i++)
		for (p = sides[i]; (p = markup(p, &len)) != NULL; p += len)
			if (occurrences(id, p, len) != occurrences(text, p, len))
				gen_die("%.*s differs between:\n  %s\n  %s", (int)len, p, id, text);
}

static void
print_message(const char *id)
{
	const char *p;

	printf("\nmsgid \"");
	for (p = id; *p != '\0'; p++)
		printf(*p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
	printf("\"\nmsgstr \"\"\n");
}

static void
put_message(struct compiler *c, const char *p, size_t n)
{
	char id[MESSAGE_MAX];
	const char *text, *value;
	size_t len = 0;

	squeeze(p, n, id);
	if (c->is_pot) {
		print_message(id);
		return;
	}
	text = c->mo == NULL ? id : gen_mo_find(c->mo, id);
	if (text == NULL || *text == '\0')
		gen_die("not translated (or marked fuzzy): %s", id);
	check_markup(id, text);
	for (; (value = strstr(text, "{{")) != NULL; text = value + len) {
		gen_emit_text(text, (size_t)(value - text));
		markup(value, &len);
		gen_emit_value(value + 2, len - 4);
	}
	gen_emit_text(text, strlen(text));
}

static void
put_tag(struct compiler *c, const char *p, size_t n)
{
	switch (*p) {
	case '>': push(c, p + 1, n - 1); break;
	case '?': gen_emit_open("IF", p + 1, n - 1); break;
	case '^': gen_emit_open("UNLESS", p + 1, n - 1); break;
	case '*': gen_emit_open("EACH", p + 1, n - 1); break;
	case '/': gen_emit_close(p + 1, n - 1); break;
	default: gen_emit_value(p, n);
	}
}

/* Text as it stands; a line's indentation is for the template's reader only. */
static const char *
put_plain(const char *p)
{
	size_t n = strcspn(p, "\n[{");

	if (*p == '\n') {
		gen_emit_text("\n", 1);
		return p + strspn(p, " \t\n");
	}
	n += n == 0; /* a lone [ or { */
	gen_emit_text(p, n);
	return p + n;
}

static const char *
end_of(const struct source *s, const char *mark)
{
	const char *end = strstr(s->at, mark);

	if (end == NULL)
		gen_die("%s: %s is missing behind: %.40s", s->file, mark, s->at);
	return end;
}

static void
step(struct compiler *c)
{
	struct source *s = &c->stack[c->depth - 1];
	const char *start = s->at + 2, *end;

	if (*s->at == '\0') {
		c->depth--;
	} else if (strncmp(s->at, "[[", 2) == 0) {
		end = end_of(s, "]]");
		s->at = end + 2;
		put_message(c, start, (size_t)(end - start));
	} else if (strncmp(s->at, "{{", 2) == 0) {
		end = end_of(s, "}}");
		s->at = end + 2;
		put_tag(c, start, (size_t)(end - start));
	} else {
		s->at = put_plain(s->at);
	}
}

static void
compile(struct compiler *c, const char *file)
{
	gen_emit_begin();
	push(c, file, strlen(file));
	while (c->depth > 0)
		step(c);
}

void
gen_template(const char *dir, const char *file, const char *symbol, struct gen_mo *mo)
{
	struct compiler c = {.dir = dir, .mo = mo};

	compile(&c, file);
	gen_emit_print(symbol);
}

void
gen_template_pot(const char *dir, const char *file)
{
	struct compiler c = {.dir = dir, .is_pot = true};

	compile(&c, file);
}
