#include "rig.h"

#include <err.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/text.h"
#include "carry/tar.h"
#include "open/keystore.h"
#include "seal/age_seal.h"
#include "seal/bech32.h"
#include "seal/zip_write.h"

#define CHECK(call)                                                                                \
	do {                                                                                       \
		enum err check_ = (call);                                                          \
		if (check_ != ERR_OK)                                                              \
			errx(EX_SOFTWARE, "%s:%d: %s: %s", __FILE__, __LINE__, #call,              \
			    err_text(check_));                                                     \
	} while (0)

/* ---- keys */

static void
seed_of(uint8_t out[static 32], const char *what, uint32_t number)
{
	char text[64];

	snprintf(text, sizeof text, "sealslot test rig: %s %u", what, number);
	hash_256(out, text, strlen(text));
}

void
rig_sign_key(struct sign_key *out, const char *name)
{
	uint8_t seed[SIGN_SEED];

	seed_of(seed, name, 0);
	sign_key_from_seed(out, seed);
}

static struct identity *
epoch_identity(uint32_t epoch)
{
	char text[AGE_IDENTITY_LEN + 1];
	struct identity *id = NULL;
	uint8_t sk[AGE_KEY];

	seed_of(sk, "epoch", epoch);
	bech32_identity(text, sk);
	CHECK(identity_parse(&id, text, strlen(text)));
	return id;
}

void
rig_epoch_pk(uint8_t pk[static AGE_KEY], uint32_t epoch)
{
	struct identity *id = epoch_identity(epoch);

	memcpy(pk, id->pk, AGE_KEY);
	secret_free(id);
}

void
rig_schedule(uint32_t serial, const struct sign_key *root, struct buf *text, struct buf *sig)
{
	struct schedule_epoch epochs[RIG_EPOCHS];
	struct schedule s = {.serial = serial, .issued = RIG_DAY, .n_inboxes = 1};
	char comment[MINISIGN_COMMENT_MAX + 1];
	uint32_t i;

	strcpy(s.instance, RIG_INSTANCE);
	strcpy(s.inboxes[0].name, RIG_INBOX);
	strcpy(s.inboxes[0].title, "Investigations desk");
	for (i = 0; i < RIG_EPOCHS; i++) {
		epochs[i] = (struct schedule_epoch){.number = RIG_EPOCH + i,
		    .start = RIG_DAY + 14 * (int32_t)i,
		    .end = RIG_DAY + 14 * (int32_t)(i + 1)};
		rig_epoch_pk(epochs[i].recipient, RIG_EPOCH + i);
	}
	s.epochs = epochs;
	s.n_epochs = RIG_EPOCHS;
	CHECK(schedule_format(&s, text));
	CHECK(schedule_comment(&s, comment, sizeof comment));
	CHECK(sign_message(root, text->p, text->len, comment, sig));
}

static void
write_public(int dir, const char *name, const struct buf *b)
{
	CHECK(io_write_new(dir, name, b->p, b->len, 0600));
}

static void
publish(int dir)
{
	struct buf text, sig, key;
	char line[MINISIGN_KEY_LEN + 1];
	struct sign_key root;

	buf_init(&text, LIMIT_SCHEDULE);
	buf_init(&sig, LIMIT_SIGNATURE);
	buf_init(&key, LIMIT_SIGNATURE);
	rig_sign_key(&root, "root");
	minisign_key_format(line, &root.public);
	CHECK(buf_addf(&key, "untrusted comment: minisign public key\n%s\n", line));
	write_public(dir, "root.pub", &key);
	rig_schedule(RIG_SERIAL, &root, &text, &sig);
	write_public(dir, "publish/keys-0012.txt", &text);
	write_public(dir, "publish/keys-0012.txt.minisig", &sig);
	buf_wipe(&text);
	buf_wipe(&sig);
	buf_wipe(&key);
}

static struct keystore *
open_keys(const char *path)
{
	struct keystore *k = NULL;
	struct secret_text pass;

	CHECK(secret_text_new(&pass, 64));
	CHECK(secret_text_add(&pass, RIG_PASSPHRASE, strlen(RIG_PASSPHRASE)));
	if (access(path, F_OK) == -1)
		CHECK(keystore_create_cost(path, &pass, 10));
	CHECK(keystore_open(path, &pass, &k));
	secret_text_wipe(&pass);
	return k;
}

void
rig_add_epoch(const char *path, uint32_t epoch)
{
	struct keystore *k = open_keys(path);
	struct identity *id = epoch_identity(epoch);

	CHECK(keystore_put_epoch(k, RIG_INBOX, epoch, id, RIG_DAY));
	secret_free(id);
	keystore_free(k);
}

void
rig_keys(const char *path, uint32_t epochs)
{
	struct keystore *k = open_keys(path);
	int dir = keystore_dir(k);
	uint32_t i;

	CHECK(io_write_new(dir, "instance", RIG_INSTANCE "\n", strlen(RIG_INSTANCE) + 1, 0600));
	if (faccessat(dir, "publish", F_OK, 0) == -1 && mkdirat(dir, "publish", 0700) == -1)
		err(EX_IOERR, "publish");
	publish(dir);
	keystore_free(k);
	for (i = 0; i < epochs; i++)
		rig_add_epoch(path, RIG_EPOCH + i);
}

