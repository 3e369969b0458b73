#include "rig.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/io.h"
#include "carry/tar.h"
#include "rig_check.h"

void
rig_bundle(struct rig_bundle *b, uint32_t serial)
{
	*b = (struct rig_bundle){.schedule = RIG_SERIAL, .transfer = "transfer", .root = "root"};
	b->head = (struct bundle_head){
	    .serial = serial, .made = RIG_DAY + (int32_t)serial, .volume = 1, .volumes = 1};
	strcpy(b->head.instance, RIG_INSTANCE);
}

static int
by_id(const void *x, const void *y)
{
	const struct rig_item *a = x, *b = y;

	return strcmp(a->row.id, b->row.id);
}

/* What is larger than this isn't kept in memory. */
#define SPOOLED (1ULL << 30)

/* Where the bytes of an item go while it is sealed. */
struct sealing {
	struct rig_item *item;
	struct hash hash;
};

static enum err
put_sealed(void *ctx, const void *p, size_t n)
{
	struct sealing *s = ctx;

	hash_put(&s->hash, p, n);
	s->item->row.size += n;
	if (s->item->spool != -1)
		return io_write_all(s->item->spool, p, n);
	return buf_add(&s->item->sealed, p, n);
}

static int
new_spool(void)
{
	const char *dir = getenv("TMPDIR");
	int fd = open(dir == NULL ? "/tmp" : dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd == -1)
		err(EX_CANTCREAT, "spool");
	return fd;
}

void
rig_bundle_add(struct rig_bundle *b, const struct rig_submission *s)
{
	struct sealing sealing;
	struct rig_item *i;
	uint64_t size = 0;
	size_t k;

	if ((b->items = realloc(b->items, (b->n + 1) * sizeof *b->items)) == NULL)
		err(EX_OSERR, "realloc");
	i = &b->items[b->n++];
	*i = (struct rig_item){.row = {.day = s->day, .epoch = s->stated_epoch}, .spool = -1};
	strcpy(i->row.id, s->id);
	strcpy(i->row.inbox, RIG_INBOX);
	buf_init(&i->sealed, SIZE_MAX / 2);
	for (k = 0; k < s->n_files; k++)
		size += s->files[k].size;
	if (size > SPOOLED)
		i->spool = new_spool();
	sealing.item = i;
	hash_init(&sealing.hash, HASH_LEN);
	rig_seal(s, (struct sink){put_sealed, &sealing});
	hash_finish(&sealing.hash, i->row.hash);
}

static void
put_spool(struct sink out, int fd, uint64_t size)
{
	static const uint8_t zeros[TAR_BLOCK];
	static uint8_t piece[1 << 20];
	size_t n;

	if (lseek(fd, 0, SEEK_SET) == -1)
		err(EX_IOERR, "spool");
	do {
		CHECK(io_read_full(fd, piece, sizeof piece, &n));
		CHECK(sink_put(out, piece, n));
	} while (n == sizeof piece);
	CHECK(sink_put(out, zeros, tar_pad(size)));
}

static void
put_tar(struct sink out, const char *name, const void *p, size_t n)
{
	static const uint8_t zeros[TAR_BLOCK];
	uint8_t head[TAR_HEAD_MAX];
	size_t len;

	CHECK(tar_header_write(head, &len, name, n));
	CHECK(sink_put(out, head, len));
	if (n > 0)
		CHECK(sink_put(out, p, n));
	CHECK(sink_put(out, zeros, tar_pad(n)));
}

static void
put_index(struct rig_bundle *b, const struct sign_key *key, struct sink out)
{
	struct bundle_index index = {.head = b->head, .n_items = b->n};
	char comment[BUNDLE_COMMENT_MAX + 1], line[MINISIGN_KEY_LEN + 1], pub[256];
	struct buf text, sig;
	size_t i;

	if ((index.items = calloc(b->n + 1, sizeof *index.items)) == NULL)
		err(EX_OSERR, "calloc");
	for (i = 0; i < b->n; i++)
		index.items[i] = b->items[i].row;
	buf_init(&text, LIMIT_BUNDLE_INDEX);
	buf_init(&sig, LIMIT_SIGNATURE);
	CHECK(bundle_index_format(&index, &text));
	CHECK(bundle_comment(&b->head, comment, sizeof comment));
	CHECK(sign_message(key, text.p, text.len, comment, &sig));
	hash_256(b->hash, text.p, text.len);
	put_tar(out, BUNDLE_INDEX, text.p, text.len);
	put_tar(out, BUNDLE_INDEX_SIG, sig.p, sig.len);
	minisign_key_format(line, &key->public);
	snprintf(pub, sizeof pub, "untrusted comment: minisign public key\n%s\n", line);
	put_tar(out, BUNDLE_TRANSFER, pub, strlen(pub));
	free(index.items);
	buf_wipe(&text);
	buf_wipe(&sig);
}

static void
put_schedule(const struct rig_bundle *b, struct sink out)
{
	struct buf text, sig;
	struct sign_key root;
	char name[64];

	buf_init(&text, LIMIT_SCHEDULE);
	buf_init(&sig, LIMIT_SIGNATURE);
	rig_sign_key(&root, b->root);
	rig_schedule(b->schedule, &root, &text, &sig);
	snprintf(name, sizeof name, BUNDLE_SCHEDULES "keys-%04u.txt", b->schedule);
	put_tar(out, name, text.p, text.len);
	strcat(name, ".minisig");
	put_tar(out, name, sig.p, sig.len);
	buf_wipe(&text);
	buf_wipe(&sig);
}

static void
put_item(const struct rig_item *i, const char *name, struct sink out)
{
	uint8_t head[TAR_HEAD_MAX];
	size_t len;

	if (i->spool == -1) {
		put_tar(out, name, i->sealed.p, i->sealed.len);
		return;
	}
	CHECK(tar_header_write(head, &len, name, i->row.size));
	CHECK(sink_put(out, head, len));
	put_spool(out, i->spool, i->row.size);
}

void
rig_bundle_sort(struct rig_bundle *b)
{
	if (b->n > 0)
		qsort(b->items, b->n, sizeof *b->items, by_id);
}

void
rig_bundle_write(struct rig_bundle *b, struct sink out)
{
	static const uint8_t end[TAR_END_LEN];
	struct sign_key key;
	char name[64];
	size_t i;

	rig_bundle_sort(b);
	rig_sign_key(&key, b->transfer);
	put_index(b, &key, out);
	if (b->schedule != 0)
		put_schedule(b, out);
	if (b->foreign != NULL)
		put_tar(out, b->foreign, "not ours", 8);
	for (i = 0; i < b->n; i++) {
		snprintf(name, sizeof name, "%s" BUNDLE_ITEM_EXT, b->items[i].row.id);
		if (!b->items[i].is_left_out)
			put_item(&b->items[i], name, out);
	}
	CHECK(sink_put(out, end, sizeof end));
}

void
rig_bundle_wipe(struct rig_bundle *b)
{
	size_t i;

	for (i = 0; i < b->n; i++) {
		buf_wipe(&b->items[i].sealed);
		io_close(&b->items[i].spool);
	}
	free(b->items);
	*b = (struct rig_bundle){0};
}
