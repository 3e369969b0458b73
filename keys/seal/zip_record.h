#ifndef SEALSLOT_SEAL_ZIP_RECORD_H
#define SEALSLOT_SEAL_ZIP_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "seal/zip.h"

/*
 * The records of the ZIP profile as bytes (keys/FORMATS.md section 2), and
 * what follows from them: one place that the writer and the strict reader
 * share, so that the reader accepts exactly what the writer writes. Nothing
 * here can fail; every function returns how many bytes it wrote.
 */
struct zip_record {
	const char *name; /* borrowed */
	uint64_t size;    /* uncompressed bytes */
	uint64_t start;   /* offset of the local header */
	uint32_t crc;
};

#define ZIP_EXTRA64_MAX 28 /* zip64 extra field of the directory with all three numbers */
#define ZIP_LOCAL_MAX   (ZIP_LOCAL_LEN + LIMIT_ZIP_NAME + ZIP_LOCAL_EXTRA)
#define ZIP_CENTRAL_MAX (ZIP_CENTRAL_LEN + LIMIT_ZIP_NAME + ZIP_EXTRA64_MAX)
#define ZIP_TAIL_MAX    (ZIP_END64_LEN + ZIP_LOC64_LEN + ZIP_END_LEN)

/* Does an archive of this many bytes need the zip64 records? */
bool zip_record_is64(uint64_t total);
/* May a member have this name at this place (from 0)? message.txt first, then files/001-...,
 * files/002-..., then manifest.json. */
bool zip_record_is_name(const char *name, size_t place);
/* Bytes of a member's data: its content cut into blocks, each with its header. */
uint64_t zip_record_packed(uint64_t size);
/* The header of a block of n bytes. */
void zip_record_block(uint8_t out[static ZIP_BLOCK_HEADER], size_t n, bool is_last);

/* A member: before its data, behind its data, in the directory. */
size_t zip_record_local(uint8_t out[static ZIP_LOCAL_MAX], const struct zip_record *r);
size_t zip_record_descriptor(uint8_t out[static ZIP_DESC_LEN], const struct zip_record *r);
size_t zip_record_central(uint8_t out[static ZIP_CENTRAL_MAX], const struct zip_record *r);

/* Where things stand at the end of an archive. */
struct zip_end {
	uint64_t padding_start; /* offset of .padding's local header */
	uint64_t padding;       /* bytes of zeros */
	uint64_t dir_len;       /* bytes of the directory, .padding's entry included */
	uint64_t total;         /* bytes of the archive */
	uint32_t members;       /* .padding included */
};

/* Section 3: fills in everything from the offset behind the last member, and the number of members
 * and bytes of directory so far. offset + dir_len <= 2^61. */
void zip_record_plan(struct zip_end *end, uint64_t offset, uint64_t dir_len, uint32_t members);
/* .padding: before its zeros, in the directory. */
size_t zip_record_padding_local(uint8_t out[static ZIP_LOCAL_MAX], const struct zip_end *end);
size_t zip_record_padding_central(uint8_t out[static ZIP_CENTRAL_MAX], const struct zip_end *end);
/* All that stands behind the directory. */
size_t zip_record_tail(uint8_t out[static ZIP_TAIL_MAX], const struct zip_end *end);

#endif
