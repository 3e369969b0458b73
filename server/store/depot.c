#include "store/depot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/text.h"
#include "store/calendar.h"
#include "store/confirm.h"
#include "store/db_answers.h"
#include "store/db_care.h"
#include "store/db_replies.h"
#include "store/mend.h"
#include "store/rebuild.h"
#include "store/settle_sweep.h"
#include "store/transfer.h"
#include "store/upload.h"

/* SQLite wants a path; the process has none other to care for than the store's folder. */
static enum err
enter(const struct folder *f, struct reason *why)
{
	if (fchdir(f->root) == -1)
		return reason_sys(why, ERR_SYS, "Can't enter the store's folder");
	return ERR_OK;
}

enum err
depot_create(const struct conf *c, const struct minisign_key *root, struct reason *why)
{
	struct state s = {.root = *root, .seen = clock_today()};
	struct folder f = FOLDER_CLOSED;
	enum err e;

	if ((e = folder_create(c->store_path, &f, why)) != ERR_OK ||
	    (e = folder_probe(&f, why)) != ERR_OK || (e = enter(&f, why)) != ERR_OK)
		goto done;
	if (unlinkat(f.root, FOLDER_INDEX, 0) == 0)
		(void)!unlinkat(f.root, FOLDER_JOURNAL, 0);
	if ((e = db_create(FOLDER_INDEX)) != ERR_OK)
		reason_sys(why, e, "Can't make the index");
	else if ((e = transfer_create(f.root)) != ERR_OK)
		reason_sys(why, e, "Can't make the transfer key");
	else if ((e = state_write(f.root, &s)) != ERR_OK) { /* the last step: now it is a store */
		reason_sys(why, e, "Can't write the file state");
		unlinkat(f.root, FOLDER_STATE, 0); /* its sync may have failed */
	}
done:
	folder_close(&f);
	return e;
}

static enum err
check_root(struct depot *d, struct reason *why)
{
	char pinned[MINISIGN_KEY_LEN + 1], given[MINISIGN_KEY_LEN + 1];

	minisign_key_format(pinned, &d->state.root);
	minisign_key_format(given, &d->root);
	if (strcmp(pinned, given) == 0)
		return ERR_OK;
	return reason_set(why, ERR_AUTH,
	    "The root key %s isn't the one that this store was made with, %s. If nobody changed it "
	    "on purpose, somebody is trying to have submissions sealed to other keys. If the admins "
	    "made a new one, verify their statement with the old root.pub, minisign -V -p "
	    "OLD/root.pub -m publish/root-NNNN.txt, and put its \"new\" key into the line \"root:\" of "
	    "%s/state (sealslotd(8), A new root key).",
	    given, pinned, d->conf->store_path);
}

/* A lost index is made again from the files; a damaged one is a person's decision. */
static enum err
open_to_work(struct depot *d, struct reason *why)
{
	enum err e;

	if ((e = db_open(FOLDER_INDEX, &d->db)) == ERR_NOTFOUND &&
	    (e = db_create(FOLDER_INDEX)) == ERR_OK)
		e = db_open(FOLDER_INDEX, &d->db);
	if (e != ERR_OK)
		return e;
	state_keep_spare(d->folder.root);
	if ((e = settle_sweep(d->folder.items)) != ERR_OK)
		return reason_sys(why, e, "Can't remove a copy that was left over");
	e = rebuild_rows(d->folder.items, d->db, &d->schedules, &d->rebuilt);
	if (e != ERR_OK && e != ERR_FORMAT)
		reason_sys(why, e, "Can't compare the index with the files");
	return e;
}

/*
 * The first to open what a restore wrote. The desks send their receipts again as long as an
 * inventory lists a submission; an invented one would delete what nobody has read.
 */
static enum err
finish_restore(struct depot *d)
{
	enum err e;

	if (faccessat(d->folder.root, FOLDER_RESTORING, F_OK, AT_SYMLINK_NOFOLLOW) == -1)
		return ERR_OK;
	if ((e = db_forget_receipts(d->db)) != ERR_OK)
		return e;
	if (unlinkat(d->folder.root, FOLDER_RESTORING, 0) == -1 && errno != ENOENT)
		return io_errno();
	return io_sync(d->folder.root);
}

