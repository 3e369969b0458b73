#include "front/submit_turn.h"

#include <string.h>

#include "base/clock.h"

static bool
is_full(const struct site *s)
{
	return s->env.in_flight >= s->conf->max_in_flight;
}

/*
 * Who gives way to one more upload of a circuit when there are as many as may be: one of the
 * circuit that has most, if that stays ahead of the newcomer's even so; else whoever has been
 * silent for long. Of several the one that has been silent longest. NULL: nobody.
 */
static struct submit *
who_yields(const struct site *s, uint32_t own)
{
	uint32_t held, most = circuits_most(s->uploads, &held);
	int64_t before = clock_mono_ms() - s->yield_ms;
	struct submit *u, *silent = NULL;

	if (held <= own + 1)
		most = 0;
	for (u = s->submits; u != NULL; u = u->next) {
		if (u->stage != SUBMIT_RECEIVING || u->is_complete ||
		    (most == 0 ? u->heard >= before : u->r->circuit != most))
			continue;
		if (silent == NULL || u->heard < silent->heard)
			silent = u;
	}
	return silent;
}

bool
submit_turn_has_place(const struct site *s, uint32_t own)
{
	return !is_full(s) || who_yields(s, own) != NULL;
}

uint32_t
submit_turn_others(const struct submit *u)
{
	uint32_t held = circuits_held(u->site->uploads, u->r->circuit);

	return held > 0 ? held - 1 : 0;
}

struct submit *
submit_turn_yielder(const struct submit *u)
{
	return is_full(u->site) ? who_yields(u->site, submit_turn_others(u)) : NULL;
}

void
submit_turn_enter(struct submit *u)
{
	struct site *s = u->site;

	u->next = s->submits;
	if (u->next != NULL)
		u->next->prev = u;
	s->submits = u;
	circuits_enter(s->uploads, u->r->circuit);
	u->is_counted = true;
	u->heard = clock_mono_ms();
}

void
submit_turn_leave(struct submit *u)
{
	*(u->prev == NULL ? &u->site->submits : &u->prev->next) = u->next;
	if (u->next != NULL)
		u->next->prev = u->prev;
}

void
submit_turn_give_up(struct submit *u)
{
	if (u->is_counted)
		circuits_leave(u->site->uploads, u->r->circuit);
	u->is_counted = false;
}

void
submit_turn_hear(struct submit *u, size_t n)
{
	u->unheard += n;
	if (u->unheard < LIMIT_HEARD)
		return;
	u->unheard = 0;
	u->heard = clock_mono_ms();
}

bool
submit_look(const struct site *s, const char *token, struct submit_seen *out)
{
	const struct submit *u = s->submits;

	while (u != NULL && (u->stage == SUBMIT_OVER || strcmp(u->token, token) != 0))
		u = u->next;
	if (u == NULL)
		return false;
	*out = (struct submit_seen){.total = u->r->body_len};
	if (u->intake != NULL) {
		intake_progress(u->intake, &out->done, &out->total);
		out->ms = clock_mono_ms() - u->since;
	}
	return true;
}
