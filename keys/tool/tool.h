#ifndef SEALSLOT_TOOL_TOOL_H
#define SEALSLOT_TOOL_TOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "carry/minisign.h"
#include "open/keystore.h"

/*
 * What the verbs of sealslot-keys share: exit codes, messages, names, small files. The parts below
 * the verbs don't print: they fill in a fault, and the verb reports it once.
 */
#define TOOL_PROGRAM "sealslot-keys"

enum tool_exit { TOOL_DONE = 0, TOOL_FAILED = 1, TOOL_USAGE = 2 };

/* The names in a key store (keys/FORMATS.md section 4). */
#define TOOL_ROOT       "root.age"
#define TOOL_ROOT_PUB   "root.pub"
#define TOOL_NEXT_ROOT  "next-root.age" /* while new-root isn't through */
#define TOOL_OLD_ROOT   "old-root.age"
#define TOOL_REPLY      "reply.age"
#define TOOL_NEXT_REPLY "next-reply.age" /* until the schedule lists it */
#define TOOL_REPLY_PUB  "reply.pub"
#define TOOL_INSTANCE   "instance"
#define TOOL_PUBLISH    "publish"
#define TOOL_LOG        "log"
#define TOOL_SHORTER    "Use a shorter path."
#define TOOL_DROP_DESK  "Take out one that is gone: " TOOL_PROGRAM " revoke KEYS --desk RW..."
/* For what was cut off: how its next step ends. */
#define TOOL_AGAIN "run the same command again: it goes on where it stopped."
/* Public files: the folder keeps others away, their copies on a stick need no care. */
#define TOOL_PUBLIC_MODE 0644

/* What went wrong, with which file, and what to do now. */
struct tool_fault {
	char what[640];
	char todo[320];
};

/* Fills in *f and returns e. todo is what to do now; where it is "", err_advice says it. */
enum err tool_refuse(struct tool_fault *f, enum err e, const char *todo, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Why a folder can't become a key store. */
enum err tool_refuse_folder(struct tool_fault *f, enum err e, const char *path);
/* The reason for an error in a few words; for ERR_SYS what errno says. Static until the next call.
 */
const char *tool_reason(enum err e);
/* Prints the fault of a verb to standard error; returns TOOL_FAILED. */
int tool_report(const char *verb, const struct tool_fault *f);
/* Prints why the command line is wrong, and where help is; returns TOOL_USAGE. */
int tool_wrong(const char *verb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/*
 * The next option, as getopt_long gives it, but names can't be abbreviated:
 * --passphrase would be taken for --passphrase-file, and a passphrase for a file's name.
 * TOOL_WRONG_OPTION: something is wrong with it, and that has been printed.
 */
struct option;
#define TOOL_WRONG_OPTION 1
int tool_option(const char *verb, int argc, char **argv, const struct option *options);
/* Prints a help text to standard output; returns TOOL_DONE. */
int tool_help(const char *text);
/* Flushes standard output: TOOL_DONE, or TOOL_FAILED with a message if it couldn't be written. */
int tool_done(const char *verb);

/* Keeps other programs from writing until the key store is let go. */
enum err MUST_CHECK tool_lock(struct keystore *k, const char *path, struct tool_fault *f);

/* Is there anything of that name in the folder? */
bool tool_has_file(const char *folder, const char *name);
/* A decimal number from min to max. */
enum err MUST_CHECK tool_number(const char *s, uint32_t min, uint32_t max, uint32_t *out);
/* A minisign public key file. */
enum err MUST_CHECK tool_read_key(
    int dirfd, const char *path, struct minisign_key *out, struct tool_fault *f);
/* Writes one of ours ("root", "reply") into the key store, in the place of what is there. */
enum err MUST_CHECK tool_write_key(const struct keystore *k, const char *name, const char *what,
    const char *instance, const struct minisign_key *key, struct tool_fault *f);
/* The instance of a key store, "<onion>" and a line feed in a file. */
enum err MUST_CHECK tool_read_instance(
    const struct keystore *k, char *out, size_t size, struct tool_fault *f);

#endif
