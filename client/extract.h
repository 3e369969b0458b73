#ifndef SEALSLOT_CLIENT_EXTRACT_H
#define SEALSLOT_CLIENT_EXTRACT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "item.h"
#include "name.h"

/*
 * Writes members of a submission into a folder, all or none of them: each to a
 * file without a name (newfile.h); only when every byte of every one has been
 * authenticated, checked and synced do they get their names, which are inert (name.h).
 * Mode 0600, nothing is overwritten, on a failure nothing is left behind.
 */
struct extract_file {
	const struct zip_member *member;
	char name[NAME_MAX_LEN + 1];
	/* it is an age file itself: opened (ERR_OK) and named after what is inside, or left as it
	 * is: ERR_NOMATCH (not sealed to us), or what is wrong with it */
	bool is_nested;
	enum err nested;
};

struct extract {
	struct item *item;              /* borrowed */
	const struct identity_set *ids; /* borrowed: to open age files inside with; NULL: none */
	struct extract_file *files;
	size_t n;
	size_t fault; /* after a failure: which file it was; n: none in particular */
};

enum err MUST_CHECK extract_init(struct extract *x, struct item *it);
void extract_wipe(struct extract *x);
/* Chooses everything. */
enum err MUST_CHECK extract_all(struct extract *x);
/* Chooses one: a member's name ("message.txt", "files/001-a.pdf") or a file's number.
 * ERR_NOTFOUND. Twice is once. */
enum err MUST_CHECK extract_one(struct extract *x, const char *what);
/* dir: the folder. ERR_EXISTS: x->fault has a name that is taken. */
enum err MUST_CHECK extract_run(struct extract *x, int dir);

#endif
