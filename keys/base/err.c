#include "err.h"

const char *
err_text(enum err e)
{
	switch (e) {
	case ERR_OK: return "no error";
	case ERR_SYS: return "the system refused";
	case ERR_NOMEM: return "out of memory";
	case ERR_NOSPACE: return "no room left";
	case ERR_LIMIT: return "larger than permitted";
	case ERR_EXISTS: return "exists already";
	case ERR_NOTFOUND: return "not found";
	case ERR_AMBIGUOUS: return "fits more than one";
	case ERR_MODE: return "wrong type, owner or mode";
	case ERR_FORMAT: return "malformed";
	case ERR_PROFILE: return "not written by this software";
	case ERR_TRUNCATED: return "ends too early";
	case ERR_NOMATCH: return "sealed to other keys";
	case ERR_MAC: return "the header was changed";
	case ERR_AUTH: return "doesn't verify: it was changed or damaged";
	case ERR_PASSPHRASE: return "wrong passphrase";
	case ERR_CRYPTO: return "the cryptographic library refused";
	case ERR_STATE: return "called out of order";
	case ERR_AGAIN: return "not ready yet";
	case ERR_BUSY: return "in use";
	case ERR_CLOSED: return "the other side is gone";
	case ERR_ROLLBACK: return "older than what is known";
	case ERR_FORK: return "differs from what is known under the same serial";
	case ERR_EXPIRED: return "no valid key for today";
	case ERR_CLOCK: return "the clock can't be trusted";
	case ERR_USAGE: return "wrong use";
	}
	return "unknown error";
}
