#ifndef SEALSLOT_FRONT_DAY_TEXT_H
#define SEALSLOT_FRONT_DAY_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define DAY_TEXT_MAX 48 /* bytes with a NUL; what doesn't fit is "2026-03-05" */

/* A day as the reader's language writes it: "5 March 2026". lang: an index of page.h. */
void day_text(char out[static DAY_TEXT_MAX], size_t lang, int32_t day);

#endif
