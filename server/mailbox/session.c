#include "session.h"

#include <sodium.h>
#include <string.h>

#include "base/limits.h"
#include "base/random.h"

/* The codename is sealed apart, so that it can be wiped without the token when its time is over. */
struct sealed_keys {
	struct codename_keys keys;
	uint8_t form_key[32];
};

/* One place of the table. Nothing in it is readable without the token. */
struct place {
	uint8_t id[32]; /* BLAKE2b of the token */
	uint8_t nonces[2][crypto_secretbox_NONCEBYTES];
	uint8_t keys[sizeof(struct sealed_keys) + crypto_secretbox_MACBYTES];
	uint8_t codename[sizeof(struct codename) + crypto_secretbox_MACBYTES];
	int64_t opened_ms, used_ms;
	bool is_taken;
	bool has_codename;
};

struct session_table {
	struct place places[LIMIT_SESSIONS];
};

enum err
session_table_new(struct session_table **out)
{
	struct session_table *t = sodium_malloc(sizeof *t);

	if (t == NULL)
		return ERR_NOMEM;
	memset(t, 0, sizeof *t);
	*out = t;
	return ERR_OK;
}

void
session_table_free(struct session_table *t)
{
	sodium_free(t);
}

/* id and key are different hashes of the token, so the table gives away neither. */
static void
derive(uint8_t out[static 32], const char *label, const uint8_t token[static SESSION_TOKEN])
{
	crypto_generichash(out, 32, token, SESSION_TOKEN, (const uint8_t *)label, strlen(label));
}

static bool
is_over(const struct place *p, int64_t now)
{
	return now - p->used_ms > LIMIT_SESSION_IDLE_MS || now - p->opened_ms > LIMIT_SESSION_MS;
}

/* A free place, or that of the session which was idle for longest. */
static struct place *
find_room(struct session_table *t)
{
	struct place *oldest = &t->places[0];
	size_t i;

	for (i = 0; i < LIMIT_SESSIONS; i++) {
		if (!t->places[i].is_taken)
			return &t->places[i];
		if (t->places[i].used_ms < oldest->used_ms)
			oldest = &t->places[i];
	}
	return oldest;
}

static struct place *
find(struct session_table *t, const uint8_t id[static 32])
{
	struct place *found = NULL;
	size_t i;

	for (i = 0; i < LIMIT_SESSIONS; i++)
		if (t->places[i].is_taken && sodium_memcmp(t->places[i].id, id, 32) == 0)
			found = &t->places[i];
	return found;
}

static void
seal(struct place *p, const struct session_data *d, const uint8_t token[static SESSION_TOKEN])
{
	struct sealed_keys k = {.keys = d->keys};
	uint8_t key[32];

	memcpy(k.form_key, d->form_key, sizeof k.form_key);
	derive(key, "sealslot session key 1", token);
	random_bytes(p->nonces, sizeof p->nonces);
	crypto_secretbox_easy(p->keys, (const uint8_t *)&k, sizeof k, p->nonces[0], key);
	p->has_codename = d->codename.letters[0] != '\0';
	if (p->has_codename)
		crypto_secretbox_easy(p->codename, (const uint8_t *)&d->codename,
		    sizeof d->codename, p->nonces[1], key);
	sodium_memzero(&k, sizeof k);
	sodium_memzero(key, sizeof key);
}

static enum err
unseal(const struct place *p, struct session_data *d, const uint8_t token[static SESSION_TOKEN])
{
	struct sealed_keys k;
	uint8_t key[32];
	int bad;

	memset(d, 0, sizeof *d);
	derive(key, "sealslot session key 1", token);
	bad = crypto_secretbox_open_easy((uint8_t *)&k, p->keys, sizeof p->keys, p->nonces[0], key);
	if (!bad && p->has_codename)
		bad = crypto_secretbox_open_easy(
		    (uint8_t *)&d->codename, p->codename, sizeof p->codename, p->nonces[1], key);
	if (!bad) {
		d->keys = k.keys;
		memcpy(d->form_key, k.form_key, sizeof k.form_key);
	} else {
		sodium_memzero(d, sizeof *d);
	}
	sodium_memzero(&k, sizeof k);
	sodium_memzero(key, sizeof key);
	return bad ? ERR_AUTH : ERR_OK;
}

