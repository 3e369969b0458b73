/*
 * cheap_unlock KEYS PASSPHRASE_FILE: seals the unlock key of a key store again,
 * under the same passphrase with next to no scrypt, so that tests which open it
 * hundreds of times are quick. Never installed.
 */
#include <stdio.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/random.h"
#include "open/keystore.h"
#include "open/passphrase.h"

#define LOG2N 2

static enum err
reseal(struct keystore *k, const struct secret_text *pass)
{
	struct secret_text text = {0};
	struct buf sealed;
	enum err e;

	buf_init(&sealed, LIMIT_KEY_FILE);
	if ((e = identity_format(keystore_unlock(k), 0, &text)) == ERR_OK &&
	    (e = identity_seal_passphrase(pass, LOG2N, text.p, text.len, &sealed)) == ERR_OK)
		e = io_replace(keystore_dir(k), KEYSTORE_UNLOCK, sealed.p, sealed.len, 0600);
	secret_text_wipe(&text);
	buf_wipe(&sealed);
	return e;
}

int
main(int argc, char **argv)
{
	struct secret_text pass = {0};
	struct keystore *k = NULL;
	enum err e;

	if (argc != 3 || random_start() != 0)
		return 2;
	if ((e = passphrase_from_file(argv[2], &pass)) == ERR_OK &&
	    (e = keystore_open(argv[1], &pass, &k)) == ERR_OK)
		e = reseal(k, &pass);
	keystore_free(k);
	secret_text_wipe(&pass);
	if (e != ERR_OK)
		fprintf(stderr, "cheap_unlock: %s: %s\n", argv[1], err_text(e));
	return e != ERR_OK;
}
