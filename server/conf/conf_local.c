#include "conf/conf_local.h"

#include <stdlib.h>
#include <string.h>

#include "conf/conf_value.h"

static const char no_memory[] = "doesn't fit into memory";

static const char *
set_text(struct conf_local *l, const char *s)
{
	return (l->text = strdup(s)) == NULL ? no_memory : NULL;
}

static const char *
set_intro(const struct conf *c, struct conf_local *l, const char *s)
{
	(void)c;
	if (!conf_value_is_text(s, LIMIT_INTRO))
		return "must be one line of 1 to 600 bytes of text (UTF-8)";
	return set_text(l, s);
}

static const char *
set_contact(const struct conf *c, struct conf_local *l, const char *s)
{
	(void)c;
	if (!conf_value_is_text(s, LIMIT_CONTACT))
		return "must be one line of 1 to 200 bytes of text (UTF-8)";
	return set_text(l, s);
}

static const char *
set_inbox(const struct conf *c, struct conf_local *l, const char *s)
{
	(void)c;
	if (!schedule_is_inbox_name(l->name, strlen(l->name)))
		return "must be the name of an inbox, a point and a language, as in: tips.fr";
	if (!schedule_is_title(s, strlen(s)))
		return "must be 1 to 120 bytes of text (UTF-8)";
	return set_text(l, s);
}

static const struct conf_topic *
find_topic(const struct conf *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->n_topics; i++)
		if (strcmp(c->topics[i].name, name) == 0)
			return &c->topics[i];
	return NULL;
}

/* "Technologie: drones | capteurs sonores" */
static const char *
set_topic(const struct conf *c, struct conf_local *l, const char *s)
{
	static const char why[] = "must be a title of 1 to 120 bytes, a colon, and the values";
	const struct conf_topic *main_one = find_topic(c, l->name);
	const char *colon = strchr(s, ':'), *fault;
	struct conf_topic t = {0};

	if (main_one == NULL)
		return "must stand below the topic that it translates";
	if (colon == NULL)
		return why;
	if ((l->text = strndup(s, (size_t)(colon - s))) == NULL)
		return no_memory;
	for (char *end = strchr(l->text, '\0'); end > l->text && end[-1] == ' '; *--end = '\0')
		continue;
	if (!conf_value_is_text(l->text, LIMIT_TOPIC_VALUE))
		return why;
	fault = conf_value_choices(&t, colon + 1);
	l->values = t.values;
	if (fault == NULL && t.n != main_one->n)
		return "must have as many values as the topic that it translates, in its order";
	return fault;
}

/* name NULL: whatever the admin calls it. */
static const struct sort {
	const char *section, *name;
	enum conf_local_kind kind;
	const char *(*set)(const struct conf *c, struct conf_local *l, const char *s);
} sorts[] = {
    {"server", "intro", CONF_LOCAL_INTRO, set_intro},
    {"server", "contact", CONF_LOCAL_CONTACT, set_contact},
    {"topics", NULL, CONF_LOCAL_TOPIC, set_topic},
    {"inboxes", NULL, CONF_LOCAL_INBOX, set_inbox},
};

static const struct sort *
find_sort(const char *section, const char *name)
{
	size_t i;

	for (i = 0; i < sizeof sorts / sizeof sorts[0]; i++)
		if (strcmp(sorts[i].section, section) == 0 &&
		    (sorts[i].name == NULL || strcmp(sorts[i].name, name) == 0))
			return &sorts[i];
	return NULL;
}

/* Cuts "tips.fr". */
static bool
cut(struct conf_local *l, const char *key)
{
	const char *dot = strrchr(key, '.');
	size_t n;

	if (dot == NULL)
		return false;
	n = (size_t)(dot - key);
	if (n >= sizeof l->name || dot[1] == '\0' || strlen(dot + 1) >= sizeof l->lang)
		return false;
	memcpy(l->name, key, n);
	memcpy(l->lang, dot + 1, strlen(dot + 1));
	return true;
}

const char *
conf_local_set(struct conf *c, const char *section, const char *key, const char *value)
{
	struct conf_local l = {0};
	const struct sort *sort;
	const char *why;

	if (!cut(&l, key))
		return "must be a name, a point and a language, as in: tips.fr";
	if ((sort = find_sort(section, l.name)) == NULL)
		return "is not a key of this section";
	l.kind = sort->kind;
	if (conf_local_find(c, l.kind, l.name, l.lang) != NULL)
		return "stands here for the second time";
	if (c->n_locals == CONF_LOCALS_MAX)
		return "is one more than there may be";
	if ((why = sort->set(c, &l, value)) != NULL) {
		free(l.text);
		free(l.values);
		return why;
	}
	c->locals[c->n_locals++] = l;
	return NULL;
}

const struct conf_local *
conf_local_stray(const struct conf *c)
{
	size_t i, j;

	for (i = 0; i < c->n_locals; i++) {
		for (j = 0; j < c->n_languages; j++)
			if (strcmp(c->locals[i].lang, c->languages[j]) == 0)
				break;
		if (j == c->n_languages)
			return &c->locals[i];
	}
	return NULL;
}

const struct conf_local *
conf_local_find(const struct conf *c, enum conf_local_kind kind, const char *name, const char *lang)
{
	size_t i;

	for (i = 0; i < c->n_locals; i++)
		if (c->locals[i].kind == kind && strcmp(c->locals[i].name, name) == 0 &&
		    strcmp(c->locals[i].lang, lang) == 0)
			return &c->locals[i];
	return NULL;
}

const char *
conf_local_text(const struct conf *c, enum conf_local_kind kind, const char *name, const char *lang)
{
	const struct conf_local *l = conf_local_find(c, kind, name, lang);

	return l == NULL ? NULL : l->text;
}
