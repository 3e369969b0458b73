#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "depot.h"
#include "fuzz.h"
#include "peer.h"
#include "store/mailbox_side.h"

/*
 * A mailbox that was taken over, against the store's side of the socket: the
 * input is a series of messages, each of op, ref, length and body. Answers
 * must be such as a store gives, and no submission may come or go.
 */

static struct conf conf = {.max_upload = LIMIT_MIB, .max_in_flight = 6};
static struct depot depot;
static struct mailbox_side *side;

static void
set_up(void)
{
	struct sign_key root;

	fuzz_depot_new(&depot, &conf, &root);
	FUZZ_CHECK((side = calloc(1, sizeof *side)) != NULL);
	mailbox_side_init(side, &depot);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint64_t rows = 0, bytes = 0;
	uint8_t raw[16 + 255];
	uint32_t head[4];
	int ends[2];
	size_t len;

	if (side == NULL)
		set_up();
	FUZZ_CHECK(wire_pair(ends) == ERR_OK);
	mailbox_side_attach(side, ends[0]);
	while (n >= 4 && side->sock != -1) {
		len = p[2];
		head[0] = p[0];
		head[1] = p[1];
		head[2] = (uint32_t)len;
		head[3] = p[3] < 128 ? 0 : p[3];
		p += 4;
		n -= 4;
		if (len > n)
			len = n;
		memcpy(raw, head, sizeof head);
		memcpy(raw + sizeof head, p, len);
		if (write(ends[1], raw, sizeof head + len) == -1)
			break;
		p += len;
		n -= len;
		mailbox_side_on_ready(side);
		(void)peer_hear(ends[1], ROLE_STORE, ROLE_MAILBOX);
	}
	mailbox_side_detach(side);
	close(ends[1]);
	FUZZ_CHECK(db_totals(depot.db, &rows, &bytes) == ERR_OK && rows == 0 && bytes == 0);
	return 0;
}
