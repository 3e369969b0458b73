#include "store/bundle_make.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "carry/bundle.h"
#include "store/transfer.h"

struct list {
	int32_t until;
	struct buf *out;
};

static enum err
list_item(void *ctx, const struct db_item *item, const uint8_t *hash)
{
	struct op_export_item out = {0};
	struct list *l = ctx;

	if (item->day > l->until)
		return ERR_OK;
	text_hex(out.id, item->id, DB_ID);
	memcpy(out.inbox, item->inbox, sizeof out.inbox);
	out.day = item->day;
	out.epoch = item->epoch;
	out.size = item->size;
	if (hash != NULL) {
		out.has_hash = 1;
		memcpy(out.hash, hash, HASH_LEN);
	}
	return buf_add(l->out, &out, sizeof out);
}

enum err
bundle_make_list(
    struct depot *d, int32_t since, int32_t until, struct buf *out, bool *all, struct reason *why)
{
	/* Keys are destroyed by the day of a complete list: not by one that the clock has made up.
	 */
	bool is_clock_good = depot_judge_clock(d) == ERR_OK;
	struct list l = {until, out};
	size_t before = out->len;
	uint64_t n = 0, bytes;
	enum err e;

	/* Under one lock: what is committed later is in neither number. */
	pthread_mutex_lock(&d->db_lock);
	if ((e = db_each(d->db, since, list_item, &l)) == ERR_OK)
		e = db_totals(d->db, &n, &bytes);
	pthread_mutex_unlock(&d->db_lock);
	if (e == ERR_LIMIT)
		return reason_set(why, e,
		    "There are more than %d items, and one list can't have more. Export them in parts, by "
		    "days, with --since and --until.",
		    LIMIT_BUNDLE_ITEMS);
	if (e != ERR_OK)
		return reason_sys(why, e, "Can't read the index");
	*all = is_clock_good && (out->len - before) / sizeof(struct op_export_item) == n;
	return ERR_OK;
}

enum err
bundle_make_page(struct depot *d, const uint8_t from[static DB_ID], size_t max, struct buf *out)
{
	struct list l = {INT32_MAX, out};
	enum err e;

	pthread_mutex_lock(&d->db_lock);
	e = db_each_from(d->db, from, max, list_item, &l);
	pthread_mutex_unlock(&d->db_lock);
	return e;
}

void
bundle_signed_wipe(struct bundle_signed *s)
{
	buf_wipe(&s->text);
}

/* A walk through the index beside the list. */
struct walk {
	const struct op_export_item *at, *end;
	int32_t today;
	struct buf *text;   /* of the index so far */
	struct buf *hashes; /* struct db_hash, worth remembering */
};

static enum err
remember_hash(struct walk *w, const struct db_item *item)
{
	struct db_hash h;

	if (item->day >= w->today)
		return ERR_OK;
	memcpy(h.id, item->id, DB_ID);
	memcpy(h.hash, w->at->hash, HASH_LEN);
	return buf_add(w->hashes, &h, sizeof h);
}

static enum err
sign_item(void *ctx, const struct db_item *item, const uint8_t *hash)
{
	struct bundle_item line = {.day = item->day, .epoch = item->epoch, .size = item->size};
	struct walk *w = ctx;
	enum err e;

	text_hex(line.id, item->id, DB_ID);
	if (w->at == w->end || memcmp(line.id, w->at->id, sizeof line.id) != 0)
		return ERR_OK; /* not asked for */
	if (w->at->size != item->size || w->at->day != item->day || !w->at->has_hash ||
	    (hash != NULL && memcmp(hash, w->at->hash, HASH_LEN) != 0))
		return ERR_PROFILE;
	memcpy(line.inbox, item->inbox, sizeof line.inbox);
	memcpy(line.hash, w->at->hash, HASH_LEN);
	if ((e = bundle_item_format(&line, w->text)) != ERR_OK ||
	    (hash == NULL && (e = remember_hash(w, item)) != ERR_OK))
		return e;
	w->at++;
	return ERR_OK;
}

/* index.txt; ERR_PROFILE when the list doesn't agree with the store's index. */
static enum err
write_index(struct depot *d, const struct buf *list, const struct bundle_head *head,
    struct buf *text, struct buf *hashes)
{
	struct walk w = {.today = clock_today(), .text = text, .hashes = hashes};
	size_t n = list->len / sizeof(struct op_export_item);
	enum err e;

