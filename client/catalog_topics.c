#include "catalog_topics.h"

#include <stdlib.h>
#include <string.h>

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The value of one topic. */
static enum err
topic_value(struct manifest_topic *t, const char *p, size_t n)
{
	size_t len = 0, i;
	int hi, lo;

	for (i = 0; i < n; i++) {
		if (len == MANIFEST_TOPIC_VALUE)
			return ERR_FORMAT;
		if (p[i] != '%') {
			t->value[len++] = p[i];
			continue;
		}
		if (n - i < 3 || (hi = hex_digit(p[i + 1])) < 0 || (lo = hex_digit(p[i + 2])) < 0)
			return ERR_FORMAT;
		t->value[len++] = (char)(hi << 4 | lo);
		i += 2;
	}
	t->value[len] = '\0';
	return ERR_OK;
}

static enum err
topic(struct manifest_topic *t, const char *p, size_t n)
{
	const char *eq = memchr(p, '=', n);
	size_t len;

	if (eq == NULL || (len = (size_t)(eq - p)) == 0 || len > MANIFEST_TOPIC_NAME)
		return ERR_FORMAT;
	memcpy(t->name, p, len);
	t->name[len] = '\0';
	return topic_value(t, eq + 1, n - len - 1);
}

enum err
catalog_topics_read(struct lines_piece s, struct catalog_item *out)
{
	enum err e = ERR_OK;
	const char *amp;
	size_t len;

	if (lines_is(s, "-"))
		return ERR_OK;
	if ((out->topics = calloc(LIMIT_TOPICS, sizeof *out->topics)) == NULL)
		return ERR_NOMEM;
	for (; e == ERR_OK && s.len > 0; s.p += len, s.len -= len) {
		amp = memchr(s.p, '&', s.len);
		len = amp == NULL ? s.len : (size_t)(amp - s.p);
		if (out->n_topics == LIMIT_TOPICS)
			e = ERR_FORMAT;
		else
			e = topic(&out->topics[out->n_topics++], s.p, len);
		if (amp != NULL)
			len++;
	}
	return e;
}

enum err
catalog_topics_put(struct buf *out, const struct catalog_item *item)
{
	const struct manifest_topic *t;
	enum err e = ERR_OK;
	const char *p;
	size_t i;

	if (item->n_topics == 0)
		return buf_add_str(out, "-");
	for (i = 0; e == ERR_OK && i < item->n_topics; i++) {
		t = &item->topics[i];
		e = buf_addf(out, "%s%s=", i == 0 ? "" : "&", t->name);
		for (p = t->value; e == ERR_OK && *p != '\0'; p++)
			if ((*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') ||
			    (*p >= 'a' && *p <= 'z') || strchr("._-", *p) != NULL)
				e = buf_add(out, p, 1);
			else
				e = buf_addf(out, "%%%02X", (unsigned char)*p);
	}
	return e;
}
