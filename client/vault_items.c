#include "vault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "open/keystore_file.h"

void
vault_item_name(char out[static VAULT_ITEM_NAME], const char *id)
{
	snprintf(out, VAULT_ITEM_NAME, "%.*s" VAULT_ITEM_EXT, RANDOM_ID_LEN, id);
}

bool
vault_item_parse(const char *name, size_t len, char id[static RANDOM_ID_LEN + 1])
{
	if (len != VAULT_ITEM_NAME - 1 || strspn(name, "0123456789abcdef") != RANDOM_ID_LEN ||
	    memcmp(name + RANDOM_ID_LEN, VAULT_ITEM_EXT, strlen(VAULT_ITEM_EXT)) != 0)
		return false;
	memcpy(id, name, RANDOM_ID_LEN);
	id[RANDOM_ID_LEN] = '\0';
	return true;
}

enum err
vault_open_item(const struct vault *v, const char *id, int *fd)
{
	char name[VAULT_ITEM_NAME];

	vault_item_name(name, id);
	return io_open_file(v->items, name, fd);
}

/* Ids while they are collected. */
struct ids {
	char (*p)[RANDOM_ID_LEN + 1];
	size_t n, cap;
};

static enum err
collect(void *ctx, int dirfd, const char *name)
{
	struct ids *ids = ctx;
	char id[RANDOM_ID_LEN + 1];
	size_t cap = ids->cap == 0 ? 64 : ids->cap * 2;
	void *p;

	(void)dirfd;
	if (!vault_item_parse(name, strlen(name), id))
		return ERR_OK;
	if (ids->n == ids->cap) {
		if ((p = realloc(ids->p, cap * sizeof *ids->p)) == NULL)
			return ERR_NOMEM;
		ids->p = p;
		ids->cap = cap;
	}
	memcpy(ids->p[ids->n++], id, sizeof id);
	return ERR_OK;
}

static int
by_id(const void *a, const void *b)
{
	return memcmp(a, b, RANDOM_ID_LEN);
}

enum err
vault_list_items(const struct vault *v, char (**out)[RANDOM_ID_LEN + 1], size_t *n)
{
	struct ids ids = {NULL, 0, 0};
	enum err e;

	if ((e = keystore_file_each(v->items, collect, &ids)) != ERR_OK) {
		free(ids.p);
		return e;
	}
	if (ids.n > 0)
		qsort(ids.p, ids.n, sizeof *ids.p, by_id);
	*out = ids.p;
	*n = ids.n;
	return ERR_OK;
}
