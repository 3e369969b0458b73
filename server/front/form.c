#include "form.h"

#include <string.h>

void
form_init(struct form *f, const struct conf *conf, const struct schedule *schedule)
{
	*f = (struct form){.conf = conf, .schedule = schedule};
}

/* The topic that a field's name stands for; n_topics if there is none. */
static size_t
find_topic(const struct conf *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->n_topics; i++)
		if (strcmp(c->topics[i].name, name) == 0)
			break;
	return i;
}

static enum form_field
find_field(struct form *f, const char *name)
{
	const size_t prefix = strlen(FORM_TOPIC);

	if (strcmp(name, FORM_TOKEN) == 0)
		return FORM_FIELD_TOKEN;
	if (strcmp(name, FORM_INBOX) == 0)
		return FORM_FIELD_INBOX;
	if (strcmp(name, FORM_MESSAGE) == 0)
		return FORM_FIELD_MESSAGE;
	if (strcmp(name, FORM_FILE) == 0)
		return FORM_FIELD_FILE;
	if (strncmp(name, FORM_TOPIC, prefix) != 0)
		return FORM_FIELD_NONE;
	f->topic = find_topic(f->conf, name + prefix);
	return f->topic < f->conf->n_topics ? FORM_FIELD_TOPIC : FORM_FIELD_NONE;
}

static bool
is_twice(const struct form *f, enum form_field field)
{
	if (field == FORM_FIELD_FILE)
		return false;
	if (field == FORM_FIELD_TOPIC)
		return (f->topics_seen >> f->topic & 1) != 0;
	return (f->seen >> field & 1) != 0;
}

enum intake_verdict
form_begin(struct form *f, const struct part_header *h)
{
	enum form_field before = f->field, field = find_field(f, h->name);

	if (field == FORM_FIELD_NONE || is_twice(f, field))
		return INTAKE_UNKNOWN_FIELD;
	if (before == FORM_FIELD_NONE && field != FORM_FIELD_TOKEN)
		return INTAKE_BAD_TOKEN;
	if (field < before || h->is_file != (field == FORM_FIELD_FILE))
		return INTAKE_MALFORMED;
	f->field = field;
	f->seen |= 1u << field;
	if (field == FORM_FIELD_TOPIC)
		f->topics_seen |= 1u << f->topic;
	f->fill = 0;
	return INTAKE_PENDING;
}

/* What a bad value of the open field is called. */
static enum intake_verdict
bad_value(const struct form *f)
{
	switch (f->field) {
	case FORM_FIELD_TOKEN: return INTAKE_BAD_TOKEN;
	case FORM_FIELD_INBOX: return INTAKE_BAD_INBOX;
	case FORM_FIELD_TOPIC: return INTAKE_BAD_TOPIC;
	case FORM_FIELD_NONE:
	case FORM_FIELD_MESSAGE:
	case FORM_FIELD_FILE: break;
	}
	return INTAKE_MALFORMED;
}

enum intake_verdict
form_put(struct form *f, const void *p, size_t n)
{
	if (n > LIMIT_FIELD - f->fill || memchr(p, '\0', n) != NULL)
		return bad_value(f);
	memcpy(f->value + f->fill, p, n);
	f->fill += n;
	return INTAKE_PENDING;
}

static bool
is_base64url(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '-' || c == '_';
}

/* Its form only: whether it is one of ours is the page's business. */
static bool
keep_token(struct form *f)
{
	size_t i;

	if (f->fill != FORM_TOKEN_LEN)
		return false;
	for (i = 0; i < FORM_TOKEN_LEN; i++)
		if (!is_base64url(f->value[i]))
			return false;
	memcpy(f->token, f->value, FORM_TOKEN_LEN + 1);
	return true;
}

static bool
keep_topic(struct form *f)
{
	const struct conf_topic *t = &f->conf->topics[f->topic];
	const char *v = t->values;
	size_t i;

	if (f->fill == 0)
		return true;
	for (i = 0; i < t->n; i++, v += strlen(v) + 1)
		if (strcmp(v, f->value) == 0) {
			f->topics[f->topic] = v;
			return true;
		}
	return false;
}

enum intake_verdict
form_end(struct form *f)
{
	bool ok = true;

	f->value[f->fill] = '\0';
	switch (f->field) {
	case FORM_FIELD_TOKEN: ok = keep_token(f); break;
	case FORM_FIELD_INBOX:
		ok = schedule_find_inbox(f->schedule, f->value, &f->inbox) == ERR_OK;
		break;
	case FORM_FIELD_TOPIC: ok = keep_topic(f); break;
	case FORM_FIELD_NONE:
	case FORM_FIELD_MESSAGE:
	case FORM_FIELD_FILE: break;
	}
	explicit_bzero(f->value, f->fill);
	return ok ? INTAKE_PENDING : bad_value(f);
}

enum intake_verdict
form_complete(struct form *f)
{
	if (f->token[0] == '\0')
		return INTAKE_BAD_TOKEN;
	if ((f->seen >> FORM_FIELD_INBOX & 1) == 0) {
		if (f->schedule->n_inboxes != 1)
			return INTAKE_BAD_INBOX;
		f->inbox = 0;
	}
	return INTAKE_PENDING;
}

void
form_wipe(struct form *f)
{
	explicit_bzero(f, sizeof *f);
}
