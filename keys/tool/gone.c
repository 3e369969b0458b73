#include "gone.h"

#include <string.h>

#include "holders.h"
#include "record.h"

void
gone_init(struct gone *g)
{
	*g = (struct gone){0};
	buf_init(&g->log, LIMIT_KEY_LOG);
	buf_init(&g->newer, LIMIT_KEY_LOG);
}

void
gone_wipe(struct gone *g)
{
	buf_wipe(&g->log);
	buf_wipe(&g->newer);
}

/* ---- schedules */

static const struct gone_inbox *
find(const struct gone *g, const char *name)
{
	size_t i;

	for (i = 0; i < g->n_inboxes; i++)
		if (strcmp(g->inboxes[i].name, name) == 0)
			return &g->inboxes[i];
	return NULL;
}

/* Its lowest and highest number; false if none of its epochs is listed. */
static bool
span(const struct schedule *s, const char *name, uint32_t *lowest, uint32_t *highest)
{
	bool found = false;
	size_t i, at;

	if (schedule_find_inbox(s, name, &at) != ERR_OK)
		return false;
	for (i = 0; i < s->n_epochs; i++) {
		if (s->epochs[i].inbox != at)
			continue;
		if (!found)
			*lowest = s->epochs[i].number;
		*highest = s->epochs[i].number;
		found = true;
	}
	return found;
}

void
gone_begin(struct gone *g, const struct schedule *s)
{
	struct gone_inbox in;
	size_t i;

	for (i = 0; s != NULL && i < s->n_inboxes; i++) {
		in = (struct gone_inbox){.is_followed = true};
		memcpy(in.name, s->inboxes[i].name, sizeof in.name);
		if (span(s, in.name, &in.lowest, &in.highest)) {
			in.first = in.lowest;
			g->inboxes[g->n_inboxes++] = in;
		}
	}
	g->serial = s == NULL ? 0 : s->serial;
}

void
gone_follow(struct gone *g, const struct schedule *s)
{
	uint32_t lowest, highest;
	struct gone_inbox *in;
	size_t i;

	if (s->serial <= g->serial)
		return;
	for (i = 0; i < g->n_inboxes; i++) {
		in = &g->inboxes[i];
		/*
		 * None of the old ones is listed: all were retired, or all were over and an older
		 * version of the tool dropped them with their keys there. Which, it doesn't say.
		 */
		if (!span(s, in->name, &lowest, &highest) || lowest > in->highest)
			in->is_followed = false;
		else {
			in->lowest = lowest;
			in->highest = highest;
		}
	}
	g->serial = s->serial;
	g->has_newer_schedule = true;
}

/* ---- logs */

static bool
is_retired(const struct buf *log, const char *inbox, uint32_t number)
{
	const struct holders known = {.log = *log};

	return holders_is_retired(&known, inbox, number);
}

enum gone_why
gone_ask(const struct gone *g, const char *inbox, uint32_t number)
{
	const struct gone_inbox *in = find(g, inbox);

	if (is_retired(&g->log, inbox, number) || is_retired(&g->newer, inbox, number))
		return GONE_BY_LOG;
	if (!g->has_newer_schedule)
		return GONE_NOT;
	if (in == NULL || number < in->first)
		return GONE_UNSURE;
	if (!in->is_followed)
		return GONE_UNSURE;
	if (number >= in->lowest)
		return GONE_NOT;
	return g->is_signer ? GONE_BY_SCHEDULE : GONE_UNSURE;
}

enum err
gone_check_log(const struct gone *g, const struct schedule *s, int32_t today)
{
	size_t i;

	for (i = 0; s != NULL && i < s->n_epochs; i++)
		if (s->epochs[i].end > today &&
		    is_retired(&g->newer, s->inboxes[s->epochs[i].inbox].name, s->epochs[i].number))
			return ERR_STATE;
	return ERR_OK;
}

static size_t
common_lines(const struct buf *a, const struct buf *b)
{
	size_t i, end = 0;

	for (i = 0; i < a->len && i < b->len && a->p[i] == b->p[i]; i++)
		if (a->p[i] == '\n')
			end = i + 1;
	return end;
}

/* What makes a copy's log one of a copy isn't said of a key store. */
static enum err
add_line(struct buf *out, struct lines_piece line)
{
	struct lines_piece rest = line, day;
	enum err e;

	if (lines_word(&rest, &day) && lines_take(&rest, RECORD_COPY_OF " "))
		return ERR_OK;
	if ((e = buf_add(out, line.p, line.len)) != ERR_OK)
		return e;
	return buf_add_str(out, "\n");
}

enum err
gone_merge_logs(const struct gone *g, struct buf *out)
{
	size_t common = common_lines(&g->log, &g->newer);
	struct lines_piece line;
	const char *why;
	struct lines at;
	enum err e;

	if ((e = buf_add(out, g->log.p, g->log.len)) != ERR_OK || g->newer.len == 0)
		return e;
	lines_init(&at, g->newer.p + common, g->newer.len - common);
	while (e == ERR_OK && lines_next(&at, LIMIT_KEY_LOG_LINE, &line, &why) == ERR_OK)
		e = add_line(out, line);
	return e;
}
