#include "rig.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/text.h"
#include "open/keystore.h"
#include "rig_check.h"
#include "seal/age_seal.h"
#include "seal/bech32.h"
#include "seal/zip_write.h"

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
