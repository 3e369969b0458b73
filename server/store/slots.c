#include "store/slots.h"

#include "base/random.h"
#include "wire/wire.h"

#define N_SLOTS LIMIT_IN_FLIGHT_MAX

/* A ref is never used twice within a generation's turn, so late answers hit nobody else's slot. */
static uint32_t
make_ref(uint32_t generation, size_t slot)
{
	return generation * N_SLOTS + (uint32_t)slot + 1;
}

struct slot *
slots_find(struct slots *s, uint32_t ref)
{
	struct slot *slot = &s->all[(ref - 1) % N_SLOTS];

	return ref != 0 && slot->ref == ref && slot->state != SLOT_FREE ? slot : NULL;
}

void
slots_release(struct slot *slot)
{
	*slot = (struct slot){.state = SLOT_FREE};
}

void
slots_init(struct slots *s)
{
	*s = (struct slots){.generation = random_below(UINT32_MAX / N_SLOTS)};
}

struct slot *
slots_take(struct slots *s)
{
	size_t i;

	for (i = 0; i < N_SLOTS && s->all[i].state != SLOT_FREE; i++)
		;
	if (i == N_SLOTS)
		return NULL;
	/* The generation stays below the point where a ref would wrap to 0. */
	s->generation = (s->generation + 1) % (UINT32_MAX / N_SLOTS);
	s->all[i] = (struct slot){.state = SLOT_BEGIN_DUE, .ref = make_ref(s->generation, i)};
	return &s->all[i];
}

enum err
slots_send(struct slot *slot, int sock)
{
	enum err e = ERR_OK;

	switch (slot->state) {
	case SLOT_BEGIN_DUE:
		e = wire_send(sock, OP_BEGIN, slot->ref, ERR_OK, &slot->body.begin,
		    sizeof slot->body.begin, -1);
		if (e == ERR_OK)
			slot->state = SLOT_BEGIN_SENT;
		break;
	case SLOT_COMMIT_DUE:
		e = wire_send(sock, OP_COMMIT, slot->ref, ERR_OK, &slot->body.commit,
		    sizeof slot->body.commit, -1);
		if (e == ERR_OK)
			slot->state = SLOT_COMMIT_SENT;
		break;
	case SLOT_ABORT_DUE:
		e = wire_send(sock, OP_ABORT, slot->ref, ERR_OK, NULL, 0, -1);
		if (e == ERR_OK)
			slots_release(slot);
		break;
	case SLOT_FREE:
	case SLOT_BEGIN_SENT:
	case SLOT_OPEN:
	case SLOT_COMMIT_SENT: break;
	}
	return e;
}

enum err
slots_send_all(struct slots *s, int sock)
{
	size_t i;

	for (i = 0; i < N_SLOTS; i++)
		if (slots_send(&s->all[i], sock) == ERR_AGAIN)
			return ERR_AGAIN;
	return ERR_OK;
}

void
slots_lose(struct slots *s)
{
	struct slot was;
	size_t i;

	for (i = 0; i < N_SLOTS; i++) {
		was = s->all[i];
		slots_release(&s->all[i]);
		switch (was.state) {
		case SLOT_BEGIN_DUE:
		case SLOT_BEGIN_SENT: was.begun(was.ctx, ERR_CLOSED, -1); break;
		case SLOT_COMMIT_DUE:
		case SLOT_COMMIT_SENT: was.committed(was.ctx, ERR_CLOSED); break;
		case SLOT_FREE:
		case SLOT_OPEN:
		case SLOT_ABORT_DUE: break;
		}
	}
}
