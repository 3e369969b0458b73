#ifndef SEALSLOT_TEST_RIG_CHECK_H
#define SEALSLOT_TEST_RIG_CHECK_H

/* A rig that fails ends its program. */
#include <err.h>
#include <sysexits.h>

#include "base/err.h"

#define CHECK(call)                                                                                \
	do {                                                                                       \
		enum err check_ = (call);                                                          \
		if (check_ != ERR_OK)                                                              \
			errx(EX_SOFTWARE, "%s:%d: %s: %s", __FILE__, __LINE__, #call,              \
			    err_text(check_));                                                     \
	} while (0)

#endif
