#include "handover.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "carry/lines.h"

#define LINE_MAX_LEN 200

/* The next line, without this keyword in front. */
static enum err
take(struct lines *l, const char *keyword, struct lines_piece *s)
{
	const char *why;

	if (lines_next(l, LINE_MAX_LEN, s, &why) != ERR_OK || !lines_take(s, keyword))
		return ERR_FORMAT;
	return ERR_OK;
}

static enum err
take_key(struct lines *l, const char *keyword, struct minisign_key *k)
{
	struct lines_piece s;

	if (take(l, keyword, &s) != ERR_OK)
		return ERR_FORMAT;
	return minisign_key_parse(k, s.p, s.len);
}

enum err
handover_parse(const void *p, size_t n, struct handover *out)
{
	struct handover h = {0};
	struct lines_piece s;
	struct lines l;
	uint64_t serial;

	if (n > HANDOVER_MAX)
		return ERR_LIMIT;
	lines_init(&l, p, n);
	if (take(&l, "sealslot-root 1", &s) != ERR_OK || s.len != 0 ||
	    take(&l, "instance: ", &s) != ERR_OK || !schedule_is_instance(s.p, s.len))
		return ERR_FORMAT;
	memcpy(h.instance, s.p, s.len);
	if (take(&l, "issued: ", &s) != ERR_OK || date_parse(s.p, s.len, &h.issued) != ERR_OK ||
	    take(&l, "serial: ", &s) != ERR_OK ||
	    text_number(s.p, s.len, UINT32_MAX, &serial) != ERR_OK || serial == 0 ||
	    take_key(&l, "old: ", &h.old) != ERR_OK || take_key(&l, "new: ", &h.new) != ERR_OK ||
	    take(&l, "end", &s) != ERR_OK || s.len != 0 || l.left != 0 ||
	    memcmp(h.old.pk, h.new.pk, MINISIGN_PK) == 0)
		return ERR_FORMAT;
	h.serial = (uint32_t)serial;
	*out = h;
	return ERR_OK;
}

enum err
handover_format(const struct handover *h, struct buf *out)
{
	char day[DATE_DAY_LEN + 1], old[MINISIGN_KEY_LEN + 1], new[MINISIGN_KEY_LEN + 1];

	date_format(day, h->issued);
	minisign_key_format(old, &h->old);
	minisign_key_format(new, &h->new);
	return buf_addf(out,
	    "sealslot-root 1\ninstance: %s\nissued: %s\nserial: %u\nold: %s\nnew: %s\nend\n",
	    h->instance, day, h->serial, old, new);
}

enum err
handover_comment(const struct handover *h, char *out, size_t size)
{
	int n = snprintf(out, size, "sealslot-root serial:%u instance:%s", h->serial, h->instance);

	return n < 0 || (size_t)n >= size ? ERR_LIMIT : ERR_OK;
}

enum err
handover_verify(const struct buf *text, const struct buf *sig, const struct minisign_key *old,
    struct handover *out)
{
	char comment[MINISIGN_COMMENT_MAX + 1];
	struct minisign_sig s;
	struct handover h;
	enum err e;

	if ((e = minisign_sig_parse(&s, sig->p, sig->len)) != ERR_OK ||
	    (e = minisign_verify(old, &s, text->p, text->len, NULL)) != ERR_OK ||
	    (e = handover_parse(text->p, text->len, &h)) != ERR_OK ||
	    (e = handover_comment(&h, comment, sizeof comment)) != ERR_OK)
		return e;
	if (strcmp(comment, s.comment) != 0 || memcmp(h.old.pk, old->pk, MINISIGN_PK) != 0)
		return ERR_AUTH;
	*out = h;
	return ERR_OK;
}

void
handover_name(char out[static HANDOVER_NAME_MAX], uint32_t serial)
{
	snprintf(out, HANDOVER_NAME_MAX, "root-%04u.txt", serial);
}
