#ifndef SEALSLOT_CARRY_HANDOVER_H
#define SEALSLOT_CARRY_HANDOVER_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "carry/minisign.h"
#include "carry/schedule.h"

/*
 * The statement by which a root key hands over to another one (keys/FORMATS.md
 * section 4). Text, LF, fixed order, signed in minisign form by the OLD key:
 *
 *   sealslot-root 1
 *   instance: <onion>
 *   issued: 2026-06-01
 *   serial: 13                of the first schedule that the new key signs
 *   old: RWQ...
 *   new: RWQ...
 *   end
 */
#define HANDOVER_MAX      1024 /* bytes of the text */
#define HANDOVER_NAME_MAX 40   /* "root-0013.txt", its signature beside it with .minisig */

struct handover {
	char instance[SCHEDULE_INSTANCE_LEN + 1];
	int32_t issued;
	uint32_t serial;
	struct minisign_key old, new;
};

/* Exactly such a text; else ERR_FORMAT (ERR_LIMIT if it is too long). */
enum err MUST_CHECK handover_parse(const void *p, size_t n, struct handover *out);
enum err MUST_CHECK handover_format(const struct handover *h, struct buf *out);
/* "sealslot-root serial:13 instance:<onion>", the trusted comment. */
enum err MUST_CHECK handover_comment(const struct handover *h, char *out, size_t size);
/*
 * Verifies under the key that hands over, and parses. ERR_NOMATCH: another key's; ERR_AUTH; else as
 * handover_parse.
 */
enum err MUST_CHECK handover_verify(const struct buf *text, const struct buf *sig,
    const struct minisign_key *old, struct handover *out);
void handover_name(char out[static HANDOVER_NAME_MAX], uint32_t serial);

#endif
