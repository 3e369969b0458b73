#ifndef SEALSLOT_WIRE_OP_H
#define SEALSLOT_WIRE_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/random.h"
#include "carry/minisign.h"

/* The processes of a running server; an admin is a verb of sealslotd on store's admin socket. */
enum role { ROLE_PARENT, ROLE_FRONT, ROLE_STORE, ROLE_MAILBOX, ROLE_ADMIN, ROLE_COUNT };

/* All ops. The table in op.c is the policy. */
enum op {
	/* parent to each child, at start and after a restart of somebody else */
	OP_CONF = 1, /* fd: memfd with the text of sealslotd.conf; body: the root key line */
	OP_LISTEN,   /* fd: the listening socket for HTTP */
	OP_PEER,     /* fd: a socket end; body: struct op_peer */
	OP_INIT,     /* store: make the folder's content, answer OP_READY, end */
	OP_GO,       /* everything has been handed over: enter the sandbox and work */
	OP_DRAIN,    /* take no new uploads, finish those in flight; body: struct op_drain */
	OP_RELOAD,   /* look for a new schedule (store) */
	/* each child to the parent */
	OP_READY,   /* works */
	OP_DRAINED, /* nothing is in flight any more */
	OP_BLAME,   /* store: a peer broke the rules, end it; body: struct op_peer */
	/* front to store */
	OP_BEGIN,  /* ref: new upload; body: struct op_begin */
	OP_COMMIT, /* ref; body: struct op_commit; front has closed the descriptor */
	OP_ABORT,  /* ref */
	/* store to front */
	OP_BEGUN,     /* ref, err; fd: the write-only descriptor */
	OP_COMMITTED, /* ref, err */
	OP_SCHEDULE,  /* err (ERR_OK, ERR_NOTFOUND, ERR_CLOCK); fd: memfd of keys.txt; body: struct
			 op_schedule, then the .minisig text */
	OP_ROOM,      /* body: struct op_room; whenever it changes */
	/* front to mailbox (mailbox/mailbox.h is the seam) */
	OP_NAME_TAKE,  /* ref: an upload begins; body: empty, or the token of a session: struct
			  op_token */
	OP_NAME_ISSUE, /* ref: it is committed: its codename gets a session; OP_SESSION */
	OP_NAME_DROP,  /* ref: it may have failed: its codename is forgotten */
	OP_SIGN_IN,    /* ref; body: what the source typed; OP_SESSION */
	OP_LOOK,       /* ref; body: struct op_token; OP_SESSION_IS */
	OP_SIGN_OUT,   /* body: struct op_token */
	OP_READ,       /* ref; body: struct op_token; OP_TEXT */
	OP_READ_MORE,  /* ref: the next piece; OP_TEXT */
	OP_REMOVE,     /* ref; body: struct op_remove; OP_REMOVED */
	/* mailbox to front */
	OP_NAME,       /* ref, err; body: struct op_name */
	OP_SESSION,    /* ref, err; body: struct op_session */
	OP_SESSION_IS, /* ref, err; body: struct op_session_is */
	OP_TEXT, /* ref, err; body: struct op_text, then a piece of a reply's text; an empty body is
		    the end */
	OP_REMOVED, /* ref, err */
	/* mailbox to store */
	OP_REPLIES_GET,    /* ref; body: struct op_mailbox; OP_REPLIES */
	OP_REPLIES_REMOVE, /* ref; body: struct op_reply_remove; OP_REPLIES_REMOVED */
	/* store to mailbox */
	OP_REPLIES, /* ref, err; fd: memfd of struct op_reply_item, each followed by its ciphertext
		     */
	OP_REPLIES_REMOVED, /* ref, err */
	/* admin to store */
	OP_STATUS,         /* answered by OP_STATUS_IS */
	OP_CLOCK_OK,       /* the clock is right although it jumped; OP_RESULT */
	OP_PUBLISH,        /* fd: memfd of keys.txt; body: the .minisig text; OP_RESULT */
	OP_EXPORT_LIST,    /* body: struct op_export_list; OP_EXPORT_ITEMS */
	OP_EXPORT_SIGN,    /* fd: memfd of items with hashes; body: struct op_export_sign;
			      OP_EXPORT_INDEX */
	OP_EXPORT_DONE,    /* the bundle is on its medium: count it; OP_RESULT */
	OP_CHECK,          /* OP_CHECK_IS */
	OP_SNAPSHOT,       /* OP_SNAPSHOT_IS */
	OP_MEND,           /* fd: memfd of struct op_mend; OP_RESULT */
	OP_ANSWERS,        /* fd: memfd of index.txt, .minisig, and each reply behind a struct
			      op_reply_item; body: struct op_answers; OP_ANSWERS_NEED */
	OP_ANSWERS_HASHES, /* fd: memfd of what OP_ANSWERS_NEED asked for, with hashes;
			      OP_ANSWERS_TAKEN */
	OP_ALARMS_SEEN,    /* somebody has read the alarms: forget them; OP_RESULT */
	/* store to admin; err other than ERR_OK: the body is the reason in plain words */
	OP_RESULT,        /* err; body: plain words */
	OP_STATUS_IS,     /* body: struct op_status */
	OP_EXPORT_ITEMS,  /* fd: memfd of struct op_export_item, ascending by id */
	OP_EXPORT_INDEX,  /* fd: memfd of index.txt, then its .minisig; body: struct op_export_index
			   */
	OP_CHECK_IS,      /* body: struct op_check_is */
	OP_SNAPSHOT_IS,   /* fd: memfd of the index as it is now */
	OP_ANSWERS_NEED,  /* fd: memfd of struct op_export_item, ascending by id: to be hashed */
	OP_ANSWERS_TAKEN, /* body: struct op_answers_taken */
	/* front to mailbox */
	OP_NAME_GIVE_BACK, /* ref: it never came to the store: its codename is nobody's again */
	/* parent to front, at its start */
	OP_LOGO, /* fd: memfd of a PNG that the parent has checked */
	/* admin to store, and back */
	OP_ROWS,     /* body: struct op_rows; OP_ROWS_ARE */
	OP_ROWS_ARE, /* fd: memfd of struct op_export_item, ascending by id; body: struct
			op_rows_are */
	OP_COUNT
};

