#ifndef SEALSLOT_TEST_BREAKIN_H
#define SEALSLOT_TEST_BREAKIN_H

/* What the attacks share: breakin.c says what they are for. */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#define BREAKIN_LAST_FD 2048

struct attack {
	const char *name;
	int (*run)(void); /* 0: it worked; an error: it was told no */
};

/* The last one has no name. */
extern const struct attack breakin_files[], breakin_sockets[], breakin_processes[];

/* What it knows: paths from its environment, taken before the sandbox, and descriptors. */
struct breakin {
	const char *target; /* a stored submission, if the test has named one */
	const char *folder; /* the store's items */
	int writer;         /* of the last upload that began */
	bool is_keeping;
	int kept[16];
	size_t n_kept;
};

extern struct breakin breakin;

/* 0: it worked. */
static inline int
result(long r)
{
	return r == -1 ? errno : 0;
}

#endif
