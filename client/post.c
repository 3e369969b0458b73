#include "post.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "catalog_text.h"

void
post_wipe(struct post *p)
{
	free(p->replies);
	free(p->bundles);
	free(p->backups);
	*p = (struct post){0};
}

/* Room for one more element of `size` bytes at the end of *list. */
static enum err
grow(void **list, size_t n, size_t size)
{
	void *p;

	if (n >= LIMIT_VAULT_RECORDS)
		return ERR_LIMIT;
	/* A power of two is full: twice as much. */
	if ((n & (n - 1)) != 0)
		return ERR_OK;
	if ((p = realloc(*list, (n == 0 ? 1 : 2 * n) * size)) == NULL)
		return ERR_NOMEM;
	*list = p;
	return ERR_OK;
}

enum err
post_apply_reply(struct post *p, struct lines_piece s)
{
	void *list = p->replies;
	struct post_reply r;
	size_t i;
	enum err e;

	if ((e = catalog_text_reply(s, &r)) != ERR_OK)
		return e;
	for (i = p->n_replies; i > 0; i--)
		if (strcmp(p->replies[i - 1].id, r.id) == 0) {
			p->replies[i - 1] = r;
			return ERR_OK;
		}
	if ((e = grow(&list, p->n_replies, sizeof r)) != ERR_OK)
		return e;
	p->replies = list;
	p->replies[p->n_replies++] = r;
	return ERR_OK;
}

/* Serials only go up. */
enum err
post_apply_bundle(struct post *p, struct lines_piece s)
{
	uint32_t last = p->n_bundles == 0 ? 0 : p->bundles[p->n_bundles - 1].serial;
	void *list = p->bundles;
	struct post_bundle b;
	enum err e;

	if ((e = catalog_text_answers(s, &b)) != ERR_OK)
		return e;
	if (b.serial == 0 || b.serial < last)
		return ERR_FORMAT;
	if (b.serial > last) {
		if ((e = grow(&list, p->n_bundles, sizeof b)) != ERR_OK)
			return e;
		p->bundles = list;
		p->n_bundles++;
	}
	p->bundles[p->n_bundles - 1] = b;
	return ERR_OK;
}

enum err
post_apply_backup(struct post *p, struct lines_piece s)
{
	void *list = p->backups;
	struct post_backup b;
	enum err e;

	if ((e = catalog_text_backup(s, &b)) != ERR_OK)
		return e;
	if (b.number != p->n_backups + 1)
		return ERR_FORMAT;
	if ((e = grow(&list, p->n_backups, sizeof b)) != ERR_OK)
		return e;
	p->backups = list;
	p->backups[p->n_backups++] = b;
	return ERR_OK;
}

enum err
post_dump(const struct post *p, struct buf *out)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < p->n_backups; i++)
		e = catalog_text_put_backup(out, &p->backups[i]);
	for (i = 0; e == ERR_OK && i < p->n_bundles; i++)
		e = catalog_text_put_answers(out, &p->bundles[i]);
	for (i = 0; e == ERR_OK && i < p->n_replies; i++)
		e = catalog_text_put_reply(out, &p->replies[i]);
	return e;
}
