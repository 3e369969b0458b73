#include "desks.h"

#include "base/hash.h"
#include "front/form.h"
#include "repeating.h"
#include "seal/padding.h"

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

/* ---- what arrives */

static void
names_types_and_order(void **state)
{
	static const char want_files[] =
	    "{\"name\":\"files/001-etcpasswd\",\"original\":\"../etc/passwd\",\"type\":\"a/b\","
	    "\"size\":1},"
	    "{\"name\":\"files/002-a.b\",\"original\":\"a\\u000d\\u000a\\\".b\",\"type\":"
	    "\"application/octet-stream\",\"size\":2},"
	    "{\"name\":\"files/003-file\",\"original\":\"\xd9\x88\xd8\xab\",\"type\":\"text/plain\","
	    "\"size\":0}]}";
	struct buf body, manifest;
	struct opened o;
	struct rig r;

	(void)state;
	buf_init(&body, 4096);
	buf_init(&manifest, 4096);
	rig_field(&body, "token", RIG_TOKEN);
	rig_field(&body, "inbox", "culture");
	rig_field(&body, "topic-technology", "drones");
	rig_field(&body, "topic-city", "Saint-\xc3\x89tienne");
	rig_file_part(&body, "", "x/y", "", 0);
	rig_file_part(&body, "../etc/passwd", "a/b", "1", 1);
	rig_file_part(&body, "a%0D%0a%22.b", "nonsense", "22", 2);
	rig_file_part(&body, "\xd9\x88\xd8\xab", "text/plain; charset=utf-8", "", 0);
	rig_close(&body);
	rig_start(&r, schedule_for(1, 2), 1, 4);
	assert_int_equal(rig_upload(&r, body.p, body.len, 50), INTAKE_STORED);
	assert_string_equal(r.store.item.inbox, "culture");
	assert_int_equal(r.store.item.epoch, 32);
	o = open_stored(&r, 0);
	add_manifest_head(
	    &manifest, &r, 1, "\"city\":\"Saint-\xc3\x89tienne\",\"technology\":\"drones\"");
	assert_ok(buf_add_str(&manifest, want_files));
	assert_member(&o, ZIP_MANIFEST, manifest.p, manifest.len);
	assert_member(&o, ZIP_MESSAGE, "", 0);
	assert_member(&o, "files/002-a.b", "22", 2);
	assert_int_equal(o.zip->n_members, 5);
	close_opened(&o);
	rig_stop(&r);
	buf_wipe(&manifest);
	buf_wipe(&body);
}

static void
browsers_bodies_are_stored(void **state)
{
	static const struct {
		const char *name;
		enum intake_verdict verdict;
		size_t members;
	} t[] = {
	    {"firefox-nothing", INTAKE_EMPTY, 0},
	    {"firefox-message", INTAKE_STORED, 2},
	    {"firefox-one", INTAKE_STORED, 3},
	    {"firefox-odd", INTAKE_STORED, 19},
	    {"chromium-nothing", INTAKE_EMPTY, 0},
	    {"chromium-message", INTAKE_STORED, 2},
	    {"chromium-one", INTAKE_STORED, 3},
	    {"chromium-odd", INTAKE_STORED, 19},
	};
	char path[512], *boundary;
	struct buf body;
	struct opened o;
	struct rig r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof t / sizeof *t; i++) {
		buf_init(&body, 1 << 16);
		snprintf(path, sizeof path, "%s/%s.body", VECTORS, t[i].name);
		assert_ok(io_read_file(AT_FDCWD, path, &body));
		boundary = strndup((char *)body.p + 2, strcspn((char *)body.p, "\r") - 2);
		rig_start(&r, schedule_for(1, 1), 1, 4);
		r.boundary = boundary;
		assert_int_equal(rig_upload(&r, body.p, body.len, 1400), t[i].verdict);
		if (t[i].verdict == INTAKE_STORED) {
			o = open_stored(&r, 0);
			assert_int_equal(o.zip->n_members, t[i].members);
			if (t[i].members == 2)
				assert_member(&o, ZIP_MESSAGE,
				    "Premi\xc3\xa8re ligne\r\nseconde \xf0\x9f\x98\x80\r\n", 31);
			if (t[i].members == 3)
				assert_member(&o, "files/001-plain.txt", "plain", 5);
			close_opened(&o);
		}
		rig_stop(&r);
		free(boundary);
		buf_wipe(&body);
	}
}

