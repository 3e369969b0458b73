#ifndef SEALSLOT_MAILBOX_MAILBOX_H
#define SEALSLOT_MAILBOX_MAILBOX_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/op.h"

/*
 * The mailbox as front sees it: asynchronous, like store.h. The process behind
 * it has no file and no network; it knows codenames and opens replies. All
 * callbacks come from mailbox_on_readable, on the event thread, each at most
 * once (texts: until the end), and a callback may call mailbox verbs. What is
 * handed to a callback is borrowed for its duration and secret: it is wiped afterwards.
 */
struct mailbox;

/* ERR_OK: what the manifest says of its mailbox. ERR_BUSY: no codename in time. ERR_NOTFOUND: no
 * such session. */
typedef void mailbox_named(void *ctx, enum err e, const struct op_name *name);
/*
 * ERR_OK: a new session; s->token is empty for an upload of somebody signed in. ERR_FORMAT: not a
 * codename, s says why. ERR_BUSY: too many sign in.
 */
typedef void mailbox_session(void *ctx, enum err e, const struct op_session *s);
/* ERR_NOTFOUND: the session is over. */
typedef void mailbox_looked(void *ctx, enum err e, const struct op_session_is *s);
/* A piece of a reply's text; head NULL: that was all, or e says why it ended. */
typedef void mailbox_text(
    void *ctx, enum err e, const struct op_text *head, const char *piece, size_t n);
typedef void mailbox_done(void *ctx, enum err e);

/* sock is the mailbox's now. */
enum err MUST_CHECK mailbox_new(int sock, struct mailbox **out);
/* The process is a new one: every call under way gets ERR_CLOSED, sessions are gone. */
enum err MUST_CHECK mailbox_reconnect(struct mailbox *m, int sock);
/* No callbacks. Accepts NULL. */
void mailbox_free(struct mailbox *m);
/* What to wait for (EPOLLIN), as long as m lives, whether the process is there or gone. */
int mailbox_fd(const struct mailbox *m);
void mailbox_on_readable(struct mailbox *m);

/*
 * Each gives *ref (never 0), by which mailbox_cancel forgets the callback. ERR_BUSY: too
 * many calls under way; ERR_CLOSED: the process is gone.
 */
/* A codename for an upload; token: of the session of somebody signed in, or NULL. *ref stays the
 * upload's name. */
enum err MUST_CHECK mailbox_take(
    struct mailbox *m, const char *token, mailbox_named *cb, void *ctx, uint32_t *ref);
/* The upload is committed. ref is over after the callback. */
enum err MUST_CHECK mailbox_issue(struct mailbox *m, uint32_t ref, mailbox_session *cb, void *ctx);
/* The upload failed, or is given up, in any state: no callback, its codename is forgotten. */
void mailbox_drop(struct mailbox *m, uint32_t ref);
/* The same for one that store was never asked to keep: another upload may get its codename. */
void mailbox_give_back(struct mailbox *m, uint32_t ref);
/* text: what the source typed, at most LIMIT_FIELD bytes (ERR_LIMIT). */
enum err MUST_CHECK mailbox_sign_in(
    struct mailbox *m, const char *text, size_t len, mailbox_session *cb, void *ctx, uint32_t *ref);
enum err MUST_CHECK mailbox_look(
    struct mailbox *m, const char *token, mailbox_looked *cb, void *ctx, uint32_t *ref);
enum err MUST_CHECK mailbox_read(
    struct mailbox *m, const char *token, mailbox_text *cb, void *ctx, uint32_t *ref);
enum err MUST_CHECK mailbox_remove(struct mailbox *m, const char *token, const char *id,
    mailbox_done *cb, void *ctx, uint32_t *ref);
void mailbox_sign_out(struct mailbox *m, const char *token);
/* Forgets the callback of a call; an unknown ref is no error. */
void mailbox_cancel(struct mailbox *m, uint32_t ref);

#endif
