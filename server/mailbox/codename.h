#ifndef SEALSLOT_MAILBOX_CODENAME_H
#define SEALSLOT_MAILBOX_CODENAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/words.h"

/*
 * Codenames (keys/FORMATS.md section 5): seven random words of the EFF large
 * list (90.5 bits) and a check word computed from them, so that a typo or two
 * swapped words are noticed without any state and without Argon2id.
 */
#define CODENAME_WORDS       8
#define CODENAME_LETTERS_MAX (CODENAME_WORDS * WORDS_MAX)
#define CODENAME_TEXT_MAX                                                                          \
	(CODENAME_LETTERS_MAX + CODENAME_WORDS) /* words with blanks between them, and a NUL */
#define CODENAME_KEY 32

/* A codename's letters, without blanks, with a NUL. A secret: the owner wipes it. */
struct codename {
	char letters[CODENAME_LETTERS_MAX + 1];
	uint8_t lens[CODENAME_WORDS]; /* letters of each word */
};

/* What a codename opens. Secrets: the owner wipes it. */
struct codename_keys {
	uint8_t mailbox[CODENAME_KEY];  /* BLAKE2b-256 of the login id: names the mailbox in store
					   and manifest */
	uint8_t reply_sk[CODENAME_KEY]; /* X25519 identity that opens the replies */
	uint8_t reply_pk[CODENAME_KEY]; /* its recipient, `reply_to` in the manifest */
};

/* Why a codename that somebody typed isn't one. */
enum codename_why {
	CODENAME_UNKNOWN_WORD, /* this word isn't in the list */
	CODENAME_WRONG_CHECK, /* all words exist, but they don't belong together: a wrong or swapped
				 word */
	CODENAME_TOO_SHORT,   /* word: how many there are */
	CODENAME_TOO_LONG,
};

struct codename_fault {
	enum codename_why why;
	unsigned word; /* from 1 */
};

void codename_new(struct codename *c);
/*
 * What a person typed: case, blanks, '-', '.' and ',' don't matter, words may
 * stand together. ERR_FORMAT with *fault filled in. Cheap: no Argon2id.
 */
enum err MUST_CHECK codename_parse(
    struct codename *c, const char *s, size_t len, struct codename_fault *fault);
/* The words with one blank between them, and a NUL. */
void codename_format(char out[static CODENAME_TEXT_MAX], const struct codename *c);
/*
 * Argon2id over the letters: 64 MiB, about 130 ms. ERR_NOMEM when the memory
 * can't be had (or locked), ERR_CRYPTO.
 */
enum err MUST_CHECK codename_derive(
    struct codename_keys *k, const struct codename *c, const char *instance);

#endif
