#include "desk_true.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "carry/reply.h"
#include "desk_book.h"
#include "fuzz.h"
#include "open/identity.h"

static const struct desk_book_session *
pick_session(const struct peer_step *s)
{
	static const struct desk_book_session none = {
	    .token = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq"};

	return desk_book.n_sessions == 0
		   ? &none
		   : &desk_book.sessions[(s->content_len > 0 ? s->content[0] : 0) %
					 desk_book.n_sessions];
}

void
desk_true_fill_in(struct peer_step *s, uint8_t body[static WIRE_BODY_MAX])
{
	const struct desk_book_session *session = pick_session(s);
	size_t len = s->has < WIRE_BODY_MAX ? s->has : WIRE_BODY_MAX;

	if (len > 0)
		memcpy(body, s->body, len);
	memcpy(body, session->token, sizeof session->token);
	s->body = body;
	if (s->fd == PEER_TRUE)
		len = s->op == OP_REMOVE ? sizeof(struct op_remove) : sizeof(struct op_token);
	if (s->fd == PEER_TRUE && s->op == OP_SIGN_IN) {
		desk_book_ask(OP_LOOK, session->token, s->ref);
		len = strlen(desk_book.seen.codename);
		memcpy(body, desk_book.seen.codename, len);
		desk_book.typed = session->mailbox;
	}
	s->len = s->has = len;
	s->fd = PEER_NO_FD;
}

static int
seal_reply(const struct op_name *name)
{
	char whose[HASH_HEX_LEN + 1];
	const struct reply reply = {20000, whose, HASH_HEX_LEN};
	struct op_reply_item head = {.id = "00112233445566778899aabbccddeeff"};
	struct buf plain, sealed, item;
	uint8_t to[1][AGE_KEY];
	int fd = -1;

	text_hex(whose, name->mailbox, HASH_LEN);
	memcpy(to[0], name->reply_to, AGE_KEY);
	buf_init(&plain, LIMIT_REPLY);
	buf_init(&sealed, LIMIT_REPLY);
	buf_init(&item, 2 * LIMIT_REPLY);
	FUZZ_CHECK(reply_format(&reply, &plain) == ERR_OK);
	FUZZ_CHECK(
	    identity_seal((const uint8_t(*)[AGE_KEY])to, 1, plain.p, plain.len, &sealed) == ERR_OK);
	head.size = (uint32_t)sealed.len;
	FUZZ_CHECK(buf_add(&item, &head, sizeof head) == ERR_OK);
	FUZZ_CHECK(buf_add(&item, sealed.p, sealed.len) == ERR_OK);
	FUZZ_CHECK(wire_memfd(item.p, item.len, &fd) == ERR_OK);
	buf_wipe(&plain);
	buf_wipe(&sealed);
	buf_wipe(&item);
	return fd;
}

int
desk_true_reply(const struct peer_step *s)
{
	const struct desk_book_ref *r = &desk_book.refs[s->content_len > 0 ? s->content[0] : 0];

	if (!r->has_name)
		return peer_open(&(struct peer_step){.fd = PEER_SEALED});
	return seal_reply(&r->name);
}
