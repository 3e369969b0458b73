#include "manifest.h"

#include <jansson.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "seal/bech32.h"
#include "walk.h"

#define FORMAT    "sealslot 1"
#define DEPTH_MAX 3 /* {"files":[{ */

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
		walk_fault(w, "it is of another format, perhaps of a newer server");
	else if (!is_hex(m->id, RANDOM_ID_LEN))
		walk_fault(w, "its id isn't one");
	else if (!is_name(m->inbox) || strchr(m->inbox, '_') != NULL)
		walk_fault(w, "its inbox has no proper name");
}

static void
read_recipients(struct walk *w, struct manifest *m)
{
	json_t *list = walk_next(w, "recipients"), *v;
	char s[AGE_RECIPIENT_LEN + 1];
	size_t n, i;

	n = json_is_array(list) ? json_array_size(list) : 0;
	if (n < 1 || n > LIMIT_AGE_RECIPIENTS) {
		walk_fault(w, "it has no list of recipients, or one of a wrong length");
		return;
	}
	for (i = 0; w->why == NULL && i < n; i++) {
		v = json_array_get(list, i);
		walk_string(w, v, s, AGE_RECIPIENT_LEN);
		if (w->why == NULL &&
		    bech32_parse_recipient(m->recipients[i], s, strlen(s)) != ERR_OK)
			walk_fault(w, "a recipient isn't one");
	}
	m->n_recipients = n;
}

/* "YYYY-MM-DDTHH:MMZ" */
static void
read_received(struct walk *w, struct manifest *m)
{
	const char *s = m->received;
	uint64_t v;

	walk_string(w, walk_next(w, "received"), m->received, DATE_MINUTE_LEN);
	if (w->why != NULL)
		return;
	if (strlen(s) != DATE_MINUTE_LEN || s[10] != 'T' || s[13] != ':' || s[16] != 'Z' ||
	    date_parse(s, DATE_DAY_LEN, &m->received_day) != ERR_OK ||
	    strspn(s + 11, "0123456789") != 2 || strspn(s + 14, "0123456789") != 2)
		walk_fault(w, "its time isn't one");
	else if (v = (uint64_t)(s[11] - '0') * 10 + (uint64_t)(s[12] - '0'), v > 23 || s[14] > '5')
		walk_fault(w, "its time isn't one");
}

static void
read_topics(struct walk *w, struct manifest *m)
{
	struct manifest_topic *t;
	struct walk topics;

	walk_init(&topics, walk_next(w, "topics"));
	while (w->why == NULL && topics.why == NULL && topics.at != NULL) {
		if (m->n_topics == LIMIT_TOPICS) {
			walk_fault(w, "it has too many topics");
			return;
		}
		t = &m->topics[m->n_topics++];
		if (strlen(json_object_iter_key(topics.at)) > MANIFEST_TOPIC_NAME ||
		    !is_name(json_object_iter_key(topics.at))) {
			walk_fault(w, "a topic has no proper name");
			return;
		}
		snprintf(t->name, sizeof t->name, "%s", json_object_iter_key(topics.at));
		walk_string(&topics, walk_next(&topics, t->name), t->value, MANIFEST_TOPIC_VALUE);
	}
	if (topics.why != NULL)
		walk_fault(w, topics.why);
}

static void
read_reply(struct walk *w, struct manifest *m)
{
	uint8_t pk[AGE_KEY];

	walk_optional(w, walk_next(w, "reply_to"), m->reply_to, AGE_RECIPIENT_LEN);
	walk_optional(w, walk_next(w, "mailbox"), m->mailbox, MANIFEST_MAILBOX_LEN);
	if (w->why != NULL)
		return;
	if (m->reply_to[0] != '\0' &&
	    bech32_parse_recipient(pk, m->reply_to, strlen(m->reply_to)) != ERR_OK)
		walk_fault(w, "its reply key isn't one");
	else if (m->mailbox[0] != '\0' && !is_hex(m->mailbox, MANIFEST_MAILBOX_LEN))
		walk_fault(w, "its mailbox isn't one");
	else if ((m->reply_to[0] == '\0') != (m->mailbox[0] == '\0'))
		walk_fault(w, "it has a mailbox or a reply key without the other");
}

static void
read_file(struct walk *w, json_t *object, struct manifest_file *f)
{
	struct walk file;

	walk_init(&file, object);
	walk_string(&file, walk_next(&file, "name"), f->name, LIMIT_ZIP_NAME);
	walk_string(&file, walk_next(&file, "original"), f->original, MANIFEST_ORIGINAL);
	walk_string(&file, walk_next(&file, "type"), f->type, LIMIT_FILE_TYPE);
	f->size = walk_number(&file, walk_next(&file, "size"), LIMIT_UPLOAD_MAX);
	walk_end(&file);
	if (file.why != NULL)
		walk_fault(w, file.why);
}

static enum err
read_files(struct walk *w, struct manifest *m)
{
	json_t *list = walk_next(w, "files");
	size_t n, i;

	if (w->why != NULL)
		return ERR_OK;
	if (!json_is_array(list) || json_array_size(list) > LIMIT_UPLOAD_FILES) {
		walk_fault(w, "it has no list of files, or one that is too long");
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

	walk_string(w, walk_next(w, "format"), format, sizeof format - 1);
	walk_string(w, walk_next(w, "id"), m->id, RANDOM_ID_LEN);
	walk_string(w, walk_next(w, "instance"), m->instance, SCHEDULE_INSTANCE_LEN);
	walk_string(w, walk_next(w, "inbox"), m->inbox, LIMIT_INBOX_NAME);
	m->epoch = (uint32_t)walk_number(w, walk_next(w, "epoch"), UINT32_MAX);
	m->schedule = (uint32_t)walk_number(w, walk_next(w, "schedule"), UINT32_MAX);
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
