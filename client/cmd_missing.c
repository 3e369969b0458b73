#include "cmd_missing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

void
cmd_missing_note(struct cmd_missing *m, const char *id)
{
	struct cmd_missing_item *p;

	if ((p = realloc(m->lacks, (m->n_lacks + 1) * sizeof *p)) == NULL)
		return;
	m->lacks = p;
	p = &m->lacks[m->n_lacks++];
	memcpy(p->id, id, sizeof p->id);
	p->head = m->n_heads;
}

bool
cmd_missing_add_volume(struct cmd_missing *m, const struct bundle_head *h)
{
	struct bundle_head *p;

	if ((p = realloc(m->heads, (m->n_heads + 1) * sizeof *p)) == NULL)
		return false;
	m->heads = p;
	m->heads[m->n_heads++] = *h;
	return true;
}

/* Is any volume of this bundle still to come? */
static bool
is_partial(const struct vault *v, const struct bundle_head *h)
{
	uint32_t i;

	for (i = 1; i <= h->volumes; i++)
		if (catalog_find_bundle(&v->catalog, h->serial, i) == NULL)
			return true;
	return false;
}

static void
report_partial(const struct vault *v, const struct bundle_head *h)
{
	bool any = false;
	uint32_t i;

	for (i = 1; i <= h->volumes; i++) {
		if (catalog_find_bundle(&v->catalog, h->serial, i) != NULL)
			continue;
		if (!any)
			printf("Still to come of bundle %u: volume %u", h->serial, i);
		else
			printf(", %u", i);
		any = true;
	}
	printf(" of %u.\n", h->volumes);
}

static int
by_id(const void *x, const void *y)
{
	return strcmp(
	    ((const struct cmd_missing_item *)x)->id, ((const struct cmd_missing_item *)y)->id);
}

/* Is it still missing now, and not just in a volume that is still to come, or was not taken? */
static bool
is_lost(const struct cmd_missing *m, const struct vault *v, const struct cmd_missing_item *l)
{
	const struct catalog_item *row = catalog_find(&v->catalog, l->id);

	return row != NULL && row->state == CATALOG_MISSING && l->head < m->n_heads &&
	       !is_partial(v, &m->heads[l->head]);
}

int
cmd_missing_report(struct cmd_missing *m, const struct vault *v)
{
	size_t lost = 0, i;

	for (i = 0; i < m->n_heads; i++)
		if (is_partial(v, &m->heads[i]) &&
		    (i + 1 == m->n_heads || m->heads[i + 1].serial != m->heads[i].serial))
			report_partial(v, &m->heads[i]);
	fflush(stdout);
	if (m->n_lacks > 0)
		qsort(m->lacks, m->n_lacks, sizeof *m->lacks, by_id);
	for (i = 0; i < m->n_lacks; i++) {
		if ((i > 0 && strcmp(m->lacks[i].id, m->lacks[i - 1].id) == 0) ||
		    !is_lost(m, v, &m->lacks[i]))
			continue;
		lost++;
		cmd_fail(m->lacks[i].id, "is in the server's list, but on no medium so far.");
	}
	if (lost == 0)
		return CMD_DONE;
	return cmd_fail(NULL,
	    "%zu submission%s missing. Copy the bundle again and import it once more; if that "
	    "doesn't help, export it again.",
	    lost, lost == 1 ? " is" : "s are");
}

void
cmd_missing_wipe(struct cmd_missing *m)
{
	free(m->lacks);
	free(m->heads);
	*m = (struct cmd_missing){0};
}
