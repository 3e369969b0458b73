#ifndef SEALSLOT_PARENT_CHECK_H
#define SEALSLOT_PARENT_CHECK_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/random.h"
#include "parent/setup.h"
#include "wire/op.h"
#include "wire/reason.h"

/* sealslotd check: what was found, and the ways to find it. */

enum check_kind {
	CHECK_PROBLEM,  /* somebody must act */
	CHECK_NOTICE,   /* good to know */
	CHECK_REPAIRED, /* what a repair has done */
	CHECK_KINDS
};
/* One finding. */
struct check_line {
	enum check_kind kind;
	char text[300];
};
/* So many of one sort are told one by one; the others are counted. */
#define CHECK_SAME_MAX 20

struct check_report {
	struct buf lines; /* struct check_line each */
	size_t n[CHECK_KINDS];
};
void check_init(struct check_report *r);
void check_wipe(struct check_report *r);
/* A name in it may be any: what a terminal must not see becomes '?'. *same counts the findings of
 * one sort; NULL: there is only one such. ERR_NOMEM. */
enum err MUST_CHECK check_say(struct check_report *r, enum check_kind kind, size_t *same,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* After a sort: how many weren't told. */
enum err MUST_CHECK check_say_more(
    struct check_report *r, enum check_kind kind, size_t same, const char *what);

/* ---- the files of a store */

#define CHECK_ID (RANDOM_ID_LEN / 2) /* bytes of an id */

/* What lies in a store. Of the submissions, however many there are, it knows a window only. */
struct check_files {
	int root, items; /* folders */
	uid_t owner;
	size_t window;  /* ids that are known at once */
	struct buf ids; /* CHECK_ID bytes each, ascending */
	bool is_end;    /* no others come after these */
	size_t n_odd;   /* findings about names, owners and times */
};
enum err MUST_CHECK check_files_open(
    const struct setup *s, struct check_files *f, struct reason *why);
void check_files_close(struct check_files *f);
/* Owners, modes, links of the store's own files; names that aren't ours. Opens the first window. */
enum err MUST_CHECK check_files_outside(struct check_files *f, struct check_report *r);
/* Moves the window to what comes behind it. ERR_NOTFOUND: nothing does. */
enum err MUST_CHECK check_files_more(struct check_files *f);

/* ---- the schedules of a store */

/* Signatures under the pinned root key, and whether each follows the one before it. What an older
 * root key signed must lie before the first one of the pinned key, which vouches for it. */
enum err MUST_CHECK check_keys(const struct setup *s, struct check_report *r, struct reason *why);

#endif
