#ifndef SEALSLOT_OPEN_PASSPHRASE_H
#define SEALSLOT_OPEN_PASSPHRASE_H

#include "base/err.h"
#include "open/secret.h"

/*
 * Passphrases: from the terminal without echo (the terminal's state is put
 * back on every way out, signals too), or from the first line of a file. Ask
 * before threads are started. They are 1 to LIMIT_PASSPHRASE bytes, in a fresh
 * *out that the caller wipes. ERR_TRUNCATED (empty), ERR_LIMIT, ERR_FORMAT (a
 * NUL in it); on a terminal ERR_STATE (there is none) and ERR_CLOSED (^D, or
 * a signal that didn't end the process).
 */
enum err MUST_CHECK passphrase_ask(const char *prompt, struct secret_text *out);
/* Asks twice; ERR_PASSPHRASE if the two differ. */
enum err MUST_CHECK passphrase_ask_new(const char *prompt, struct secret_text *out);
/*
 * From a pipe, or a file of the caller's own that nobody else may read; else
 * ERR_MODE. path may be "-" for standard input.
 */
enum err MUST_CHECK passphrase_from_file(const char *path, struct secret_text *out);
/* Six words of the EFF large list, drawn at random (77 bits), with '-' between them, to offer to
 * who makes a new one. */
enum err MUST_CHECK passphrase_suggest(struct secret_text *out);

#endif
