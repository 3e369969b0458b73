#include "verdict.h"

enum intake_verdict
verdict_of(enum err e)
{
	if (e == ERR_NOSPACE)
		return INTAKE_NO_ROOM;
	if (e == ERR_LIMIT)
		return INTAKE_TOO_MANY_FILES;
	if (e == ERR_EXPIRED || e == ERR_CRYPTO)
		return INTAKE_NO_KEY;
	if (e == ERR_BUSY || e == ERR_NOMEM)
		return INTAKE_BUSY;
	return INTAKE_STORE_FAILED;
}
