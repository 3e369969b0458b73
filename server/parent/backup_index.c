#include "parent/backup_index.h"

#include <string.h>

#include "base/date.h"
#include "base/random.h"
#include "base/text.h"
#include "carry/lines.h"
#include "carry/schedule_name.h"

#define ITEM_EXT ".age"

static bool
is_key_name(const char *name)
{
	char own[SCHEDULE_NAME_MAX];
	uint32_t serial;
	size_t n = strlen(name), tail = strlen(SCHEDULE_NAME_SIG) - strlen(SCHEDULE_NAME_TEXT);

	if (schedule_name_serial(name) != 0)
		return true;
	if (n <= tail || n >= sizeof own)
		return false;
	memcpy(own, name, n - tail);
	own[n - tail] = '\0';
	if ((serial = schedule_name_serial(own)) == 0)
		return false;
	schedule_name(own, serial, SCHEDULE_NAME_SIG);
	return strcmp(own, name) == 0;
}

enum backup_kind
backup_kind_of(const char *name)
{
	uint8_t id[RANDOM_ID_LEN / 2];
	size_t n = strlen(name);

	if (strcmp(name, "state") == 0)
		return BACKUP_STATE;
	if (strcmp(name, "index.db") == 0 || strcmp(name, "transfer.key") == 0 ||
	    strcmp(name, "transfer.pub") == 0)
		return BACKUP_OWN;
	if (strcmp(name, "sealslotd.conf") == 0 || strcmp(name, "root.pub") == 0)
		return BACKUP_CONF;
	if (strncmp(name, "keys/", 5) == 0)
		return is_key_name(name + 5) ? BACKUP_KEY : BACKUP_NONE;
	if (n == RANDOM_ID_LEN + strlen(ITEM_EXT) && strcmp(name + RANDOM_ID_LEN, ITEM_EXT) == 0 &&
	    text_unhex(id, sizeof id, name, RANDOM_ID_LEN) == ERR_OK)
		return BACKUP_ITEM;
	return BACKUP_NONE;
}

enum err
backup_head_format(const struct backup_head *h, size_t n, struct buf *out)
{
	char made[DATE_DAY_LEN + 1];

	date_format(made, h->made);
	return buf_addf(
	    out, "sealslot-backup 1\ninstance: %s\nmade: %s\ncount: %zu\n", h->instance, made, n);
}

enum err
backup_file_format(const struct backup_file *f, struct buf *out)
{
	char day[DATE_DAY_LEN + 1], hash[HASH_HEX_LEN + 1];

	date_format(day, f->day);
	text_hex(hash, f->hash, HASH_LEN);
	return buf_addf(
	    out, "file: %s %llu %s %s\n", day, (unsigned long long)f->size, hash, f->name);
}

enum err
backup_end_format(struct buf *out)
{
	return buf_addf(out, "end\n");
}

/* ---- reading */

struct parse {
	struct lines lines;
	struct lines_piece line;
	const char *why;
};

/* The next line, behind its keyword. */
static enum err
next(struct parse *p, const char *keyword)
{
	enum err e;

	if ((e = lines_next(&p->lines, LIMIT_BUNDLE_LINE, &p->line, &p->why)) != ERR_OK)
		return e == ERR_TRUNCATED ? ERR_FORMAT : e;
	if (lines_take(&p->line, keyword))
		return ERR_OK;
	p->why = "another line was expected here";
	return ERR_FORMAT;
}

static enum err
parse_head(struct parse *p, struct backup_head *h, uint64_t *n)
{
	enum err e;

	if ((e = next(p, "sealslot-backup 1")) != ERR_OK)
		return e;
	p->why = "not a backup's list";
	if (p->line.len != 0)
		return ERR_FORMAT;
	if ((e = next(p, "instance: ")) != ERR_OK)
		return e;
	p->why = "no onion address";
	if (p->line.len != SCHEDULE_INSTANCE_LEN)
		return ERR_FORMAT;
	memcpy(h->instance, p->line.p, SCHEDULE_INSTANCE_LEN);
	h->instance[SCHEDULE_INSTANCE_LEN] = '\0';
	if ((e = next(p, "made: ")) != ERR_OK)
		return e;
	p->why = "no date";
	if (date_parse(p->line.p, p->line.len, &h->made) != ERR_OK)
		return ERR_FORMAT;
	if ((e = next(p, "count: ")) != ERR_OK)
		return e;
	p->why = "no number, or too many files";
	return text_number(p->line.p, p->line.len, LIMIT_BACKUP_FILES, n);
}

static enum err
parse_file(struct parse *p, struct backup_file *f)
{
	struct lines_piece day, size, hash;
	enum err e;

	if ((e = next(p, "file: ")) != ERR_OK)
		return e;
	p->why = "a file has a day, a size, a hash and a name that a backup has";
	if (!lines_word(&p->line, &day) || !lines_word(&p->line, &size) ||
	    !lines_word(&p->line, &hash) || date_parse(day.p, day.len, &f->day) != ERR_OK ||
	    text_number(size.p, size.len, LIMIT_BUNDLE_ITEM_SIZE, &f->size) != ERR_OK ||
	    text_unhex(f->hash, HASH_LEN, hash.p, hash.len) != ERR_OK || p->line.len > TAR_NAME_MAX)
		return ERR_FORMAT;
	memcpy(f->name, p->line.p, p->line.len);
	f->name[p->line.len] = '\0';
	return backup_kind_of(f->name) == BACKUP_NONE ? ERR_FORMAT : ERR_OK;
}

enum err
backup_index_parse(const struct buf *text, struct backup_head *head, struct buf *files,
    size_t *line, const char **why)
{
	struct parse p = {.why = ""};
	struct backup_head h = {.made = 0};
	struct backup_file f;
	uint64_t i, n = 0;
	enum err e;

	lines_init(&p.lines, text->p, text->len);
	e = parse_head(&p, &h, &n);
	for (i = 0; i < n && e == ERR_OK; i++) {
		f = (struct backup_file){.day = 0};
		if ((e = parse_file(&p, &f)) == ERR_OK)
			e = buf_add(files, &f, sizeof f);
	}
	if (e == ERR_OK && (e = next(&p, "end")) == ERR_OK &&
	    (p.line.len != 0 || p.lines.left != 0)) {
		p.why = "something follows the end";
		e = ERR_FORMAT;
	}
	if (e == ERR_OK) {
		*head = h;
	} else {
		*line = p.lines.number;
		*why = p.why;
	}
	return e;
}
