#include "front/view.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"

#define SHORT 24 /* bytes of a number or a day */

/* One page while it is rendered: the texts that its model points to. */
struct view {
	const struct site *site;
	size_t lang;
	size_t topic; /* whose choices are listed */
	const char *choice;
	struct page_model m;
	char q[16], here[LIMIT_HTTP_PATH + 1], token[RECEIPTS_TOKEN + 1];
	char limit[SHORT], serial[SHORT], days[SHORT];
	char number[SHORT], until[SHORT], title[LIMIT_INBOX_TITLE + 1];
};

static size_t
count(void *ctx, enum page_list list)
{
	const struct view *v = ctx;
	const struct site *s = v->site;

	switch (list) {
	case PAGE_LIST_LANGUAGES: return s->languages.n > 1 ? s->languages.n : 0;
	case PAGE_LIST_INBOXES: return s->schedule == NULL ? 0 : s->schedule->s->n_inboxes;
	case PAGE_LIST_TOPICS: return s->conf->n_topics;
	case PAGE_LIST_CHOICES: return s->conf->topics[v->topic].n;
	case PAGE_LIST_COUNT: break;
	}
	return 0;
}

static void
language_row(struct view *v, size_t i)
{
	size_t lang = v->site->languages.lang[i];

	v->m.value[PAGE_CODE] = page_language_code(lang);
	v->m.value[PAGE_NATIVE] = page_language_name(lang);
	v->m.value[PAGE_OTHER] = lang != v->lang ? "1" : NULL;
}

static void
inbox_row(struct view *v, size_t i)
{
	const struct schedule *s = v->site->schedule->s;
	struct schedule_seal seal;

	v->m.value[PAGE_NAME] = s->inboxes[i].name;
	v->m.value[PAGE_TITLE] = s->inboxes[i].title;
	v->m.value[PAGE_NUMBER] = v->m.value[PAGE_UNTIL] = NULL;
	if (schedule_current(s, i, v->site->today, &seal) != ERR_OK)
		return;
	snprintf(v->number, sizeof v->number, "%u", seal.number);
	date_format(v->until, seal.end - 1); /* the last day, as people say it */
	v->m.value[PAGE_NUMBER] = v->number;
	v->m.value[PAGE_UNTIL] = v->until;
}

/* The key of the config is also what is shown: "sound_sensors" becomes "sound sensors". */
static void
topic_row(struct view *v, size_t i)
{
	const struct conf_topic *t = &v->site->conf->topics[i];
	char *p;

	v->topic = i;
	snprintf(v->title, sizeof v->title, "%s", t->name);
	for (p = v->title; *p != '\0'; p++)
		if (*p == '_')
			*p = ' ';
	v->m.value[PAGE_NAME] = t->name;
	v->m.value[PAGE_TITLE] = v->title;
}

static void
choice_row(struct view *v, size_t i)
{
	v->choice =
	    i == 0 ? v->site->conf->topics[v->topic].values : v->choice + strlen(v->choice) + 1;
	v->m.value[PAGE_VALUE] = v->choice;
}

static void
row(void *ctx, enum page_list list, size_t i, struct page_model *m)
{
	struct view *v = ctx;

	(void)m;
	switch (list) {
	case PAGE_LIST_LANGUAGES: language_row(v, i); break;
	case PAGE_LIST_INBOXES: inbox_row(v, i); break;
	case PAGE_LIST_TOPICS: topic_row(v, i); break;
	case PAGE_LIST_CHOICES: choice_row(v, i); break;
	case PAGE_LIST_COUNT: break;
	}
}

/* What was chosen by hand stays in every link; what the browser asks for needs none. */
static void
choose_language(struct view *v, const struct request *r)
{
	const struct lang_set *set = &v->site->languages;

	if (lang_find(set, r->lang, strlen(r->lang), &v->lang))
		snprintf(v->q, sizeof v->q, "?lang=%s", page_language_code(v->lang));
	else
		v->lang = lang_choose(set, r->accept);
}

static void
set_limit(struct view *v)
{
	uint64_t limit = v->site->conf->max_upload;
	bool is_large = limit >= LIMIT_GIB;

	snprintf(v->limit, sizeof v->limit, "%llu",
	    (unsigned long long)(limit / (is_large ? LIMIT_GIB : LIMIT_MIB)));
	v->m.value[is_large ? PAGE_LIMIT_G : PAGE_LIMIT_M] = v->limit;
}

