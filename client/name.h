#ifndef SEALSLOT_CLIENT_NAME_H
#define SEALSLOT_CLIENT_NAME_H

#include <stddef.h>

/*
 * Names under which files are extracted (keys/FORMATS.md section 2). The name
 * that a source's file had is untrusted: here it becomes one that is harmless
 * in any folder, on any file system, in any file manager.
 */
#define NAME_MAX_LEN 200 /* bytes, without the NUL */

/*
 * The number of a member "files/NNN-..." with its dash, then the cleaned
 * original: valid UTF-8, "_" in the place of each control, bidirectional
 * or invisible character (text_is_treacherous) and of / \ : * ? " < > |, no blanks or dots at
 * either end, at most NAME_MAX_LEN bytes with the extension kept. When nothing is
 * left, the rest of the member's own name.
 */
void name_clean(
    char out[static NAME_MAX_LEN + 1], const char *member, const char *original, size_t len);

#endif
