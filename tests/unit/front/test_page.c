#include "harness.h"

#include "base/date.h"
#include "base/text.h"
#include "front/day_text.h"
#include "front/lang.h"
#include "front/page.h"

#define PAGE_WEIGHT (20 * 1024) /* bytes; what a slow line can bear */

static void
escapes(const char *in, size_t n, const char *want)
{
	struct buf b;

	buf_init(&b, 4096);
	assert_ok(page_escape(&b, in, n));
	assert_string_equal(buf_cstr(&b), want);
	buf_wipe(&b);
}

#define U "\xef\xbf\xbd"

static void
test_escape(void **state)
{
	(void)state;
	escapes("", 0, "");
	escapes("a&b<c>d\"e'f", 11, "a&amp;b&lt;c&gt;d&quot;e&#39;f");
	escapes("caf\xc3\xa9 \xd8\xa7\xf0\x9f\x94\x91", 12, "caf\xc3\xa9 \xd8\xa7\xf0\x9f\x94\x91");
	escapes("a\0b", 3, "a" U "b");
	escapes("a\nb\tc\rd\x1b", 8, "a\nb" U "c" U "d" U);
	escapes("\xe2\x80\xae"
		"fdp.exe",
	    10, U "fdp.exe");
	/* ZWNJ, ZWJ, VS16 stay; ZWSP, LRM, RLM, VS15 beside them don't. */
	escapes("\xe2\x80\x8c\xe2\x80\x8d\xef\xb8\x8f", 9, "\xe2\x80\x8c\xe2\x80\x8d\xef\xb8\x8f");
	escapes("\xe2\x80\x8b\xe2\x80\x8e\xe2\x80\x8f\xef\xb8\x8e", 12, U U U U);
	escapes("\xc3", 1, U);
	escapes("\xc0\xaf\xff", 3, U U U);
	escapes("\xed\xa0\x80", 3, U U U);
}

static void
test_escape_limit(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	assert_err(page_escape(&b, "<<", 2), ERR_LIMIT);
	buf_wipe(&b);
}

/* Lists as the form has them. */
struct world {
	size_t inboxes, topics, choices;
	const char *text;
};

static size_t
count(void *ctx, enum page_list list)
{
	const struct world *w = ctx;

	switch (list) {
	case PAGE_LIST_LANGUAGES: return page_languages();
	case PAGE_LIST_INBOXES: return w->inboxes;
	case PAGE_LIST_TOPICS: return w->topics;
	case PAGE_LIST_CHOICES: return w->choices;
	case PAGE_LIST_WORDS: return 8;
	case PAGE_LIST_REPLIES: return 2;
	case PAGE_LIST_COUNT: break;
	}
	return 0;
}

static void
row(void *ctx, enum page_list list, size_t i, struct page_model *m)
{
	static char number[3][8];
	const struct world *w = ctx;

	snprintf(number[list % 3], sizeof number[0], "n%zu", i);
	switch (list) {
	case PAGE_LIST_LANGUAGES:
		m->value[PAGE_CODE] = page_language_code(i);
		m->value[PAGE_NATIVE] = page_language_name(i);
		m->value[PAGE_OTHER] = i > 0 ? "1" : NULL;
		break;
	case PAGE_LIST_INBOXES:
	case PAGE_LIST_TOPICS:
		m->value[PAGE_NAME] = number[list % 3];
		m->value[PAGE_TITLE] = w->text;
		break;
	case PAGE_LIST_CHOICES: m->value[PAGE_VALUE] = number[list % 3]; break;
	case PAGE_LIST_WORDS: m->value[PAGE_WORD] = number[list % 3]; break;
	case PAGE_LIST_REPLIES:
		m->value[PAGE_DAY] = m->value[PAGE_ID] = number[list % 3];
		m->value[PAGE_TEXT] = w->text;
		break;
	case PAGE_LIST_COUNT: break;
	}
}

static const char *
render(struct buf *b, size_t lang, enum page_id page, struct page_model *m)
{
	buf_reset(b);
	assert_ok(page_render(b, lang, page, m));
	return buf_cstr(b);
}

static size_t
occurrences(const char *text, const char *what)
{
	size_t n = 0;

	while ((text = strstr(text, what)) != NULL) {
		n++;
		text += strlen(what);
	}
	return n;
}

