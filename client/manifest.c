#include "manifest.h"

#include <jansson.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "seal/bech32.h"

#define FORMAT    "sealslot 1"
#define DEPTH_MAX 3 /* {"files":[{ */

/* A walk through the values of one object, in their order. */
struct walk {
	json_t *object;
	void *at;
	const char *why; /* NULL as long as all went well */
};

static void
fault(struct walk *w, const char *why)
{
	if (w->why == NULL)
		w->why = why;
}

static void
walk_init(struct walk *w, json_t *object)
{
	*w = (struct walk){.object = object};
	if (!json_is_object(object))
		fault(w, "it isn't an object where one belongs");
	else
		w->at = json_object_iter(object);
}

/* The value of the next key, which must be this one; NULL after any fault. */
static json_t *
next(struct walk *w, const char *key)
{
	json_t *v;

	if (w->why == NULL && (w->at == NULL || strcmp(json_object_iter_key(w->at), key) != 0))
		fault(w, "its keys aren't the expected ones in their order");
	if (w->why != NULL)
		return NULL;
	v = json_object_iter_value(w->at);
	w->at = json_object_iter_next(w->object, w->at);
	return v;
}

static void
walk_end(struct walk *w)
{
	if (w->at != NULL)
		fault(w, "it has more keys than expected");
}

/* A string of at most max bytes; out has one byte more. */
static void
copy_string(struct walk *w, const json_t *v, char *out, size_t max)
{
	if (w->why != NULL)
		return;
	if (!json_is_string(v)) {
		fault(w, "a value isn't a text where one belongs");
		return;
	}
	if (json_string_length(v) > max) {
		fault(w, "a text is longer than permitted");
		return;
	}
	memcpy(out, json_string_value(v), json_string_length(v));
	out[json_string_length(v)] = '\0';
}

/* The same, but null is "". */
static void
copy_optional(struct walk *w, const json_t *v, char *out, size_t max)
{
	if (w->why == NULL && json_is_null(v))
		out[0] = '\0';
	else
		copy_string(w, v, out, max);
}

static uint64_t
number(struct walk *w, const json_t *v, uint64_t max)
{
	json_int_t n;

	if (w->why != NULL)
		return 0;
	n = json_is_integer(v) ? json_integer_value(v) : -1;
	if (n < 0 || (uint64_t)n > max) {
		fault(w, "a number is missing or out of its range");
		return 0;
	}
	return (uint64_t)n;
}

/* Exactly n lower-case hex digits? */
static bool
is_hex(const char *s, size_t n)
{
	return strlen(s) == n && strspn(s, "0123456789abcdef") == n;
}

static bool
is_name(const char *s)
{
	return s[0] != '\0' && s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-_")] == '\0';
}

static void
check_head(struct walk *w, const struct manifest *m, const char *format)
{
	if (w->why != NULL)
		return;
	if (strcmp(format, FORMAT) != 0)
		fault(w, "it is of another format, perhaps of a newer server");
	else if (!is_hex(m->id, RANDOM_ID_LEN))
		fault(w, "its id isn't one");
	else if (!is_name(m->inbox) || strchr(m->inbox, '_') != NULL)
		fault(w, "its inbox has no proper name");
}

static void
read_recipients(struct walk *w, struct manifest *m)
{
	json_t *list = next(w, "recipients"), *v;
	char s[AGE_RECIPIENT_LEN + 1];
	size_t n, i;

	n = json_is_array(list) ? json_array_size(list) : 0;
	if (n < 1 || n > LIMIT_AGE_RECIPIENTS) {
		fault(w, "it has no list of recipients, or one of a wrong length");
		return;
	}
	for (i = 0; w->why == NULL && i < n; i++) {
		v = json_array_get(list, i);
		copy_string(w, v, s, AGE_RECIPIENT_LEN);
		if (w->why == NULL &&
		    bech32_parse_recipient(m->recipients[i], s, strlen(s)) != ERR_OK)
			fault(w, "a recipient isn't one");
	}
	m->n_recipients = n;
}

