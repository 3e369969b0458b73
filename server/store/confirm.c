#include "store/confirm.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "carry/answers.h"
#include "store/db_answers.h"

struct confirm {
	struct answers *answers;
	struct db_answers take;
	struct db_letter *letters;  /* owned; their texts are in content */
	uint8_t (*receipts)[DB_ID]; /* owned: those that match */
	struct buf content;
};

static const uint8_t no_id[DB_ID];

/* An alarm that can't be written (a full disk) is at least said by the verb. */
static void
raise_alarm(struct depot *d, enum op_alarm_kind kind, const uint8_t id[static DB_ID])
{
	pthread_mutex_lock(&d->db_lock);
	(void)!db_raise_alarm(d->db, kind, clock_today(), id);
	pthread_mutex_unlock(&d->db_lock);
}

void
confirm_free(struct confirm *c)
{
	if (c == NULL)
		return;
	answers_free(c->answers);
	free(c->letters);
	free(c->receipts);
	buf_wipe(&c->content);
	free(c);
}

/* ---- is it genuine? */

static enum err
check_signature(struct depot *d, struct confirm *c, size_t text_len, size_t sig_len)
{
	const struct schedule *s = d->schedules.active;
	struct minisign_sig sig;
	size_t i;

	if (s == NULL)
		return ERR_EXPIRED;
	if (minisign_sig_parse(&sig, c->content.p + text_len, sig_len) != ERR_OK)
		return ERR_AUTH;
	for (i = 0; i < s->n_reply_keys; i++)
		if (minisign_verify(&s->reply_keys[i], &sig, c->content.p, text_len, NULL) ==
		    ERR_OK) {
			memcpy(c->take.key, s->reply_keys[i].pk, MINISIGN_PK);
			return ERR_OK;
		}
	return ERR_AUTH;
}

/* What it says about itself, now that it is known who said so. */
static enum err
check_index(struct depot *d, struct confirm *c, size_t text_len, size_t sig_len)
{
	char comment[MINISIGN_COMMENT_MAX + 1];
	struct answers_fault fault;
	struct minisign_sig sig;
	enum err e;

	if ((e = answers_parse(c->content.p, text_len, &c->answers, &fault)) != ERR_OK)
		return e;
	if ((e = minisign_sig_parse(&sig, c->content.p + text_len, sig_len)) != ERR_OK ||
	    (e = answers_comment(c->answers, comment, sizeof comment)) != ERR_OK)
		return e;
	if (strcmp(sig.comment, comment) != 0)
		return ERR_AUTH;
	return strcmp(c->answers->instance, d->conf->instance) == 0 ? ERR_OK : ERR_USAGE;
}

/* ERR_EXISTS: this very bundle was the last one; ERR_ROLLBACK: a later one was. */
static enum err
check_serial(struct depot *d, const struct confirm *c, struct db_desk *last)
{
	enum err e;

	pthread_mutex_lock(&d->db_lock);
	e = db_desk(d->db, c->take.key, last);
	pthread_mutex_unlock(&d->db_lock);
	if (e == ERR_NOTFOUND)
		return ERR_OK;
	if (e != ERR_OK || c->take.desk.serial > last->serial)
		return e;
	return c->take.desk.serial == last->serial &&
		       memcmp(c->take.desk.hash, last->hash, HASH_LEN) == 0
		   ? ERR_EXISTS
		   : ERR_ROLLBACK;
}

/* Every reply of the index, in its order, and nothing else. */
static enum err
check_replies(struct confirm *c, size_t at)
{
	const struct answers *a = c->answers;
	struct op_reply_item head;
	uint8_t hash[HASH_LEN];
	struct db_letter *l;
	size_t i;

	if ((c->letters = calloc(a->n_replies + 1, sizeof *c->letters)) == NULL)
		return ERR_NOMEM;
	for (i = 0; i < a->n_replies; i++) {
		if (c->content.len - at < sizeof head)
			return ERR_PROFILE;
		memcpy(&head, c->content.p + at, sizeof head);
		at += sizeof head;
		if (memcmp(head.id, a->replies[i].id, sizeof head.id) != 0 ||
		    head.size != a->replies[i].size || head.size > c->content.len - at)
			return ERR_PROFILE;
		hash_256(hash, c->content.p + at, head.size);
		if (memcmp(hash, a->replies[i].hash, HASH_LEN) != 0)
			return ERR_PROFILE;
		l = &c->letters[i];
		memcpy(l->mailbox, a->replies[i].mailbox, HASH_LEN);
		l->reply = (struct db_reply){
		    .day = c->take.day, .sealed = c->content.p + at, .len = head.size};
		if (text_unhex(l->reply.id, DB_ID, head.id, RANDOM_ID_LEN) != ERR_OK)
			return ERR_PROFILE;
		at += head.size;
	}
	return at == c->content.len ? ERR_OK : ERR_PROFILE;
}

