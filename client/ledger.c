#include "ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/text.h"
#include "carry/lines.h"
#include "open/keystore_file.h"
#include "open/secret.h"
#include "seal/hkdf.h"
#include "sealed.h"

#define HEAD       "sealslot-ledger 1\n"
#define KEY_INFO   "sealslot ledger 1 key"
#define TAG_INFO   "sealslot ledger 1 tag"
#define TAG_HEX    (2 * LEDGER_TAG)
#define TAG_LINE   (sizeof "tag: \n" - 1 + TAG_HEX)
#define FILES_LONG 32 /* more than this behind the last -all file are made one */
#define TRIES      20 /* of a reader that writers overtake */
#define TRY_MS     10
#define NAME_ROOM  32

static void
file_name(char out[static NAME_ROOM], uint32_t number, bool is_all)
{
	snprintf(out, NAME_ROOM, "%06u%s.age", number, is_all ? "-all" : "");
}

/* "000017.age", "000018-all.age"; anything else isn't a ledger file. */
static bool
parse_name(const char *name, uint32_t *number, bool *is_all)
{
	size_t digits = strspn(name, "0123456789");
	char again[NAME_ROOM];

	if (digits < 6 || digits > 9)
		return false;
	*number = (uint32_t)strtoul(name, NULL, 10);
	*is_all = name[digits] == '-';
	file_name(again, *number, *is_all);
	return *number > 0 && strcmp(again, name) == 0;
}

void
ledger_init(struct ledger *l, int dir, const struct identity *unlock)
{
	*l = (struct ledger){.dir = dir, .unlock = unlock};
}

/* HMAC-SHA-256 in the clothes of HKDF: extract keys the hash with its salt. */
static enum err
make_tag(const struct ledger *l, uint8_t tag[static LEDGER_TAG], const void *p, size_t n)
{
	uint8_t *key;

	if ((key = secret_new(HKDF_LEN)) == NULL)
		return ERR_NOMEM;
	hkdf_sha256(key, l->unlock->sk, AGE_KEY, NULL, 0, KEY_INFO);
	hkdf_sha256(tag, p, n, key, HKDF_LEN, TAG_INFO);
	secret_free(key);
	return ERR_OK;
}

/* ---- reading */

/* What the folder holds. */
struct listing {
	uint32_t base;   /* the newest -all */
	uint32_t newest; /* the highest number */
};

static enum err
note_file(void *ctx, int dirfd, const char *name)
{
	struct listing *found = ctx;
	uint32_t number;
	bool is_all;

	(void)dirfd;
	if (!parse_name(name, &number, &is_all))
		return ERR_OK;
	if (is_all && number > found->base)
		found->base = number;
	if (number > found->newest)
		found->newest = number;
	return ERR_OK;
}

/* Checks the tag; *n becomes the length without its line. */
static enum err
check_tag(
    const struct ledger *l, const struct buf *plain, uint8_t tag[static LEDGER_TAG], size_t *n)
{
	uint8_t stated[LEDGER_TAG], diff = 0;
	const char *line;
	size_t i;
	enum err e;

	if (plain->len < TAG_LINE)
		return ERR_AUTH;
	line = (const char *)plain->p + plain->len - TAG_LINE;
	if (memcmp(line, "tag: ", 5) != 0 || line[TAG_LINE - 1] != '\n' ||
	    text_unhex(stated, LEDGER_TAG, line + 5, TAG_HEX) != ERR_OK)
		return ERR_AUTH;
	*n = plain->len - TAG_LINE;
	if ((e = make_tag(l, tag, plain->p, *n)) != ERR_OK)
		return e;
	for (i = 0; i < LEDGER_TAG; i++)
		diff |= stated[i] ^ tag[i];
	return diff == 0 ? ERR_OK : ERR_AUTH;
}

/* The lines behind number and predecessor, which must be the expected ones (base: any). */
static enum err
check_head(const struct ledger *l, uint32_t number, struct lines_piece *text)
{
	char head[64], hex[TAG_HEX + 1];

	if (!lines_take(text, HEAD))
		return ERR_PROFILE;
	snprintf(head, sizeof head, "number: %u\nafter: ", number);
	if (!lines_take(text, head) || text->len < TAG_HEX + 1 || text->p[TAG_HEX] != '\n')
		return ERR_FORMAT;
	text_hex(hex, l->tag, LEDGER_TAG);
	if (number != l->base && memcmp(text->p, hex, TAG_HEX) != 0)
		return ERR_TRUNCATED;
	text->p += TAG_HEX + 1;
	text->len -= TAG_HEX + 1;
	return ERR_OK;
}

