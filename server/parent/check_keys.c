#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/io.h"
#include "carry/schedule.h"
#include "carry/schedule_name.h"
#include "parent/check.h"

/* One schedule of the folder. */
struct sheet {
	uint32_t serial;
	struct schedule *s;
	bool is_foreign; /* another key than the pinned root signed it; s is what it says of itself
			  */
	uint8_t hash[HASH_LEN];
};

static int
compare_serials(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static enum err
list_serials(int keys, struct buf *out)
{
	struct dirent *d;
	enum err e;
	uint32_t serial;
	DIR *dir = NULL;

	if ((e = io_open_list(keys, &dir)) != ERR_OK)
		return e;
	while (e == ERR_OK && (d = readdir(dir)) != NULL)
		if ((serial = schedule_name_serial(d->d_name)) != 0)
			e = buf_add(out, &serial, sizeof serial);
	closedir(dir);
	if (e == ERR_OK && out->len > 0)
		qsort(out->p, out->len / sizeof serial, sizeof serial, compare_serials);
	return e;
}

/*
 * The pin may have been changed by hand: what an older root key signed verifies no more, but is
 * vouched for by the one that follows it, which has its hash. check_link looks at that.
 */
static enum err
verify(const struct setup *s, const struct buf *text, const struct buf *sig, struct sheet *sh,
    struct schedule_fault *fault)
{
	enum err e = schedule_verify(text, sig, &s->root, &sh->s, fault);

	if (e != ERR_NOMATCH)
		return e;
	sh->is_foreign = true;
	return schedule_parse(text->p, text->len, &sh->s, fault);
}

/* ERR_OK with sh->s NULL: it is told why it isn't good. */
static enum err
read_sheet(int keys, const struct setup *s, struct sheet *sh, struct check_report *r)
{
	struct schedule_fault fault = {0, ""};
	char name[SCHEDULE_NAME_MAX];
	struct buf text, sig;
	enum err e;

	buf_init(&text, LIMIT_SCHEDULE);
	buf_init(&sig, LIMIT_SIGNATURE);
	schedule_name(name, sh->serial, SCHEDULE_NAME_TEXT);
	if ((e = io_read_file(keys, name, &text)) == ERR_OK) {
		hash_256(sh->hash, text.p, text.len);
		schedule_name(name, sh->serial, SCHEDULE_NAME_SIG);
		e = io_read_file(keys, name, &sig);
	}
	if (e != ERR_OK)
		e = check_say(r, CHECK_PROBLEM, NULL,
		    "keys/%s can't be read (%s): publish schedule %u again, or restore it.", name,
		    e == ERR_SYS ? strerror(errno) : err_text(e), sh->serial);
	else if (verify(s, &text, &sig, sh, &fault) != ERR_OK)
		e = check_say(r, CHECK_PROBLEM, NULL,
		    "Schedule %u doesn't verify under the root key (%s): find out who changed it, and "
		    "restore it.",
		    sh->serial, fault.why);
	else if (sh->s->serial != sh->serial || strcmp(sh->s->instance, s->conf->instance) != 0)
		e = check_say(r, CHECK_PROBLEM, NULL,
		    "The file of schedule %u has another one in it: restore it.", sh->serial);
	buf_wipe(&text);
	buf_wipe(&sig);
	return e;
}

static enum err
say_foreign(const struct sheet *sh, struct check_report *r)
{
	return check_say(r, CHECK_PROBLEM, NULL,
	    "Schedule %u doesn't verify under the root key (it is signed by another key, not by this "
	    "root key): find out who changed it, and restore it.",
	    sh->serial);
}

/* From one root key to the next: all before it were signed by an older one. */
static enum err
say_handover(const struct sheet *sh, bool is_gap, struct check_report *r)
{
	return check_say(r, CHECK_NOTICE, NULL,
	    is_gap
		? "The schedules before %u are of another root key, and the one right before it is "
		  "missing: nothing here can tell whether they were changed. They aren't used any more."
		: "The schedules before %u are of an older root key. They are unchanged: each has the "
		  "hash that the next one names.",
	    sh->serial);
}

/* Does it follow the one before it? */
static enum err
check_link(const struct sheet *before, const struct sheet *sh, struct check_report *r)
{
	bool is_gap = false;
	enum err e;

	if (before->s == NULL || sh->s == NULL)
		return ERR_OK;
	e = schedule_may_follow(before->s, before->hash, sh->s, sh->hash, &is_gap);
	if (e != ERR_OK)
		return check_say(r, CHECK_PROBLEM, NULL,
		    "Schedule %u may not follow schedule %u: %s.", sh->serial, before->serial,
		    schedule_follow_text(e));
	if (before->is_foreign && !sh->is_foreign)
		return say_handover(sh, is_gap, r);
	if (!before->is_foreign && sh->is_foreign)
		return say_foreign(sh, r);
	if (is_gap)
		return check_say(r, CHECK_NOTICE, NULL,
		    "Between schedule %u and %u some are missing; they weren't needed.",
		    before->serial, sh->serial);
	return ERR_OK;
}

static enum err
check_chain(int keys, const struct setup *s, const struct buf *serials, struct check_report *r)
{
	const uint32_t *serial = (const uint32_t *)(const void *)serials->p;
	struct sheet before = {0}, sh;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < serials->len / sizeof *serial && e == ERR_OK; i++) {
		sh = (struct sheet){.serial = serial[i]};
		if ((e = read_sheet(keys, s, &sh, r)) == ERR_OK)
			e = check_link(&before, &sh, r);
		schedule_free(before.s);
		before = sh;
	}
	/* The newest is what the server goes by. */
	if (e == ERR_OK && before.is_foreign && before.s != NULL)
		e = say_foreign(&before, r);
	schedule_free(before.s);
	return e;
}

enum err
check_keys(const struct setup *s, struct check_report *r, struct reason *why)
{
	int root = -1, keys = -1;
	struct buf serials;
	enum err e;

	buf_init(&serials, SIZE_MAX);
	if ((e = io_open_dir(AT_FDCWD, s->conf->store_path, &root)) != ERR_OK ||
	    (e = io_open_dir(root, "keys", &keys)) != ERR_OK ||
	    (e = list_serials(keys, &serials)) != ERR_OK ||
	    (e = check_chain(keys, s, &serials, r)) != ERR_OK)
		reason_sys(why, e, "Can't read the schedules of the store");
	buf_wipe(&serials);
	io_close(&keys);
	io_close(&root);
	return e;
}
