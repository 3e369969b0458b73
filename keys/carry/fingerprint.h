#ifndef SEALSLOT_CARRY_FINGERPRINT_H
#define SEALSLOT_CARRY_FINGERPRINT_H

#include "base/words.h"
#include "carry/minisign.h"
#include "seal/age.h"

/*
 * A public key as eight words that a person can read aloud, print on paper and
 * compare (keys/FORMATS.md section 4): word i is number
 * n mod 7776 of the EFF large list, n the i-th little endian u64 of
 * BLAKE2b-512("sealslot fingerprint 1" | public key). 103 bits.
 */
#define FINGERPRINT_WORDS 8
#define FINGERPRINT_MAX   (FINGERPRINT_WORDS * (WORDS_MAX + 1) - 1) /* bytes, without the NUL */

/* The words, separated by single spaces, with a NUL. */
void fingerprint_words(char out[static FINGERPRINT_MAX + 1], const struct minisign_key *k);
/* The same for the n recipients of one epoch, in the schedule's order:
 * BLAKE2b-512("sealslot epoch 1" | recipients). */
void fingerprint_epoch_words(
    char out[static FINGERPRINT_MAX + 1], const uint8_t (*recipients)[AGE_KEY], size_t n);

#endif
