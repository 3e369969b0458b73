#ifndef SEALSLOT_WIRE_OP_H
#define SEALSLOT_WIRE_OP_H

#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/random.h"

/* The processes of a running server. */
enum role { ROLE_PARENT, ROLE_FRONT, ROLE_STORE, ROLE_MAILBOX, ROLE_ADMIN, ROLE_COUNT };

/* All ops. The table in op.c is the policy. */
enum op {
	/* parent to each child, at start and after a restart of somebody else */
	OP_CONF = 1, /* fd: sealed memfd with the text of sealslotd.conf; body: the root key line */
	OP_LISTEN,   /* fd: a listening socket (front: HTTP; store: the admin socket) */
	OP_PEER,     /* fd: a socket end; body: struct op_peer */
	OP_GO,       /* everything has been handed over: enter the sandbox and work */
	OP_DRAIN,    /* take no new uploads, finish those in flight; body: struct op_drain */
	OP_RELOAD,   /* look for a new schedule (store) */
	/* each child to the parent */
	OP_READY,   /* works */
	OP_DRAINED, /* nothing is in flight any more */
	/* front to store */
	OP_BEGIN,  /* ref: new upload; body: struct op_begin */
	OP_COMMIT, /* ref; body: struct op_commit; front has closed the descriptor */
	OP_ABORT,  /* ref */
	/* store to front */
	OP_BEGUN,     /* ref, err; fd: the write-only descriptor */
	OP_COMMITTED, /* ref, err */
	OP_SCHEDULE,  /* err (ERR_OK, ERR_NOTFOUND, ERR_CLOCK); fd: memfd of keys.txt; body: struct
			 op_schedule, then the .minisig text */
	OP_ROOM,      /* body: struct op_room; whenever it changes */
	OP_COUNT
};

struct op_peer {
	uint32_t role; /* who is at the other end */
};

struct op_drain {
	uint32_t ms; /* how long it may take */
};

struct op_begin {
	uint64_t body_len; /* bytes of the request's body */
};

struct op_commit {
	char id[RANDOM_ID_LEN + 1];
	char inbox[LIMIT_INBOX_NAME + 1];
	uint8_t is_signed_in; /* counts against the part kept for those who have a codename */
	uint8_t pad[5];
	uint32_t epoch;
	uint32_t serial; /* of the schedule */
	uint64_t size;   /* bytes of ciphertext that front wrote */
};

struct op_schedule {
	int32_t today; /* the day by which store judged the clock */
	uint32_t sig_len;
};

struct op_room {
	uint64_t bytes;    /* what one more upload may take, 0: full */
	uint32_t writable; /* 0: the store can't be written */
	uint32_t pad;
};

/* What the table says of one op. */
struct op_rule {
	const char *name; /* for logs and tests */
	uint32_t from;    /* bit mask of 1 << role */
	uint32_t to;
	size_t min, max; /* bytes of body */
	enum { OP_FD_NEVER, OP_FD_ALWAYS, OP_FD_IF_OK } fd;
};

/* NULL for a number that is no op. */
const struct op_rule *op_rule(uint32_t op);

#endif
