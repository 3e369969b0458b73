#include "desk.h"

#include "item.h"
#include "manifest.h"

static struct buf good; /* the manifest of a submission with two files */

static void
make_submission(struct rig_submission *s)
{
	rig_submission(s, 0);
	s->n_files = 2;
	s->files[0] =
	    (struct rig_file){"R\xc3\xa9sum\xc3\xa9 1.pdf", "application/pdf", 123, NULL, NULL};
	s->files[1] = (struct rig_file){"b", "text/plain", 0, NULL, NULL};
}

static int
setup(void **state)
{
	struct rig_submission s;

	(void)state;
	buf_init(&good, LIMIT_MIB);
	make_submission(&s);
	rig_manifest(&s, &good);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	buf_wipe(&good);
	return 0;
}

static enum err
parse(const char *text, size_t n)
{
	const char *why = NULL;
	struct manifest *m = NULL;
	enum err e = manifest_parse(text, n, &m, &why);

	if (e == ERR_OK)
		assert_non_null(m);
	else
		assert_non_null(why);
	manifest_free(m);
	return e;
}

/* The good one with the first `from` replaced. */
static enum err
parse_with(const char *from, const char *to)
{
	const char *text = buf_cstr(&good), *at = strstr(text, from);
	struct buf b;
	enum err e;

	assert_non_null(at);
	buf_init(&b, 4 * LIMIT_MIB);
	assert_ok(buf_add(&b, text, (size_t)(at - text)));
	assert_ok(buf_add_str(&b, to));
	assert_ok(buf_add_str(&b, at + strlen(from)));
	e = parse((const char *)b.p, b.len);
	buf_wipe(&b);
	return e;
}

static void
the_good_one_says_what_it_says(void **state)
{
	struct manifest *m = NULL;
	const char *why;

	(void)state;
	assert_ok(manifest_parse(good.p, good.len, &m, &why));
	assert_string_equal(m->inbox, "tips");
	assert_int_equal(m->epoch, RIG_EPOCH);
	assert_int_equal(m->schedule, RIG_SERIAL);
	assert_int_equal(m->n_recipients, 1);
	assert_int_equal(m->received_day, RIG_DAY);
	assert_string_equal(m->received, "2026-02-16T14:07Z");
	assert_int_equal(m->n_topics, 2);
	assert_string_equal(m->topics[0].name, "city");
	assert_string_equal(m->topics[1].value, "facial recognition");
	assert_string_equal(m->mailbox, "");
	assert_int_equal(m->n_files, 2);
	assert_string_equal(m->files[0].original, "R\xc3\xa9sum\xc3\xa9 1.pdf");
	assert_int_equal(m->files[0].size, 123);
	manifest_free(m);
	manifest_free(NULL);
}

static void
every_truncation_is_refused(void **state)
{
	size_t n;

	(void)state;
	for (n = 0; n < good.len; n++)
		assert_err(parse((const char *)good.p, n), ERR_FORMAT);
}

/* A flipped bit either changes a value within its rules, or is refused; never anything worse. */
static void
every_bit_flip_ends_well(void **state)
{
	size_t i, refused = 0;
	unsigned bit;
	enum err e;

	(void)state;
	for (i = 0; i < good.len; i++)
		for (bit = 0; bit < 8; bit++) {
			good.p[i] ^= (uint8_t)(1u << bit);
			e = parse((const char *)good.p, good.len);
			assert_true(e == ERR_OK || e == ERR_FORMAT);
			refused += e == ERR_FORMAT;
			good.p[i] ^= (uint8_t)(1u << bit);
		}
	assert_true(refused > good.len * 4);
}

