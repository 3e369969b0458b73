#include "describe.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/limits.h"
#include "carry/fingerprint.h"

void
describe_fact(const char *name, const char *fmt, ...)
{
	va_list ap;

	printf("%-10s ", name);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

void
describe_key(const char *name, const struct minisign_key *k)
{
	char line[MINISIGN_KEY_LEN + 1], words[FINGERPRINT_MAX + 1];

	minisign_key_format(line, k);
	fingerprint_words(words, k);
	describe_fact(name, "%s", line);
	describe_fact("", "%s", words);
}

/* The first later epoch that fewer desks can open than today's: an offer is due. */
static void
describe_desks(const struct schedule *s, size_t inbox, int32_t today)
{
	struct schedule_seal now, later;
	char day[DATE_DAY_LEN + 1];
	size_t i;

	if (schedule_current(s, inbox, today, &now) != ERR_OK)
		return;
	for (i = 0; i < s->n_epochs; i++) {
		if (s->epochs[i].inbox != inbox || s->epochs[i].start < now.end ||
		    schedule_current(s, inbox, s->epochs[i].start, &later) != ERR_OK ||
		    later.n >= now.n)
			continue;
		date_format(day, later.start);
		describe_fact("desks",
		    "%s: from %s on %zu of %zu desks have keys; ask for an offer",
		    s->inboxes[inbox].name, day, later.n, now.n);
		return;
	}
}

static void
describe_inbox(const struct schedule *s, size_t inbox, int32_t today)
{
	char start[DATE_DAY_LEN + 1], end[DATE_DAY_LEN + 1], words[FINGERPRINT_MAX + 1];
	const struct schedule_epoch *first = NULL, *last = NULL;
	struct schedule_seal seal;
	size_t i;

	for (i = 0; i < s->n_epochs; i++) {
		if (s->epochs[i].inbox != inbox)
			continue;
		if (first == NULL)
			first = &s->epochs[i];
		last = &s->epochs[i];
	}
	describe_fact("inbox", "%s (%s)", s->inboxes[inbox].name, s->inboxes[inbox].title);
	if (first == NULL || last == NULL)
		return;
	date_format(start, first->start);
	date_format(end, last->end);
	describe_fact(
	    "", "epochs %u to %u, from %s to %s", first->number, last->number, start, end);
	if (schedule_current(s, inbox, today, &seal) != ERR_OK) {
		describe_fact("", "NO KEY FOR TODAY");
		return;
	}
	date_format(end, seal.end);
	fingerprint_epoch_words(words, (const uint8_t(*)[AGE_KEY])seal.recipients, seal.n);
	describe_fact("", "today epoch %u, until %s, sealed to %zu desk%s", seal.number, end,
	    seal.n, seal.n == 1 ? "" : "s");
	describe_fact("", "its words: %s", words);
}

static void
describe_end(const struct schedule *s, int32_t today)
{
	int32_t last = schedule_last_day(s, today);
	char day[DATE_DAY_LEN + 1];

	if (last <= today) {
		describe_fact(
		    "WARNING", "an inbox has no key for today: the server refuses uploads");
		return;
	}
	date_format(day, last);
	describe_fact("lasts", "until %s, 00:00 UTC: %d more days", day, last - today);
	if (last - today < LIMIT_WARN_DAYS)
		describe_fact("WARNING", "fewer than %d days are left", LIMIT_WARN_DAYS);
}

void
describe_schedule(const struct schedule *s, int32_t today)
{
	char issued[DATE_DAY_LEN + 1];
	size_t i;

	date_format(issued, s->issued);
	describe_fact("serial", "%u, issued %s", s->serial, issued);
	describe_fact("instance", "%s", s->instance);
	for (i = 0; i < s->n_inboxes; i++)
		describe_inbox(s, i, today);
	for (i = 0; i < s->n_revoked; i++)
		describe_fact("revoked", "a key of %s, epoch %u",
		    s->inboxes[s->revoked[i].inbox].name, s->revoked[i].number);
	for (i = 0; i < s->n_inboxes; i++)
		describe_desks(s, i, today);
	for (i = 0; i < s->n_reply_keys; i++)
		describe_key("reply key", &s->reply_keys[i]);
	describe_end(s, today);
}
