#include "store/transfer.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"

#define SEED_LINE (TEXT_B64_PAD_LEN(SIGN_SEED) + 1) /* with its line feed */

enum err
transfer_create(int root)
{
	char line[SEED_LINE + 1], pub[128], key[MINISIGN_KEY_LEN + 1];
	struct sign_key k;
	enum err e;
	int n;

	sign_key_new(&k);
	text_b64_pad(line, k.seed, SIGN_SEED);
	line[SEED_LINE - 1] = '\n';
	minisign_key_format(key, &k.public);
	sign_key_wipe(&k);
	n = snprintf(pub, sizeof pub, "untrusted comment: Sealslot transfer key\n%s\n", key);
	if ((e = io_replace(root, TRANSFER_KEY, line, SEED_LINE, 0600)) == ERR_OK)
		e = io_replace(root, TRANSFER_PUB, pub, (size_t)n, 0600);
	explicit_bzero(line, sizeof line);
	return e;
}

enum err
transfer_read(int root, struct sign_key *k)
{
	uint8_t seed[SIGN_SEED];
	struct buf text;
	struct stat st;
	enum err e;

	if (fstatat(root, TRANSFER_KEY, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return io_errno();
	if ((st.st_mode & 077) != 0)
		return ERR_MODE;
	buf_init(&text, SEED_LINE);
	if ((e = io_read_file(root, TRANSFER_KEY, &text)) != ERR_OK)
		goto done;
	if (text.len != SEED_LINE || text.p[SEED_LINE - 1] != '\n')
		e = ERR_FORMAT;
	else if ((e = text_unb64_pad(seed, SIGN_SEED, (char *)text.p, SEED_LINE - 1)) == ERR_OK)
		sign_key_from_seed(k, seed);
	explicit_bzero(seed, sizeof seed);
done:
	buf_wipe(&text);
	return e;
}
