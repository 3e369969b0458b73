#include "schedule_doubles.h"

#include <stdlib.h>
#include <string.h>

/* A recipient and the line it stands in, to find doubles in one sort. */
struct mention {
	uint8_t recipient[AGE_KEY];
	uint32_t line;
	bool is_revoked;
};

static int
compare_mentions(const void *a, const void *b)
{
	const struct mention *x = a, *y = b;
	int c = memcmp(x->recipient, y->recipient, AGE_KEY);

	return c != 0 ? c : (x->line > y->line) - (x->line < y->line);
}

static enum err
refuse(struct schedule_fault *fault, size_t line, enum err e, const char *why)
{
	*fault = (struct schedule_fault){line, why};
	return e;
}

static enum err
check_sorted(const struct mention *m, size_t n, struct schedule_fault *fault)
{
	size_t i, worst = 0;

	/* The first line that is wrong, not the first in the order of the sort. */
	for (i = 1; i < n; i++)
		if (memcmp(m[i].recipient, m[i - 1].recipient, AGE_KEY) == 0 &&
		    (worst == 0 || m[i].line < m[worst].line))
			worst = i;
	if (worst == 0)
		return ERR_OK;
	if (!m[worst].is_revoked)
		return refuse(fault, m[worst].line, ERR_FORMAT,
		    "the same recipient stands in another epoch line, too");
	if (m[worst - 1].is_revoked)
		return refuse(
		    fault, m[worst].line, ERR_FORMAT, "the same recipient is revoked twice");
	return refuse(
	    fault, m[worst - 1].line, ERR_FORMAT, "a revoked recipient stands in an epoch line");
}

/* Lines have a fixed order, so their numbers follow from the counts. */
enum err
schedule_doubles_check(const struct schedule *s, struct schedule_fault *fault)
{
	uint32_t line = 6 + (uint32_t)s->n_inboxes;
	struct mention *m;
	size_t i, n = 0;
	enum err e;

	if ((m = calloc(s->n_epochs + s->n_revoked + 1, sizeof *m)) == NULL)
		return refuse(fault, 0, ERR_NOMEM, "not enough memory");
	for (i = 0; i < s->n_epochs; i++, n++) {
		m[n].line = line++;
		memcpy(m[n].recipient, s->epochs[i].recipient, AGE_KEY);
	}
	for (i = 0; i < s->n_revoked; i++, n++) {
		m[n].line = line++;
		m[n].is_revoked = true;
		memcpy(m[n].recipient, s->revoked[i].recipient, AGE_KEY);
	}
	qsort(m, n, sizeof *m, compare_mentions);
	e = check_sorted(m, n, fault);
	free(m);
	return e;
}