static void
keys_are_exactly_the_expected_ones(void **state)
{
	(void)state;
	assert_err(parse_with("\"epoch\"", "\"epock\""), ERR_FORMAT);
	assert_err(parse_with("\"files\"", "\"more\":1,\"files\""), ERR_FORMAT);
	assert_err(parse_with("\"type\"", "\"typo\""), ERR_FORMAT);
	assert_err(parse_with("\"id\"", "\"id\":\"x\",\"id\""), ERR_FORMAT); /* twice */
	assert_err(parse_with("\"epoch\":30,\"schedule\":12", "\"schedule\":12,\"epoch\":30"),
	    ERR_FORMAT); /* another order */
	assert_err(parse_with("\"reply_to\":null,", ""), ERR_FORMAT);
	assert_err(parse_with("]}", "],\"after\":1}"), ERR_FORMAT);
	assert_err(parse_with("]}", "]}{}"), ERR_FORMAT);
}

static void
values_are_of_their_types(void **state)
{
	(void)state;
	assert_err(parse_with("sealslot 1", "sealslot 2"), ERR_FORMAT);
	assert_err(parse_with("\"epoch\":30", "\"epoch\":-1"), ERR_FORMAT);
	assert_err(parse_with("\"epoch\":30", "\"epoch\":30.0"), ERR_FORMAT);
	assert_err(parse_with("\"epoch\":30", "\"epoch\":\"30\""), ERR_FORMAT);
	assert_err(parse_with("\"epoch\":30", "\"epoch\":4294967296"), ERR_FORMAT);
	assert_err(parse_with("\"epoch\":30", "\"epoch\":99999999999999999999"), ERR_FORMAT);
	assert_err(parse_with("\"inbox\":\"tips\"", "\"inbox\":\"../x\""), ERR_FORMAT);
	assert_err(parse_with("\"inbox\":\"tips\"", "\"inbox\":\"\""), ERR_FORMAT);
	assert_err(parse_with("14:07Z", "24:07Z"), ERR_FORMAT);
	assert_err(parse_with("14:07Z", "14:60Z"), ERR_FORMAT);
	assert_err(parse_with("2026-02-16T", "2026-02-30T"), ERR_FORMAT);
	assert_err(parse_with("\"size\":123", "\"size\":68719476737"), ERR_FORMAT);
	assert_err(parse_with("\"recipients\":[", "\"recipients\":[],\"x\":["), ERR_FORMAT);
	assert_err(parse_with("\"age1", "\"age2"), ERR_FORMAT);
	assert_err(parse_with("\"reply_to\":null", "\"reply_to\":\"age1\""), ERR_FORMAT);
	assert_err(parse_with("\"mailbox\":null", "\"mailbox\":\"00\""), ERR_FORMAT);
	assert_err(parse_with("\"city\":\"Nice\"", "\"ci ty\":\"Nice\""), ERR_FORMAT);
	assert_err(parse_with("\"city\":\"Nice\"", "\"city\":1"), ERR_FORMAT);
	assert_err(parse_with("\"text/plain\"", "\"text\\u0000plain\""), ERR_FORMAT);
	assert_err(parse_with("\"text/plain\"", "\"text\xff\""), ERR_FORMAT);
}

/* A mailbox goes with a reply key, or neither is there. */
static void
a_mailbox_has_a_reply_key(void **state)
{
	char both[256], hex[65];

	(void)state;
	memset(hex, 'a', 64);
	hex[64] = '\0';
	snprintf(both, sizeof both,
	    "\"reply_to\":\"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\","
	    "\"mailbox\":\"%s\"",
	    hex);
	assert_ok(parse_with("\"reply_to\":null,\"mailbox\":null", both));
	snprintf(both, sizeof both, "\"reply_to\":null,\"mailbox\":\"%s\"", hex);
	assert_err(parse_with("\"reply_to\":null,\"mailbox\":null", both), ERR_FORMAT);
}

static enum err
parse_with_long(const char *from, const char *before, size_t n, const char *after)
{
	static char to[3 * 1024 * 1024];
	size_t len = strlen(before);

	memcpy(to, before, len);
	memset(to + len, 'a', n);
	strcpy(to + len + n, after);
	return parse_with(from, to);
}

