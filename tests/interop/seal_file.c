/*
 * A test program, never installed: writes one submission to standard output,
 * as the server would seal it, from files given on the command line.
 *
 *   seal_file [-z] [-r RECIPIENT]... [-m MESSAGE] [-j MANIFEST] [-p BYTES] [FILE]...
 *
 * -z   the ZIP archive as it is, not sealed (then no recipient is needed)
 * -m   a file with the message; without it the message is empty
 * -j   a file with the text of manifest.json; without it "{}"
 * -p   how many bytes are put at a time
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/random.h"
#include "seal/age_seal.h"
#include "seal/bech32.h"
#include "seal/zip_write.h"

#define PIECE_MAX (1024 * 1024)

struct job {
	uint8_t recipients[LIMIT_AGE_RECIPIENTS][AGE_KEY];
	size_t n_recipients;
	const char *message;
	const char *manifest;
	size_t piece;
	bool is_plain;
};

static struct age_seal seal;
static struct zip_write zip;
static uint8_t piece[PIECE_MAX];

static void
check(enum err e, const char *what)
{
	if (e != ERR_OK)
		errx(EX_SOFTWARE, "%s: %s", what, err_text(e));
}

static void
put_text(const char *name, const char *text)
{
	check(zip_write_begin(&zip, name), name);
	check(zip_write_put(&zip, text, strlen(text)), name);
	check(zip_write_end(&zip), name);
}

static void
put_file(const struct job *j, const char *name, const char *path)
{
	size_t got;
	FILE *f;

	if ((f = fopen(path, "rb")) == NULL)
		err(EX_NOINPUT, "%s", path);
	check(zip_write_begin(&zip, name), name);
	while ((got = fread(piece, 1, j->piece, f)) > 0)
		check(zip_write_put(&zip, piece, got), path);
	if (ferror(f))
		err(EX_IOERR, "%s", path);
	check(zip_write_end(&zip), name);
	fclose(f);
}

/* files/NNN-<base name>, what may not stand there becomes '_' */
static void
put_upload(const struct job *j, unsigned number, const char *path)
{
	const char *slash = strrchr(path, '/');
	char name[LIMIT_ZIP_NAME + 1];
	char *p;

	snprintf(name, sizeof name, ZIP_FILES "%03u-%s", number, slash == NULL ? path : slash + 1);
	for (p = name + strlen(ZIP_FILES); *p != '\0'; p++)
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-",
			*p) == NULL)
			*p = '_';
	put_file(j, name, path);
}

static void
submit(const struct job *j, char **files, struct sink out)
{
	struct buf dir;
	unsigned i;
	enum err e;

	buf_init(&dir, LIMIT_UPLOAD_MEMORY);
	zip_write_init(&zip, &dir, out);
	if (j->message != NULL)
		put_file(j, ZIP_MESSAGE, j->message);
	else
		put_text(ZIP_MESSAGE, "");
	for (i = 0; files[i] != NULL; i++)
		put_upload(j, i + 1, files[i]);
	if (j->manifest != NULL)
		put_file(j, ZIP_MANIFEST, j->manifest);
	else
		put_text(ZIP_MANIFEST, "{}");
	check(zip_write_finish_begin(&zip), ZIP_PADDING);
	while ((e = zip_write_pad(&zip, PIECE_MAX)) == ERR_AGAIN)
		;
	check(e, ZIP_PADDING);
	check(zip_write_finish_end(&zip), "directory");
	buf_wipe(&dir);
}

static void
usage(void)
{
	fputs("usage: seal_file [-z] [-r RECIPIENT]... [-m MESSAGE] [-j MANIFEST] [-p BYTES] "
	      "[FILE]...\n",
	    stderr);
	exit(EX_USAGE);
}

static void
add_recipient(struct job *j, const char *s)
{
	if (j->n_recipients == LIMIT_AGE_RECIPIENTS)
		errx(EX_USAGE, "too many recipients");
	if (bech32_parse_recipient(j->recipients[j->n_recipients++], s, strlen(s)) != ERR_OK)
		errx(EX_USAGE, "%s: not an age recipient", s);
}

static void
parse(struct job *j, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "zr:m:j:p:")) != -1) {
		switch (c) {
		case 'z': j->is_plain = true; break;
		case 'r': add_recipient(j, optarg); break;
		case 'm': j->message = optarg; break;
		case 'j': j->manifest = optarg; break;
		case 'p': j->piece = strtoul(optarg, NULL, 10); break;
		default: usage();
		}
	}
	if (j->piece == 0 || j->piece > PIECE_MAX || (!j->is_plain && j->n_recipients == 0))
		usage();
}

int
main(int argc, char **argv)
{
	struct job j = {.piece = 65536};
	int fd = STDOUT_FILENO;

	parse(&j, argc, argv);
	if (random_start() != 0)
		errx(EX_SOFTWARE, "libsodium");
	if (j.is_plain) {
		submit(&j, argv + optind, io_sink(&fd));
		return 0;
	}
	check(age_seal_init(
		  &seal, (const uint8_t(*)[AGE_KEY])j.recipients, j.n_recipients, io_sink(&fd)),
	    "header");
	submit(&j, argv + optind, age_seal_sink(&seal));
	check(age_seal_finish(&seal), "last chunk");
	age_seal_wipe(&seal);
	zip_write_wipe(&zip);
	return 0;
}
