#ifndef SEALSLOT_FRONT_FORM_TOKEN_H
#define SEALSLOT_FRONT_FORM_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The tokens in forms: 16 random bytes, and 16 that only who knows the key can
 * make of them. Each page has another one; all of one session fit its key. So
 * nobody else's page can send a form in a source's name.
 */
#define FORM_TOKEN_LEN 43 /* base64url of 32 bytes */
#define FORM_TOKEN_KEY 32

void form_token_make(char out[static FORM_TOKEN_LEN + 1], const uint8_t key[static FORM_TOKEN_KEY]);
bool form_token_fits(const char *token, const uint8_t key[static FORM_TOKEN_KEY]);
/* One that fits nothing: all of it is random. */
void form_token_random(char out[static FORM_TOKEN_LEN + 1]);

#endif
