#include "letters.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "open/age_open.h"

/* What front's page holds, each text with its end. */
#define ROOM (LIMIT_PAGE_TEXT - LIMIT_REPLIES)

struct letters {
	struct buf items;
	size_t at; /* of the next item */
	struct identity_set ids;
	struct secret_text plain; /* the reply that is being read */
	struct reply reply;
	size_t done; /* bytes of its text given */
	size_t seen; /* items, whether they open or not */
	size_t n;    /* replies begun */
	size_t room; /* bytes of text that the page takes still */
	char id[RANDOM_ID_LEN + 1];
};

enum err
letters_new(const void *items, size_t n, const struct codename_keys *keys, struct letters **out)
{
	struct letters *l = calloc(1, sizeof *l);
	struct identity *id = NULL;
	enum err e = ERR_NOMEM;

	if (l == NULL || (id = secret_new(sizeof *id)) == NULL)
		goto done;
	memcpy(id->sk, keys->reply_sk, sizeof id->sk);
	memcpy(id->pk, keys->reply_pk, sizeof id->pk);
	l->room = ROOM;
	buf_init(&l->items, n);
	if ((e = buf_add(&l->items, items, n)) != ERR_OK ||
	    (e = identity_set_add(&l->ids, id)) != ERR_OK)
		goto done;
	*out = l;
	l = NULL;
done:
	secret_free(id);
	letters_free(l);
	return e;
}

void
letters_free(struct letters *l)
{
	if (l == NULL)
		return;
	buf_wipe(&l->items);
	identity_set_wipe(&l->ids);
	secret_text_wipe(&l->plain);
	free(l);
}

/* Opens one item; false: it isn't a reply that we can read. */
static bool
open_item(struct letters *l, const uint8_t *sealed, size_t n)
{
	secret_text_wipe(&l->plain);
	if (age_open_small(sealed, n, &l->ids, NULL, LIMIT_REPLY, &l->plain) != ERR_OK)
		return false;
	return reply_parse(&l->reply, l->plain.p, l->plain.len) == ERR_OK;
}

static enum err
next_item(struct letters *l)
{
	struct op_reply_item head;
	const uint8_t *sealed;

	while (l->items.len - l->at >= sizeof head) {
		memcpy(&head, l->items.p + l->at, sizeof head);
		l->at += sizeof head;
		l->seen++;
		if (head.size > l->items.len - l->at)
			return ERR_NOTFOUND;
		sealed = l->items.p + l->at;
		l->at += head.size;
		if (!open_item(l, sealed, head.size))
			continue;
		memcpy(l->id, head.id, sizeof l->id);
		l->id[RANDOM_ID_LEN] = '\0';
		l->done = 0;
		return l->n++ < LIMIT_REPLIES ? ERR_OK : ERR_LIMIT;
	}
	/* Store gives one more than there may be if it has more: though some of them don't open. */
	return l->seen > LIMIT_REPLIES ? ERR_LIMIT : ERR_NOTFOUND;
}

/* As many whole characters as fit. The text is valid UTF-8 (reply_parse). */
static size_t
cut(const char *s, size_t len, size_t max)
{
	size_t n = len < max ? len : max;

	while (n < len && n > 0 && ((uint8_t)s[n] & 0xc0) == 0x80)
		n--;
	return n;
}

enum err
letters_next(struct letters *l, struct op_text *head, uint8_t *piece, size_t max, size_t *n)
{
	enum err e;
	size_t len;

	if (l->done == l->reply.len && (e = next_item(l)) != ERR_OK)
		return e;
	len = cut(l->reply.text + l->done, l->reply.len - l->done, max);
	if (len > l->room)
		return ERR_LIMIT;
	l->room -= len;
	memset(head, 0, sizeof *head);
	memcpy(head->id, l->id, sizeof head->id);
	head->day = l->reply.day;
	memcpy(piece, l->reply.text + l->done, len);
	l->done += len;
	head->left = (uint32_t)(l->reply.len - l->done);
	*n = len;
	return ERR_OK;
}
