#ifndef SEALSLOT_FRONT_VERDICT_H
#define SEALSLOT_FRONT_VERDICT_H

#include "base/err.h"

/* Why an upload ended; http.c has one page for each. */
enum intake_verdict {
	INTAKE_PENDING = 0,
	INTAKE_STORED,    /* committed: show the receipt */
	INTAKE_EMPTY,     /* neither a message nor a file */
	INTAKE_MALFORMED, /* no multipart/form-data as browsers send it, or in the wrong order */
	INTAKE_UNKNOWN_FIELD, /* a field that the form doesn't have, or one twice */
	INTAKE_BAD_INBOX,     /* no such inbox */
	INTAKE_BAD_TOPIC,     /* a value that the form doesn't offer */
	INTAKE_BAD_TOKEN,     /* a missing or false form token */
	INTAKE_MESSAGE_TOO_LONG,
	INTAKE_TOO_MANY_FILES, /* files, parts, or names that need too much memory */
	INTAKE_TOO_LARGE,      /* more bytes than permitted */
	INTAKE_NO_KEY,         /* no valid epoch */
	INTAKE_NO_ROOM,        /* store is full */
	INTAKE_BUSY,           /* all places are taken */
	INTAKE_STORE_FAILED,   /* store is gone, or couldn't keep it */
};

/* What a failure of the store, the sealer or the archive is to the source. Never for ERR_OK or
 * ERR_AGAIN. */
enum intake_verdict verdict_of(enum err e);

#endif
