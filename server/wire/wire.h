#ifndef SEALSLOT_WIRE_WIRE_H
#define SEALSLOT_WIRE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/op.h"

/*
 * What the server's processes say to each other: one message is one
 * SOCK_SEQPACKET datagram of a fixed head and a body of at most WIRE_BODY_MAX
 * bytes, with at most one descriptor. Native byte order: both ends are the
 * same build. The op table (op.h) tells which ops exist, who may send them,
 * how long their bodies are and whether they carry a descriptor; wire_recv
 * refuses everything else with ERR_FORMAT, and then the peer is not to be
 * trusted any more.
 */
#define WIRE_BODY_MAX 4096

struct wire_msg {
	uint32_t op;  /* enum op */
	uint32_t ref; /* which upload or request it is about; 0 if none */
	uint32_t len; /* bytes of body */
	int32_t err;  /* enum err of a reply, 0 otherwise */
	int fd;       /* received descriptor, now the receiver's; -1 if none */
	_Alignas(8) uint8_t body[WIRE_BODY_MAX];
};

/* Both ends: SOCK_SEQPACKET, close-on-exec, non-blocking. */
enum err MUST_CHECK wire_pair(int ends[2]);
/* fd is borrowed; -1: none. ERR_AGAIN when the socket is full, ERR_CLOSED when the peer is gone. */
enum err MUST_CHECK wire_send(
    int sock, enum op op, uint32_t ref, enum err result, const void *body, size_t len, int fd);
/*
 * Receives one message that role from may send. ERR_AGAIN: none is waiting.
 * ERR_CLOSED: the peer is gone. ERR_FORMAT: the message breaks the table. A descriptor that came
 * along with a refused message has been closed.
 */
enum err MUST_CHECK wire_recv(int sock, enum role from, struct wire_msg *m);
/* As wire_recv, but waits up to ms for a message; ERR_AGAIN when none came. */
enum err MUST_CHECK wire_wait(int sock, enum role from, int ms, struct wire_msg *m);

#endif