static void
source_and_session_are_passed_on(void **state)
{
	struct manifest_source source = {"age1source", "00ff"};
	enum intake_verdict v = INTAKE_PENDING;
	struct intake_request q;
	struct buf body, all;
	struct opened o;
	struct rig r;

	(void)state;
	fill_good(&body);
	buf_init(&all, 4096);
	rig_start(&r, schedule_for(1, 1), 1, 4);
	q = rig_request(&r, body.len);
	q.source = &source;
	q.is_signed_in = true;
	assert_ok(intake_start(&r.env, &q, &r.in, &v));
	explicit_bzero(&source, sizeof source);
	assert_int_equal(r.store.signed_in_begins, 1);
	assert_false(intake_was_offered(r.in));
	rig_await(&r, 0);
	assert_true(rig_feed(&r, body.p, body.len));
	assert_int_equal(rig_end(&r), INTAKE_STORED);
	assert_true(r.store.item.is_signed_in);
	assert_true(intake_was_offered(r.in));
	o = open_stored(&r, 0);
	assert_ok(zip_read_member(o.zip, zip_read_find(o.zip, ZIP_MANIFEST), harness_sink(&all)));
	assert_non_null(
	    strstr(buf_cstr(&all), "\"reply_to\":\"age1source\",\"mailbox\":\"00ff\","));
	close_opened(&o);
	rig_stop(&r);
	buf_wipe(&all);
	buf_wipe(&body);
}

/* ---- any split */

static void
any_split_seals_the_same(void **state)
{
	uint8_t first[HASH_LEN], hash[HASH_LEN];
	struct buf body, file;
	struct rig r;
	size_t at;

	(void)state;
	fill_good(&body);
	buf_init(&file, 1 << 20);
	assert_int_equal(randombytes_set_implementation(&repeating), 0);
	rig_start(&r, schedule_for(1, 1), 1, 4);
	for (at = 0; at <= body.len; at++) {
		enum intake_verdict v;

		repeating_state = 1;
		assert_true(rig_open(&r, body.len, &v));
		if (at < body.len) {
			assert_true(rig_feed(&r, body.p, at));
			assert_true(rig_feed(&r, body.p + at, body.len - at));
		} else {
			size_t i;

			for (i = 0; i < body.len; i++)
				assert_true(rig_feed(&r, body.p + i, 1));
		}
		assert_int_equal(rig_end(&r), INTAKE_STORED);
		intake_free(r.in);
		r.in = NULL;
		assert_ok(buf_grow(&file, r.store.item.size, &(uint8_t *){NULL}));
		assert_ok(io_pread_exact(r.store.stored, file.p, file.len, 0));
		hash_256(hash, file.p, file.len);
		if (at == 0)
			memcpy(first, hash, HASH_LEN);
		assert_memory_equal(first, hash, HASH_LEN);
		buf_reset(&file);
	}
	rig_stop(&r);
	assert_int_equal(randombytes_set_implementation(&randombytes_sysrandom_implementation), 0);
	buf_wipe(&file);
	buf_wipe(&body);
}

/* ---- what the pages ask */

static void
token_and_progress_are_known_early(void **state)
{
	enum intake_verdict v;
	uint64_t done, total;
	struct buf body;
	struct rig r;
	size_t known = strlen("--XbX\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n") +
		       FORM_TOKEN_LEN + strlen("\r\n--XbX");

	(void)state;
	fill_good(&body);
	rig_start(&r, schedule_for(1, 1), 1, 4);
	assert_true(rig_open(&r, body.len, &v));
	assert_true(rig_feed(&r, body.p, known - 1));
	assert_null(intake_token(r.in));
	assert_true(rig_feed(&r, body.p + known - 1, 1));
	assert_string_equal(intake_token(r.in), RIG_TOKEN);
	intake_progress(r.in, &done, &total);
	assert_int_equal(done, known);
	assert_int_equal(total, body.len);
	/* It stays when the upload fails. */
	assert_false(rig_feed(&r, "nonsense", 8));
	assert_int_equal(intake_verdict(r.in), INTAKE_MALFORMED);
	assert_string_equal(intake_token(r.in), RIG_TOKEN);
	rig_stop(&r);
	buf_wipe(&body);
}

static void
an_upload_keeps_its_schedule(void **state)
{
	struct schedule_ref *old;
	enum intake_verdict v;
	struct buf body;
	struct rig r;

	(void)state;
	fill_good(&body);
	rig_start(&r, schedule_for(1, 1), 1, 4);
	assert_true(rig_open(&r, body.len, &v));
	old = r.schedule;
	assert_int_equal(old->refs, 2);
	assert_non_null(r.schedule = schedule_ref_new(schedule_for(2, 2)));
	schedule_ref_drop(old);
	assert_true(rig_feed(&r, body.p, body.len));
	assert_int_equal(rig_end(&r), INTAKE_STORED);
	assert_int_equal(r.schedule->refs, 1);
	rig_stop(&r);
	buf_wipe(&body);
	schedule_ref_drop(NULL);
	intake_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_sent_is_what_is_opened),
	    cmocka_unit_test(names_types_and_order),
	    cmocka_unit_test(browsers_bodies_are_stored),
	    cmocka_unit_test(source_and_session_are_passed_on),
	    cmocka_unit_test(any_split_seals_the_same),
	    cmocka_unit_test(token_and_progress_are_known_early),
	    cmocka_unit_test(an_upload_keeps_its_schedule),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, make_desks, forget_desks);
}
