#ifndef SEALSLOT_FRONT_SITE_H
#define SEALSLOT_FRONT_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "carry/fingerprint.h"
#include "carry/minisign.h"
#include "conf/conf.h"
#include "front/circuits.h"
#include "front/endings.h"
#include "front/form_token.h"
#include "front/intake.h"
#include "front/lang.h"
#include "front/receipts.h"
#include "mailbox/mailbox.h"
#include "store/store.h"

/*
 * What front knows: the configuration, what store said last, the receipts, the
 * uploads under way. Pages and uploads read it; front.c, news.c and drain.c
 * keep it up to date.
 */
#define SITE_ADDRESS 64

struct submit;

struct site {
	const struct conf *conf; /* borrowed */
	struct lang_set languages;
	char root_key[MINISIGN_KEY_LEN + 1];
	char root_words[FINGERPRINT_MAX + 1];
	const struct buf *logo;     /* borrowed; NULL or empty: none */
	struct buf root_qr;         /* a PNG of root_key */
	char address[SITE_ADDRESS]; /* "127.0.0.1:8480"; "" on a Unix socket */
	struct intake_env env;
	struct receipts *receipts;
	struct endings *endings;
	struct submit *submits;   /* uploads under way, a list */
	struct circuits *uploads; /* ...and whose they are */
	int64_t yield_ms;         /* when all places are taken, who is silent so long gives way */
	int64_t upload_ms;        /* an upload that takes longer is ended */
	bool is_draining;
	uint8_t form_key[FORM_TOKEN_KEY]; /* of forms that belong to no session */
	/* from store */
	bool has_store;
	struct schedule_ref *schedule; /* NULL: there is none that may be used */
	struct buf keys, signature;    /* its bytes */
	struct mailbox *mailbox;       /* borrowed; NULL: not connected yet */
	int32_t today;
	uint64_t room;           /* the largest body that somebody may send now */
	uint64_t signed_in_room; /* ...and that goes into the mailbox of a session */
	bool is_writable;
};

/* conf is borrowed; listener tells the address. */
enum err MUST_CHECK site_init(
    struct site *s, const struct conf *conf, const struct minisign_key *root, int listener);
void site_wipe(struct site *s);

/* What store's schedule event says. A schedule that can't be taken in is none. */
void site_take_schedule(
    struct site *s, const struct buf *text, const struct buf *sig, int32_t today);
void site_drop_schedule(struct site *s);

/* Is it the name of this instance, or this listener's own address? */
bool site_is_host(const struct site *s, const char *host);
/* Has any inbox a key today? */
bool site_has_key(const struct site *s);

#endif
