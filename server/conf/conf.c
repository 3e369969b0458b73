#include "conf/conf.h"

#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/text.h"
#include "conf/conf_local.h"
#include "conf/conf_value.h"

#define DEFAULT_LISTEN    "127.0.0.1:8480"
#define DEFAULT_NAME      "Sealslot"
#define DEFAULT_DRAIN_SEC 60

/* Every key but the topics, whose names are the admin's. */
static const struct key {
	const char *section, *name;
	const char *(*set)(struct conf *c, const char *s);
	bool is_required;
} keys[] = {
    {"server", "instance", conf_value_instance, true},
    {"server", "user", conf_value_user, false},
    {"server", "listen", conf_value_listen, false},
    {"server", "languages", conf_value_languages, false},
    {"server", "name", conf_value_name, false},
    {"server", "logo", conf_value_logo_path, false},
    {"server", "proxy_protocol", conf_value_proxy_protocol, false},
    {"server", "drain_seconds", conf_value_drain_sec, false},
    {"store", "path", conf_value_store_path, true},
    {"store", "max_upload", conf_value_max_upload, false},
    {"store", "max_upload_hours", conf_value_max_upload_hours, false},
    {"store", "reserve", conf_value_reserve, false},
    {"store", "max_day", conf_value_max_day, false},
    {"store", "max_in_flight", conf_value_max_in_flight, false},
    {"store", "retention_days", conf_value_retention_days, false},
    {"keys", "root", conf_value_root_path, true},
};
#define N_KEYS (sizeof keys / sizeof keys[0])

struct parse {
	const char *at, *end; /* what is left of the text */
	size_t line;          /* of what the handler is called with */
	struct conf *conf;
	struct conf_fault *fault;
	bool is_set[N_KEYS];
	bool has_failed;
};

/* The first fault counts. */
static void
fail(struct parse *p, size_t line, const char *what, const char *why)
{
	if (p->has_failed)
		return;
	p->has_failed = true;
	p->fault->line = line;
	snprintf(
	    p->fault->why, sizeof p->fault->why, "%s%s%s", what, what[0] == '\0' ? "" : " ", why);
}

/* inih's fgets: one line per call, counted, never cut. */
static char *
read_line(char *to, int size, void *stream)
{
	struct parse *p = stream;
	const char *nl;
	size_t n;

	if (p->at == p->end || p->has_failed)
		return NULL;
	p->line++;
	nl = memchr(p->at, '\n', (size_t)(p->end - p->at));
	n = nl == NULL ? (size_t)(p->end - p->at) : (size_t)(nl - p->at) + 1;
	if (n >= (size_t)size) {
		fail(p, p->line, "", "the line is too long");
		return NULL;
	}
	memcpy(to, p->at, n);
	to[n] = '\0';
	p->at += n;
	return to;
}

/* A key of a stranger's spelling may stand in a message only if it is harmless there. */
static const char *
printable(const char *name)
{
	size_t n = strlen(name);

	return n <= 40 && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789_-. ") == n
		   ? name
		   : "a key";
}

static void
set_topic(struct parse *p, const char *name, const char *value)
{
	const char *why;
	size_t i;

	for (i = 0; i < p->conf->n_topics; i++)
		if (strcmp(p->conf->topics[i].name, name) == 0) {
			fail(p, p->line, printable(name), "stands in [topics] twice");
			return;
		}
	if ((why = conf_value_topic(p->conf, name, value)) != NULL)
		fail(p, p->line, printable(name), why);
}

/* A key that ends with a language: "intro.fr". */
static void
set_local(struct parse *p, const char *section, const char *name, const char *value)
{
	const char *why = conf_local_set(p->conf, section, name, value);

	if (why != NULL)
		fail(p, p->line, printable(name), why);
}

static int
take_pair(void *user, const char *section, const char *name, const char *value)
{
	struct parse *p = user;
	const char *why;
	size_t i;

	if (strchr(name, '.') != NULL || strcmp(section, "inboxes") == 0) {
		set_local(p, section, name, value);
		return !p->has_failed;
	}
	if (strcmp(section, "topics") == 0) {
		set_topic(p, name, value);
		return !p->has_failed;
	}
	for (i = 0; i < N_KEYS; i++)
		if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].name, name) == 0)
			break;
	if (i == N_KEYS)
		fail(p, p->line, printable(name), "is not a key of this section");
	else if (p->is_set[i])
		fail(p, p->line, name, "stands here for the second time");
	else if ((why = keys[i].set(p->conf, value)) != NULL)
		fail(p, p->line, name, why);
	else
		p->is_set[i] = true;
	return !p->has_failed;
}

uint32_t
conf_slow_hours(const struct conf *c)
{
	const uint64_t hour = 3600ULL * LIMIT_SLOW_SOURCE;

	return (uint32_t)((c->max_upload + hour - 1) / hour);
}

