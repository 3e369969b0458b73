#ifndef SEALSLOT_WIRE_WIRE_H
#define SEALSLOT_WIRE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/op.h"

/*
 * What the server's processes say to each other: one message is one
 * SOCK_SEQPACKET datagram of a fixed head and a body of at most WIRE_BODY_MAX
 * bytes, with at most one descriptor. Native byte order: both ends are the
 * same build. The op table (op.h) tells which ops exist, who may send them to
 * whom, how long their bodies are and whether they carry a descriptor;
 * wire_recv refuses everything else with ERR_FORMAT, and then the peer is not
 * to be trusted any more.
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
/* fd is borrowed; -1: none. ERR_AGAIN when the socket is full, ERR_CLOSED when the peer is gone,
 * ERR_USAGE when the op table forbids such a message. */
enum err MUST_CHECK wire_send(
    int sock, enum op op, uint32_t ref, enum err result, const void *body, size_t len, int fd);
/* As wire_send, but waits up to ms for room in the socket; ERR_AGAIN when there was none. */
enum err MUST_CHECK wire_send_wait(int sock, struct wire_msg *m, int ms);
/*
 * Receives one message that role from may send to role to. ERR_AGAIN: none is
 * waiting. ERR_CLOSED: the peer is gone. ERR_FORMAT: the message breaks the
 * table. A descriptor that came along with a refused message has been closed.
 */
enum err MUST_CHECK wire_recv(int sock, enum role from, enum role to, struct wire_msg *m);
/* As wire_recv, but waits up to ms for a message (-1: for ever); ERR_AGAIN when none came. */
enum err MUST_CHECK wire_wait(int sock, enum role from, enum role to, int ms, struct wire_msg *m);
/* Does the table permit it? m->fd only says whether there is a descriptor. ERR_FORMAT if not. */
enum err MUST_CHECK wire_check(enum role from, enum role to, const struct wire_msg *m);

/* A memfd with this content, sealed against any change; the caller's to close. */
enum err MUST_CHECK wire_memfd(const void *p, size_t n, int *fd);
/* Appends the whole content of a received memfd. ERR_LIMIT past what out may hold; ERR_MODE for
 * anything that isn't a memfd sealed by wire_memfd: nobody can change it while we read. */
enum err MUST_CHECK wire_memfd_read(int fd, struct buf *out);

#endif
