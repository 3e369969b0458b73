#ifndef SEALSLOT_SEAL_AGE_H
#define SEALSLOT_SEAL_AGE_H

/*
 * The constants of the age v1 format that writer and reader share
 * (keys/FORMATS.md section 1; age-encryption.org/v1).
 */
#define AGE_VERSION_LINE  "age-encryption.org/v1\n"
#define AGE_CHUNK         65536 /* bytes of plaintext in a full chunk */
#define AGE_TAG           16    /* bytes of Poly1305 tag */
#define AGE_SEALED_CHUNK  (AGE_CHUNK + AGE_TAG)
#define AGE_NONCE         16 /* bytes of payload nonce behind the header */
#define AGE_FILE_KEY      16
#define AGE_KEY           32 /* X25519 keys, payload key, MAC key */
#define AGE_BODY_COLUMNS  64
#define AGE_X25519_INFO   "age-encryption.org/v1/X25519"
#define AGE_SCRYPT_LABEL  "age-encryption.org/v1/scrypt"
#define AGE_RECIPIENT_HRP "age"
#define AGE_IDENTITY_HRP  "age-secret-key-"
#define AGE_RECIPIENT_LEN 62 /* characters of "age1...", without the NUL */
#define AGE_IDENTITY_LEN  74 /* characters of "AGE-SECRET-KEY-1...", without the NUL */

/* Bytes of the header of a file sealed to n X25519 recipients, without the payload nonce: 168 for
 * one. */
#define AGE_X25519_HEADER(n) (22 + 98 * (size_t)(n) + 48)

#endif