/* ---- why not */

static enum err
refuse(struct depot *d, enum err e, const struct confirm *c, const struct db_desk *last,
    struct reason *why)
{
	if (e == ERR_AUTH) {
		raise_alarm(d, OP_ALARM_FORGED, no_id);
		return reason_set(why, e,
		    "No desk's reply key of the active schedule signed this: it was changed on the way, or "
		    "somebody else made it. Nothing was taken.");
	}
	if (e == ERR_USAGE) {
		raise_alarm(d, OP_ALARM_FORGED, no_id);
		return reason_set(
		    why, e, "These answers are for another instance. Nothing was taken.");
	}
	if (e == ERR_ROLLBACK) {
		raise_alarm(d, OP_ALARM_REPLAYED, no_id);
		return reason_set(why, e,
		    "Answer bundle %u comes too late: this desk's last one was %u. Nothing was taken. If it "
		    "isn't an old copy, let the desk send again with: sealslot-review outbox VAULT OUT.tar "
		    "--again %u --after %u",
		    c->take.desk.serial, last->serial, c->take.desk.serial, last->serial);
	}
	if (e == ERR_EXISTS) {
		raise_alarm(d, OP_ALARM_AGAIN, no_id);
		return reason_set(why, e,
		    "Answer bundle %u was imported before; nothing was done this time.",
		    c->take.desk.serial);
	}
	if (e == ERR_PROFILE) {
		raise_alarm(d, OP_ALARM_CHANGED, no_id);
		return reason_set(why, e,
		    "A reply isn't the one that the signed list names: it was changed on the way. Nothing "
		    "was taken; copy the bundle again.");
	}
	if (e == ERR_EXPIRED)
		return reason_set(
		    why, e, "There is no schedule, so no desk's key is known: publish one first.");
	if (e == ERR_FORMAT || e == ERR_LIMIT)
		return reason_set(
		    why, e, "The list in this bundle isn't well formed. Nothing was taken.");
	return reason_sys(why, e, "The bundle couldn't be taken");
}

enum err
confirm_open(struct depot *d, const struct buf *content, const struct op_answers *lens,
    struct confirm **out, struct reason *why)
{
	size_t text_len = lens->text_len, sig_len = lens->sig_len;
	struct db_desk last = {0};
	struct confirm *c;
	enum err e;

	if (text_len == 0) {
		raise_alarm(d, OP_ALARM_CHANGED, no_id);
		return reason_set(
		    why, ERR_TRUNCATED, "There is no list in this. Nothing was taken.");
	}
	if (text_len > content->len || sig_len > content->len - text_len)
		return reason_set(why, ERR_FORMAT, "The bundle didn't arrive.");
	if ((c = calloc(1, sizeof *c)) == NULL)
		return reason_sys(why, ERR_NOMEM, "Can't take the bundle");
	buf_init(&c->content, content->len);
	c->take.day = clock_today();
	if ((e = buf_add(&c->content, content->p, content->len)) == ERR_OK &&
	    (e = check_signature(d, c, text_len, sig_len)) == ERR_OK &&
	    (e = check_index(d, c, text_len, sig_len)) == ERR_OK) {
		c->take.desk.serial = c->answers->serial;
		hash_256(c->take.desk.hash, c->content.p, text_len);
		if ((e = check_serial(d, c, &last)) == ERR_OK)
			e = check_replies(c, text_len + sig_len);
	}
	if (e == ERR_OK)
		*out = c;
	else {
		refuse(d, e, c, &last, why);
		confirm_free(c);
	}
	return e;
}

/* ---- receipts */

