/*
 * A test program, never installed: what the offline tools do with keys, one
 * verb each, so that other people's programs can be tried against it.
 *
 *   offline open -i IDENTITY_FILE | -p PASSPHRASE_FILE  FILE      plaintext to standard output
 *   offline seal -p PASSPHRASE_FILE                     FILE      a small file, under a passphrase
 *   offline key                                                   "seed public-key-line"
 *   offline sign SEED COMMENT FILE                                the .minisig text
 *   offline keystore DIR PASSPHRASE_FILE                          a key store with root.age and
 *                                                                 tips-31; prints its recipient
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/text.h"
#include "open/age_open.h"
#include "open/keystore.h"
#include "open/passphrase.h"
#include "seal/bech32.h"
#include "sign/sign.h"

static void
check(enum err e, const char *what)
{
	if (e != ERR_OK)
		errx(EXIT_FAILURE, "%s: %s (%d)", what, err_text(e), (int)e);
}

static struct buf
read_file(const char *path, size_t max)
{
	struct buf b;

	buf_init(&b, max);
	check(io_read_file(AT_FDCWD, path, &b), path);
	return b;
}

static void
write_out(const void *p, size_t n)
{
	check(io_write_all(STDOUT_FILENO, p, n), "standard output");
}

static void
write_plaintext(const struct age_open *a)
{
	uint8_t *chunk = secret_new(AGE_SEALED_CHUNK);
	uint64_t i;
	size_t n;

	if (chunk == NULL)
		errx(EX_OSERR, "memory");
	for (i = 0; i < age_open_chunks(a); i++) {
		check(age_open_chunk(a, i, chunk, &n), "chunk");
		write_out(chunk, n);
	}
	secret_free(chunk);
}

static int
verb_open(char **argv)
{
	struct secret_text pass = {0};
	struct identity_set ids = {0};
	struct identity *id = NULL;
	struct age_open *a = NULL;
	struct buf text;
	int fd = -1;

	if (strcmp(argv[0], "-p") == 0) {
		check(passphrase_from_file(argv[1], &pass), argv[1]);
	} else {
		text = read_file(argv[1], LIMIT_KEY_FILE);
		check(identity_parse(&id, (const char *)text.p, text.len), argv[1]);
		check(identity_set_add(&ids, id), argv[1]);
		secret_free(id);
		buf_wipe(&text);
	}
	check(io_open_file(AT_FDCWD, argv[2], &fd), argv[2]);
	check(age_open_fd(fd, pass.p == NULL ? &ids : NULL, pass.p == NULL ? NULL : &pass, &a),
	    argv[2]);
	write_plaintext(a);
	age_open_free(a);
	identity_set_wipe(&ids);
	secret_text_wipe(&pass);
	io_close(&fd);
	return 0;
}

static int
verb_seal(char **argv)
{
	struct buf text = read_file(argv[2], LIMIT_KEY_FILE), sealed;
	struct secret_text pass;

	buf_init(&sealed, LIMIT_AGE_HEADER + LIMIT_KEY_FILE);
	check(passphrase_from_file(argv[1], &pass), argv[1]);
	check(identity_seal_passphrase(&pass, KEYSTORE_LOG2N, text.p, text.len, &sealed), argv[2]);
	write_out(sealed.p, sealed.len);
	secret_text_wipe(&pass);
	buf_wipe(&sealed);
	buf_wipe(&text);
	return 0;
}

static int
verb_key(char **argv)
{
	char seed[2 * SIGN_SEED + 1], line[MINISIGN_KEY_LEN + 1];
	struct sign_key k;

	(void)argv;
	sign_key_new(&k);
	text_hex(seed, k.seed, SIGN_SEED);
	minisign_key_format(line, &k.public);
	printf("%s %s\n", seed, line);
	sign_key_wipe(&k);
	return 0;
}

static int
verb_sign(char **argv)
{
	struct buf text = read_file(argv[2], LIMIT_SCHEDULE), sig;
	uint8_t seed[SIGN_SEED];
	struct sign_key k;

	buf_init(&sig, LIMIT_SIGNATURE);
	check(text_unhex(seed, sizeof seed, argv[0], strlen(argv[0])), "seed");
	sign_key_from_seed(&k, seed);
	check(sign_message(&k, text.p, text.len, argv[1], &sig), argv[2]);
	write_out(sig.p, sig.len);
	sign_key_wipe(&k);
	buf_wipe(&sig);
	buf_wipe(&text);
	return 0;
}

static int
verb_keystore(char **argv)
{
	char recipient[AGE_RECIPIENT_LEN + 1];
	struct secret_text pass;
	struct keystore *k;
	struct identity *id;
	struct sign_key root;

	check(passphrase_from_file(argv[1], &pass), argv[1]);
	check(keystore_create(argv[0], &pass), argv[0]);
	check(keystore_open(argv[0], &pass, &k), argv[0]);
	sign_key_new(&root);
	check(keystore_put_sign(k, "root.age", &root), "root.age");
	check(identity_new(&id), "identity");
	check(keystore_put_epoch(k, "tips", 31, id, 20517), "tips-31");
	bech32_recipient(recipient, id->pk);
	printf("%s\n", recipient);
	secret_free(id);
	sign_key_wipe(&root);
	keystore_free(k);
	secret_text_wipe(&pass);
	return 0;
}

static const struct {
	const char *name;
	int args;
	int (*run)(char **argv);
} verbs[] = {
    {"open", 3, verb_open},
    {"seal", 3, verb_seal},
    {"key", 0, verb_key},
    {"sign", 3, verb_sign},
    {"keystore", 2, verb_keystore},
};

int
main(int argc, char **argv)
{
	size_t i;

	if (random_start() != 0)
		errx(EX_SOFTWARE, "libsodium");
	for (i = 0; argc > 1 && i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(argv[1], verbs[i].name) == 0 && argc - 2 == verbs[i].args)
			return verbs[i].run(argv + 2);
	fputs("usage: see tests/interop/offline.c\n", stderr);
	return EX_USAGE;
}
