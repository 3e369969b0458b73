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
 * input is a series of messages, as peer_say_next has them. Answers must be
 * such as a store gives, and no submission may come or go.
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
	int ends[2];

	if (side == NULL)
		set_up();
	FUZZ_CHECK(wire_pair(ends) == ERR_OK);
	mailbox_side_attach(side, ends[0]);
	while (side->sock != -1 && peer_say_next(ends[1], &p, &n)) {
		mailbox_side_on_ready(side);
		(void)peer_hear(ends[1], ROLE_STORE, ROLE_MAILBOX);
	}
	mailbox_side_detach(side);
	close(ends[1]);
	FUZZ_CHECK(db_totals(depot.db, &rows, &bytes) == ERR_OK && rows == 0 && bytes == 0);
	return 0;
}
