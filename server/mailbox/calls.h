#ifndef SEALSLOT_MAILBOX_CALLS_H
#define SEALSLOT_MAILBOX_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "mailbox/mailbox.h"

/*
 * The calls of front to the mailbox that are under way. What doesn't fit into
 * the socket stays due in its call, as in store/slots.h: nothing waits,
 * nothing grows. Internal to mailbox_client.c and call_answers.c.
 */
#define CALLS_MAX (LIMIT_IN_FLIGHT_MAX + LIMIT_MAILBOX_CALLS)

enum call_state {
	CALL_FREE,
	CALL_DUE,  /* its message has to be sent still */
	CALL_SENT, /* waits for the answer */
	CALL_HELD, /* an upload that has its codename */
};

struct call {
	enum call_state state;
	bool is_upload; /* the mailbox holds a codename under this ref */
	bool is_last;   /* free it once its message is sent: nobody waits for an answer */
	uint32_t ref;
	enum op op; /* the message that is due or answered next */
	uint8_t *body;
	size_t len;
	void *ctx;
	union {
		mailbox_named *named;
		mailbox_session *session;
		mailbox_looked *looked;
		mailbox_text *text;
		mailbox_done *done;
	} cb;
};

struct mailbox {
	int sock;
	int epoll; /* what the event loop waits for, for life; holds sock while there is one */
	bool is_blocked;
	uint32_t generation;
	struct call calls[CALLS_MAX];
};

/* Takes over the socket. */
enum err MUST_CHECK calls_attach(struct mailbox *m, int sock);
/* Every call gets ERR_CLOSED; the socket is closed. */
void calls_lose_all(struct mailbox *m);
/* NULL: no such call (any more). */
struct call *calls_find(struct mailbox *m, uint32_t ref);
/* A free call with a new ref, or NULL. Uploads may take any, other calls leave room for uploads. */
struct call *calls_take(struct mailbox *m, bool is_upload);
/* Sends a prepared call (body copied); on failure it is free again and no callback comes. ref may
 * be NULL. */
enum err MUST_CHECK calls_begin(
    struct mailbox *m, struct call *s, const void *body, size_t len, uint32_t *ref);
/* Sends the call's message, now or as soon as there is room. */
enum err MUST_CHECK calls_send(struct mailbox *m, struct call *s);
/* There is room in the socket again. */
void calls_send_due(struct mailbox *m);
/* Wipes what is to be sent. */
void calls_drop_body(struct call *s);
/* Wipes and frees the place. */
void calls_release(struct call *s);
/* Frees the place and tells whoever waits that no answer will come. */
void calls_fail(struct call *s, enum err e);

#endif