static enum err
read_token(uint8_t token[static SESSION_TOKEN], const char *s, size_t len)
{
	size_t got = 0;

	if (len != SESSION_TOKEN_LEN ||
	    sodium_base642bin(token, SESSION_TOKEN, s, len, NULL, &got, NULL,
		sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
	    got != SESSION_TOKEN)
		return ERR_NOTFOUND;
	return ERR_OK;
}

enum err
session_open(struct session_table *t, const struct session_data *d, int64_t now_ms,
    char token[static SESSION_TOKEN_LEN + 1])
{
	uint8_t raw[SESSION_TOKEN];
	struct place *p = find_room(t);

	sodium_memzero(p, sizeof *p);
	random_bytes(raw, sizeof raw);
	derive(p->id, "sealslot session id 1", raw);
	seal(p, d, raw);
	p->opened_ms = p->used_ms = now_ms;
	p->is_taken = true;
	sodium_bin2base64(token, SESSION_TOKEN_LEN + 1, raw, sizeof raw,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(raw, sizeof raw);
	return ERR_OK;
}

/* The receipt's time is over: the session goes on without the codename. */
static void
forget_codename(struct place *p)
{
	sodium_memzero(p->codename, sizeof p->codename);
	p->has_codename = false;
}

static bool
is_receipt_over(const struct place *p, int64_t now)
{
	return p->has_codename && now - p->opened_ms > LIMIT_RECEIPT_MS;
}

enum err
session_use(
    struct session_table *t, const char *token, size_t len, int64_t now_ms, struct session_data *d)
{
	uint8_t raw[SESSION_TOKEN], id[32];
	struct place *p = NULL;
	enum err e;

	if ((e = read_token(raw, token, len)) != ERR_OK)
		goto done;
	derive(id, "sealslot session id 1", raw);
	if ((p = find(t, id)) == NULL || is_over(p, now_ms)) {
		if (p != NULL)
			sodium_memzero(p, sizeof *p);
		e = ERR_NOTFOUND;
		goto done;
	}
	if (is_receipt_over(p, now_ms))
		forget_codename(p);
	if ((e = unseal(p, d, raw)) == ERR_OK)
		p->used_ms = now_ms;
done:
	sodium_memzero(raw, sizeof raw);
	return e;
}

void
session_close(struct session_table *t, const char *token, size_t len)
{
	uint8_t raw[SESSION_TOKEN], id[32];
	struct place *p;

	if (read_token(raw, token, len) == ERR_OK) {
		derive(id, "sealslot session id 1", raw);
		if ((p = find(t, id)) != NULL)
			sodium_memzero(p, sizeof *p);
	}
	sodium_memzero(raw, sizeof raw);
}

int64_t
session_sweep(struct session_table *t, int64_t now_ms)
{
	bool is_any = false;
	size_t i;

	for (i = 0; i < LIMIT_SESSIONS; i++) {
		if (!t->places[i].is_taken)
			continue;
		if (is_receipt_over(&t->places[i], now_ms))
			forget_codename(&t->places[i]);
		if (is_over(&t->places[i], now_ms))
			sodium_memzero(&t->places[i], sizeof t->places[i]);
		else
			is_any = true;
	}
	return is_any ? LIMIT_SESSION_SWEEP_MS : -1;
}

size_t
session_count(const struct session_table *t)
{
	size_t n = 0, i;

	for (i = 0; i < LIMIT_SESSIONS; i++)
		n += t->places[i].is_taken;
	return n;
}