struct op_peer {
	uint32_t role; /* who is at the other end */
};

/* What a store process is started for. */
enum op_care {
	OP_CARE_WORK,
	OP_CARE_CHECK,  /* look, change nothing */
	OP_CARE_REPAIR, /* mend what can be mended */
};

struct op_go {
	uint32_t may_lack_landlock;
	uint32_t care; /* enum op_care */
};

struct op_drain {
	uint32_t ms; /* how long it may take */
};

struct op_begin {
	uint64_t body_len;     /* bytes of the request's body */
	uint32_t is_signed_in; /* may use the part of the day's bytes that is kept for codenames */
	uint32_t pad;
};

struct op_commit {
	char id[RANDOM_ID_LEN + 1];
	char inbox[LIMIT_INBOX_NAME + 1];
	uint8_t is_signed_in; /* counts against the part kept for those who have a codename */
	uint8_t pad[5];
	uint32_t epoch;
	uint32_t serial; /* of the schedule */
	uint64_t size;   /* bytes of ciphertext that front wrote */
};

struct op_schedule {
	int32_t today; /* the day by which store judged the clock */
	uint32_t sig_len;
};

struct op_room {
	uint64_t bytes;           /* what one more upload's body may have, 0: full */
	uint64_t signed_in_bytes; /* the same for who has signed in with a codename */
	uint32_t writable;        /* 0: the store can't be written */
	uint32_t pad;
};

#define OP_TOKEN_LEN 43 /* characters of a session token, base64url */

struct op_token {
	char token[OP_TOKEN_LEN + 1];
};

/* What the manifest of an upload says of its mailbox. */
struct op_name {
	uint8_t mailbox[HASH_LEN];
	uint8_t reply_to[32]; /* X25519 recipient */
};

/* A new session, or why what was typed is no codename (err is ERR_FORMAT). */
struct op_session {
	char token[OP_TOKEN_LEN + 1];
	uint32_t fault; /* CODENAME_UNKNOWN_WORD... */
	uint32_t word;
};

struct op_session_is {
	char codename[96];    /* words with blanks between; empty once the receipt's time is over */
	uint8_t form_key[32]; /* form tokens of this session are made from it */
};

struct op_text {
	char id[RANDOM_ID_LEN + 1]; /* of the reply */
	uint8_t pad[3];
	int32_t day;
	uint32_t left; /* bytes of this reply's text behind this piece */
};

struct op_remove {
	char token[OP_TOKEN_LEN + 1];
	char id[RANDOM_ID_LEN + 1];
};

struct op_mailbox {
	uint8_t mailbox[HASH_LEN];
};

struct op_reply_remove {
	uint8_t mailbox[HASH_LEN];
	char id[RANDOM_ID_LEN + 1];
};

struct op_reply_item {
	char id[RANDOM_ID_LEN + 1];
	uint8_t pad[3];
	uint32_t size; /* bytes of ciphertext that follow */
};

/* What the midnight settle waits for. */
enum settle_wait { SETTLE_WAITS_NOT, SETTLE_WAITS_FOR_ROOM, SETTLE_WAITS_FOR_REPAIR };

