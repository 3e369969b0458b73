#include "conf/conf_value.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/text.h"

#define MAX_RETENTION_DAYS 3650
#define MAX_DRAIN_SEC      86400

/* Is all of s made of these characters, and is it min to max of them? */
static bool
is_made_of(const char *s, const char *set, size_t min, size_t max)
{
	size_t n = strlen(s);

	return n >= min && n <= max && strspn(s, set) == n;
}

/* Nothing in it that would trick a page, a terminal or a log. */
static bool
is_clean_text(const char *s, size_t n)
{
	const uint8_t *p = (const uint8_t *)s;
	size_t len;

	for (; n > 0; p += len, n -= len)
		if ((len = text_utf8_len(p, n)) == 0 ||
		    text_is_treacherous(text_utf8_point(p, len)))
			return false;
	return true;
}

bool
conf_value_is_text(const char *s, size_t max)
{
	size_t n = strlen(s);

	return n > 0 && n <= max && is_clean_text(s, n);
}

static void
copy(char *to, const char *s)
{
	memcpy(to, s, strlen(s) + 1);
}

static enum err
number(const char *s, uint64_t min, uint64_t max, uint32_t *out)
{
	uint64_t v;

	if (text_number(s, strlen(s), max, &v) != ERR_OK || v < min)
		return ERR_LIMIT;
	*out = (uint32_t)v;
	return ERR_OK;
}

const char *
conf_value_instance(struct conf *c, const char *s)
{
	if (!schedule_is_instance(s, strlen(s)))
		return "must be a version 3 onion address: 56 characters a-z and 2-7, then .onion";
	copy(c->instance, s);
	return NULL;
}

const char *
conf_value_user(struct conf *c, const char *s)
{
	if (!is_made_of(s, "abcdefghijklmnopqrstuvwxyz0123456789_-", 1, sizeof c->user - 1))
		return "must be the name of a system user";
	copy(c->user, s);
	return NULL;
}

/* "127.0.0.1:8480" or "[::1]:8480"; only addresses that nobody else can reach. */
static bool
is_loopback(const char *s)
{
	const char *colon = strrchr(s, ':');
	struct in_addr a;
	char host[16];
	uint64_t port;
	size_t n;

	if (colon == NULL || text_number(colon + 1, strlen(colon + 1), 65535, &port) != ERR_OK)
		return false;
	n = (size_t)(colon - s);
	if (n == 5 && memcmp(s, "[::1]", 5) == 0)
		return true;
	if (n >= sizeof host)
		return false;
	memcpy(host, s, n);
	host[n] = '\0';
	return inet_pton(AF_INET, host, &a) == 1 && ntohl(a.s_addr) >> 24 == 127;
}

const char *
conf_value_listen(struct conf *c, const char *s)
{
	size_t prefix = strlen(CONF_UNIX_PREFIX);

	if (strncmp(s, CONF_UNIX_PREFIX, prefix) == 0) {
		if (s[prefix] != '/' ||
		    strlen(s + prefix) >= sizeof((struct sockaddr_un *)NULL)->sun_path)
			return "must name an absolute path of at most 107 bytes after unix:";
	} else if (strlen(s) >= sizeof c->listen || !is_loopback(s)) {
		return "must be 127.0.0.1:PORT, [::1]:PORT or unix:/PATH; tor stands in front of "
		       "it, nobody else";
	}
	copy(c->listen, s);
	return NULL;
}

static bool
has_pages(const char *lang)
{
	static const char all[] = CONF_PAGE_LANGUAGES;
	const char *p;
	size_t len;

	for (p = all; *p != '\0'; p += len + strspn(p + len, " ")) {
		len = strcspn(p, " ");
		if (strlen(lang) == len && memcmp(p, lang, len) == 0)
			return true;
	}
	return false;
}

const char *
conf_value_languages(struct conf *c, const char *s)
{
	static const char why[] = "must be up to 8 different language codes, as in: fr en";
	char list[CONF_LANGUAGES_MAX][sizeof c->languages[0]] = {{0}};
	size_t n = 0, i, len;

	for (; *s != '\0'; s += len + strspn(s + len, " \t")) {
		len = strcspn(s, " \t");
		if (n == CONF_LANGUAGES_MAX || len < 2 || len >= sizeof list[0] ||
		    strspn(s, "abcdefghijklmnopqrstuvwxyz-") < len)
			return why;
		memcpy(list[n], s, len);
		for (i = 0; i < n; i++)
			if (strcmp(list[i], list[n]) == 0)
				return why;
		if (!has_pages(list[n])) {
			snprintf(c->why, sizeof c->why,
			    "names %s, but there are no pages in %s; "
			    "there are: %s",
			    list[n], list[n], CONF_PAGE_LANGUAGES);
			return c->why;
		}
		n++;
	}
	if (n == 0)
		return why;
	memcpy(c->languages, list, sizeof list);
	c->n_languages = n;
	return NULL;
}

const char *
conf_value_name(struct conf *c, const char *s)
{
	if (!conf_value_is_text(s, sizeof c->name - 1))
		return "must be 1 to 255 bytes of text (UTF-8)";
	copy(c->name, s);
	return NULL;
}