/* ---- submissions */

void
rig_content(uint8_t *p, size_t n, uint64_t at, uint32_t seed)
{
	size_t i;
	uint64_t x;

	for (i = 0; i < n; i++) {
		x = (at + i + 1) * 0x9e3779b97f4a7c15u + seed;
		p[i] = (uint8_t)(x >> 56 ^ x >> 13);
	}
}

void
rig_submission(struct rig_submission *s, unsigned i)
{
	uint8_t raw[HASH_LEN];

	seed_of(raw, "submission", i);
	*s = (struct rig_submission){.day = RIG_DAY + (int32_t)(i % 14),
	    .epoch = RIG_EPOCH,
	    .stated_epoch = RIG_EPOCH,
	    .schedule = RIG_SERIAL,
	    .instance = RIG_INSTANCE,
	    .message = "A message.\r\nOf two lines.",
	    .topics = "{\"city\":\"Nice\",\"technology\":\"facial recognition\"}"};
	text_hex(s->id, raw, RANDOM_ID_LEN / 2);
}

static void
member_name(const struct rig_submission *s, size_t i, char out[static 32])
{
	if (s->files[i].name != NULL)
		snprintf(out, 32, "%s", s->files[i].name);
	else
		snprintf(out, 32, "files/%03zu-file", i + 1);
}

void
rig_manifest(const struct rig_submission *s, struct buf *out)
{
	char recipient[AGE_RECIPIENT_LEN + 1], received[DATE_MINUTE_LEN + 1], name[32];
	uint8_t pk[AGE_KEY];
	json_t *files = json_array(), *root;
	char *text;
	size_t i;

	rig_epoch_pk(pk, s->epoch);
	bech32_recipient(recipient, pk);
	date_format_minute(received, (int64_t)s->day * DATE_DAY_SEC + 50820);
	for (i = 0; i < s->n_files; i++) {
		member_name(s, i, name);
		json_array_append_new(
		    files, json_pack("{s:s, s:s, s:s, s:I}", "name", name, "original",
			       s->files[i].original, "type", s->files[i].type, "size",
			       (json_int_t)s->files[i].size));
	}
	root = json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:[s], s:s, s:o, s:n, s:n, s:o}", "format",
	    "sealslot 1", "id", s->stated_id == NULL ? s->id : s->stated_id, "instance",
	    s->instance, "inbox", RIG_INBOX, "epoch", (int)s->stated_epoch, "schedule",
	    (int)s->schedule, "recipients", recipient, "received", received, "topics",
	    json_loads(s->topics, 0, NULL), "reply_to", "mailbox", "files", files);
	if (root == NULL || (text = json_dumps(root, JSON_COMPACT)) == NULL)
		errx(EX_SOFTWARE, "manifest");
	CHECK(buf_add_str(out, text));
	free(text);
	json_decref(root);
}

static void
put_member(struct zip_write *z, const char *name, const void *p, size_t n)
{
	CHECK(zip_write_begin(z, name));
	CHECK(zip_write_put(z, p, n));
	CHECK(zip_write_end(z));
}

static void
put_file(struct zip_write *z, const struct rig_submission *s, size_t i)
{
	const struct rig_file *f = &s->files[i];
	static uint8_t piece[1 << 18];
	uint64_t at;
	char name[32];
	size_t n;

	member_name(s, i, name);
	CHECK(zip_write_begin(z, name));
	for (at = 0; at < f->size; at += n) {
		n = f->size - at < sizeof piece ? (size_t)(f->size - at) : sizeof piece;
		if (f->bytes != NULL)
			memcpy(piece, f->bytes + at, n);
		else
			rig_content(piece, n, at, (uint32_t)i);
		CHECK(zip_write_put(z, piece, n));
	}
	CHECK(zip_write_end(z));
}

void
rig_seal(const struct rig_submission *s, struct sink out)
{
	static struct age_seal seal;
	static struct zip_write zip;
	uint8_t to[2][AGE_KEY];
	struct buf dir, manifest;
	size_t i;
	enum err e;

	rig_epoch_pk(to[0], s->is_stranger ? 999 : s->epoch);
	rig_epoch_pk(to[1], 998);
	buf_init(&dir, 1 << 20);
	buf_init(&manifest, 1 << 22);
	if (s->manifest != NULL)
		CHECK(buf_add_str(&manifest, s->manifest));
	else
		rig_manifest(s, &manifest);
	CHECK(age_seal_init(&seal, (const uint8_t(*)[AGE_KEY])to, s->has_second ? 2 : 1, out));
	zip_write_init(&zip, &dir, age_seal_sink(&seal));
	put_member(&zip, ZIP_MESSAGE, s->message, strlen(s->message));
	for (i = 0; i < s->n_files; i++)
		put_file(&zip, s, i);
	put_member(&zip, ZIP_MANIFEST, manifest.p, manifest.len);
	CHECK(zip_write_finish_begin(&zip));
	while ((e = zip_write_pad(&zip, 1 << 20)) == ERR_AGAIN)
		;
	CHECK(e);
	CHECK(zip_write_finish_end(&zip));
	CHECK(age_seal_finish(&seal));
	zip_write_wipe(&zip);
	age_seal_wipe(&seal);
	buf_wipe(&manifest);
	buf_wipe(&dir);
}

/* ---- bundles */

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
