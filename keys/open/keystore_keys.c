#include "keystore.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/text.h"
#include "open/keystore_file.h"

/* What the files of a key store mean: epoch identities and signing keys. */

#define EXT      ".age"
#define NAME_LEN (sizeof KEYSTORE_EPOCHS + LIMIT_INBOX_NAME + sizeof "-4294967295" EXT)
#define SEED_B64 TEXT_B64_LEN(SIGN_SEED)

static bool
is_inbox(const char *s, size_t len)
{
	return len >= 1 && len <= LIMIT_INBOX_NAME &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") >= len;
}

static enum err
epoch_name(char out[static NAME_LEN], const char *inbox, uint32_t number)
{
	if (!is_inbox(inbox, strlen(inbox)))
		return ERR_USAGE;
	snprintf(out, NAME_LEN, KEYSTORE_EPOCHS "/%s-%u" EXT, inbox, number);
	return ERR_OK;
}

enum err
keystore_get_epoch(struct keystore *k, const char *inbox, uint32_t number, struct identity **out)
{
	struct secret_text text = {0};
	char name[NAME_LEN];
	enum err e;

	if ((e = epoch_name(name, inbox, number)) != ERR_OK ||
	    (e = keystore_get(k, name, &text)) != ERR_OK)
		return e;
	if ((e = identity_parse(out, text.p, text.len)) == ERR_OK)
		(*out)->tag = number;
	secret_text_wipe(&text);
	return e;
}

enum err
keystore_put_epoch(
    struct keystore *k, const char *inbox, uint32_t number, const struct identity *id, int32_t day)
{
	struct secret_text text = {0};
	char name[NAME_LEN];
	enum err e;

	if ((e = epoch_name(name, inbox, number)) != ERR_OK ||
	    (e = identity_format(id, day, &text)) != ERR_OK)
		return e;
	e = keystore_put(k, name, text.p, text.len);
	secret_text_wipe(&text);
	return e;
}

/* ---- all epochs */

struct list {
	struct keystore_epoch *p;
	size_t n, room;
};

/* "<inbox>-<n>.age"; an inbox name may itself have hyphens and digits. */
static bool
parse_epoch_name(const char *name, struct keystore_epoch *out)
{
	const char *dash = strrchr(name, '-'), *dot = strrchr(name, '.');
	uint64_t number;

	if (dash == NULL || dot == NULL || dot < dash || strcmp(dot, EXT) != 0 ||
	    !is_inbox(name, (size_t)(dash - name)) ||
	    text_number(dash + 1, (size_t)(dot - dash - 1), UINT32_MAX, &number) != ERR_OK)
		return false;
	*out = (struct keystore_epoch){.number = (uint32_t)number};
	memcpy(out->inbox, name, (size_t)(dash - name));
	return true;
}

static enum err
list_add(void *ctx, int dirfd, const char *name)
{
	struct list *l = ctx;
	struct keystore_epoch epoch, *p;

	(void)dirfd;
	if (!parse_epoch_name(name, &epoch))
		return ERR_OK;
	if (l->n == LIMIT_EPOCHS)
		return ERR_LIMIT;
	if (l->n == l->room) {
		l->room = l->room == 0 ? 64 : l->room * 2;
		if ((p = realloc(l->p, l->room * sizeof *p)) == NULL)
			return ERR_NOMEM;
		l->p = p;
	}
	l->p[l->n++] = epoch;
	return ERR_OK;
}

static int
by_inbox_and_number(const void *a, const void *b)
{
	const struct keystore_epoch *x = a, *y = b;
	int c = strcmp(x->inbox, y->inbox);

	return c != 0 ? c : (x->number > y->number) - (x->number < y->number);
}

enum err
keystore_list_epochs(const struct keystore *k, struct keystore_epoch **out, size_t *n)
{
	struct list l = {0};
	enum err e;
	int fd = -1;

	if ((e = keystore_file_folder(keystore_dir(k), KEYSTORE_EPOCHS, &fd)) == ERR_OK)
		e = keystore_file_each(fd, list_add, &l);
	io_close(&fd);
	if (e != ERR_OK) {
		free(l.p);
		return e;
	}
	if (l.n > 0)
		qsort(l.p, l.n, sizeof *l.p, by_inbox_and_number);
	*out = l.p;
	*n = l.n;
	return ERR_OK;
}

enum err
keystore_all_epochs(struct keystore *k, struct identity_set *out)
{
	struct keystore_epoch *epochs = NULL;
	struct identity_set set = {0};
	struct identity *id;
	size_t n = 0;
	enum err e;

	e = keystore_list_epochs(k, &epochs, &n);
	for (; e == ERR_OK && n > 0; n--) {
		id = NULL;
		e = keystore_get_epoch(k, epochs[n - 1].inbox, epochs[n - 1].number, &id);
		if (e == ERR_OK)
			e = identity_set_add(&set, id);
		secret_free(id);
	}
	free(epochs);
	if (e == ERR_OK)
		*out = set;
	else
		identity_set_wipe(&set);
	return e;
}

/* ---- signing keys */

enum err
keystore_get_sign(struct keystore *k, const char *name, struct sign_key *out)
{
	struct secret_text text = {0};
	uint8_t seed[SIGN_SEED];
	enum err e;

	if ((e = keystore_get(k, name, &text)) != ERR_OK)
		return e;
	if (text.len != SEED_B64 + 1 || text.p[SEED_B64] != '\n')
		e = ERR_FORMAT;
	else if ((e = text_unb64(seed, sizeof seed, text.p, SEED_B64)) == ERR_OK)
		sign_key_from_seed(out, seed);
	sodium_memzero(seed, sizeof seed);
	secret_text_wipe(&text);
	return e;
}

enum err
keystore_put_sign(struct keystore *k, const char *name, const struct sign_key *key)
{
	struct secret_text text = {0};
	enum err e;

	if ((e = secret_text_new(&text, SEED_B64 + 1)) != ERR_OK)
		return e;
	text_b64(text.p, key->seed, SIGN_SEED);
	text.len = SEED_B64;
	if ((e = secret_text_add(&text, "\n", 1)) == ERR_OK)
		e = keystore_put(k, name, text.p, text.len);
	secret_text_wipe(&text);
	return e;
}