static void
set_defaults(struct conf *c)
{
	memcpy(c->listen, DEFAULT_LISTEN, sizeof DEFAULT_LISTEN);
	memcpy(c->name, DEFAULT_NAME, sizeof DEFAULT_NAME);
	memcpy(c->languages[0], "en", 3);
	c->n_languages = 1;
	c->drain_sec = DEFAULT_DRAIN_SEC;
	c->max_upload = LIMIT_UPLOAD_DEFAULT;
	c->max_upload_hours = LIMIT_HOURS_DEFAULT;
	c->reserve = LIMIT_RESERVE_DEFAULT;
	c->max_day = LIMIT_DAY_DEFAULT;
	c->max_in_flight = LIMIT_IN_FLIGHT_DEFAULT;
	c->retention_days = LIMIT_RETENTION_DEFAULT;
}

/* Our reading of INI: no continued lines, no comments behind a value, lines as long as they are. */
static void
set_up_inih(void)
{
	ini_use_stack = false;
	ini_allow_realloc = false;
	ini_initial_alloc = LIMIT_CONF_LINE;
	ini_max_line = LIMIT_CONF_LINE;
	ini_allow_multiline = false;
	ini_allow_inline_comments = false;
	ini_allow_no_value = false;
	ini_stop_on_first_error = true;
}

/* What stands in a language that no page is shown in was meant otherwise. */
static void
check_locals(struct parse *p)
{
	const struct conf_local *l = conf_local_stray(p->conf);
	char key[sizeof l->name + sizeof l->lang];

	if (l == NULL)
		return;
	snprintf(key, sizeof key, "%s.%s", l->name, l->lang);
	fail(p, 0, printable(key),
	    "is in a language that [server] languages doesn't name; add it there, or take this "
	    "line out");
}

static void
parse_text(struct parse *p)
{
	int line;
	size_t i;

	set_up_inih();
	line = ini_parse_stream(read_line, p, take_pair, p);
	if (line < 0)
		fail(p, 0, "", "no memory to read it");
	else if (line > 0)
		fail(p, (size_t)line, "", "is neither a [section] nor a key = value");
	for (i = 0; i < N_KEYS; i++)
		if (keys[i].is_required && !p->is_set[i])
			fail(p, 0, keys[i].name, "is missing");
	check_locals(p);
}

enum err
conf_parse(const char *text, size_t n, struct conf **out, struct conf_fault *fault)
{
	struct parse p = {.at = text, .end = n == 0 ? text : text + n, .fault = fault};

	if ((p.conf = calloc(1, sizeof *p.conf)) == NULL)
		return ERR_NOMEM;
	set_defaults(p.conf);
	if (n > LIMIT_CONF)
		fail(&p, 0, "", "the file is larger than 64 KiB");
	else if (n > 0 &&
		 (memchr(text, '\0', n) != NULL || !text_is_utf8((const uint8_t *)text, n)))
		fail(&p, 0, "", "the file isn't text (UTF-8)");
	else
		parse_text(&p);
	if (p.has_failed) {
		conf_free(p.conf);
		return n > LIMIT_CONF ? ERR_LIMIT : ERR_FORMAT;
	}
	*out = p.conf;
	return ERR_OK;
}

enum err
conf_read(const char *path, struct buf *text, struct conf **out, struct conf_fault *fault)
{
	struct conf *c = NULL;
	struct buf own;
	enum err e;

	*fault = (struct conf_fault){0};
	buf_init(&own, LIMIT_CONF);
	if ((e = io_read_file(AT_FDCWD, path, &own)) != ERR_OK ||
	    (e = conf_parse((const char *)own.p, own.len, &c, fault)) != ERR_OK ||
	    (text != NULL && (e = buf_add(text, own.p, own.len)) != ERR_OK))
		goto done;
	*out = c;
	c = NULL; /* now the caller's */
done:
	conf_free(c);
	buf_wipe(&own);
	return e;
}

void
conf_free(struct conf *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->n_topics; i++)
		free(c->topics[i].values);
	for (i = 0; i < c->n_locals; i++) {
		free(c->locals[i].text);
		free(c->locals[i].values);
	}
	free(c);
}

enum err
conf_size(const char *s, uint64_t *out)
{
	static const char units[] = "KMGT";
	size_t n = strlen(s);
	const char *unit;
	uint64_t v, factor = 1;
	enum err e;

	if (n > 0 && (unit = strchr(units, s[n - 1])) != NULL && *unit != '\0') {
		factor = 1ULL << (10 * (unit - units + 1));
		n--;
	}
	if ((e = text_number(s, n, INT64_MAX, &v)) != ERR_OK)
		return e;
	if (v > INT64_MAX / factor)
		return ERR_LIMIT;
	*out = v * factor;
	return ERR_OK;
}
