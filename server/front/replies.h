#ifndef SEALSLOT_FRONT_REPLIES_H
#define SEALSLOT_FRONT_REPLIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/random.h"
#include "wire/op.h"

/* The replies of one mailbox, as they come piece by piece, for one page. Secret: wipe. */
struct replies_one {
	char id[RANDOM_ID_LEN + 1];
	int32_t day;
	size_t at; /* of its text, which ends with a NUL */
};

struct replies {
	struct replies_one all[LIMIT_REPLIES];
	size_t n;
	bool is_cut;   /* there are more than one page may show */
	bool is_begun; /* the last one isn't complete yet */
	struct buf texts;
};

void replies_init(struct replies *r);
/* Takes a piece. ERR_LIMIT: enough for one page; the rest is cut off. ERR_NOMEM. */
enum err MUST_CHECK replies_put(
    struct replies *r, const struct op_text *head, const char *piece, size_t n);
/* No more comes: what isn't complete goes, the latest day comes first. */
void replies_end(struct replies *r);
const char *replies_text(const struct replies *r, size_t i);
/* Accepts a zeroed struct. */
void replies_wipe(struct replies *r);

#endif
