#include "retire_print.h"

#include <stdio.h>

#include "base/date.h"

static void
say_epoch(const struct retire_epoch *e)
{
	char end[DATE_DAY_LEN + 1];

	printf("  %s %u", e->inbox, e->number);
	if (e->end != 0) {
		date_format(end, e->end);
		printf(", over since %s", end);
	}
	if (e->n > 1)
		printf(", %zu keys", e->n);
	if (e->verdict == RETIRE_STAYS)
		printf(": %s", e->why);
	if (e->verdict == RETIRE_BEGUN)
		printf(": a run that was cut off has begun with it");
	if (e->verdict == RETIRE_GOES && e->is_lossy)
		printf(": what the server may still have of it is given up");
	putchar('\n');
}

static void
say_verdict(const struct retire_plan *p, enum retire_verdict verdict, const char *title)
{
	size_t i;

	if (retire_count(p, verdict) > 0)
		puts(title);
	for (i = 0; i < p->n; i++)
		if (p->p[i].verdict == verdict)
			say_epoch(&p->p[i]);
}

/* Of the epochs that go now, and of all that ever went, those that it opens. */
static void
opens(const struct retire_plan *p, const struct holders *known, const struct holder *h,
    struct holders_span *out)
{
	const struct retire_epoch *e;
	size_t i;

	holders_opens(known, h, out);
	for (i = 0; i < p->n; i++) {
		e = &p->p[i];
		if (e->verdict == RETIRE_GOES && record_has(h->ranges, e->inbox, e->number))
			holders_span_add(out, e->inbox, e->number);
	}
}

static void
say_holder(const struct holder *h, const struct holders_span *s)
{
	char day[DATE_DAY_LEN + 1];

	date_format(day, h->day);
	printf("  %.*s of %s, %.*s: opens %zu of them, %s %u", (int)h->event.len, h->event.p, day,
	    (int)h->name.len, h->name.p, s->n, s->first.inbox, s->first.number);
	if (s->n > 1)
		printf(" to %s %u", s->last.inbox, s->last.number);
	printf("\n    id %s\n", h->id);
}

/* In every run, also of what went in an earlier one: until it is said to be gone. */
static void
say_holders(const struct retire_plan *p, const struct holders *known)
{
	struct holders_span span;
	size_t i, said = 0;

	for (i = 0; i < known->n; i++) {
		span = (struct holders_span){0};
		opens(p, known, &known->p[i], &span);
		if (span.n == 0)
			continue;
		if (said++ == 0)
			puts(
			    "Recorded, and still able to open epochs that are or will be destroyed:");
		say_holder(&known->p[i], &span);
	}
	if (said > 0)
		puts(
		    "As long as one of these exists, what was sealed to these epochs can be opened. Bring\n"
		    "copies up to date (reviewer-copy); destroy old backups, then say: retire --gone ID");
}

void
retire_print_plan(const struct retire_plan *p, const struct holders *known, size_t n_needs)
{
	size_t ahead = retire_count(p, RETIRE_AHEAD);

	say_verdict(p, RETIRE_STAYS, "Must stay:");
	say_verdict(p, RETIRE_GOES, "Can be destroyed:");
	say_verdict(p, RETIRE_BEGUN, "To be finished:");
	if (ahead > 0 && n_needs > 0)
		printf(
		    "%zu epochs aren't over, or not yet known to the vault: they stay.\n", ahead);
	say_holders(p, known);
	fflush(stdout);
}

void
retire_print_end(size_t destroyed, const char *path)
{
	if (destroyed == 0) {
		puts("Nothing was destroyed.");
		return;
	}
	printf(
	    "\n%zu epoch%s destroyed: overwritten, removed, and recorded in %s/" TOOL_LOG ".\n"
	    "On flash (SSD, stick, card) and on file systems that keep old blocks, overwriting is\n"
	    "not erasure: the old bytes may still be found, sealed under the passphrase. Keep the\n"
	    "key store on a small LUKS medium of its own, copy it to a fresh one now and then, and\n"
	    "destroy the old medium.\n"
	    "\n"
	    "Next: " TOOL_PROGRAM
	    " schedule %s, so that the schedule lists them no more; then a new\n"
	    "backup, and away with the old ones.\n",
	    destroyed, destroyed == 1 ? "" : "s", path, path);
}
