/*
 * A test program, never installed: a key store and bundles for the flow tests
 * of sealslot-review, without a server. Everything comes from fixed seeds (rig.h).
 *
 *   make_bundle keys KEYS [EPOCHS]          a key store; its passphrase is printed
 *   make_bundle bundle OUT.tar [option]...
 *     --serial N      of the bundle (1)
 *     --first N       number of the first submission (0)
 *     --items N       how many (1)
 *     --files N       files in each (0), --size BYTES of each (1000)
 *     --names FILE    one original name for each file, NUL-separated, in place of "file-N.bin"
 *     --volumes N     N volumes, OUT.tar.1 and so on, with every Nth submission in each
 *     --stated N      the epoch that the manifests name, in place of the key's
 *     --stranger      sealed to a key that nobody has
 *     --foreign NAME  one more member
 *     --evil          signed with another transfer key
 *     --previous FILE the bundle before this one
 *     --schedule N    serial of the schedule (12); 0: without
 *   make_bundle content NUMBER BYTES        the content of file NUMBER (from 0) on standard output
 *   make_bundle ids FIRST N                 the ids of submissions
 */
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/io.h"
#include "base/random.h"
#include "carry/tar.h"
#include "rig.h"

static uint64_t
number(const char *s)
{
	char *end;
	unsigned long long v = strtoull(s, &end, 10);

	if (*s == '\0' || *end != '\0')
		errx(EX_USAGE, "%s: not a number", s);
	return v;
}

struct job {
	unsigned first, items, volumes;
	size_t files;
	uint64_t size;
	uint32_t stated; /* 0: the right one */
	const char *names;
	bool is_stranger;
};

static char originals[RIG_FILES][LIMIT_ORIGINAL_NAME + 1];

static void
read_names(const char *path)
{
	size_t i;
	FILE *f;
	int c;

	if ((f = fopen(path, "rb")) == NULL)
		err(EX_NOINPUT, "%s", path);
	for (i = 0; i < RIG_FILES; i++) {
		size_t n = 0;

		while ((c = getc(f)) > 0 && n < LIMIT_ORIGINAL_NAME)
			originals[i][n++] = (char)c;
		originals[i][n] = '\0';
	}
	fclose(f);
}

static void
add_items(struct rig_bundle *b, const struct job *j)
{
	struct rig_submission s;
	unsigned i;
	size_t k;

	for (k = 0; k < RIG_FILES; k++)
		snprintf(originals[k], sizeof originals[k], "file-%zu.bin", k + 1);
	if (j->names != NULL)
		read_names(j->names);
	for (i = 0; i < j->items; i++) {
		rig_submission(&s, j->first + i);
		s.is_stranger = j->is_stranger;
		if (j->stated != 0)
			s.stated_epoch = j->stated;
		s.n_files = j->files > RIG_FILES ? RIG_FILES : j->files;
		for (k = 0; k < s.n_files; k++)
			s.files[k] = (struct rig_file){
			    originals[k], "application/octet-stream", j->size, NULL, NULL};
		rig_bundle_add(b, &s);
	}
}

static void
make_bundle(const char *path, struct rig_bundle *b)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd == -1)
		err(EX_CANTCREAT, "%s", path);
	rig_bundle_write(b, io_sink(&fd));
	close(fd);
}

static void
make_volumes(const char *path, struct rig_bundle *b, unsigned volumes)
{
	char name[4096];
	unsigned i;
	size_t k;

	rig_bundle_sort(b);
	b->head.volumes = volumes;
	for (i = 1; i <= volumes; i++) {
		b->head.volume = i;
		for (k = 0; k < b->n; k++)
			b->items[k].is_left_out = k % volumes != i - 1;
		snprintf(name, sizeof name, "%s.%u", path, i);
		make_bundle(name, b);
	}
}

