#include "wire/op.h"

#define PARENT   (1u << ROLE_PARENT)
#define FRONT    (1u << ROLE_FRONT)
#define STORE    (1u << ROLE_STORE)
#define MAILBOX  (1u << ROLE_MAILBOX)
#define ADMIN    (1u << ROLE_ADMIN)
#define CHILDREN (FRONT | STORE | MAILBOX)

#define EXACTLY(type) sizeof(struct type), sizeof(struct type)
#define NOTHING       0, 0

/* Who may say what to whom, how long it is, and whether a descriptor comes along. */
static const struct op_rule rules[OP_COUNT] = {
    [OP_CONF] = {"conf", PARENT, CHILDREN, MINISIGN_KEY_LEN, MINISIGN_KEY_LEN, OP_FD_ALWAYS, 0},
    [OP_LOGO] = {"logo", PARENT, FRONT, NOTHING, OP_FD_ALWAYS, 0},
    [OP_LISTEN] = {"listen", PARENT, FRONT, NOTHING, OP_FD_ALWAYS, 0},
    [OP_PEER] = {"peer", PARENT, CHILDREN, EXACTLY(op_peer), OP_FD_ALWAYS, 0},
    [OP_INIT] = {"init", PARENT, STORE, NOTHING, OP_FD_NEVER, 0},
    [OP_GO] = {"go", PARENT, CHILDREN, EXACTLY(op_go), OP_FD_NEVER, 0},
    [OP_DRAIN] = {"drain", PARENT, CHILDREN, EXACTLY(op_drain), OP_FD_NEVER, 0},
    [OP_RELOAD] = {"reload", PARENT, STORE, NOTHING, OP_FD_NEVER, 0},

    [OP_READY] = {"ready", CHILDREN, PARENT, NOTHING, OP_FD_NEVER, 0},
    [OP_DRAINED] = {"drained", CHILDREN, PARENT, NOTHING, OP_FD_NEVER, 0},
    [OP_BLAME] = {"blame", STORE, PARENT, EXACTLY(op_peer), OP_FD_NEVER, 0},

    [OP_BEGIN] = {"begin", FRONT, STORE, EXACTLY(op_begin), OP_FD_NEVER, 0},
    [OP_COMMIT] = {"commit", FRONT, STORE, EXACTLY(op_commit), OP_FD_NEVER, 0},
    [OP_ABORT] = {"abort", FRONT, STORE, NOTHING, OP_FD_NEVER, 0},

    [OP_BEGUN] = {"begun", STORE, FRONT, NOTHING, OP_FD_IF_OK, 1},
    [OP_COMMITTED] = {"committed", STORE, FRONT, NOTHING, OP_FD_NEVER, 1},
    [OP_SCHEDULE] = {"schedule", STORE, FRONT, sizeof(struct op_schedule),
	sizeof(struct op_schedule) + LIMIT_SIGNATURE, OP_FD_IF_OK, 1},
    [OP_ROOM] = {"room", STORE, FRONT, EXACTLY(op_room), OP_FD_NEVER, 0},

    [OP_NAME_TAKE] = {"name-take", FRONT, MAILBOX, 0, sizeof(struct op_token), OP_FD_NEVER, 0},
    [OP_NAME_ISSUE] = {"name-issue", FRONT, MAILBOX, NOTHING, OP_FD_NEVER, 0},
    [OP_NAME_DROP] = {"name-drop", FRONT, MAILBOX, NOTHING, OP_FD_NEVER, 0},
    [OP_NAME_GIVE_BACK] = {"name-give-back", FRONT, MAILBOX, NOTHING, OP_FD_NEVER, 0},
    [OP_SIGN_IN] = {"sign-in", FRONT, MAILBOX, 0, LIMIT_FIELD, OP_FD_NEVER, 0},
    [OP_LOOK] = {"look", FRONT, MAILBOX, EXACTLY(op_token), OP_FD_NEVER, 0},
    [OP_SIGN_OUT] = {"sign-out", FRONT, MAILBOX, EXACTLY(op_token), OP_FD_NEVER, 0},
    [OP_READ] = {"read", FRONT, MAILBOX, EXACTLY(op_token), OP_FD_NEVER, 0},
    [OP_READ_MORE] = {"read-more", FRONT, MAILBOX, NOTHING, OP_FD_NEVER, 0},
    [OP_REMOVE] = {"remove", FRONT, MAILBOX, EXACTLY(op_remove), OP_FD_NEVER, 0},

    [OP_NAME] = {"name", MAILBOX, FRONT, 0, sizeof(struct op_name), OP_FD_NEVER, 1},
    [OP_SESSION] = {"session", MAILBOX, FRONT, EXACTLY(op_session), OP_FD_NEVER, 1},
    [OP_SESSION_IS] = {"session-is", MAILBOX, FRONT, 0, sizeof(struct op_session_is), OP_FD_NEVER,
	1},
    [OP_TEXT] = {"text", MAILBOX, FRONT, 0, 4096, OP_FD_NEVER, 1},
    [OP_REMOVED] = {"removed", MAILBOX, FRONT, NOTHING, OP_FD_NEVER, 1},

    [OP_REPLIES_GET] = {"replies-get", MAILBOX, STORE, EXACTLY(op_mailbox), OP_FD_NEVER, 0},
    [OP_REPLIES_REMOVE] = {"replies-remove", MAILBOX, STORE, EXACTLY(op_reply_remove), OP_FD_NEVER,
	0},
    [OP_REPLIES] = {"replies", STORE, MAILBOX, NOTHING, OP_FD_IF_OK, 1},
    [OP_REPLIES_REMOVED] = {"replies-removed", STORE, MAILBOX, NOTHING, OP_FD_NEVER, 1},

    [OP_STATUS] = {"status", ADMIN, STORE, NOTHING, OP_FD_NEVER, 0},
    [OP_CLOCK_OK] = {"clock-ok", ADMIN, STORE, NOTHING, OP_FD_NEVER, 0},
    [OP_PUBLISH] = {"publish", ADMIN, STORE, 1, LIMIT_SIGNATURE, OP_FD_ALWAYS, 0},
    [OP_EXPORT_LIST] = {"export-list", ADMIN, STORE, EXACTLY(op_export_list), OP_FD_NEVER, 0},
    [OP_EXPORT_SIGN] = {"export-sign", ADMIN, STORE, EXACTLY(op_export_sign), OP_FD_ALWAYS, 0},
    [OP_EXPORT_DONE] = {"export-done", ADMIN, STORE, NOTHING, OP_FD_NEVER, 0},
    [OP_CHECK] = {"check", ADMIN, STORE, NOTHING, OP_FD_NEVER, 0},
    [OP_SNAPSHOT] = {"snapshot", ADMIN, STORE, NOTHING, OP_FD_NEVER, 0},
    [OP_MEND] = {"mend", ADMIN, STORE, NOTHING, OP_FD_ALWAYS, 0},
    [OP_ANSWERS] = {"answers", ADMIN, STORE, EXACTLY(op_answers), OP_FD_ALWAYS, 0},
    [OP_ANSWERS_HASHES] = {"answers-hashes", ADMIN, STORE, NOTHING, OP_FD_ALWAYS, 0},
    [OP_ALARMS_SEEN] = {"alarms-seen", ADMIN, STORE, NOTHING, OP_FD_NEVER, 0},

    [OP_RESULT] = {"result", STORE, ADMIN, 0, LIMIT_REASON, OP_FD_NEVER, 1},
    [OP_STATUS_IS] = {"status-is", STORE, ADMIN, EXACTLY(op_status), OP_FD_NEVER, 0},
    [OP_EXPORT_ITEMS] = {"export-items", STORE, ADMIN, NOTHING, OP_FD_ALWAYS, 0},
    [OP_EXPORT_INDEX] = {"export-index", STORE, ADMIN, EXACTLY(op_export_index), OP_FD_ALWAYS, 0},
    [OP_ANSWERS_NEED] = {"answers-need", STORE, ADMIN, NOTHING, OP_FD_ALWAYS, 0},
    [OP_ANSWERS_TAKEN] = {"answers-taken", STORE, ADMIN, EXACTLY(op_answers_taken), OP_FD_NEVER, 0},
    [OP_SNAPSHOT_IS] = {"snapshot-is", STORE, ADMIN, NOTHING, OP_FD_ALWAYS, 0},
    [OP_CHECK_IS] = {"check-is", STORE, ADMIN, EXACTLY(op_check_is), OP_FD_NEVER, 0},
    [OP_ROWS] = {"rows", ADMIN, STORE, EXACTLY(op_rows), OP_FD_NEVER, 0},
    [OP_ROWS_ARE] = {"rows-are", STORE, ADMIN, EXACTLY(op_rows_are), OP_FD_ALWAYS, 0},
};

const struct op_rule *
op_rule(uint32_t op)
{
	if (op >= OP_COUNT || rules[op].name == NULL)
		return NULL;
	return &rules[op];
}
