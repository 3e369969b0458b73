#include "front/replies.h"

#include <string.h>

void
replies_init(struct replies *r)
{
	memset(r, 0, sizeof *r);
	buf_init(&r->texts, LIMIT_PAGE_TEXT);
}

static enum err
begin(struct replies *r, const struct op_text *head)
{
	struct replies_one *one;

	if (r->n == LIMIT_REPLIES)
		return ERR_LIMIT;
	one = &r->all[r->n++];
	memcpy(one->id, head->id, RANDOM_ID_LEN);
	one->id[RANDOM_ID_LEN] = '\0';
	one->day = head->day;
	one->at = r->texts.len;
	r->is_begun = true;
	return ERR_OK;
}

/* A NUL would end the text on the page. */
static enum err
add(struct replies *r, const char *piece, size_t n)
{
	uint8_t *to, *nul;
	enum err e;

	if ((e = buf_grow(&r->texts, n, &to)) != ERR_OK)
		return e;
	memcpy(to, piece, n);
	while ((nul = memchr(to, '\0', n)) != NULL)
		*nul = ' ';
	return ERR_OK;
}

enum err
replies_put(struct replies *r, const struct op_text *head, const char *piece, size_t n)
{
	enum err e = ERR_OK;

	if (!r->is_begun)
		e = begin(r, head);
	if (e == ERR_OK)
		e = add(r, piece, n);
	if (e == ERR_OK && head->left == 0) {
		e = buf_add(&r->texts, "", 1);
		r->is_begun = e != ERR_OK;
	}
	r->is_cut = e == ERR_LIMIT;
	return e;
}

/* By insertion: there are few. */
static void
sort(struct replies *r)
{
	struct replies_one one;
	size_t i, j;

	for (i = 1; i < r->n; i++) {
		one = r->all[i];
		for (j = i; j > 0 && r->all[j - 1].day < one.day; j--)
			r->all[j] = r->all[j - 1];
		r->all[j] = one;
	}
}

void
replies_end(struct replies *r)
{
	if (r->is_begun)
		r->n--;
	r->is_begun = false;
	sort(r);
}

const char *
replies_text(const struct replies *r, size_t i)
{
	return (const char *)r->texts.p + r->all[i].at;
}

void
replies_wipe(struct replies *r)
{
	buf_wipe(&r->texts);
	explicit_bzero(r, sizeof *r);
}
