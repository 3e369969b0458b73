#ifndef SEALSLOT_BASE_WORDS_H
#define SEALSLOT_BASE_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

/*
 * The EFF large word list, letters only ("t-shirt" is "tshirt"), in ASCII
 * order; a word's number is its place, from 0. No word begins another one, so
 * that words written together can be told apart again.
 *
 * The list has both "yo-yo" and "yoyo": one word by its letters, with two
 * numbers. words_find gives the lower one. Compare letters, never numbers.
 */
#define WORDS_COUNT 7776
#define WORDS_MAX   9 /* letters of the longest word */

/* The letters of word i (below WORDS_COUNT) with a NUL. Static storage. */
const char *words_get(uint32_t i);
/*
 * The word that the text begins with: its number and its length. ERR_NOTFOUND
 * if there is none; the text is letters a to z, of any length.
 */
enum err MUST_CHECK words_find(const char *s, size_t len, uint32_t *i, size_t *used);

#endif
