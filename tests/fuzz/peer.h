#ifndef SEALSLOT_FUZZ_PEER_H
#define SEALSLOT_FUZZ_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/op.h"

/*
 * What the targets share in which one process of the server talks to another
 * that was taken over. The input is a series of steps, each
 *
 *   op, ref, length of the body (2 bytes, low one first), how, the body
 *
 * and, if how says that a descriptor comes along, the length of its content (2
 * bytes) and that. how: the error in the low five bits, enum peer_fd above
 * them. A length that goes past the end is claimed, and not kept.
 */
enum peer_fd {
	PEER_NO_FD,
	PEER_SEALED, /* a memfd with the content, sealed as it must be */
	PEER_UNSEALED,
	PEER_PIPE, /* its read end; nobody has the other one */
	PEER_NULL, /* /dev/null, for writing */
	PEER_TWO,  /* two sealed ones */
	PEER_OWN,  /* what the target has prepared: its own parts of a message that is true */
	PEER_TRUE, /* the same, and the body, too */
};

#define PEER_DOES 0xf0 /* from this op on it is no message, but something that the target does */

struct peer_step {
	uint8_t op, ref, err, fd;
	const uint8_t *body;
	size_t len; /* claimed */
	size_t has; /* bytes of body that there are */
	const uint8_t *content;
	size_t content_len;
};

/* The next step; false: that was all. */
bool peer_next(const uint8_t **p, size_t *n, struct peer_step *out);
/* A descriptor as the step wants it, for one that the target has no own one for; -1: none. */
int peer_open(const struct peer_step *s);
/* Says it, with these references instead of the bytes; fd is closed. What doesn't fit into the
 * socket is lost. */
void peer_say(int sock, const struct peer_step *s, uint32_t ref, int fd);
/*
 * The next message of an input that has only such, each of op, ref, length of the body, error (1
 * byte each; below 128: none) and body: says it as it is. false: that was all, or nobody hears it.
 */
bool peer_say_next(int sock, const uint8_t **p, size_t *n);
/* Reads all that one role has said to another, which must be what the op table lets it say. How
 * many descriptors came with it; they are closed. */
size_t peer_hear(int sock, enum role from, enum role to);
/* Both ends, the first with room for a few messages only. */
void peer_pair(int ends[2]);
/* Descriptors of this process: the same before and after an input. */
size_t peer_descriptors(void);

#endif
