#include "front/circuits.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct holder {
	uint32_t circuit;
	uint32_t held;
};

/* Unsorted: a walk over all of them is shorter than what a connection costs otherwise. */
struct circuits {
	size_t n, max;
	struct holder all[];
};

enum err
circuits_new(size_t max, struct circuits **out)
{
	struct circuits *c = calloc(1, sizeof *c + max * sizeof c->all[0]);

	if (c == NULL)
		return ERR_NOMEM;
	c->max = max;
	*out = c;
	return ERR_OK;
}

void
circuits_free(struct circuits *c)
{
	if (c == NULL)
		return;
	explicit_bzero(c->all, c->max * sizeof c->all[0]);
	free(c);
}

/* Its index; n when it holds nothing. */
static size_t
find(const struct circuits *c, uint32_t circuit)
{
	size_t i;

	for (i = 0; i < c->n && c->all[i].circuit != circuit; i++)
		;
	return i;
}

void
circuits_enter(struct circuits *c, uint32_t circuit)
{
	size_t i = find(c, circuit);

	if (circuit == 0)
		return;
	if (i == c->n) {
		assert(c->n < c->max);
		c->all[c->n++] = (struct holder){.circuit = circuit};
	}
	c->all[i].held++;
}

void
circuits_leave(struct circuits *c, uint32_t circuit)
{
	size_t i = find(c, circuit);

	if (circuit == 0 || i == c->n || --c->all[i].held > 0)
		return;
	c->all[i] = c->all[--c->n];
	explicit_bzero(&c->all[c->n], sizeof c->all[0]);
}

uint32_t
circuits_held(const struct circuits *c, uint32_t circuit)
{
	size_t i = find(c, circuit);

	return circuit == 0 || i == c->n ? 0 : c->all[i].held;
}

uint32_t
circuits_most(const struct circuits *c, uint32_t *held)
{
	struct holder most = {0, 0};
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->all[i].held > most.held)
			most = c->all[i];
	*held = most.held;
	return most.circuit;
}
