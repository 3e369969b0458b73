#include "desk_book.h"

#include <string.h>

#include "base/text.h"
#include "fuzz.h"

struct desk_book desk_book;

/* ---- what the mailbox says to front */

static void
on_name(struct desk_book_ref *r, enum err e, const void *body, size_t len)
{
	bool is_late = desk_book.now == NULL || desk_book.now->op != OP_NAME_TAKE;
	size_t i;

	if (is_late)
		FUZZ_CHECK(r->waits_for_name);
	if (e != ERR_OK) {
		r->waits_for_name = r->waits_for_name && !is_late;
		return;
	}
	FUZZ_CHECK(len == sizeof r->name && !r->has_name);
	memcpy(&r->name, body, len);
	r->has_name = true;
	r->waits_for_name = false;
	r->is_fresh = is_late || desk_book.now->len == 0;
	if (!r->is_fresh)
		return; /* end_sessions looks at it */
	for (i = 0; i < DESK_BOOK_REFS; i++)
		FUZZ_CHECK(&desk_book.refs[i] == r || !desk_book.refs[i].has_name ||
			   memcmp(desk_book.refs[i].name.mailbox, r->name.mailbox, HASH_LEN) != 0);
	for (i = 0; i < desk_book.n_sessions; i++)
		FUZZ_CHECK(memcmp(desk_book.sessions[i].mailbox, r->name.mailbox, HASH_LEN) != 0);
}

static void
add_session(const struct op_session *s, const uint8_t mailbox[static HASH_LEN])
{
	if (desk_book.n_sessions == DESK_BOOK_SESSIONS)
		return;
	memcpy(desk_book.sessions[desk_book.n_sessions].token, s->token, sizeof s->token);
	memcpy(desk_book.sessions[desk_book.n_sessions].mailbox, mailbox, HASH_LEN);
	desk_book.n_sessions++;
}

static void
on_session(struct desk_book_ref *r, enum err e, const void *body)
{
	const struct op_session *s = body;
	bool is_issue = desk_book.now != NULL && desk_book.now->op == OP_NAME_ISSUE;

	if (desk_book.now == NULL)
		FUZZ_CHECK(r->sign_ins-- > 0);
	else
		FUZZ_CHECK(is_issue || (desk_book.now->op == OP_SIGN_IN && e != ERR_OK));
	FUZZ_CHECK(memchr(s->token, '\0', sizeof s->token) != NULL);
	/* Who was signed in keeps the session. */
	FUZZ_CHECK((s->token[0] != '\0') == (e == ERR_OK && (!is_issue || r->is_fresh)));
	if (is_issue)
		FUZZ_CHECK((e == ERR_OK) == r->has_name);
	if (s->token[0] != '\0')
		add_session(s, is_issue ? r->name.mailbox : r->signs_into);
	if (is_issue)
		r->has_name = r->is_fresh = false;
}

/* Each reply says whose it is. */
static void
on_text(struct desk_book_ref *r, const uint8_t *body, size_t len)
{
	char whose[HASH_HEX_LEN + 1];

	if (desk_book.now == NULL) {
		FUZZ_CHECK(r->waits_for_store);
		r->waits_for_store = false;
	} else {
		FUZZ_CHECK(desk_book.now->op == OP_READ || desk_book.now->op == OP_READ_MORE);
	}
	if (len == 0)
		return;
	text_hex(whose, r->reads, HASH_LEN);
	FUZZ_CHECK(len == sizeof(struct op_text) + HASH_HEX_LEN);
	FUZZ_CHECK(memcmp(body + sizeof(struct op_text), whose, HASH_HEX_LEN) == 0);
}

void
desk_book_to_front(const struct wire_msg *m, const void *body)
{
	struct desk_book_ref *r = &desk_book.refs[m->ref];

	FUZZ_CHECK(wire_check(ROLE_MAILBOX, ROLE_FRONT, m) == ERR_OK && m->ref < DESK_BOOK_REFS);
	FUZZ_CHECK(desk_book.now == NULL || desk_book.now->ref == m->ref);
	desk_book.answers++;
	desk_book.answered = (enum err)m->err;
	switch ((int)m->op) {
	case OP_NAME: on_name(r, (enum err)m->err, body, m->len); break;
	case OP_SESSION: on_session(r, (enum err)m->err, body); break;
	case OP_SESSION_IS:
		FUZZ_CHECK(desk_book.now->op == OP_LOOK);
		memcpy(&desk_book.seen, body, sizeof desk_book.seen);
		FUZZ_CHECK(
		    memchr(desk_book.seen.codename, '\0', sizeof desk_book.seen.codename) != NULL);
		break;
	case OP_TEXT: on_text(r, body, m->len); break;
	case OP_REMOVED: FUZZ_CHECK(desk_book.now != NULL || desk_book.n_removals-- > 0); break;
	}
}

/* ---- what it says to store */

void
desk_book_to_store(const struct wire_msg *m)
{
	FUZZ_CHECK(wire_check(ROLE_MAILBOX, ROLE_STORE, m) == ERR_OK);
	FUZZ_CHECK(desk_book.now != NULL && desk_book.now->ref == m->ref);
	FUZZ_CHECK(desk_book.now->op == (m->op == OP_REPLIES_GET ? OP_READ : OP_REMOVE));
}

void
desk_book_asked_store(const struct wire_msg *m, const void *body)
{
	struct desk_book_ref *r = &desk_book.refs[m->ref];

	if (m->op == OP_REPLIES_REMOVE) {
		desk_book.n_removals++;
		return;
	}
	FUZZ_CHECK(!r->waits_for_store);
	r->waits_for_store = true;
	memcpy(r->reads, body, HASH_LEN);
}

/* ---- what front says */

static void
note_sign_in(struct desk_book_ref *r)
{
	if (r->sign_ins++ > 0 || desk_book.typed == NULL)
		memset(r->signs_into, 0, HASH_LEN);
	else
		memcpy(r->signs_into, desk_book.typed, HASH_LEN);
}

/* Whoever takes, or gives up, what it hasn't got yet doesn't wait any more. */
static void
note(const struct wire_msg *m)
{
	struct desk_book_ref *r = &desk_book.refs[m->ref];

	switch ((int)m->op) {
	case OP_NAME_TAKE: r->waits_for_name = r->waits_for_name || desk_book.answers == 0; break;
	case OP_SIGN_IN:
		if (desk_book.answers == 0)
			note_sign_in(r);
		break;
	case OP_NAME_DROP:
	case OP_NAME_GIVE_BACK: r->has_name = r->waits_for_name = false; break;
	case OP_READ: FUZZ_CHECK(desk_book.answers == 1 || r->waits_for_store); break;
	case OP_REMOVE: break;
	case OP_SIGN_OUT: FUZZ_CHECK(desk_book.answers == 0); break;
	default: FUZZ_CHECK(desk_book.answers == 1);
	}
	FUZZ_CHECK(desk_book.answers <= 1);
}

void
desk_book_say(const struct wire_msg *m)
{
	desk_book.now = m;
	desk_book.answers = 0;
	desk_from_front(desk_book.desk, m);
	note(m);
	desk_book.now = NULL;
}

void
desk_book_ask(uint32_t op, const char *token, uint32_t ref)
{
	struct wire_msg m = {.op = op, .ref = ref, .len = sizeof(struct op_token), .fd = -1};

	memcpy(m.body, token, sizeof(struct op_token));
	desk_book_say(&m);
}