static enum err
find(struct depot *d, const struct answers_receipt *r, struct db_item *item, bool *has_hash,
    uint8_t hash[static HASH_LEN])
{
	uint8_t id[DB_ID];
	enum err e;

	if ((e = text_unhex(id, DB_ID, r->id, RANDOM_ID_LEN)) != ERR_OK)
		return e;
	pthread_mutex_lock(&d->db_lock);
	e = db_find(d->db, id, item, has_hash, hash);
	pthread_mutex_unlock(&d->db_lock);
	return e;
}

enum err
confirm_needs(struct depot *d, struct confirm *c, struct buf *out)
{
	const struct answers *a = c->answers;
	struct op_export_item ask;
	uint8_t hash[HASH_LEN];
	struct db_item item;
	bool has_hash;
	enum err e;
	size_t i;

	for (i = 0; i < a->n_receipts; i++) {
		if ((e = find(d, &a->receipts[i], &item, &has_hash, hash)) == ERR_NOTFOUND)
			continue; /* gone already */
		if (e != ERR_OK)
			return e;
		if (has_hash || item.size != a->receipts[i].size)
			continue;
		ask = (struct op_export_item){
		    .day = item.day, .epoch = item.epoch, .size = item.size};
		memcpy(ask.id, a->receipts[i].id, sizeof ask.id);
		memcpy(ask.inbox, item.inbox, sizeof ask.inbox);
		if ((e = buf_add(out, &ask, sizeof ask)) != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* The verb's hashes, ascending by id as they were asked for. */
static const struct op_export_item *
hash_of(const struct buf *hashes, const char *id)
{
	const struct op_export_item *p = (const struct op_export_item *)(const void *)hashes->p;
	size_t lo = 0, hi = hashes->len / sizeof *p, mid;
	int order;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		order = memcmp(p[mid].id, id, RANDOM_ID_LEN);
		if (order == 0)
			return p[mid].has_hash ? &p[mid] : NULL;
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static enum err
judge_receipt(struct depot *d, struct confirm *c, const struct answers_receipt *r,
    const struct buf *hashes, struct op_answers_taken *out)
{
	const struct op_export_item *given = hash_of(hashes, r->id);
	uint8_t hash[HASH_LEN];
	struct db_item item;
	bool has_hash;
	enum err e;

	if ((e = find(d, r, &item, &has_hash, hash)) == ERR_NOTFOUND) {
		out->gone++;
		return ERR_OK;
	}
	if (e != ERR_OK)
		return e;
	if (!has_hash && given != NULL) {
		has_hash = true;
		memcpy(hash, given->hash, HASH_LEN);
	}
	if (has_hash && item.size == r->size && memcmp(hash, r->hash, HASH_LEN) == 0) {
		memcpy(c->receipts[c->take.n_receipts++], item.id, DB_ID);
		return ERR_OK;
	}
	out->mismatched++;
	raise_alarm(d, OP_ALARM_MISMATCH, item.id);
	return ERR_OK;
}

enum err
confirm_take(struct depot *d, struct confirm *c, const struct buf *hashes,
    struct op_answers_taken *out, struct reason *why)
{
	const struct answers *a = c->answers;
	struct op_answers_taken taken = {.serial = c->take.desk.serial};
	struct db_desk last = {0};
	size_t added = 0, i;
	enum err e;

	if ((c->receipts = calloc(a->n_receipts + 1, DB_ID)) == NULL)
		return reason_sys(why, ERR_NOMEM, "Can't take the bundle");
	/* Another verb may have been faster. */
	if ((e = check_serial(d, c, &last)) != ERR_OK)
		return refuse(d, e, c, &last, why);
	for (i = 0; i < a->n_receipts && e == ERR_OK; i++)
		e = judge_receipt(d, c, &a->receipts[i], hashes, &taken);
	c->take.letters = c->letters;
	c->take.n_letters = a->n_replies;
	c->take.receipts = (const uint8_t(*)[DB_ID])c->receipts;
	if (e == ERR_OK) {
		pthread_mutex_lock(&d->db_lock);
		e = db_take_answers(d->db, &c->take, &added);
		pthread_mutex_unlock(&d->db_lock);
	}
	if (e == ERR_NOSPACE)
		return reason_set(why, e,
		    "The disk is full. Nothing was taken; make room and import "
		    "the bundle again.");
	if (e != ERR_OK)
		return reason_sys(why, e, "The bundle couldn't be taken");
	taken.replies = (uint32_t)added;
	taken.receipts = (uint32_t)c->take.n_receipts;
	*out = taken;
	return ERR_OK;
}