static void
test_lists_nest(void **state)
{
	struct world w = {1, 3, 5, "City"};
	struct page_model m = {.ctx = &w, .count = count, .row = row};
	struct buf b;
	const char *html;

	(void)state;
	buf_init(&b, 65536);
	html = render(&b, 0, PAGE_FORM, &m);
	assert_int_equal(occurrences(html, "<select "), 3);
	assert_int_equal(occurrences(html, "<option "), 3 * (1 + 5));
	assert_non_null(strstr(html, "name=\"inbox\" value=\"n0\""));
	m.value[PAGE_MANY] = "1";
	w.inboxes = 4;
	html = render(&b, 0, PAGE_FORM, &m);
	assert_int_equal(occurrences(html, "<select "), 4);
	assert_int_equal(occurrences(html, "<option "), 4 + 3 * (1 + 5));
	w = (struct world){0, 0, 0, ""};
	html = render(&b, 0, PAGE_FORM, &m);
	assert_int_equal(occurrences(html, "<option "), 0);
	buf_wipe(&b);
}

static void
test_values_are_escaped(void **state)
{
	struct world w = {3, 0, 0, "\"><script>alert(1)</script>"};
	struct page_model m = {.ctx = &w, .count = count, .row = row};
	enum page_value v;
	struct buf b;
	size_t page, lang;
	const char *html;

	(void)state;
	buf_init(&b, 1 << 20);
	for (v = 0; v < PAGE_VALUE_COUNT; v++)
		m.value[v] = "\"'><script>\xe2\x80\xae";
	for (lang = 0; lang < page_languages(); lang++)
		for (page = PAGE_FORM; page <= PAGE_ERROR; page++) {
			html = render(&b, lang, (enum page_id)page, &m);
			assert_null(strstr(html, "<script"));
			assert_null(strstr(html, "\"'>"));
			assert_null(strstr(html, "\xe2\x80\xae"));
			assert_non_null(strstr(html, "&lt;script&gt;"));
		}
	buf_wipe(&b);
}

/* Every page in every language, as heavy as it gets, is light and whole. */
static void
test_weight(void **state)
{
	struct world w = {4, 3, 12, "Investigations desk"};
	struct page_model m = {.ctx = &w, .count = count, .row = row};
	struct buf b;
	size_t page, lang;
	const char *html;

	(void)state;
	buf_init(&b, 1 << 20);
	m.value[PAGE_LIMIT_G] = "4";
	for (lang = 0; lang < page_languages(); lang++)
		for (page = 0; page < PAGE_COUNT; page++) {
			html = render(&b, lang, (enum page_id)page, &m);
			assert_true(b.len > 0 && b.len <= PAGE_WEIGHT);
			assert_true(text_is_utf8(b.p, b.len));
			assert_null(strstr(html, "{{"));
			assert_null(strstr(html, "]]"));
			if (page <= PAGE_ERROR)
				assert_non_null(strstr(html, "</html>"));
		}
	buf_wipe(&b);
}

/* Each error page has its own title and words, in each language. */
static void
test_errors_differ(void **state)
{
	static char seen[64][4096];
	struct page_model m = {0};
	size_t lang, n, i;
	struct buf b;
	int v;

	(void)state;
	buf_init(&b, 65536);
	for (lang = 0; lang < page_languages(); lang++) {
		n = 0;
		for (v = PAGE_BAD_REQUEST; v < PAGE_UPLOAD; v++) {
			memset(&m, 0, sizeof m);
			m.value[v] = "1";
			assert_true(strlen(render(&b, lang, PAGE_ERROR, &m)) < sizeof seen[0]);
			assert_null(strstr((char *)b.p, "<h1></h1>"));
			strcpy(seen[n], (char *)b.p);
			for (i = 0; i < n; i++)
				assert_string_not_equal(seen[i], seen[n]);
			n++;
		}
	}
	buf_wipe(&b);
}