static void
limits_hold(void **state)
{
	const char *original = "\"original\":\"b\"";

	(void)state;
	assert_ok(parse_with_long(original, "\"original\":\"", MANIFEST_ORIGINAL, "\""));
	assert_err(
	    parse_with_long(original, "\"original\":\"", MANIFEST_ORIGINAL + 1, "\""), ERR_FORMAT);
	assert_ok(parse_with_long("text/plain", "", LIMIT_FILE_TYPE, ""));
	assert_err(parse_with_long("text/plain", "", LIMIT_FILE_TYPE + 1, ""), ERR_FORMAT);
	assert_ok(parse_with_long("Nice", "", MANIFEST_TOPIC_VALUE, ""));
	assert_err(parse_with_long("Nice", "", MANIFEST_TOPIC_VALUE + 1, ""), ERR_FORMAT);
	assert_err(parse_with_long("Nice", "", LIMIT_MANIFEST, ""), ERR_LIMIT);
}

static void
too_many_of_anything_is_refused(void **state)
{
	struct buf b;
	unsigned i;

	(void)state;
	buf_init(&b, 4 * LIMIT_MIB);
	for (i = 0; i < LIMIT_UPLOAD_FILES; i++)
		assert_ok(buf_add_str(
		    &b, "{\"name\":\"f\",\"original\":\"\",\"type\":\"\",\"size\":0},"));
	/* 500 more are too many, 498 with the two that are there are not. */
	assert_err(
	    parse_with("{\"name\":", (assert_ok(buf_add_str(&b, "{\"name\":")), buf_cstr(&b))),
	    ERR_FORMAT);
	buf_reset(&b);
	for (i = 0; i < LIMIT_TOPICS; i++)
		assert_ok(buf_addf(&b, "\"t%u\":\"\",", i));
	assert_err(parse_with("\"city\"", (assert_ok(buf_add_str(&b, "\"city\"")), buf_cstr(&b))),
	    ERR_FORMAT);
	buf_wipe(&b);
}

/* Deep nesting is refused before anything recurses. */
static void
nesting_is_bounded(void **state)
{
	static char deep[1000000];

	(void)state;
	memset(deep, '[', sizeof deep);
	assert_err(parse(deep, sizeof deep), ERR_FORMAT);
	assert_err(parse_with("\"epoch\":30", "\"epoch\":[[[[30]]]]"), ERR_FORMAT);
	assert_ok(parse_with("Nice", "[[[[[[{{{{\\\"[[[["));
}

static void
it_must_agree_with_the_archive(void **state)
{
	const struct identity_set *ids;
	struct item *it = NULL;
	struct rig_submission s;
	struct manifest *m = NULL;
	const char *why = NULL;
	struct desk d;
	int fd;

	(void)state;
	desk_init(&d, 1);
	make_submission(&s);
	fd = desk_seal(&s);
	assert_ok(vault_identities(d.v, &ids));
	assert_ok(item_open(fd, ids, &it));
	assert_ok(manifest_parse(good.p, good.len, &m, &why));
	assert_ok(manifest_agrees(m, it->zip, &why));
	m->files[1].size++;
	assert_err(manifest_agrees(m, it->zip, &why), ERR_PROFILE);
	m->files[1].size--;
	m->files[0].name[8] ^= 1;
	assert_err(manifest_agrees(m, it->zip, &why), ERR_PROFILE);
	m->files[0].name[8] ^= 1;
	m->n_files--;
	assert_err(manifest_agrees(m, it->zip, &why), ERR_PROFILE);
	m->n_files++;
	assert_ok(manifest_agrees(m, it->zip, &why));
	manifest_free(m);
	item_free(it);
	close(fd);
	desk_wipe(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_good_one_says_what_it_says),
	    cmocka_unit_test(every_truncation_is_refused),
	    cmocka_unit_test(every_bit_flip_ends_well),
	    cmocka_unit_test(keys_are_exactly_the_expected_ones),
	    cmocka_unit_test(values_are_of_their_types),
	    cmocka_unit_test(a_mailbox_has_a_reply_key),
	    cmocka_unit_test(limits_hold),
	    cmocka_unit_test(too_many_of_anything_is_refused),
	    cmocka_unit_test(nesting_is_bounded),
	    cmocka_unit_test(it_must_agree_with_the_archive),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests(tests, setup, teardown);
}
