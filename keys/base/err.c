#include "err.h"

#include <errno.h>

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

static const char *
system_advice(int error)
{
	switch (error) {
	case EACCES:
	case EPERM: return "Look who owns it and who may use it: ls -ld PATH";
	case ENOENT: return err_advice(ERR_NOTFOUND);
	case ENOTDIR:
	case EISDIR: return "Look at its path: is it a file, or a folder?";
	case ELOOP: return "Name the thing itself, no link to it";
	case ENAMETOOLONG: return "Use a shorter path";
	case ENOSPC:
	case EDQUOT: return "Make room there";
	case EROFS: return "Mount it for writing";
	case EIO: return "The medium fails: save what it still gives, and use another";
	case EFBIG: return "Use a file system that takes such large files, and look at ulimit -f";
	case EMFILE:
	case ENFILE: return "Raise the limit of open files: ulimit -n 4096";
	case ENOMEM: return err_advice(ERR_NOMEM);
	default: return "";
	}
}

const char *
err_advice(enum err e)
{
	if (e == ERR_SYS)
		return system_advice(errno);
	if (e == ERR_NOMEM)
		return "Close other programs, or raise the limit of locked memory: ulimit -l 4096";
	if (e == ERR_NOSPACE)
		return "Make room there";
	if (e == ERR_NOTFOUND)
		return "Look whether it is there, and how its path is spelled";
	if (e == ERR_MODE)
		return "It must be your own, no link, and closed to others";
	if (e == ERR_BUSY)
		return "Wait until the other program has finished";
	return "";
}
