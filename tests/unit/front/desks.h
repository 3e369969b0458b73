#ifndef SEALSLOT_TEST_DESKS_H
#define SEALSLOT_TEST_DESKS_H

/* Two desks that can open what an upload became, and a small body to send. */
#include "harness.h"

#include "base/limits.h"
#include "open/age_open.h"
#include "open/zip_read.h"
#include "rig.h"
#include "seal/bech32.h"

/* ---- desks */

static struct identity_set ids; /* two desks */

static inline struct schedule *
schedule_for(size_t recipients, size_t inboxes)
{
	uint8_t pk[2][AGE_KEY];

	memcpy(pk[0], ids.p[0].pk, AGE_KEY);
	memcpy(pk[1], ids.p[1].pk, AGE_KEY);
	return rig_schedule((const uint8_t(*)[AGE_KEY])pk, recipients, inboxes);
}

static inline int
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

static inline int
forget_desks(void **state)
{
	(void)state;
	identity_set_wipe(&ids);
	return 0;
}

/* ---- opening what was stored */

static inline enum err
read_opened(void *ctx, uint64_t at, void *p, size_t n)
{
	return age_open_read(ctx, at, p, n);
}

struct opened {
	struct age_open *age;
	struct zip_read *zip;
};

/* With one desk's identity only. */
static inline struct opened
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

static inline void
close_opened(struct opened *o)
{
	zip_read_free(o->zip);
	age_open_free(o->age);
}

static inline void
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
static inline void
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

/* A small good body. */
static inline void
fill_good(struct buf *b)
{
	buf_init(b, 4096);
	rig_field(b, "token", RIG_TOKEN);
	rig_field(b, "message", "x");
	rig_file_part(b, "a", "a/b", "content\r\n--XbY", 14);
	rig_close(b);
}

#endif