	if (list->len % sizeof(struct op_export_item) != 0)
		return ERR_PROFILE;
	w.at = (const struct op_export_item *)(const void *)list->p;
	w.end = n == 0 ? w.at : w.at + n;
	if ((e = bundle_head_format(head, n, text)) != ERR_OK)
		return e;
	pthread_mutex_lock(&d->db_lock);
	e = db_each(d->db, 0, sign_item, &w);
	pthread_mutex_unlock(&d->db_lock);
	if (e == ERR_OK && w.at != w.end)
		e = ERR_NOTFOUND;
	return e == ERR_OK ? bundle_end_format(text) : e;
}

static enum err
add_signature(struct depot *d, const struct bundle_head *head, struct bundle_signed *out)
{
	char comment[BUNDLE_COMMENT_MAX + 1];
	struct sign_key key = {0};
	size_t before = out->text.len;
	struct buf sig;
	enum err e;

	buf_init(&sig, LIMIT_SIGNATURE);
	if ((e = bundle_comment(head, comment, sizeof comment)) != ERR_OK ||
	    (e = transfer_read(d->folder.root, &key)) != ERR_OK ||
	    (e = sign_message(&key, out->text.p, before, comment, &sig)) != ERR_OK)
		goto done;
	hash_256(out->hash, out->text.p, before);
	out->sig_len = (uint32_t)sig.len;
	e = buf_add(&out->text, sig.p, sig.len);
done:
	sign_key_wipe(&key);
	buf_wipe(&sig);
	return e;
}

static enum err
keep_hashes(struct depot *d, const struct buf *hashes)
{
	enum err e;

	if (hashes->len == 0)
		return ERR_OK;
	pthread_mutex_lock(&d->db_lock);
	e = db_put_hashes(d->db, (const struct db_hash *)(const void *)hashes->p,
	    hashes->len / sizeof(struct db_hash));
	pthread_mutex_unlock(&d->db_lock);
	return e;
}

enum err
bundle_make_sign(struct depot *d, const struct buf *list, const struct bundle_volume *volume,
    struct bundle_signed *out, struct reason *why)
{
	struct bundle_head head = {.serial = d->state.bundle_serial + 1,
	    .made = volume->made,
	    .volume = volume->volume,
	    .volumes = volume->volumes,
	    .is_inventory = volume->is_inventory};
	struct bundle_signed s = {.serial = head.serial};
	struct buf hashes;
	enum err e;

	memcpy(head.instance, d->conf->instance, sizeof head.instance);
	memcpy(head.previous, d->state.bundle_hash, HASH_LEN);
	buf_init(&s.text, LIMIT_BUNDLE_INDEX + LIMIT_SIGNATURE);
	buf_init(&hashes, SIZE_MAX);
	if (volume->volume == 0 || volume->volume > volume->volumes ||
	    volume->volumes > LIMIT_BUNDLE_VOLUMES)
		e = ERR_USAGE;
	else if ((e = write_index(d, list, &head, &s.text, &hashes)) == ERR_OK &&
		 (e = add_signature(d, &head, &s)) == ERR_OK)
		/* Only a cache: without it the next export hashes again. */
		(void)!keep_hashes(d, &hashes);
	if (e == ERR_PROFILE)
		reason_set(why, e,
		    "A submission's file isn't what the index says: sealslotd check will name it.");
	else if (e == ERR_NOTFOUND)
		reason_set(why, e,
		    "A submission was deleted, as it was due, while the bundle was made. Nothing is "
		    "wrong: export again.");
	else if (e != ERR_OK)
		reason_sys(why, e, "Can't sign the bundle's index");
	if (e == ERR_OK)
		*out = s;
	else
		bundle_signed_wipe(&s);
	buf_wipe(&hashes);
	return e;
}

enum err
bundle_make_count(
    struct depot *d, uint32_t serial, const uint8_t hash[static HASH_LEN], struct reason *why)
{
	struct state next = d->state;
	enum err e;

	if (serial != d->state.bundle_serial + 1)
		return reason_set(why, ERR_STATE, "Another bundle was made meanwhile.");
	next.bundle_serial = serial;
	memcpy(next.bundle_hash, hash, HASH_LEN);
	if ((e = state_write(d->folder.root, &next)) != ERR_OK)
		return reason_sys(why, e, "Can't write the file \"state\"");
	d->state = next;
	return ERR_OK;
}