/* "YYYY-MM-DDTHH:MMZ" */
static void
read_received(struct walk *w, struct manifest *m)
{
	const char *s = m->received;
	uint64_t v;

	copy_string(w, next(w, "received"), m->received, DATE_MINUTE_LEN);
	if (w->why != NULL)
		return;
	if (strlen(s) != DATE_MINUTE_LEN || s[10] != 'T' || s[13] != ':' || s[16] != 'Z' ||
	    date_parse(s, DATE_DAY_LEN, &m->received_day) != ERR_OK ||
	    strspn(s + 11, "0123456789") != 2 || strspn(s + 14, "0123456789") != 2)
		fault(w, "its time isn't one");
	else if (v = (uint64_t)(s[11] - '0') * 10 + (uint64_t)(s[12] - '0'), v > 23 || s[14] > '5')
		fault(w, "its time isn't one");
}

static void
read_topics(struct walk *w, struct manifest *m)
{
	struct manifest_topic *t;
	struct walk topics;

	walk_init(&topics, next(w, "topics"));
	while (w->why == NULL && topics.why == NULL && topics.at != NULL) {
		if (m->n_topics == LIMIT_TOPICS) {
			fault(w, "it has too many topics");
			return;
		}
		t = &m->topics[m->n_topics++];
		if (strlen(json_object_iter_key(topics.at)) > MANIFEST_TOPIC_NAME ||
		    !is_name(json_object_iter_key(topics.at))) {
			fault(w, "a topic has no proper name");
			return;
		}
		snprintf(t->name, sizeof t->name, "%s", json_object_iter_key(topics.at));
		copy_string(&topics, next(&topics, t->name), t->value, MANIFEST_TOPIC_VALUE);
	}
	if (topics.why != NULL)
		fault(w, topics.why);
}

static void
read_reply(struct walk *w, struct manifest *m)
{
	uint8_t pk[AGE_KEY];

	copy_optional(w, next(w, "reply_to"), m->reply_to, AGE_RECIPIENT_LEN);
	copy_optional(w, next(w, "mailbox"), m->mailbox, MANIFEST_MAILBOX_LEN);
	if (w->why != NULL)
		return;
	if (m->reply_to[0] != '\0' &&
	    bech32_parse_recipient(pk, m->reply_to, strlen(m->reply_to)) != ERR_OK)
		fault(w, "its reply key isn't one");
	else if (m->mailbox[0] != '\0' && !is_hex(m->mailbox, MANIFEST_MAILBOX_LEN))
		fault(w, "its mailbox isn't one");
	else if ((m->reply_to[0] == '\0') != (m->mailbox[0] == '\0'))
		fault(w, "it has a mailbox or a reply key without the other");
}

static void
read_file(struct walk *w, json_t *object, struct manifest_file *f)
{
	struct walk file;

	walk_init(&file, object);
	copy_string(&file, next(&file, "name"), f->name, LIMIT_ZIP_NAME);
	copy_string(&file, next(&file, "original"), f->original, MANIFEST_ORIGINAL);
	copy_string(&file, next(&file, "type"), f->type, LIMIT_FILE_TYPE);
	f->size = number(&file, next(&file, "size"), LIMIT_UPLOAD_MAX);
	walk_end(&file);
	if (file.why != NULL)
		fault(w, file.why);
}

static enum err
read_files(struct walk *w, struct manifest *m)
{
	json_t *list = next(w, "files");
	size_t n, i;

	if (w->why != NULL)
		return ERR_OK;
	if (!json_is_array(list) || json_array_size(list) > LIMIT_UPLOAD_FILES) {
		fault(w, "it has no list of files, or one that is too long");
		return ERR_OK;
	}
	n = json_array_size(list);
	if (n > 0 && (m->files = calloc(n, sizeof *m->files)) == NULL)
		return ERR_NOMEM;
	m->n_files = n;
	for (i = 0; w->why == NULL && i < n; i++)
		read_file(w, json_array_get(list, i), &m->files[i]);
	return ERR_OK;
}

