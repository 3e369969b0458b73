#include "front/model.h"

#include <stdio.h>
#include <string.h>

#include "conf/conf_local.h"
#include "seal/bech32.h"

static size_t
count(void *ctx, enum page_list list)
{
	const struct model *v = ctx;
	const struct site *s = v->site;

	switch (list) {
	case PAGE_LIST_LANGUAGES: return s->languages.n > 1 ? s->languages.n : 0;
	case PAGE_LIST_INBOXES: return s->schedule == NULL ? 0 : s->schedule->s->n_inboxes;
	case PAGE_LIST_TOPICS: return s->conf->n_topics;
	case PAGE_LIST_CHOICES: return s->conf->topics[v->topic].n;
	case PAGE_LIST_WORDS: return v->codename[0] == '\0' ? 0 : FINGERPRINT_WORDS;
	case PAGE_LIST_REPLIES: return v->replies == NULL ? 0 : v->replies->n;
	case PAGE_LIST_COUNT: break;
	}
	return 0;
}

static void
language_row(struct model *v, size_t i)
{
	size_t lang = v->site->languages.lang[i];

	v->m.value[PAGE_CODE] = page_language_code(lang);
	v->m.value[PAGE_NATIVE] = page_language_name(lang);
	v->m.value[PAGE_OTHER] = lang != v->lang ? "1" : NULL;
}

/* As age takes them: "-r age1... -r age1..." */
static void
set_recipients(struct model *v, const struct schedule_seal *seal)
{
	char one[AGE_RECIPIENT_LEN + 1];
	size_t i, at = 0;

	for (i = 0; i < seal->n; i++) {
		bech32_recipient(one, seal->recipients[i]);
		at += (size_t)snprintf(
		    v->seal_to + at, sizeof v->seal_to - at, "%s-r %s", i == 0 ? "" : " ", one);
	}
}

/* What the configuration says about it in the page's language; NULL: nothing. */
static const char *
local(const struct model *v, enum conf_local_kind kind, const char *name)
{
	return conf_local_text(v->site->conf, kind, name, page_language_code(v->lang));
}

const char *
model_inbox_title(const struct model *v, size_t i)
{
	const struct schedule *s = v->site->schedule->s;
	const char *title = local(v, CONF_LOCAL_INBOX, s->inboxes[i].name);

	return title != NULL ? title : s->inboxes[i].title;
}

static void
inbox_row(struct model *v, size_t i)
{
	const struct schedule *s = v->site->schedule->s;
	struct schedule_seal seal;

	v->m.value[PAGE_NAME] = s->inboxes[i].name;
	v->m.value[PAGE_TITLE] = model_inbox_title(v, i);
	v->m.value[PAGE_NUMBER] = v->m.value[PAGE_UNTIL] = v->m.value[PAGE_SEAL_TO] = NULL;
	v->m.value[PAGE_FINGERPRINT] = NULL;
	if (schedule_current(s, i, v->site->today, &seal) != ERR_OK)
		return;
	snprintf(v->number, sizeof v->number, "%u", seal.number);
	day_text(v->until, v->lang, seal.end - 1); /* the last day, as people say it */
	set_recipients(v, &seal);
	fingerprint_epoch_words(v->fingerprint, (const uint8_t(*)[AGE_KEY])seal.recipients, seal.n);
	v->m.value[PAGE_FINGERPRINT] = v->fingerprint;
	v->m.value[PAGE_NUMBER] = v->number;
	v->m.value[PAGE_UNTIL] = v->until;
	v->m.value[PAGE_SEAL_TO] = v->seal_to;
}

/* Without a title the key of the config is shown: "sound_sensors" becomes "sound sensors". */
static void
topic_row(struct model *v, size_t i)
{
	const struct conf_topic *t = &v->site->conf->topics[i];
	const char *title;
	char *p;

	v->topic = i;
	snprintf(v->title, sizeof v->title, "%s", t->name);
	for (p = v->title; *p != '\0'; p++)
		if (*p == '_')
			*p = ' ';
	v->m.value[PAGE_NAME] = t->name;
	title = local(v, CONF_LOCAL_TOPIC, t->name);
	v->m.value[PAGE_TITLE] = title != NULL ? title : v->title;
}

/* Reviewers get the same value from a source of any language. */
static void
choice_row(struct model *v, size_t i)
{
	const struct conf_topic *t = &v->site->conf->topics[v->topic];
	const struct conf_local *l =
	    conf_local_find(v->site->conf, CONF_LOCAL_TOPIC, t->name, page_language_code(v->lang));

	v->choice = i == 0 ? t->values : v->choice + strlen(v->choice) + 1;
	if (l == NULL)
		v->label = v->choice;
	else
		v->label = i == 0 ? l->values : v->label + strlen(v->label) + 1;
	v->m.value[PAGE_VALUE] = v->choice;
	v->m.value[PAGE_LABEL] = v->label;
}