static enum err
open_index(struct depot *d, struct reason *why)
{
	enum err e;

	why->text[0] = '\0';
	e = d->care == DEPOT_WORK ? open_to_work(d, why) : mend_open_index(d, why);
	if (e == ERR_OK && d->care != DEPOT_CHECK && (e = finish_restore(d)) != ERR_OK)
		reason_sys(why, e, "Can't finish a restore");
	if (e == ERR_ROLLBACK)
		return reason_set(why, e,
		    "The index was written by a newer sealslotd than this one: install that version again. "
		    "Nothing was changed.");
	if (e == ERR_PROFILE)
		return reason_set(why, e,
		    "%s/index.db isn't an index of sealslotd as this version makes it. Whoever made it may "
		    "have put orders for the store into it: move it and index.db-journal away, and the "
		    "next start makes a new one from the files.",
		    d->conf->store_path);
	if (e == ERR_FORMAT)
		return reason_set(why, e,
		    "The index is damaged. No submission is lost: sealslotd check --repair makes it anew "
		    "from the files, and keeps the damaged one in %s.",
		    d->conf->store_path);
	if (e != ERR_OK && why->text[0] == '\0')
		reason_sys(why, e, "Can't open the index");
	return e;
}

enum err
depot_open(
    struct depot *d, const struct conf *c, const struct minisign_key *root, struct reason *why)
{
	return depot_open_for(d, c, root, DEPOT_WORK, why);
}

enum err
depot_open_for(struct depot *d, const struct conf *c, const struct minisign_key *root,
    enum depot_care care, struct reason *why)
{
	struct reason word = {""}; /* about the schedules */
	enum err e;

	*d = (struct depot){.conf = c, .root = *root, .care = care, .folder = FOLDER_CLOSED};
	why->text[0] = '\0';
	schedules_init(&d->schedules);
	pthread_mutex_init(&d->db_lock, NULL);
	if ((e = folder_open(c->store_path, &d->folder, why)) != ERR_OK ||
	    (e = folder_probe(&d->folder, why)) != ERR_OK || (e = enter(&d->folder, why)) != ERR_OK)
		goto done;
	if ((e = state_read(d->folder.root, &d->state)) != ERR_OK) {
		e = reason_sys(why, e, "Can't read the file \"state\" in %s", c->store_path);
		goto done;
	}
	if ((e = check_root(d, why)) != ERR_OK)
		goto done;
	e = schedules_load(&d->schedules, d->folder.keys, c->instance, root, &word);
	if (e != ERR_OK && e != ERR_AUTH)
		*why = word;
	else if ((e = open_index(d, why)) == ERR_OK)
		*why = word;
done:
	if (e != ERR_OK)
		depot_close(d);
	return e;
}

void
depot_close(struct depot *d)
{
	if (d->conf == NULL)
		return;
	db_close(d->db);
	schedules_wipe(&d->schedules);
	folder_close(&d->folder);
	pthread_mutex_destroy(&d->db_lock);
	*d = (struct depot){.folder = FOLDER_CLOSED};
}

enum err
depot_judge_clock(struct depot *d)
{
	const struct schedule *s = d->schedules.active;
	int32_t issued = s == NULL || s->serial == d->state.clock_ok_serial ? 0 : s->issued;
	int32_t today = clock_today();
	struct state next = d->state;
	enum err e;

	if ((e = calendar_judge(today, d->state.seen, issued)) != ERR_OK || today <= d->state.seen)
		return e;
	/* If it can't be remembered (a full disk), it will be judged again. */
	next.seen = today;
	if (state_write(d->folder.root, &next) == ERR_OK)
		d->state = next;
	return ERR_OK;
}

