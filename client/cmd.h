#ifndef SEALSLOT_CLIENT_CMD_H
#define SEALSLOT_CLIENT_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "vault.h"

/* What the verbs share: their table, their options, their way to speak. */

#define CMD_PROGRAM "sealslot-review"

/* Exit codes. */
#define CMD_DONE   0
#define CMD_FAILED 1
#define CMD_USAGE  2

/* Which options a verb takes. --help, --passphrase-file and --keys are everybody's. */
#define CMD_OPT_JSON    0x1u
#define CMD_OPT_TO      0x2u
#define CMD_OPT_SEEN    0x4u
#define CMD_OPT_ROOT    0x8u
#define CMD_OPT_UNDO    0x10u
#define CMD_OPT_MESSAGE 0x100u /* --message-file */
#define CMD_OPT_OUTBOX  0x200u /* --again, --after */

struct cmd_options {
	const char *vault;
	char **args; /* behind the vault */
	size_t n_args;
	const char *passphrase_file;
	const char *keys;
	const char *to;
	const char *seen;
	const char *root;
	const char *message_file;
	const char *again, *after;
	bool is_json;
	bool is_undone;
};

struct cmd {
	const char *name;
	const char *usage; /* behind the program's and the verb's name */
	const char *summary;
	const char *help; /* whole lines */
	unsigned options;
	size_t args_min, args_max; /* behind the vault */
	int (*run)(const struct cmd_options *o);
};

extern const struct cmd cmd_init, cmd_import, cmd_list, cmd_show, cmd_verify, cmd_extract,
    cmd_alarms, cmd_done, cmd_keep, cmd_needs, cmd_join, cmd_reply, cmd_outbox, cmd_backup,
    cmd_restore;

/* Opens the vault; with a passphrase from its file or from the terminal. On failure it has told
 * why, and returns CMD_FAILED. */
int cmd_open(const struct cmd_options *o, struct vault **out);
int cmd_open_write(const struct cmd_options *o, struct vault **out);
/* The same for the passphrase alone. what: "the key store KEYS". */
int cmd_passphrase(const struct cmd_options *o, const char *what, struct secret_text *out);
/* The submission that an ID or a prefix of one means. On failure it has told why. */
int cmd_find(const struct vault *v, const char *prefix, const struct catalog_item **out);
/* Opens the vault for reading and works on the submission that the first argument means. */
int cmd_on_item(const struct cmd_options *o,
    int (*work)(struct vault *v, const struct catalog_item *row, const struct cmd_options *o));

/* To stderr: the program's name, the subject (untrusted, escaped; may be NULL), and in plain
 * words what is wrong and what to do. Returns CMD_FAILED. */
int cmd_fail(const char *subject, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The words for an error; for ERR_SYS those of errno. */
const char *cmd_why(enum err e);
/* The same, and what to do where that is known: one or two sentences, the last without its full
 * stop. Static until the next call. */
const char *cmd_why_todo(enum err e);
/* A failure of vault_open and vault_create. */
int cmd_fault(enum err e, const struct vault_fault *f);

/* Appends untrusted text for one line; out of memory ends the text. */
void cmd_put(struct buf *out, const char *untrusted);
/* Writes a buffer to stdout and empties it. */
void cmd_flush(struct buf *out);
/* "12.4 MB" into out. */
#define CMD_SIZE_ROOM 24
const char *cmd_size(char out[static CMD_SIZE_ROOM], uint64_t bytes);

/* A source's mailbox, and how many submissions came from it. */
struct cmd_source {
	const char *mailbox; /* borrowed from the catalog */
	size_t rows;
	unsigned number; /* 0: none was given yet */
};
/* All mailboxes, in an order of their own; *out is for free(). */
enum err MUST_CHECK cmd_sources(const struct catalog *c, struct cmd_source **out, size_t *n);
/* The number of a source with several submissions, given in the order of asking; 0 for others. */
unsigned cmd_source_number(struct cmd_source *all, size_t n, const char *mailbox, unsigned *last);
/* The other submissions of the same source, and what it was answered. */
enum err MUST_CHECK cmd_source_put(
    struct buf *out, const struct catalog *c, const struct catalog_item *row);

/* Is stdout a terminal, and may it be coloured? */
bool cmd_is_coloured(void);
/* The escape sequences of red and of its end, or "". */
const char *cmd_red(void);
const char *cmd_plain(void);
/* Columns of the terminal on stdout; 0 if there is none. */
size_t cmd_columns(void);

/* All alarms that stand, for the head of a list. */
void cmd_put_alarms(struct buf *out, const struct catalog *c, const char *vault);
/* Why an item couldn't be opened, and what to do. Returns CMD_FAILED. */
int cmd_fail_item(const struct catalog_item *row, enum err e);
/* What is wrong with an item that isn't CATALOG_OPENED; "" for one that is. */
const char *cmd_state_text(enum catalog_state s);
/* The sentence for the flag of bit i, and its short name for JSON. */
const char *cmd_flag_text(size_t i);
const char *cmd_flag_name(size_t i);

#endif
