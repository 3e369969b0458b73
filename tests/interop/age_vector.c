/*
 * A test program, never installed: opens one published age test vector and
 * says how that went.
 *
 *   age_vector FILE
 *
 * FILE begins with "key: value" lines and an empty line; the age file follows,
 * perhaps compressed with zlib. Prints the verdict in the vectors' own words,
 * then the SHA-256 and the size of all plaintext that was handed out.
 */
#include <err.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <zlib.h>

#include "base/io.h"
#include "base/random.h"
#include "base/text.h"
#include "open/age_header.h"
#include "open/age_open.h"
#include "open/age_unwrap.h"

#define VECTOR_MAX  (1 << 20)
#define PLAIN_MAX   (64 << 20)
#define MAX_SECRETS 4

struct vector {
	struct identity_set ids;
	struct secret_text passes[MAX_SECRETS];
	size_t n_passes;
	bool is_compressed;
	const uint8_t *file;
	size_t len;
};

struct outcome {
	const char *verdict;
	crypto_hash_sha256_state hash;
	uint64_t size;
};

static void
check(enum err e, const char *what)
{
	if (e != ERR_OK)
		errx(EX_SOFTWARE, "%s: %s", what, err_text(e));
}

static bool
take(const char **value, const char *line, const char *key)
{
	if (strncmp(line, key, strlen(key)) != 0)
		return false;
	*value = line + strlen(key);
	return true;
}

static void
take_line(struct vector *v, const char *line)
{
	struct identity *id;
	const char *value;

	if (take(&value, line, "identity: AGE-SECRET-KEY-1")) {
		value = line + strlen("identity: ");
		check(identity_parse(&id, value, strlen(value)), value);
		check(identity_set_add(&v->ids, id), value);
		secret_free(id);
	} else if (take(&value, line, "passphrase: ")) {
		if (v->n_passes == MAX_SECRETS)
			errx(EX_DATAERR, "too many passphrases");
		check(secret_text_new(&v->passes[v->n_passes], strlen(value)), "passphrase");
		check(
		    secret_text_add(&v->passes[v->n_passes++], value, strlen(value)), "passphrase");
	} else if (take(&value, line, "compressed: ")) {
		if (strcmp(value, "zlib") != 0)
			errx(EX_DATAERR, "unknown compression %s", value);
		v->is_compressed = true;
	}
}

static void
parse(struct vector *v, struct buf *b)
{
	char *line = (char *)b->p, *end;

	for (;; line = end + 1) {
		end = memchr(line, '\n', b->len - (size_t)(line - (char *)b->p));
		if (end == NULL)
			errx(EX_DATAERR, "no empty line");
		*end = '\0';
		if (end == line)
			break;
		take_line(v, line);
	}
	v->file = (uint8_t *)end + 1;
	v->len = b->len - (size_t)(end + 1 - (char *)b->p);
}

static void
inflate_file(struct vector *v)
{
	uLongf len = PLAIN_MAX;
	uint8_t *out = malloc(len);

	if (out == NULL || uncompress(out, &len, v->file, v->len) != Z_OK)
		errx(EX_DATAERR, "zlib");
	v->file = out;
	v->len = len;
}

/* Was all in order up to the first chunk? Only then is a failure the payload's. */
static bool
is_header_good(
    const struct vector *v, const struct identity_set *ids, const struct secret_text *pass)
{
	struct age_header *h = malloc(sizeof *h);
	uint8_t file_key[AGE_FILE_KEY];
	const struct identity *id;
	size_t used = 0;
	bool is_good;

	if (h == NULL)
		err(EX_OSERR, "memory");
	age_header_init(h);
	is_good = age_header_put(h, v->file, v->len, &used) == ERR_OK &&
		  age_unwrap(h, ids, pass, file_key, &id) == ERR_OK && v->len - used >= AGE_NONCE;
	free(h);
	return is_good;
}

static const char *
verdict_of(enum err e, bool is_payload)
{
	if (e == ERR_OK)
		return "success";
	if (e == ERR_NOMATCH || e == ERR_PASSPHRASE)
		return "no match";
	if (e == ERR_MAC)
		return "HMAC failure";
	if (e != ERR_FORMAT && e != ERR_LIMIT && e != ERR_TRUNCATED && e != ERR_AUTH)
		errx(EX_SOFTWARE, "unexpected error: %s", err_text(e));
	return is_payload ? "payload failure" : "header failure";
}

static void
try(const struct vector *v, const struct identity_set *ids, const struct secret_text *pass,
    struct outcome *o)
{
	uint8_t *chunk = malloc(AGE_SEALED_CHUNK);
	struct age_open *a = NULL;
	uint64_t i;
	size_t n;
	enum err e;

	if (chunk == NULL)
		err(EX_OSERR, "memory");
	e = age_open_mem(v->file, v->len, ids, pass, &a);
	for (i = 0; e == ERR_OK && i < age_open_chunks(a); i++) {
		if ((e = age_open_chunk(a, i, chunk, &n)) != ERR_OK)
			break;
		crypto_hash_sha256_update(&o->hash, chunk, n);
		o->size += n;
	}
	if (e == ERR_OK && o->size != age_open_size(a))
		errx(EX_SOFTWARE, "the size told is wrong");
	o->verdict = verdict_of(e, e != ERR_OK && is_header_good(v, ids, pass));
	age_open_free(a);
	free(chunk);
}

/* Every key of the vector is tried; the first that gets further than "no match" counts. */
static void
try_all(struct vector *v, struct outcome *o)
{
	struct identity *id;
	size_t i;

	if (v->ids.n == 0 && v->n_passes == 0) {
		check(identity_new(&id), "identity");
		check(identity_set_add(&v->ids, id), "identity");
		secret_free(id);
	}
	o->verdict = "no match";
	if (v->ids.n > 0)
		try(v, &v->ids, NULL, o);
	for (i = 0; i < v->n_passes && strcmp(o->verdict, "no match") == 0; i++)
		try(v, NULL, &v->passes[i], o);
}

int
main(int argc, char **argv)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof hash + 1];
	struct vector v = {0};
	struct outcome o = {0};
	struct buf b;
	size_t i;

	if (argc != 2 || random_start() != 0)
		errx(EX_USAGE, "usage: age_vector FILE");
	buf_init(&b, VECTOR_MAX);
	check(io_read_file(AT_FDCWD, argv[1], &b), argv[1]);
	parse(&v, &b);
	if (v.is_compressed)
		inflate_file(&v);
	crypto_hash_sha256_init(&o.hash);
	try_all(&v, &o);
	crypto_hash_sha256_final(&o.hash, hash);
	text_hex(hex, hash, sizeof hash);
	printf("%s\n%s\n%llu\n", o.verdict, hex, (unsigned long long)o.size);
	if (v.is_compressed)
		free((uint8_t *)(uintptr_t)v.file);
	identity_set_wipe(&v.ids);
	for (i = 0; i < v.n_passes; i++)
		secret_text_wipe(&v.passes[i]);
	buf_wipe(&b);
	return 0;
}