/* The hash of the index of another bundle: its first member. */
static void
read_previous(const char *path, uint8_t out[static HASH_LEN])
{
	struct tar_member m;
	struct tar_read t;
	uint8_t head[TAR_BLOCK], *text;
	FILE *f = fopen(path, "rb");

	tar_read_init(&t);
	if (f == NULL || fread(head, 1, sizeof head, f) != sizeof head ||
	    tar_read_block(&t, head, &m) != ERR_OK || (text = malloc((size_t)m.size)) == NULL ||
	    fread(text, 1, (size_t)m.size, f) != m.size)
		err(EX_NOINPUT, "%s", path);
	hash_256(out, text, (size_t)m.size);
	free(text);
	fclose(f);
}

static int
bundle(int argc, char **argv)
{
	static const struct option known[] = {{"serial", required_argument, NULL, 's'},
	    {"first", required_argument, NULL, 'f'}, {"items", required_argument, NULL, 'i'},
	    {"files", required_argument, NULL, 'n'}, {"size", required_argument, NULL, 'b'},
	    {"names", required_argument, NULL, 'a'}, {"volumes", required_argument, NULL, 'v'},
	    {"stranger", no_argument, NULL, 'x'}, {"foreign", required_argument, NULL, 'o'},
	    {"evil", no_argument, NULL, 'e'}, {"schedule", required_argument, NULL, 'c'},
	    {"previous", required_argument, NULL, 'p'}, {"stated", required_argument, NULL, 't'},
	    {NULL, 0, NULL, 0}};
	struct job j = {.items = 1, .size = 1000};
	struct rig_bundle b;
	int c;

	rig_bundle(&b, 1);
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		switch (c) {
		case 's':
			b.head.serial = (uint32_t)number(optarg);
			b.head.made = RIG_DAY + (int32_t)b.head.serial;
			break;
		case 'f': j.first = (unsigned)number(optarg); break;
		case 'i': j.items = (unsigned)number(optarg); break;
		case 'n': j.files = (size_t)number(optarg); break;
		case 'b': j.size = number(optarg); break;
		case 'a': j.names = optarg; break;
		case 'v': j.volumes = (unsigned)number(optarg); break;
		case 't': j.stated = (uint32_t)number(optarg); break;
		case 'x': j.is_stranger = true; break;
		case 'o': b.foreign = optarg; break;
		case 'e': b.transfer = "evil"; break;
		case 'c': b.schedule = (uint32_t)number(optarg); break;
		case 'p': read_previous(optarg, b.head.previous); break;
		default: return EX_USAGE;
		}
	if (optind + 1 != argc)
		return EX_USAGE;
	add_items(&b, &j);
	if (j.volumes > 0)
		make_volumes(argv[optind], &b, j.volumes);
	else
		make_bundle(argv[optind], &b);
	rig_bundle_wipe(&b);
	return 0;
}

static int
content(uint32_t seed, uint64_t size)
{
	static uint8_t piece[1 << 18];
	uint64_t at;
	size_t n;

	for (at = 0; at < size; at += n) {
		n = size - at < sizeof piece ? (size_t)(size - at) : sizeof piece;
		rig_content(piece, n, at, seed);
		fwrite(piece, 1, n, stdout);
	}
	return 0;
}

static int
ids(unsigned first, unsigned n)
{
	struct rig_submission s;
	unsigned i;

	for (i = first; i < first + n; i++) {
		rig_submission(&s, i);
		puts(s.id);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	if (random_start() == -1)
		return EX_SOFTWARE;
	if (argc >= 3 && strcmp(argv[1], "keys") == 0) {
		rig_keys(argv[2], argc > 3 ? (uint32_t)number(argv[3]) : RIG_EPOCHS);
		puts(RIG_PASSPHRASE);
		return 0;
	}
	if (argc >= 3 && strcmp(argv[1], "bundle") == 0)
		return bundle(argc - 1, argv + 1);
	if (argc == 4 && strcmp(argv[1], "content") == 0)
		return content((uint32_t)number(argv[2]), number(argv[3]));
	if (argc == 4 && strcmp(argv[1], "ids") == 0)
		return ids((unsigned)number(argv[2]), (unsigned)number(argv[3]));
	fputs("usage: see the head of make_bundle.c\n", stderr);
	return EX_USAGE;
}
