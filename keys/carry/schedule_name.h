#ifndef SEALSLOT_CARRY_SCHEDULE_NAME_H
#define SEALSLOT_CARRY_SCHEDULE_NAME_H

#include <stdint.h>

/*
 * What schedules are called wherever several lie together (KEYS/publish, the
 * store, a bundle): keys-0012.txt beside keys-0012.txt.minisig.
 */
#define SCHEDULE_NAME_MAX  40 /* bytes with the NUL */
#define SCHEDULE_NAME_TEXT ".txt"
#define SCHEDULE_NAME_SIG  ".txt.minisig"

/* The name with one of the two extensions. */
void schedule_name(char out[static SCHEDULE_NAME_MAX], uint32_t serial, const char *extension);
/* The serial of a text's name; 0 for a signature's, and for any other name or spelling. */
uint32_t schedule_name_serial(const char *name);

#endif