/* The codename is cut into its words as they are listed. */
static void
word_row(struct model *v, size_t i)
{
	if (i == 0)
		v->word = v->codename;
	v->m.value[PAGE_WORD] = v->word == NULL ? "" : strsep(&v->word, " ");
}

static void
reply_row(struct model *v, size_t i)
{
	day_text(v->until, v->lang, v->replies->all[i].day);
	v->m.value[PAGE_DAY] = v->until;
	v->m.value[PAGE_ID] = v->replies->all[i].id;
	v->m.value[PAGE_TEXT] = replies_text(v->replies, i);
}

static void
row(void *ctx, enum page_list list, size_t i, struct page_model *m)
{
	struct model *v = ctx;

	(void)m;
	switch (list) {
	case PAGE_LIST_LANGUAGES: language_row(v, i); break;
	case PAGE_LIST_INBOXES: inbox_row(v, i); break;
	case PAGE_LIST_TOPICS: topic_row(v, i); break;
	case PAGE_LIST_CHOICES: choice_row(v, i); break;
	case PAGE_LIST_WORDS: word_row(v, i); break;
	case PAGE_LIST_REPLIES: reply_row(v, i); break;
	case PAGE_LIST_COUNT: break;
	}
}

/* What was chosen by hand stays in every link; what the browser asks for needs none. */
static void
choose_language(struct model *v, const struct request *r)
{
	const struct lang_set *set = &v->site->languages;

	if (!lang_find(set, r->lang, strlen(r->lang), &v->lang)) {
		v->lang = lang_choose(set, r->accept);
		return;
	}
	snprintf(v->q, sizeof v->q, "?lang=%s", page_language_code(v->lang));
	snprintf(v->and_lang, sizeof v->and_lang, "&lang=%s", page_language_code(v->lang));
}

static void
set_limit(struct model *v)
{
	uint64_t limit = v->site->conf->max_upload;
	bool is_large = limit >= LIMIT_GIB;

	snprintf(v->limit, sizeof v->limit, "%llu",
	    (unsigned long long)(limit / (is_large ? LIMIT_GIB : LIMIT_MIB)));
	v->m.value[is_large ? PAGE_LIMIT_G : PAGE_LIMIT_M] = v->limit;
}

void
model_init(struct model *v, const struct site *s, const struct request *r)
{
	*v = (struct model){.site = s, .m = {.ctx = v, .count = count, .row = row}};
	choose_language(v, r);
	/* What answers an upload isn't where a language switch could lead to. */
	if (r->method == REQUEST_POST && strcmp(r->path, "/sign-in") != 0)
		snprintf(v->here, sizeof v->here, "/");
	else
		snprintf(v->here, sizeof v->here, "%s", r->path);
	snprintf(v->hours, sizeof v->hours, "%u", s->conf->max_upload_hours);
	v->m.value[PAGE_LIMIT_HOURS] = v->hours;
	snprintf(v->days, sizeof v->days, "%u", s->conf->retention_days);
	set_limit(v);
	if (s->schedule != NULL)
		snprintf(v->serial, sizeof v->serial, "%u", s->schedule->s->serial);
	v->m.value[PAGE_SITE] = s->conf->name;
	v->m.value[PAGE_LOGO] = s->logo != NULL && s->logo->len > 0 ? "1" : NULL;
	v->m.value[PAGE_INTRO] = local(v, CONF_LOCAL_INTRO, "intro");
	v->m.value[PAGE_CONTACT] = local(v, CONF_LOCAL_CONTACT, "contact");
	v->m.value[PAGE_INSTANCE] = s->conf->instance;
	v->m.value[PAGE_LANG] = page_language_code(v->lang);
	v->m.value[PAGE_Q] = v->q;
	v->m.value[PAGE_AND_LANG] = v->and_lang;
	v->m.value[PAGE_FRAMED] = r->is_framed ? "1" : NULL;
	v->m.value[PAGE_HERE] = v->here[0] != '\0' ? v->here : "/";
	if (s->schedule != NULL)
		day_text(v->today, v->lang, s->today);
	v->m.value[PAGE_ROOT_KEY] = s->root_key;
	v->m.value[PAGE_ROOT_WORDS] = s->root_words;
	v->m.value[PAGE_TODAY] = v->today;
	v->m.value[PAGE_SERIAL] = v->serial;
	v->m.value[PAGE_DAYS] = v->days;
	v->m.value[PAGE_MANY] = count(v, PAGE_LIST_INBOXES) > 1 ? "1" : NULL;
}

enum err
model_render(struct model *v, enum page_id page, unsigned status, struct answer *a)
{
	enum err e;

	answer_init(a, status);
	a->may_be_framed = true;
	e = page_render(&a->body, v->lang, page, &v->m);
	explicit_bzero(v, sizeof *v);
	return e;
}
