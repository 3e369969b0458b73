#include "age_open.h"

#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "open/age_header.h"
#include "open/age_unwrap.h"
#include "seal/age_seal.h"
#include "seal/hkdf.h"

#define NONCE_LEN   crypto_aead_chacha20poly1305_IETF_NPUBBYTES
#define NONE        UINT64_MAX
#define HEADER_STEP 512 /* bytes read at a time: the header of one recipient has 168 */

/* In guarded memory, because of key and kept. */
struct age_open {
	struct age_payload payload;
	int fd;             /* borrowed; -1: in memory */
	const uint8_t *mem; /* borrowed */
	uint64_t size;      /* of the whole file */
	uint64_t start;     /* where chunk 0 begins */
	uint64_t chunks;
	size_t last_size; /* sealed bytes of the last chunk */
	size_t stanzas;
	const struct identity *id; /* borrowed */
	uint64_t kept_chunk;       /* whose plaintext kept has; NONE */
	size_t kept_size;
	uint8_t kept[AGE_SEALED_CHUNK];
};

static enum err
read_at(const struct age_open *a, uint64_t at, void *p, size_t n)
{
	if (at > a->size || n > a->size - at)
		return ERR_TRUNCATED;
	if (a->mem == NULL)
		return io_pread_exact(a->fd, p, n, (off_t)at);
	memcpy(p, a->mem + at, n);
	return ERR_OK;
}

/* Reads and parses the header; a->start is then where the payload's nonce begins. */
static enum err
read_header(struct age_open *a, struct age_header *h)
{
	uint8_t step[HEADER_STEP];
	size_t n, used = 0;
	enum err e;

	age_header_init(h);
	for (a->start = 0;; a->start += used) {
		n = a->size - a->start < sizeof step ? (size_t)(a->size - a->start) : sizeof step;
		if (n == 0)
			return ERR_TRUNCATED;
		if ((e = read_at(a, a->start, step, n)) != ERR_OK)
			return e;
		e = age_header_put(h, step, n, &used);
		if (e == ERR_OK)
			a->start += used;
		if (e != ERR_AGAIN)
			return e;
	}
}

/* The payload key from the nonce behind the header; a->start is then where chunk 0 begins. */
static enum err
read_nonce(struct age_open *a, const uint8_t file_key[static AGE_FILE_KEY])
{
	uint8_t nonce[AGE_NONCE];
	enum err e;

	if ((e = read_at(a, a->start, nonce, sizeof nonce)) != ERR_OK)
		return e;
	hkdf_sha256(a->payload.key, file_key, AGE_FILE_KEY, nonce, sizeof nonce, "payload");
	a->start += sizeof nonce;
	return ERR_OK;
}

static enum err
open_header(struct age_open *a, const struct identity_set *ids, const struct secret_text *pass)
{
	uint8_t *file_key = NULL;
	struct age_header *h;
	enum err e = ERR_NOMEM;

	if ((h = malloc(sizeof *h)) == NULL || (file_key = secret_new(AGE_FILE_KEY)) == NULL)
		goto done;
	if ((e = read_header(a, h)) != ERR_OK ||
	    (e = age_unwrap(h, ids, pass, file_key, &a->id)) != ERR_OK ||
	    (e = read_nonce(a, file_key)) != ERR_OK)
		goto done;
	a->stanzas = h->n_stanzas;
done:
	secret_free(file_key);
	free(h);
	return e;
}

/* What the length of the payload alone tells, and doesn't prove yet. */
static enum err
count_chunks(struct age_open *a)
{
	uint64_t sealed = a->size - a->start;

	if (sealed < AGE_TAG)
		return ERR_TRUNCATED;
	a->chunks = (sealed - 1) / AGE_SEALED_CHUNK + 1;
	a->last_size = (size_t)(sealed - (a->chunks - 1) * AGE_SEALED_CHUNK);
	if (a->last_size < AGE_TAG)
		return ERR_TRUNCATED;
	/* An empty last chunk is for the empty file only. */
	return a->last_size == AGE_TAG && a->chunks > 1 ? ERR_FORMAT : ERR_OK;
}

enum err
age_open_chunk(
    const struct age_open *a, uint64_t i, uint8_t out[static AGE_SEALED_CHUNK], size_t *n)
{
	uint8_t nonce[NONCE_LEN] = {0};
	bool is_last = i + 1 == a->chunks;
	size_t sealed = is_last ? a->last_size : AGE_SEALED_CHUNK, k;
	uint64_t counter = i;
	enum err e;

	if (i >= a->chunks)
		return ERR_TRUNCATED;
	if ((e = read_at(a, a->start + i * AGE_SEALED_CHUNK, out, sealed)) != ERR_OK)
		return e;
	/* 11 bytes of big-endian counter, then the flag. */
	for (k = NONCE_LEN - 2; counter > 0; k--, counter >>= 8)
		nonce[k] = (uint8_t)counter;
	nonce[NONCE_LEN - 1] = is_last;
	/* In place; the tag is compared before a byte is decrypted. */
	if (crypto_aead_chacha20poly1305_ietf_decrypt(
		out, NULL, NULL, out, sealed, NULL, 0, nonce, a->payload.key) != 0)
		return ERR_AUTH;
	*n = sealed - AGE_TAG;
	return ERR_OK;
}

