#ifndef SEALSLOT_FRONT_FORM_H
#define SEALSLOT_FRONT_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "carry/schedule.h"
#include "conf/conf.h"
#include "front/form_token.h"
#include "front/part_header.h"
#include "front/verdict.h"

/*
 * The fields of the upload form, in the order in which they must come: what
 * decides the recipients and the manifest is known before the first byte is
 * sealed. Only `file` may come more than once; a missing inbox is the only one there is.
 */
#define FORM_TOKEN   "token"   /* FORM_TOKEN_LEN characters of base64url */
#define FORM_INBOX   "inbox"   /* a name of the schedule */
#define FORM_TOPIC   "topic-"  /* and a name of [topics]; a value of it, or empty: not chosen */
#define FORM_MESSAGE "message" /* text */
#define FORM_FILE    "file"    /* file inputs, each perhaps `multiple` */

enum form_field {
	FORM_FIELD_NONE = 0,
	FORM_FIELD_TOKEN,
	FORM_FIELD_INBOX,
	FORM_FIELD_TOPIC,
	FORM_FIELD_MESSAGE,
	FORM_FIELD_FILE,
};

struct form {
	const struct conf *conf;          /* borrowed */
	const struct schedule *schedule;  /* borrowed */
	enum form_field field;            /* the part that is open, or was last */
	size_t topic;                     /* which topic, if it is one */
	uint32_t seen;                    /* 1 << enum form_field */
	uint32_t topics_seen;             /* 1 << topic */
	char token[FORM_TOKEN_LEN + 1];   /* "" until it is complete */
	size_t inbox;                     /* index into schedule->inboxes, once there is one */
	const char *topics[LIMIT_TOPICS]; /* chosen values, the config's; NULL: none */
	size_t fill;
	char value[LIMIT_FIELD + 1]; /* of a short field while it comes */
};

void form_init(struct form *f, const struct conf *conf, const struct schedule *schedule);
/* A part begins. INTAKE_PENDING: it is in its place, see f->field; otherwise the verdict. */
enum intake_verdict form_begin(struct form *f, const struct part_header *h);
/* Content of a token, inbox or topic. */
enum intake_verdict form_put(struct form *f, const void *p, size_t n);
/* The part is complete: judges a token, inbox or topic. */
enum intake_verdict form_end(struct form *f);
/* Before the first byte is sealed, and at the end: is all there that must be? f->inbox is valid
 * then. */
enum intake_verdict form_complete(struct form *f);
void form_wipe(struct form *f);

#endif