const char *
conf_value_proxy_protocol(struct conf *c, const char *s)
{
	bool is_yes = strcmp(s, "yes") == 0;

	if (!is_yes && strcmp(s, "no") != 0)
		return "must be yes or no";
	c->proxy_protocol = is_yes;
	return NULL;
}

const char *
conf_value_drain_sec(struct conf *c, const char *s)
{
	if (number(s, 0, MAX_DRAIN_SEC, &c->drain_sec) != ERR_OK)
		return "must be a number of seconds from 0 to 86400";
	return NULL;
}

static const char *
set_path(char *to, const char *s)
{
	if (s[0] != '/' || strlen(s) >= CONF_PATH_MAX || !is_clean_text(s, strlen(s)))
		return "must be an absolute path of at most 1023 bytes";
	copy(to, s);
	return NULL;
}

const char *
conf_value_store_path(struct conf *c, const char *s)
{
	return set_path(c->store_path, s);
}

const char *
conf_value_logo_path(struct conf *c, const char *s)
{
	return set_path(c->logo_path, s);
}

const char *
conf_value_max_upload(struct conf *c, const char *s)
{
	uint64_t v;

	if (conf_size(s, &v) != ERR_OK || v < LIMIT_MIB || v > LIMIT_UPLOAD_MAX)
		return "must be a size from 1M to 64G";
	c->max_upload = v;
	return NULL;
}

_Static_assert(LIMIT_HOURS_MAX <= 24 * LIMIT_UPLOAD_DAYS, "no upload outlives the wait of retire");

const char *
conf_value_max_upload_hours(struct conf *c, const char *s)
{
	if (number(s, 1, LIMIT_HOURS_MAX, &c->max_upload_hours) != ERR_OK)
		return "must be a number of hours from 1 to 168";
	return NULL;
}

const char *
conf_value_reserve(struct conf *c, const char *s)
{
	if (conf_size(s, &c->reserve) != ERR_OK)
		return "must be a size, as in: 2G";
	return NULL;
}

const char *
conf_value_max_day(struct conf *c, const char *s)
{
	uint64_t n;

	if (conf_size(s, &n) != ERR_OK || n < LIMIT_DAY_MIN)
		return "must be a size from 64M on, as in: 200G";
	c->max_day = n;
	return NULL;
}

const char *
conf_value_max_in_flight(struct conf *c, const char *s)
{
	if (number(s, 1, LIMIT_IN_FLIGHT_MAX, &c->max_in_flight) != ERR_OK)
		return "must be a number from 1 to 1024";
	return NULL;
}

const char *
conf_value_retention_days(struct conf *c, const char *s)
{
	if (number(s, 1, MAX_RETENTION_DAYS, &c->retention_days) != ERR_OK)
		return "must be a number of days from 1 to 3650";
	return NULL;
}

const char *
conf_value_root_path(struct conf *c, const char *s)
{
	return set_path(c->root_path, s);
}

/* Appends s[0..len) without the blanks around it, and a NUL. */
static const char *
add_value(struct conf_topic *t, char **end, const char *s, size_t len)
{
	const char *v;
	size_t i;

	for (; len > 0 && (*s == ' ' || *s == '\t'); len--)
		s++;
	for (; len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\t'); len--)
		;
	if (t->n == LIMIT_TOPIC_VALUES)
		return "may have 128 values at most";
	if (len == 0 || len > LIMIT_TOPIC_VALUE || !is_clean_text(s, len))
		return "must be values of 1 to 120 bytes with | between them";
	for (i = 0, v = t->values; i < t->n; i++, v += strlen(v) + 1)
		if (strlen(v) == len && memcmp(v, s, len) == 0)
			return "has a value twice";
	memcpy(*end, s, len);
	(*end)[len] = '\0';
	*end += len + 1;
	t->n++;
	return NULL;
}

const char *
conf_value_choices(struct conf_topic *t, const char *s)
{
	const char *why = NULL;
	char *end;
	size_t len;

	if ((t->values = end = malloc(strlen(s) + 1)) == NULL)
		return "doesn't fit into memory";
	for (;; s += len + 1) {
		len = strcspn(s, "|");
		if ((why = add_value(t, &end, s, len)) != NULL || s[len] == '\0')
			break;
	}
	if (why != NULL) {
		free(t->values);
		t->values = NULL;
	}
	return why;
}

const char *
conf_value_topic(struct conf *c, const char *name, const char *s)
{
	struct conf_topic t = {0};
	const char *why;

	if (!is_made_of(name, "abcdefghijklmnopqrstuvwxyz0123456789_-", 1, sizeof t.name - 1))
		return "must have a name of 1 to 31 characters a-z, 0-9, _ and -";
	if (c->n_topics == LIMIT_TOPICS)
		return "is one topic more than the 8 there may be";
	if ((why = conf_value_choices(&t, s)) != NULL)
		return why;
	copy(t.name, name);
	c->topics[c->n_topics++] = t;
	return NULL;
}