uint64_t
depot_day_bytes(struct depot *d)
{
	int32_t today = clock_today();

	if (d->day == today)
		return d->day_bytes;
	d->day = today;
	d->day_bytes = 0;
	pthread_mutex_lock(&d->db_lock);
	if (db_day_bytes(d->db, today, &d->day_bytes) != ERR_OK)
		d->day_bytes = 0;
	pthread_mutex_unlock(&d->db_lock);
	return d->day_bytes;
}

static void
remove_file(void *ctx, const uint8_t id[static DB_ID])
{
	const struct depot *d = ctx;
	char name[RANDOM_ID_LEN + 1];

	text_hex(name, id, DB_ID);
	/* If it stays, its row comes back at the next start, and it is tried again. */
	(void)!upload_unlink(d->folder.items, name);
}

enum err
depot_expire(struct depot *d, bool *is_more)
{
	int32_t before = clock_today() - (int32_t)d->conf->retention_days;
	enum err e;

	*is_more = false;
	if ((e = depot_judge_clock(d)) != ERR_OK)
		return e;
	pthread_mutex_lock(&d->db_lock);
	if ((e = db_expire(d->db, before, remove_file, d, is_more)) == ERR_OK && !*is_more)
		e = db_replies_expire(d->db, before);
	pthread_mutex_unlock(&d->db_lock);
	if (e == ERR_OK && !*is_more)
		e = confirm_expire(d, is_more);
	return e == ERR_OK ? io_sync(d->folder.items) : e;
}

enum err
depot_clock_ok(struct depot *d, struct reason *why)
{
	struct state next = d->state;
	enum err e;

	next.seen = clock_today();
	next.clock_oks++;
	if (d->schedules.active != NULL)
		next.clock_ok_serial = d->schedules.active->serial;
	if ((e = state_write(d->folder.root, &next)) != ERR_OK)
		return reason_sys(why, e, "Can't write the file \"state\"");
	d->state = next;
	return ERR_OK;
}

enum err
depot_publish(struct depot *d, const struct buf *text, const struct buf *sig, struct reason *why)
{
	uint32_t before = d->schedules.active == NULL ? 0 : d->schedules.active->serial;
	bool is_gap = false;
	enum err e;

	why->text[0] = '\0';
	e = schedules_accept(
	    &d->schedules, d->folder.keys, d->conf->instance, &d->root, text, sig, &is_gap, why);
	if (e == ERR_OK && is_gap)
		return reason_set(why, e,
		    "Between schedule %u and %u some are missing; they weren't needed.", before,
		    d->schedules.active->serial);
	return e;
}

enum err
depot_reload(struct depot *d, struct reason *why)
{
	return schedules_load(&d->schedules, d->folder.keys, d->conf->instance, &d->root, why);
}

static void
note_alarm(void *ctx, const struct db_alarm *a)
{
	struct op_status *st = ctx;
	struct op_alarm *out;
	uint8_t none[DB_ID] = {0};

	if (a->kind >= OP_ALARMS)
		return;
	out = &st->alarms[a->kind];
	out->times = a->times;
	out->day = a->day;
	if (memcmp(a->id, none, DB_ID) != 0)
		text_hex(out->id, a->id, DB_ID);
}

enum err
depot_status(struct depot *d, struct op_status *out)
{
	const struct schedule *s = d->schedules.active;
	struct op_status st = {0};
	enum err e;

	pthread_mutex_lock(&d->db_lock);
	if ((e = db_totals(d->db, &st.items, &st.bytes)) == ERR_OK)
		e = db_alarms(d->db, note_alarm, &st);
	pthread_mutex_unlock(&d->db_lock);
	if (e != ERR_OK && e != ERR_FORMAT)
		return e;
	st.is_index_damaged = e == ERR_FORMAT;
	minisign_key_format(st.root, &d->state.root);
	st.today = clock_today();
	st.is_clock_good = depot_judge_clock(d) == ERR_OK;
	st.seen = d->state.seen;
	st.clock_oks = d->state.clock_oks;
	st.exports = d->state.bundle_serial;
	if (s != NULL) {
		st.serial = s->serial;
		st.issued = s->issued;
		st.keys_end = schedule_last_day(s, st.today);
	}
	*out = st;
	return ERR_OK;
}
