#ifndef SEALSLOT_FRONT_MEMBER_NAME_H
#define SEALSLOT_FRONT_MEMBER_NAME_H

#include <stddef.h>

#define MEMBER_NAME_SAFE 80                         /* bytes that stay of an original name */
#define MEMBER_NAME_MAX  (6 + 4 + MEMBER_NAME_SAFE) /* "files/", "NNN-" */

/*
 * The archive's name of the number-th file (from 1, at most 999), as
 * keys/FORMATS.md section 2 says: "files/NNN-" and what is left of the
 * original (any bytes) when only A-Z a-z 0-9 . _ - stay. Accented Latin letters become
 * their base letters, the extension is kept when the name is cut. With a NUL.
 */
void member_name(char out[static MEMBER_NAME_MAX + 1], unsigned number, const char *original);

#endif
