#ifndef SEALSLOT_FUZZ_DESK_BOOK_H
#define SEALSLOT_FUZZ_DESK_BOOK_H

#include <stdbool.h>

#include "base/hash.h"
#include "mailbox/desk.h"

/* What fuzz_desk.c's peers know of what they asked and were told, and what mailbox may therefore
 * say. What it may not ends the program. */
#define DESK_BOOK_REFS     256
#define DESK_BOOK_SESSIONS 32

struct desk_book_session {
	char token[OP_TOKEN_LEN + 1];
	uint8_t mailbox[HASH_LEN]; /* all zero: unknown */
};

/* What front knows of one of its numbers. */
struct desk_book_ref {
	bool has_name, is_fresh, waits_for_name;
	struct op_name name;
	unsigned sign_ins;            /* that aren't answered yet */
	uint8_t signs_into[HASH_LEN]; /* what the only one of them must open, all zero: unknown */
	bool waits_for_store;         /* its replies were asked for */
	uint8_t reads[HASH_LEN];
};

struct desk_book {
	struct desk *desk;
	struct desk_book_ref refs[DESK_BOOK_REFS];
	struct desk_book_session sessions[DESK_BOOK_SESSIONS];
	size_t n_sessions, n_removals;
	struct op_session_is seen;  /* the answer to the last OP_LOOK */
	const struct wire_msg *now; /* what front has just said; NULL: something else happens */
	const uint8_t *typed;       /* the mailbox of the codename in it */
	unsigned answers;           /* to it */
	enum err answered;
};

extern struct desk_book desk_book;

/* Front says it to the mailbox, which answers at once or not. */
void desk_book_say(const struct wire_msg *m);
/* The same of a message that is a token. */
void desk_book_ask(uint32_t op, const char *token, uint32_t ref);

/* The mailbox says it to front. */
void desk_book_to_front(const struct wire_msg *m, const void *body);
/* It asks store. */
void desk_book_to_store(const struct wire_msg *m);
/* Store got it. */
void desk_book_asked_store(const struct wire_msg *m, const void *body);

#endif