static enum err
read_all(struct walk *w, struct manifest *m)
{
	char format[sizeof FORMAT] = "";
	enum err e;

	copy_string(w, next(w, "format"), format, sizeof format - 1);
	copy_string(w, next(w, "id"), m->id, RANDOM_ID_LEN);
	copy_string(w, next(w, "instance"), m->instance, SCHEDULE_INSTANCE_LEN);
	copy_string(w, next(w, "inbox"), m->inbox, LIMIT_INBOX_NAME);
	m->epoch = (uint32_t)number(w, next(w, "epoch"), UINT32_MAX);
	m->schedule = (uint32_t)number(w, next(w, "schedule"), UINT32_MAX);
	check_head(w, m, format);
	read_recipients(w, m);
	read_received(w, m);
	read_topics(w, m);
	read_reply(w, m);
	if ((e = read_files(w, m)) != ERR_OK)
		return e;
	walk_end(w);
	return w->why == NULL ? ERR_OK : ERR_FORMAT;
}

/* How deep do brackets outside of texts nest? jansson recurses, so this is asked before. */
static bool
is_flat(const char *p, size_t n)
{
	bool in_text = false;
	size_t depth = 0, i;

	for (i = 0; i < n; i++) {
		if (in_text && p[i] == '\\')
			i++;
		else if (p[i] == '"')
			in_text = !in_text;
		else if (!in_text && (p[i] == '{' || p[i] == '[') && ++depth > DEPTH_MAX)
			return false;
		else if (!in_text && (p[i] == '}' || p[i] == ']') && depth-- == 0)
			return false;
	}
	return true;
}

enum err
manifest_parse(const void *p, size_t n, struct manifest **out, const char **why)
{
	struct manifest *m = NULL;
	json_error_t error;
	json_t *root = NULL;
	struct walk w;
	enum err e;

	if (n > LIMIT_MANIFEST) {
		*why = "it is larger than any that our server writes";
		return ERR_LIMIT;
	}
	if (!is_flat(p, n) || (root = json_loadb(p, n, JSON_REJECT_DUPLICATES, &error)) == NULL) {
		*why = "it isn't valid JSON";
		return ERR_FORMAT;
	}
	if ((m = calloc(1, sizeof *m)) == NULL) {
		e = ERR_NOMEM;
		goto done;
	}
	walk_init(&w, root);
	e = read_all(&w, m);
	if (w.why != NULL)
		*why = w.why;
	if (e == ERR_OK) {
		*out = m;
		m = NULL;
	}
done:
	manifest_free(m);
	json_decref(root);
	return e;
}

void
manifest_free(struct manifest *m)
{
	if (m == NULL)
		return;
	if (m->files != NULL)
		explicit_bzero(m->files, m->n_files * sizeof *m->files);
	free(m->files);
	explicit_bzero(m, sizeof *m);
	free(m);
}

enum err
manifest_agrees(const struct manifest *m, const struct zip_read *z, const char **why)
{
	size_t i;

	/* zip_read has seen to it that the first is message.txt and the last manifest.json. */
	if (z->n_members < 2 || m->n_files != z->n_members - 2) {
		*why = "it lists more or fewer files than the archive has";
		return ERR_PROFILE;
	}
	for (i = 0; i < m->n_files; i++) {
		if (strcmp(m->files[i].name, z->members[i + 1].name) != 0) {
			*why = "its file names aren't those of the archive";
			return ERR_PROFILE;
		}
		if (m->files[i].size != z->members[i + 1].size) {
			*why = "its file sizes aren't those of the archive";
			return ERR_PROFILE;
		}
	}
	return ERR_OK;
}