static void
view_init(struct view *v, const struct site *s, const struct request *r)
{
	*v = (struct view){.site = s, .m = {.ctx = v, .count = count, .row = row}};
	choose_language(v, r);
	/* What answers a POST isn't where a language switch could lead to. */
	snprintf(v->here, sizeof v->here, "%s", r->method == REQUEST_POST ? "/" : r->path);
	snprintf(v->days, sizeof v->days, "%u", s->conf->retention_days);
	set_limit(v);
	if (s->schedule != NULL)
		snprintf(v->serial, sizeof v->serial, "%u", s->schedule->s->serial);
	v->m.value[PAGE_SITE] = s->conf->name;
	v->m.value[PAGE_INSTANCE] = s->conf->instance;
	v->m.value[PAGE_LANG] = page_language_code(v->lang);
	v->m.value[PAGE_Q] = v->q;
	v->m.value[PAGE_HERE] = v->here[0] != '\0' ? v->here : "/";
	v->m.value[PAGE_ROOT_KEY] = s->root_key;
	v->m.value[PAGE_SERIAL] = v->serial;
	v->m.value[PAGE_DAYS] = v->days;
	v->m.value[PAGE_MANY] = count(v, PAGE_LIST_INBOXES) > 1 ? "1" : NULL;
}

static enum err
render(struct view *v, enum page_id page, unsigned status, struct answer *a)
{
	enum err e;

	answer_init(a, status);
	a->may_be_framed = true;
	e = page_render(&a->body, v->lang, page, &v->m);
	explicit_bzero(v, sizeof *v);
	return e;
}

enum err
view_form(const struct site *s, const struct request *r, struct answer *a)
{
	struct view v;

	view_init(&v, s, r);
	receipts_token(v.token);
	v.m.value[PAGE_TOKEN] = v.token;
	return render(&v, PAGE_FORM, 200, a);
}

enum err
view_receipt(const struct site *s, const struct request *r, struct answer *a)
{
	struct view v;

	view_init(&v, s, r);
	return render(&v, PAGE_RECEIPT, 200, a);
}

enum err
view_how(const struct site *s, const struct request *r, struct answer *a)
{
	struct view v;

	view_init(&v, s, r);
	return render(&v, PAGE_HOW, 200, a);
}

static unsigned
status_of(enum page_value which)
{
	static const unsigned status[PAGE_VALUE_COUNT] = {
	    [PAGE_BAD_REQUEST] = 400,
	    [PAGE_HEADER_TOO_LARGE] = 431,
	    [PAGE_NOT_FOUND] = 404,
	    [PAGE_METHOD] = 405,
	    [PAGE_LENGTH] = 411,
	    [PAGE_VERSION] = 505,
	    [PAGE_EXPECT] = 417,
	    [PAGE_HOST] = 421,
	    [PAGE_TOR2WEB] = 403,
	    [PAGE_NO_RECEIPT] = 404,
	    [PAGE_EMPTY] = 400,
	    [PAGE_DAMAGED] = 400,
	    [PAGE_STALE] = 400,
	    [PAGE_MESSAGE_TOO_LONG] = 413,
	    [PAGE_TOO_MANY_FILES] = 413,
	    [PAGE_TOO_LARGE] = 413,
	    [PAGE_NO_KEY] = 503,
	    [PAGE_NO_ROOM] = 507,
	    [PAGE_CLOSED] = 503,
	    [PAGE_BUSY] = 503,
	    [PAGE_NOT_CONFIRMED] = 503,
	    [PAGE_ARRIVING] = 409,
	    [PAGE_RESTARTING] = 503,
	};

	return status[which];
}

enum err
view_error(const struct site *s, const struct request *r, enum page_value which, struct answer *a)
{
	struct view v;

	view_init(&v, s, r);
	v.m.value[which] = "1";
	return render(&v, PAGE_ERROR, status_of(which), a);
}

enum err
view_upload_error(
    const struct site *s, const struct request *r, enum page_value which, struct answer *a)
{
	struct view v;

	view_init(&v, s, r);
	v.m.value[which] = v.m.value[PAGE_UPLOAD] = "1";
	return render(&v, PAGE_ERROR, status_of(which), a);
}

enum err
view_static(enum page_id page, enum answer_type type, struct answer *a)
{
	struct page_model none = {0};

	answer_init(a, 200);
	a->type = type;
	return page_render(&a->body, 0, page, &none);
}

void
view_redirect(const struct site *s, const struct request *r, const char *path, struct answer *a)
{
	struct view v;

	view_init(&v, s, r);
	answer_init(a, 303);
	a->may_be_framed = true;
	snprintf(a->location, sizeof a->location, "%s%s", path, v.q);
}