/* Days as people write them. */
static void
test_days(void **state)
{
	struct lang_set s = {0};
	char text[DAY_TEXT_MAX];
	size_t lang;
	int32_t day;

	(void)state;
	assert_true(lang_add(&s, "fr"));
	day_text(text, 0, 20517);
	assert_string_equal(text, "5 March 2026");
	day_text(text, s.lang[0], 20517);
	assert_string_equal(text, "5 mars 2026");
	day_text(text, s.lang[0], 20513);
	assert_string_equal(text, "1er mars 2026");
	day_text(text, s.lang[0], 20818);
	assert_string_equal(text, "31 d\xc3\xa9"
				  "cembre 2026");
	day_text(text, 0, 20487);
	assert_string_equal(text, "3 February 2026");
	day_text(text, 0, DATE_LAST_DAY);
	assert_string_equal(text, "31 December 9999");
	/* No month is missing in any language: those fall back to figures. */
	for (lang = 0; lang < page_languages(); lang++)
		for (day = 20454; day < 20454 + 365; day++) {
			day_text(text, lang, day);
			assert_null(strchr(text, '-'));
			assert_true(text_is_utf8((const uint8_t *)text, strlen(text)));
			assert_int_equal(occurrences(text, " "), 2);
		}
}

/* Typography: a no-break space stands before the French signs that want one. */
static void
test_french_spaces(void **state)
{
	static const char *const bad[] = {" ;", " !", " ?", " :", " \xc2\xbb", "\xc2\xab ", "'"};
	struct lang_set s = {0};
	struct page_model m = {0};
	struct buf b;
	size_t page, i;
	const char *html;

	(void)state;
	assert_true(lang_add(&s, "fr"));
	buf_init(&b, 65536);
	for (page = PAGE_FORM; page <= PAGE_ERROR; page++) {
		html = render(&b, s.lang[0], (enum page_id)page, &m);
		for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
			assert_null(strstr(html, bad[i]));
	}
	buf_wipe(&b);
}

static void
test_no_room(void **state)
{
	struct page_model m = {0};
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_err(page_render(&b, 0, PAGE_HOW, &m), ERR_LIMIT);
	buf_wipe(&b);
}

static const char *
chosen(const struct lang_set *s, const char *accept)
{
	return page_language_code(lang_choose(s, accept));
}

static void
test_language(void **state)
{
	struct lang_set s = {0}, only = {0};
	size_t lang = 99;

	(void)state;
	assert_false(lang_add(&s, "xx"));
	assert_false(lang_add(&s, ""));
	assert_true(lang_add(&s, "fr"));
	assert_true(lang_add(&s, "en"));
	assert_true(lang_add(&only, "en"));
	assert_string_equal(chosen(&s, ""), "fr");
	assert_string_equal(chosen(&s, "en-US,en;q=0.5"), "en");
	assert_string_equal(chosen(&s, "fr-FR,fr;q=0.8,en-US;q=0.5,en;q=0.3"), "fr");
	assert_string_equal(chosen(&s, "de, en;q=0.2"), "en");
	assert_string_equal(chosen(&s, "en;q=0.2, FR-ca;q=0.3"), "fr");
	assert_string_equal(chosen(&s, "en;q=0.3,fr;q=0.3"), "en");
	assert_string_equal(chosen(&s, "en;q=0"), "fr");
	assert_string_equal(chosen(&s, "en;q=1.000,fr;q=0.999"), "en");
	assert_string_equal(chosen(&s, "en;q=2"), "fr");
	assert_string_equal(chosen(&s, "en;q=1.5"), "fr");
	assert_string_equal(chosen(&s, "en;q=0.1234"), "fr");
	assert_string_equal(chosen(&s, "en;q=,en;level=1"), "fr");
	assert_string_equal(chosen(&s, ",,;,q"), "fr");
	assert_string_equal(chosen(&s, "*"), "fr");
	assert_string_equal(chosen(&only, "fr"), "en");
	assert_true(lang_find(&s, "EN", 2, &lang));
	assert_string_equal(page_language_code(lang), "en");
	assert_false(lang_find(&s, "e", 1, &lang));
	assert_false(lang_find(&s, "", 0, &lang));
	assert_false(lang_find(&only, "fr", 2, &lang));
	while (s.n < LANG_MAX)
		assert_true(lang_add(&s, "en"));
	assert_false(lang_add(&s, "en"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_escape),
	    cmocka_unit_test(test_escape_limit),
	    cmocka_unit_test(test_lists_nest),
	    cmocka_unit_test(test_values_are_escaped),
	    cmocka_unit_test(test_weight),
	    cmocka_unit_test(test_errors_differ),
	    cmocka_unit_test(test_days),
	    cmocka_unit_test(test_french_spaces),
	    cmocka_unit_test(test_no_room),
	    cmocka_unit_test(test_language),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
