#ifndef SEALSLOT_CLIENT_NESTED_H
#define SEALSLOT_CLIENT_NESTED_H

#include <stdbool.h>

#include "base/err.h"
#include "name.h"
#include "open/identity.h"
#include "open/zip_read.h"

/*
 * An age file inside a submission: a source who didn't want to trust the
 * server sealed it, with stock age, to the recipient that the server publishes.
 */

/* Does the file, or the member, begin as age files do? */
bool nested_is_age_fd(int fd);
bool nested_is_age_member(struct zip_read *z, const struct zip_member *m);
/*
 * Opens it to out, which is empty, every chunk authenticated. Errors as
 * age_open_fd and age_open_chunk; out is of no use then.
 */
enum err MUST_CHECK nested_open(int fd, const struct identity_set *ids, int out);
/* The name of what is inside: without ".age" at the end, or with ".opened" behind it. */
void nested_name(char name[static NAME_MAX_LEN + 1]);

#endif