/* Chunk i's plaintext is in a->kept afterwards. */
static enum err
keep_chunk(struct age_open *a, uint64_t i)
{
	enum err e;

	if (a->kept_chunk == i)
		return ERR_OK;
	a->kept_chunk = NONE;
	if ((e = age_open_chunk(a, i, a->kept, &a->kept_size)) == ERR_OK)
		a->kept_chunk = i;
	return e;
}

/*
 * The last chunk comes first: only with it is it known that the file has its
 * whole length.
 */
static enum err
open_any(struct age_open *a, const struct identity_set *ids, const struct secret_text *pass,
    struct age_open **out)
{
	enum err e;

	if ((ids == NULL) == (pass == NULL))
		e = ERR_USAGE;
	else if ((e = open_header(a, ids, pass)) == ERR_OK && (e = count_chunks(a)) == ERR_OK)
		e = keep_chunk(a, a->chunks - 1);
	if (e == ERR_OK)
		*out = a;
	else
		age_open_free(a);
	return e;
}

static struct age_open *
new_state(int fd, const void *mem, uint64_t size)
{
	struct age_open *a = secret_new(sizeof *a);

	if (a == NULL)
		return NULL;
	a->fd = fd;
	a->mem = mem;
	a->size = size;
	a->kept_chunk = NONE;
	return a;
}

enum err
age_open_fd(
    int fd, const struct identity_set *ids, const struct secret_text *pass, struct age_open **out)
{
	struct age_open *a;
	struct stat st;

	if (fstat(fd, &st) == -1)
		return io_errno();
	if (!S_ISREG(st.st_mode))
		return ERR_MODE;
	if ((a = new_state(fd, NULL, (uint64_t)st.st_size)) == NULL)
		return ERR_NOMEM;
	return open_any(a, ids, pass, out);
}

enum err
age_open_mem(const void *p, size_t n, const struct identity_set *ids,
    const struct secret_text *pass, struct age_open **out)
{
	struct age_open *a;

	if (p == NULL)
		return ERR_TRUNCATED;
	if ((a = new_state(-1, p, n)) == NULL)
		return ERR_NOMEM;
	return open_any(a, ids, pass, out);
}

void
age_open_free(struct age_open *a)
{
	secret_free(a);
}

uint64_t
age_open_size(const struct age_open *a)
{
	return (a->chunks - 1) * AGE_CHUNK + a->last_size - AGE_TAG;
}

uint64_t
age_open_chunks(const struct age_open *a)
{
	return a->chunks;
}

size_t
age_open_stanzas(const struct age_open *a)
{
	return a->stanzas;
}

const struct identity *
age_open_identity(const struct age_open *a)
{
	return a->id;
}

enum err
age_open_read(struct age_open *a, uint64_t at, void *p, size_t n)
{
	uint8_t *to = p;
	size_t from, take;
	enum err e;

	if (at > age_open_size(a) || n > age_open_size(a) - at)
		return ERR_TRUNCATED;
	while (n > 0) {
		if ((e = keep_chunk(a, at / AGE_CHUNK)) != ERR_OK)
			return e;
		from = at % AGE_CHUNK;
		take = n < a->kept_size - from ? n : a->kept_size - from;
		memcpy(to, a->kept + from, take);
		to += take;
		at += take;
		n -= take;
	}
	return ERR_OK;
}

enum err
age_open_small(const void *p, size_t n, const struct identity_set *ids,
    const struct secret_text *pass, size_t max, struct secret_text *out)
{
	struct secret_text text = {0};
	struct age_open *a = NULL;
	uint64_t size;
	enum err e;

	if ((e = age_open_mem(p, n, ids, pass, &a)) != ERR_OK)
		goto done;
	size = age_open_size(a);
	if (size > max) {
		e = ERR_LIMIT;
		goto done;
	}
	if ((e = secret_text_new(&text, (size_t)size)) != ERR_OK ||
	    (e = age_open_read(a, 0, text.p, (size_t)size)) != ERR_OK)
		goto done;
	text.len = (size_t)size;
	*out = text;
	text = (struct secret_text){0};
done:
	secret_text_wipe(&text);
	age_open_free(a);
	return e;
}
