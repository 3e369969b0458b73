#include "vault.h"

#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/text.h"
#include "carry/schedule_name.h"
#include "sealed.h"

/* The schedules that a vault keeps, each sealed with its signature, and those of its key store. */

#define PLAIN_MAX (LIMIT_SCHEDULE + LIMIT_SIGNATURE + 64)
#define NAME_ROOM 64

/* Signature and text, one behind the other; the length of the first stands before both. */
enum err
vault_schedule_put(struct vault *v, uint32_t serial, const struct buf *text, const struct buf *sig)
{
	struct buf plain, sealed;
	char name[NAME_ROOM];
	enum err e;

	snprintf(name, sizeof name, "%04u.age", serial);
	buf_init(&plain, PLAIN_MAX);
	buf_init(&sealed, SEALED_MAX(PLAIN_MAX));
	if ((e = buf_addf(&plain, "%zu\n", sig->len)) == ERR_OK &&
	    (e = buf_add(&plain, sig->p, sig->len)) == ERR_OK &&
	    (e = buf_add(&plain, text->p, text->len)) == ERR_OK &&
	    (e = sealed_make(keystore_unlock(v->keys), &plain, &sealed)) == ERR_OK)
		e = io_replace(v->schedules, name, sealed.p, sealed.len, 0600);
	buf_wipe(&sealed);
	buf_wipe(&plain);
	return e;
}

/* Takes the plaintext of a schedule file apart. */
static enum err
split_schedule(const uint8_t *p, size_t n, struct buf *text, struct buf *sig)
{
	const uint8_t *lf = n == 0 ? NULL : memchr(p, '\n', n);
	size_t head = lf == NULL ? 0 : (size_t)(lf - p);
	uint64_t len;
	enum err e;

	if (lf == NULL || text_number((const char *)p, head, n - head - 1, &len) != ERR_OK)
		return ERR_FORMAT;
	p += head + 1;
	n -= head + 1;
	if ((e = buf_add(sig, p, (size_t)len)) != ERR_OK)
		return e;
	return buf_add(text, p + len, n - (size_t)len);
}

static enum err
read_own(const struct vault *v, uint32_t serial, struct buf *text, struct buf *sig)
{
	struct buf sealed, plain;
	char name[NAME_ROOM];
	enum err e;

	snprintf(name, sizeof name, "%04u.age", serial);
	buf_init(&sealed, SEALED_MAX(PLAIN_MAX));
	buf_init(&plain, PLAIN_MAX);
	if ((e = io_read_file(v->schedules, name, &sealed)) == ERR_OK &&
	    (e = sealed_open(keystore_unlock(v->keys), &sealed, &plain)) == ERR_OK)
		e = split_schedule(plain.p, plain.len, text, sig);
	buf_wipe(&plain);
	buf_wipe(&sealed);
	return e;
}

/* The desk's own schedules, as sealslot-keys publishes them. */
static enum err
read_published(const struct vault *v, uint32_t serial, struct buf *text, struct buf *sig)
{
	char name[SCHEDULE_NAME_MAX];
	int dir = -1;
	enum err e;

	if ((e = io_open_dir(keystore_dir(v->keys), KEYSTORE_PUBLISH, &dir)) != ERR_OK)
		return e;
	schedule_name(name, serial, SCHEDULE_NAME_TEXT);
	if ((e = io_read_file(dir, name, text)) == ERR_OK) {
		schedule_name(name, serial, SCHEDULE_NAME_SIG);
		e = io_read_file(dir, name, sig);
	}
	io_close(&dir);
	return e;
}

enum err
vault_schedule(struct vault *v, uint32_t serial, const struct schedule **out)
{
	struct schedule_fault fault;
	struct schedule *s = NULL;
	struct buf text, sig;
	enum err e;

	if (v->schedule != NULL && v->schedule->serial == serial) {
		*out = v->schedule;
		return ERR_OK;
	}
	buf_init(&text, LIMIT_SCHEDULE);
	buf_init(&sig, LIMIT_SIGNATURE);
	e = read_own(v, serial, &text, &sig);
	if (e == ERR_NOTFOUND)
		e = read_published(v, serial, &text, &sig);
	if (e == ERR_OK)
		e = vault_verify(v, &text, &sig, &s, &fault);
	if (e == ERR_OK && s->serial != serial)
		e = ERR_FORMAT;
	if (e == ERR_OK) {
		schedule_free(v->schedule);
		*out = v->schedule = s;
		s = NULL;
	}
	schedule_free(s);
	buf_wipe(&sig);
	buf_wipe(&text);
	return e;
}