/* What happened with answer bundles, and must be told until somebody has seen it. */
enum op_alarm_kind {
	OP_ALARM_FORGED,   /* no desk of ours signed it, or it is for another instance */
	OP_ALARM_REPLAYED, /* older than the last one of its desk, or another one of the same number
			    */
	OP_ALARM_CHANGED,  /* a reply isn't the one that the signed list names, or it is no whole
			      bundle */
	OP_ALARM_MISMATCH, /* a receipt isn't for what is stored here */
	OP_ALARM_AGAIN,    /* the last one of a desk was imported once more */
	OP_ALARMS
};

struct op_alarm {
	uint32_t times;             /* 0: never */
	int32_t day;                /* of the last time */
	char id[RANDOM_ID_LEN + 1]; /* of the submission; "" for none */
	uint8_t pad[7];
};

struct op_answers {
	uint32_t text_len; /* bytes of index.txt */
	uint32_t sig_len;
};

struct op_answers_taken {
	uint32_t serial;
	uint32_t replies;    /* that weren't here before */
	uint32_t receipts;   /* that match */
	uint32_t mismatched; /* that don't */
	uint32_t gone;       /* for submissions that aren't here any more */
};

struct op_status {
	uint64_t items;
	uint64_t bytes;       /* of ciphertext */
	uint64_t room;        /* as op_room.bytes */
	uint64_t settle_need; /* bytes of room that the midnight settle waits for */
	int32_t today;        /* the day by which store judges the clock */
	int32_t seen;         /* the latest day that it trusts */
	int32_t issued;       /* of the active schedule; 0 without one */
	int32_t keys_end;     /* first day on which some inbox has no key; 0 without a schedule */
	uint32_t serial;      /* of the active schedule; 0 without one */
	uint32_t in_flight;   /* uploads */
	uint32_t clock_oks;   /* how often an admin said clock-ok */
	uint32_t exports;     /* bundles made */
	int32_t settled;      /* days before this one are settled; 0: none yet, or no server runs */
	char root[MINISIGN_KEY_LEN + 1]; /* the key line that the store was made with */
	uint8_t is_writable;
	uint8_t is_clock_good;
	uint8_t settle_wait; /* enum settle_wait */
	uint8_t is_index_damaged;
	uint8_t pad[7];
	struct op_alarm alarms[OP_ALARMS];
};

struct op_export_list {
	int32_t since; /* first day to list; 0: all */
	int32_t until; /* last day to list */
};

struct op_export_item {
	char id[RANDOM_ID_LEN + 1];
	char inbox[LIMIT_INBOX_NAME + 1];
	uint8_t has_hash;
	uint8_t pad[5];
	int32_t day;
	uint32_t epoch;
	uint64_t size;
	uint8_t hash[HASH_LEN];
};

struct op_check_is {
	uint32_t index;     /* enum err: ERR_OK, ERR_NOTFOUND (lost), ERR_FORMAT (damaged) */
	uint32_t index_was; /* the same before a repair */
	uint64_t rebuilt;   /* rows that a repair made from files */
	uint32_t is_transfer_good;
	uint32_t pad;
};

/* A page of the index: what comes or goes between two of them moves none of the others. */
struct op_rows {
	char from[RANDOM_ID_LEN + 1]; /* the first id that may be in it; "": the very first */
	uint8_t pad[3];
	uint32_t max; /* rows; the store gives no more than LIMIT_ROWS_PAGE */
};

struct op_rows_are {
	uint32_t is_end; /* no row follows */
	uint32_t
	    fault; /* enum err: why the index can't be read any further; then this is the end */
};

enum mend {
	MEND_FORGET, /* its file is gone: so goes its row */
	MEND_ASIDE,  /* its file isn't what was committed: it is set aside, the row goes */
	MEND_MODE,   /* its file's mode becomes 0400 again */
};

struct op_mend {
	char id[RANDOM_ID_LEN + 1];
	uint8_t pad[3];
	uint32_t what; /* enum mend */
};

struct op_export_sign {
	uint32_t volume; /* from 1 */
	uint32_t volumes;
};

struct op_export_index {
	uint32_t serial;
	uint32_t sig_len; /* bytes at the end of the memfd */
};

/* What the table says of one op. */
struct op_rule {
	const char *name; /* for logs and tests */
	uint32_t from;    /* bit mask of 1 << role */
	uint32_t to;
	size_t min, max; /* bytes of body */
	enum { OP_FD_NEVER, OP_FD_ALWAYS, OP_FD_IF_OK } fd;
	bool is_answer; /* may carry an error */
};

/* NULL for a number that is no op. */
const struct op_rule *op_rule(uint32_t op);

#endif
