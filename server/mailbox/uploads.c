#include "uploads.h"

#include <string.h>

#include "base/limits.h"
#include "open/secret.h"

struct place {
	enum { PLACE_FREE, PLACE_WAITING, PLACE_NAMED } state;
	uint32_t ref;
	int64_t since_ms;
	struct codename_keys keys;
	struct codename name;
};

struct uploads {
	struct place places[LIMIT_IN_FLIGHT_MAX];
};

enum err
uploads_new(struct uploads **out)
{
	struct uploads *u = secret_new(sizeof *u);

	if (u == NULL)
		return ERR_NOMEM;
	*out = u;
	return ERR_OK;
}

void
uploads_free(struct uploads *u)
{
	secret_free(u);
}

static struct place *
find(struct uploads *u, uint32_t ref)
{
	size_t i;

	for (i = 0; i < LIMIT_IN_FLIGHT_MAX; i++)
		if (u->places[i].state != PLACE_FREE && u->places[i].ref == ref)
			return &u->places[i];
	return NULL;
}

static struct place *
find_free(struct uploads *u)
{
	size_t i;

	for (i = 0; i < LIMIT_IN_FLIGHT_MAX; i++)
		if (u->places[i].state == PLACE_FREE)
			return &u->places[i];
	return NULL;
}

enum err
uploads_add(
    struct uploads *u, uint32_t ref, const struct codename_keys *keys, const struct codename *name)
{
	struct place *p = find(u, ref);

	if (p != NULL && p->state == PLACE_NAMED)
		return ERR_EXISTS;
	if (p == NULL && (p = find_free(u)) == NULL)
		return ERR_BUSY;
	p->state = PLACE_NAMED;
	p->ref = ref;
	p->keys = *keys;
	if (name != NULL)
		p->name = *name;
	return ERR_OK;
}

enum err
uploads_wait(struct uploads *u, uint32_t ref, int64_t now_ms)
{
	struct place *p;

	if (find(u, ref) != NULL)
		return ERR_EXISTS;
	if ((p = find_free(u)) == NULL)
		return ERR_BUSY;
	p->state = PLACE_WAITING;
	p->ref = ref;
	p->since_ms = now_ms;
	return ERR_OK;
}

bool
uploads_waiting(const struct uploads *u, uint32_t *ref)
{
	const struct place *first = NULL, *p;

	for (p = u->places; p < u->places + LIMIT_IN_FLIGHT_MAX; p++)
		if (p->state == PLACE_WAITING && (first == NULL || p->since_ms < first->since_ms))
			first = p;
	if (first == NULL)
		return false;
	*ref = first->ref;
	return true;
}

bool
uploads_overdue(struct uploads *u, int64_t now_ms, uint32_t *ref)
{
	struct place *p;

	for (p = u->places; p < u->places + LIMIT_IN_FLIGHT_MAX; p++) {
		if (p->state != PLACE_WAITING || now_ms - p->since_ms < LIMIT_NAME_WAIT_MS)
			continue;
		*ref = p->ref;
		explicit_bzero(p, sizeof *p);
		return true;
	}
	return false;
}

enum err
uploads_take(struct uploads *u, uint32_t ref, struct codename_keys *keys, struct codename *name)
{
	struct place *p = find(u, ref);

	if (p == NULL || p->state != PLACE_NAMED)
		return ERR_NOTFOUND;
	*keys = p->keys;
	*name = p->name;
	explicit_bzero(p, sizeof *p);
	return ERR_OK;
}

void
uploads_drop(struct uploads *u, uint32_t ref)
{
	struct place *p = find(u, ref);

	if (p != NULL)
		explicit_bzero(p, sizeof *p);
}

void
uploads_clear(struct uploads *u)
{
	explicit_bzero(u, sizeof *u);
}