/* Reads the file that follows l->number. */
static enum err
read_next(struct ledger *l, uint32_t number, struct buf *out)
{
	struct buf sealed, plain;
	struct lines_piece text;
	uint8_t tag[LEDGER_TAG];
	char name[NAME_ROOM];
	size_t n = 0;
	enum err e;

	buf_init(&sealed, SEALED_MAX(LIMIT_VAULT_INDEX));
	buf_init(&plain, LIMIT_VAULT_INDEX);
	file_name(name, number, number == l->base);
	if ((e = io_read_file(l->dir, name, &sealed)) != ERR_OK ||
	    (e = sealed_open(l->unlock, &sealed, &plain)) != ERR_OK ||
	    (e = check_tag(l, &plain, tag, &n)) != ERR_OK)
		goto done;
	text = (struct lines_piece){(const char *)plain.p, n};
	if ((e = check_head(l, number, &text)) != ERR_OK ||
	    (e = buf_add(out, text.p, text.len)) != ERR_OK)
		goto done;
	l->number = number;
	memcpy(l->tag, tag, sizeof tag);
done:
	buf_wipe(&plain);
	buf_wipe(&sealed);
	return e;
}

static enum err
read_all(struct ledger *l, struct buf *text, uint32_t *number)
{
	struct listing found = {0, 0};
	uint32_t i;
	enum err e;

	*number = 0;
	if ((e = keystore_file_each(l->dir, note_file, &found)) != ERR_OK)
		return e;
	if (found.base == 0)
		return ERR_NOTFOUND;
	l->base = found.base;
	for (i = found.base; e == ERR_OK && i <= found.newest; i++) {
		*number = i;
		e = read_next(l, i, text);
	}
	/* Listed, or between two that are. */
	return e == ERR_NOTFOUND ? ERR_TRUNCATED : e;
}

enum err
ledger_open(
    struct ledger *l, int dir, const struct identity *unlock, struct buf *text, uint32_t *number)
{
	struct timespec pause = {0, TRY_MS * 1000000L};
	size_t before = text->len;
	struct ledger next;
	int tries;
	enum err e;

	for (tries = 0;; tries++) {
		ledger_init(&next, dir, unlock);
		e = read_all(&next, text, number);
		if (e == ERR_OK)
			break;
		text->len = before;
		if (e != ERR_TRUNCATED || tries == TRIES)
			return e;
		nanosleep(&pause, NULL);
	}
	*l = next;
	return ERR_OK;
}

/* ---- writing */

static enum err
make_text(const struct ledger *l, uint32_t number, const void *lines, size_t n, struct buf *plain)
{
	char hex[TAG_HEX + 1];
	enum err e;

	text_hex(hex, l->tag, LEDGER_TAG);
	if ((e = buf_addf(plain, HEAD "number: %u\nafter: %s\n", number, hex)) != ERR_OK)
		return e;
	return buf_add(plain, lines, n);
}

static enum err
write_file(struct ledger *l, bool is_all, const void *lines, size_t n)
{
	char name[NAME_ROOM], hex[TAG_HEX + 1];
	uint32_t number = l->number + 1;
	struct buf plain, sealed;
	uint8_t tag[LEDGER_TAG];
	enum err e;

	buf_init(&plain, LIMIT_VAULT_INDEX);
	buf_init(&sealed, SEALED_MAX(LIMIT_VAULT_INDEX));
	if ((e = make_text(l, number, lines, n, &plain)) != ERR_OK ||
	    (e = make_tag(l, tag, plain.p, plain.len)) != ERR_OK)
		goto done;
	text_hex(hex, tag, LEDGER_TAG);
	file_name(name, number, is_all);
	if ((e = buf_addf(&plain, "tag: %s\n", hex)) != ERR_OK ||
	    (e = sealed_make(l->unlock, &plain, &sealed)) != ERR_OK ||
	    (e = keystore_file_write(l->dir, name, sealed.p, sealed.len)) != ERR_OK)
		goto done;
	l->number = number;
	memcpy(l->tag, tag, sizeof tag);
	if (is_all)
		l->base = number;
done:
	buf_wipe(&sealed);
	buf_wipe(&plain);
	return e;
}

enum err
ledger_append(struct ledger *l, const void *lines, size_t n)
{
	return write_file(l, false, lines, n);
}

static enum err
sweep_file(void *ctx, int dirfd, const char *name)
{
	const struct ledger *l = ctx;
	uint32_t number;
	bool is_all;

	if (strncmp(name, IO_TMP_PREFIX, strlen(IO_TMP_PREFIX)) == 0 ||
	    (parse_name(name, &number, &is_all) && number < l->base))
		unlinkat(dirfd, name, 0);
	return ERR_OK;
}

/* What can't be removed now is removed another time: readers ignore it. */
void
ledger_sweep(const struct ledger *l)
{
	struct ledger copy = *l;

	if (keystore_file_each(l->dir, sweep_file, &copy) != ERR_OK)
		return;
}

enum err
ledger_replace(struct ledger *l, const void *lines, size_t n)
{
	enum err e;

	if ((e = write_file(l, true, lines, n)) == ERR_OK)
		ledger_sweep(l);
	return e;
}

bool
ledger_is_long(const struct ledger *l)
{
	return l->number - l->base > FILES_LONG;
}
