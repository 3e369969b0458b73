/*
 * A test program, never installed: opens one submission with our own reader and
 * prints its members as sha256sum would, in the archive's order.
 *
 *   open_file -i IDENTITY-FILE FILE    an age file
 *   open_file FILE                     the ZIP archive as it is, not sealed
 *
 * Exit status 1 and the reason on standard error when it is refused.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <sodium.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/random.h"
#include "base/text.h"
#include "open/age_open.h"
#include "open/identity.h"
#include "open/secret.h"
#include "open/zip_read.h"

static void
check(enum err e, const char *what)
{
	if (e != ERR_OK)
		errx(1, "%s: %s", what, err_text(e));
}

static enum err
read_sealed(void *ctx, uint64_t at, void *p, size_t n)
{
	return age_open_read(ctx, at, p, n);
}

static enum err
read_plain(void *ctx, uint64_t at, void *p, size_t n)
{
	return io_pread_exact(*(int *)ctx, p, n, (off_t)at);
}

static enum err
put_sha256(void *ctx, const void *p, size_t n)
{
	crypto_hash_sha256_update(ctx, p, n);
	return ERR_OK;
}

static void
print(struct zip_read *z, const struct zip_member *m)
{
	uint8_t sum[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof sum + 1];
	crypto_hash_sha256_state st;

	crypto_hash_sha256_init(&st);
	check(zip_read_member(z, m, (struct sink){put_sha256, &st}), m->name);
	crypto_hash_sha256_final(&st, sum);
	text_hex(hex, sum, sizeof sum);
	printf("%s  %s\n", hex, m->name);
}

static void
print_all(struct zip_source source)
{
	struct zip_read *z = NULL;
	size_t i;

	check(zip_read_open(source, &z), "archive");
	for (i = 0; i < z->n_members; i++)
		print(z, &z->members[i]);
	check(zip_read_check_padding(z), "padding");
	zip_read_free(z);
}

static void
load_identity(struct identity_set *ids, const char *path)
{
	struct identity *id = NULL;
	struct buf text;

	buf_init(&text, LIMIT_KEY_FILE);
	check(io_read_file(AT_FDCWD, path, &text), path);
	check(identity_parse(&id, (const char *)text.p, text.len), path);
	check(identity_set_add(ids, id), path);
	secret_free(id);
	buf_wipe(&text);
}

int
main(int argc, char **argv)
{
	struct identity_set ids = {0};
	struct age_open *a = NULL;
	const char *identity = NULL;
	struct stat st;
	int c, fd;

	while ((c = getopt(argc, argv, "i:")) != -1)
		if (c == 'i')
			identity = optarg;
	if (argc - optind != 1)
		errx(EX_USAGE, "usage: open_file [-i IDENTITY-FILE] FILE");
	if (random_start() != 0)
		errx(EX_SOFTWARE, "libsodium");
	if ((fd = open(argv[optind], O_RDONLY | O_CLOEXEC)) == -1 || fstat(fd, &st) == -1)
		err(EX_NOINPUT, "%s", argv[optind]);
	if (identity == NULL) {
		print_all((struct zip_source){read_plain, &fd, (uint64_t)st.st_size});
	} else {
		load_identity(&ids, identity);
		check(age_open_fd(fd, &ids, NULL, &a), argv[optind]);
		print_all((struct zip_source){read_sealed, a, age_open_size(a)});
		age_open_free(a);
		identity_set_wipe(&ids);
	}
	close(fd);
	return 0;
}
