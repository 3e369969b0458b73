/*
 * Makes signed schedules for the server's flow tests, good ones and bad ones,
 * without the key ceremony:
 *
 *   flow_make_keys DIR SERIAL ISSUED START EPOCHS DAYS [WORD]
 *
 * writes DIR/root.pub (once; its seed is in DIR/seed), DIR/publish/keys-NNNN.txt and
 * keys.txt, each with its .txt.minisig. Epochs of DAYS days begin on START. WORD is one of:
 * fork (other recipients than usual), unchained (a wrong "previous"), two (two
 * inboxes), other (another instance), badsig (a changed text), comment (a changed trusted comment),
 * revoked (the first epoch has another key, and its own is revoked), large (1 MiB), larger (a byte
 * more).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/date.h"
#include "base/io.h"
#include "base/random.h"
#include "carry/schedule.h"
#include "carry/schedule_name.h"
#include "sign/sign.h"

#include <fcntl.h>

#define INSTANCE "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwd.onion"
#define OTHER    "zbcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwd.onion"

static void
must(enum err e, const char *what)
{
	if (e == ERR_OK)
		return;
	fprintf(stderr, "flow_make_keys: %s: %s\n", what, err_text(e));
	exit(1);
}

static void
root_key(int dir, struct sign_key *k)
{
	char pub[128], line[MINISIGN_KEY_LEN + 1];
	struct buf seed;

	buf_init(&seed, SIGN_SEED);
	if (io_read_file(dir, "seed", &seed) == ERR_OK && seed.len == SIGN_SEED) {
		sign_key_from_seed(k, seed.p);
	} else {
		sign_key_new(k);
		must(io_write_new(dir, "seed", k->seed, SIGN_SEED, 0600), "seed");
		minisign_key_format(line, &k->public);
		snprintf(pub, sizeof pub, "untrusted comment: root\n%s\n", line);
		must(io_write_new(dir, "root.pub", pub, strlen(pub), 0644), "root.pub");
	}
	buf_wipe(&seed);
}

static void
previous_hash(int publish, uint32_t serial, uint8_t out[static HASH_LEN])
{
	char name[SCHEDULE_NAME_MAX];
	struct buf text;

	memset(out, 0, HASH_LEN);
	buf_init(&text, LIMIT_SCHEDULE);
	schedule_name(name, serial - 1, SCHEDULE_NAME_TEXT);
	if (serial > 1 && io_read_file(publish, name, &text) == ERR_OK)
		hash_256(out, text.p, text.len);
	buf_wipe(&text);
}

static int32_t
day(const char *s)
{
	int32_t d = 0;

	must(date_parse(s, strlen(s), &d), s);
	return d;
}

static void
fill_epochs(struct schedule *s, int32_t start, uint32_t n, int32_t days, int is_fork)
{
	struct schedule_epoch *e;
	uint32_t i, inbox;

	s->n_epochs = n * s->n_inboxes;
	if ((s->epochs = calloc(s->n_epochs, sizeof *s->epochs)) == NULL)
		exit(1);
	e = s->epochs;
	for (inbox = 0; inbox < s->n_inboxes; inbox++)
		for (i = 0; i < n; i++, e++) {
			e->inbox = inbox;
			e->number = i + 1;
			e->start = start + (int32_t)i * days;
			e->end = e->start + days;
			/* The same in every schedule, as with real keys. */
			hash_256(e->recipient, &(uint32_t[]){inbox, i, (uint32_t)is_fork}, 12);
			e->recipient[31] &= 0x7f;
		}
}

/* The first epoch's key gives its place to another one. */
static void
revoke_first(struct schedule *s)
{
	if ((s->revoked = calloc(1, sizeof *s->revoked)) == NULL)
		exit(1);
	s->n_revoked = 1;
	s->revoked[0] = (struct schedule_revoked){.inbox = 0, .number = s->epochs[0].number};
	memcpy(s->revoked[0].recipient, s->epochs[0].recipient, AGE_KEY);
	hash_256(s->epochs[0].recipient, "another", 7);
	s->epochs[0].recipient[31] &= 0x7f;
}

/* Whether its content is good is not the question: it has that size, and is signed. */
static void
grow(struct buf *text, size_t size)
{
	while (text->len < size)
		must(buf_add(text, "\n", 1), "grow");
}

static void
save(int publish, const char *name, const struct buf *b)
{
	must(io_replace(publish, name, b->p, b->len, 0644), name);
}

int
main(int argc, char **argv)
{
	const char *word = argc == 8 ? argv[7] : "";
	char comment[200], name[SCHEDULE_NAME_MAX];
	struct schedule s = {.n_inboxes = strcmp(word, "two") == 0 ? 2 : 1};
	int dir = -1, publish = -1;
	struct buf text, sig;
	struct sign_key root;

	if (argc < 7 || random_start() != 0)
		return 2;
	mkdir(argv[1], 0700);
	must(io_open_dir(AT_FDCWD, argv[1], &dir), argv[1]);
	mkdirat(dir, "publish", 0700);
	must(io_open_dir(dir, "publish", &publish), "publish");
	root_key(dir, &root);
	strcpy(s.instance, strcmp(word, "other") == 0 ? OTHER : INSTANCE);
	s.serial = (uint32_t)strtoul(argv[2], NULL, 10);
	s.issued = day(argv[3]);
	previous_hash(publish, s.serial, s.previous);
	if (strcmp(word, "unchained") == 0)
		s.previous[0] ^= 1;
	strcpy(s.inboxes[0].name, "tips");
	strcpy(s.inboxes[0].title, "Tips");
	strcpy(s.inboxes[1].name, "zone");
	strcpy(s.inboxes[1].title, "Zone");
	fill_epochs(&s, day(argv[4]), (uint32_t)strtoul(argv[5], NULL, 10),
	    (int32_t)strtol(argv[6], NULL, 10), strcmp(word, "fork") == 0);
	if (strcmp(word, "revoked") == 0)
		revoke_first(&s);
	buf_init(&text, LIMIT_SCHEDULE + 1);
	buf_init(&sig, LIMIT_SIGNATURE);
	must(schedule_format(&s, &text), "format");
	if (strncmp(word, "large", 5) == 0)
		grow(&text, LIMIT_SCHEDULE + (strcmp(word, "larger") == 0));
	must(schedule_comment(&s, comment, sizeof comment), "comment");
	must(sign_message(&root, text.p, text.len, comment, &sig), "sign");
	if (strcmp(word, "badsig") == 0)
		text.p[text.len - 6] ^= 1;
	/* The trusted comment is the third line: "trusted comment: sealslot-keys serial:1 ...". */
	if (strcmp(word, "comment") == 0)
		*(char *)memmem(sig.p, sig.len, "serial:", 7) ^= 1;
	schedule_name(name, s.serial, SCHEDULE_NAME_TEXT);
	save(publish, name, &text);
	save(publish, "keys.txt", &text);
	schedule_name(name, s.serial, SCHEDULE_NAME_SIG);
	save(publish, name, &sig);
	save(publish, "keys.txt.minisig", &sig);
	buf_wipe(&text);
	buf_wipe(&sig);
	free(s.epochs);
	free(s.revoked);
	return 0;
}
