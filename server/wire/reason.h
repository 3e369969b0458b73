#ifndef SEALSLOT_WIRE_REASON_H
#define SEALSLOT_WIRE_REASON_H

#include "base/err.h"
#include "base/limits.h"

/*
 * Why something was refused, in plain words with what to do now; written where
 * it is known, shown where the user is: it may travel in OP_RESULT. Names of
 * files may stand in it: what a terminal must not see is '?' (text_clean).
 */
struct reason {
	char text[LIMIT_REASON + 1];
};

/* Writes the text (cut at LIMIT_REASON bytes) and returns e. */
enum err reason_set(struct reason *r, enum err e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, with ": ", what errno says for ERR_SYS, or err_text, and err_advice behind it. */
enum err reason_sys(struct reason *r, enum err e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
