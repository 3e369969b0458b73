#ifndef SEALSLOT_BASE_ERR_H
#define SEALSLOT_BASE_ERR_H

#define MUST_CHECK __attribute__((warn_unused_result))

/*
 * What every library of Sealslot returns. A function that doesn't return
 * ERR_OK has left its outputs untouched, unless its header says otherwise.
 * Libraries never print, log or exit; ERR_SYS leaves the reason in errno.
 */
enum err {
	ERR_OK = 0,
	ERR_SYS,        /* a system call failed: see errno */
	ERR_NOMEM,      /* no memory, or no locked memory */
	ERR_NOSPACE,    /* no room on the medium, or below the reserve */
	ERR_LIMIT,      /* larger than a limit of limits.h */
	ERR_EXISTS,     /* would overwrite something */
	ERR_NOTFOUND,   /* no such file, item or name */
	ERR_AMBIGUOUS,  /* a prefix that fits several items */
	ERR_MODE,       /* a file's type, owner or mode is not what it must be */
	ERR_FORMAT,     /* malformed input */
	ERR_PROFILE,    /* well formed, but not written by this software */
	ERR_TRUNCATED,  /* ends too early */
	ERR_NOMATCH,    /* no identity fits any recipient */
	ERR_MAC,        /* the header's file key unwrapped, but its MAC is wrong */
	ERR_AUTH,       /* a chunk, signature or hash doesn't verify */
	ERR_PASSPHRASE, /* wrong passphrase */
	ERR_CRYPTO,     /* libsodium refused (weak point, failed start) */
	ERR_STATE,      /* called in the wrong order, or after a failure */
	ERR_AGAIN,      /* not now: call again when there is room */
	ERR_BUSY,       /* somebody else holds the lock, or all places are taken */
	ERR_CLOSED,     /* the peer is gone */
	ERR_ROLLBACK,   /* older than what is already known */
	ERR_FORK,       /* another document with the same serial */
	ERR_EXPIRED,    /* no valid epoch covers the day */
	ERR_CLOCK,      /* the clock can't be trusted */
	ERR_USAGE,      /* a wrong parameter from the caller or the user */
};

/* A short lower-case phrase for an error, for the tools' messages. Static storage, never NULL. */
const char *err_text(enum err e);

/*
 * What a person can do about it where only the error is known: a sentence
 * without its full stop, or "" where the caller has to know. Looks at errno
 * for ERR_SYS. Static storage, never NULL.
 */
const char *err_advice(enum err e);

#endif
