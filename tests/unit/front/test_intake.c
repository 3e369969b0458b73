#include "harness.h"

#include "base/limits.h"
#include "base/text.h"
#include "open/age_open.h"
#include "open/zip_read.h"
#include "rig.h"
#include "seal/bech32.h"
#include "seal/padding.h"

/* ---- desks */

static struct identity_set ids; /* two desks */

static struct schedule *
schedule_for(size_t recipients, size_t inboxes)
{
	uint8_t pk[2][AGE_KEY];

	memcpy(pk[0], ids.p[0].pk, AGE_KEY);
	memcpy(pk[1], ids.p[1].pk, AGE_KEY);
	return rig_schedule((const uint8_t(*)[AGE_KEY])pk, recipients, inboxes);
}

static int
make_desks(void **state)
{
	struct identity *id;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_ok(identity_new(&id));
		assert_ok(identity_set_add(&ids, id));
		secret_free(id);
	}
	return 0;
}

static int
forget_desks(void **state)
{
	(void)state;
	identity_set_wipe(&ids);
	return 0;
}

/* ---- opening what was stored */

static enum err
read_opened(void *ctx, uint64_t at, void *p, size_t n)
{
	return age_open_read(ctx, at, p, n);
}

struct opened {
	struct age_open *age;
	struct zip_read *zip;
};

/* With one desk's identity only. */
static struct opened
open_stored(struct rig *r, size_t desk)
{
	struct identity_set one = {0};
	struct zip_source source;
	struct opened o = {0};

	assert_ok(identity_set_add(&one, &ids.p[desk]));
	assert_ok(age_open_fd(r->store.stored, &one, NULL, &o.age));
	source = (struct zip_source){read_opened, o.age, age_open_size(o.age)};
	assert_ok(zip_read_open(source, &o.zip));
	identity_set_wipe(&one);
	return o;
}

static void
close_opened(struct opened *o)
{
	zip_read_free(o->zip);
	age_open_free(o->age);
}

static void
assert_member(struct opened *o, const char *name, const void *p, size_t n)
{
	const struct zip_member *m = zip_read_find(o->zip, name);
	struct buf b;

	if (m == NULL)
		fail_msg("no member %s", name);
	buf_init(&b, 1 << 28);
	assert_int_equal(m->size, n);
	assert_ok(zip_read_member(o->zip, m, harness_sink(&b)));
	assert_int_equal(b.len, n);
	if (n > 0)
		assert_memory_equal(b.p, p, n);
	buf_wipe(&b);
}

/* The manifest's text up to the files. */
static void
add_manifest_head(struct buf *b, const struct rig *r, size_t recipients, const char *topics)
{
	char a[AGE_RECIPIENT_LEN + 1], z[AGE_RECIPIENT_LEN + 1];

	bech32_recipient(a, ids.p[0].pk);
	bech32_recipient(z, ids.p[1].pk);
	assert_ok(buf_addf(b,
	    "{\"format\":\"sealslot 1\",\"id\":\"%s\",\"instance\":\"%s\",\"inbox\":\"%s\","
	    "\"epoch\":%u,\"schedule\":12,\"recipients\":[\"%s\"%s%s%s],\"received\":\"" RIG_RECEIVED
	    "\",\"topics\":{%s},\"reply_to\":null,\"mailbox\":null,\"files\":[",
	    r->store.item.id, r->schedule->s->instance, r->store.item.inbox, r->store.item.epoch, a,
	    recipients > 1 ? ",\"" : "", recipients > 1 ? z : "", recipients > 1 ? "\"" : "",
	    topics));
}

/* ---- round trips */

static void
round_trip(size_t size, size_t files, size_t recipients)
{
	uint8_t *content = malloc(size + 1);
	struct buf body, manifest;
	struct opened o;
	struct stat st;
	struct rig r;
	char name[32];
	size_t i;

	assert_non_null(content);
	harness_fill(content, size, (uint32_t)(size + files));
	buf_init(&body, files * size + 4096);
	rig_field(&body, "token", RIG_TOKEN);
	rig_field(&body, "topic-city", "Nice");
	rig_field(&body, "message", "line\r\ntwo");
	for (i = 0; i < files; i++)
		rig_file_part(&body, "a.bin", "a/b", content, size);
	rig_close(&body);
	rig_start(&r, schedule_for(recipients, 1), 2, 8);
	assert_int_equal(rig_upload(&r, body.p, body.len, 32768), INTAKE_STORED);
	assert_int_equal(r.store.body_len, body.len);
	assert_int_equal(r.store.aborts, 0);
	assert_int_equal(fstat(r.store.stored, &st), 0);
	assert_int_equal(r.store.item.size, st.st_size);
	assert_int_equal(r.store.item.epoch, 31);
	assert_int_equal(r.store.item.serial, 12);
	assert_string_equal(r.store.item.inbox, "tips");

	buf_init(&manifest, 1 << 16);
	add_manifest_head(&manifest, &r, recipients, "\"city\":\"Nice\"");
	for (i = 0; i < files; i++)
		assert_ok(buf_addf(&manifest,
		    "%s{\"name\":\"files/%03zu-a.bin\",\"original\":\"a.bin\",\"type\":\"a/b\","
		    "\"size\":%zu}",
		    i == 0 ? "" : ",", i + 1, size));
	assert_ok(buf_add_str(&manifest, "]}"));
	o = open_stored(&r, recipients - 1);
	assert_int_equal(age_open_stanzas(o.age), recipients);
	assert_int_equal(age_sealed_size(recipients, age_open_size(o.age)), st.st_size);
	assert_int_equal(padding_bucket(age_open_size(o.age)), age_open_size(o.age));
	assert_int_equal(o.zip->n_members, files + 2);
	assert_member(&o, ZIP_MESSAGE, "line\r\ntwo", 9);
	for (i = 0; i < files; i++) {
		snprintf(name, sizeof name, "files/%03zu-a.bin", i + 1);
		assert_member(&o, name, content, size);
	}
	assert_member(&o, ZIP_MANIFEST, manifest.p, manifest.len);
	assert_ok(zip_read_check_padding(o.zip));
	close_opened(&o);
	rig_stop(&r);
	buf_wipe(&manifest);
	buf_wipe(&body);
	free(content);
}

static void
what_is_sent_is_what_is_opened(void **state)
{
	static const size_t sizes[] = {
	    0, 1, 8191, 8192, 8193, 65535, 65536, 65537, 1 << 24, (1 << 24) + 1};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		round_trip(sizes[i], 1, 1);
		round_trip(sizes[i], 3, 1);
		round_trip(sizes[i], 1, 2);
		round_trip(sizes[i], 3, 2);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_sent_is_what_is_opened),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, make_desks, forget_desks);
}
