#ifndef SEALSLOT_OPEN_PASSPHRASE_H
#define SEALSLOT_OPEN_PASSPHRASE_H

#include "base/err.h"
#include "open/secret.h"

/*
 * Passphrases: from the terminal without echo (the terminal's state is put
 * back on every way out, signals too), or from the first line of a file. They
 * are 1 to LIMIT_PASSPHRASE bytes. ERR_STATE: there is no terminal to ask on.
 */
enum err MUST_CHECK passphrase_ask(const char *prompt, struct secret_text *out);
/* Asks twice; ERR_PASSPHRASE if the two differ. */
enum err MUST_CHECK passphrase_ask_new(const char *prompt, struct secret_text *out);
/* path may be "-" for standard input. ERR_MODE if others than the owner may read the file. */
enum err MUST_CHECK passphrase_from_file(const char *path, struct secret_text *out);
/* Six words of the EFF large list, drawn at random (77 bits), to offer to who makes a new one. */
enum err MUST_CHECK passphrase_suggest(struct secret_text *out);

#endif
