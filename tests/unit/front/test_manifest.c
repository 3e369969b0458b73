#include "harness.h"

#include "base/limits.h"
#include "front/manifest.h"
#include "front/member_name.h"
#include "seal/bech32.h"

/* ---- member names */

static void
expect_member(const char *original, const char *want)
{
	char out[MEMBER_NAME_MAX + 1];

	memset(out, 'x', sizeof out);
	member_name(out, 7, original);
	assert_memory_equal(out, "files/007-", 10);
	assert_string_equal(out + 10, want);
}

static void
member_names_are_safe(void **state)
{
	(void)state;
	expect_member("report.pdf", "report.pdf");
	expect_member("A-Z_0.9", "A-Z_0.9");
	expect_member("a b(c)&d;e.txt", "abcde.txt");
	expect_member("../../etc/passwd", "etcpasswd");
	expect_member("C:\\dir\\file.doc", "Cdirfile.doc");
	expect_member(".bashrc", "bashrc");
	expect_member("name...", "name");
	expect_member("...", "file");
	expect_member("", "file");
	expect_member("\r\n\t\x7f\x1b[2J", "2J");
	expect_member("rtl\xe2\x80\xaegnp.exe", "rtlgnp.exe");
	expect_member("\xd9\x88\xd8\xab\xd9\x8a\xd9\x82\xd8\xa9", "file");
	expect_member("\xd9\x88.odt", "odt");
	expect_member("\xff\xfe\xc3", "file");
	expect_member("a\xc3(b", "ab");
}

static void
latin_letters_lose_their_accents(void **state)
{
	(void)state;
	expect_member("\xc3\xa9t\xc3\xa9 \xc3\xa0 N\xc3\xaemes.pdf", "eteaNimes.pdf");
	expect_member("\xc3\x86\xc5\x93\xc3\x9f\xc3\x98\xc3\xbe", "AEoessOth");
	expect_member("e\xcc\x81", "e"); /* decomposed, as macOS does */
	expect_member("\xc5\x81\xc3\xb3"
		      "d\xc5\xba \xc5\xa0\xc4\x8d\xc5\x99\xc4\x9f\xc4\xb1\xc8\x99",
	    "LodzScrgis");
	expect_member("Vi\xe1\xbb\x87t", "Viet");
	expect_member("\xc3\x97\xc3\xb7", "file"); /* times and division are no letters */
	expect_member("\xc5\xbf\xc6\x80", "s");    /* the last of a table, the first behind it */
	expect_member("\xe1\xba\x9e", "SS");
}

static void
long_member_names_keep_their_extension(void **state)
{
	char name[400], want[MEMBER_NAME_SAFE + 1];

	(void)state;
	memset(name, 'n', sizeof name);
	memset(want, 'n', sizeof want);
	want[MEMBER_NAME_SAFE] = '\0';
	name[MEMBER_NAME_SAFE] = '\0';
	expect_member(name, want);
	name[MEMBER_NAME_SAFE] = 'n';
	name[MEMBER_NAME_SAFE + 1] = '\0';
	expect_member(name, want);
	memset(name, 'n', sizeof name);
	strcpy(name + 300, ".jpeg");
	strcpy(want + MEMBER_NAME_SAFE - 5, ".jpeg");
	expect_member(name, want);
	/* Too long for an extension. */
	strcpy(name + 200, ".nnnnnnnnnnnnnnnn");
	memset(want, 'n', MEMBER_NAME_SAFE);
	expect_member(name, want);
	/* No dot is left at the end of a cut. */
	memset(name, 'n', 200);
	memset(name + 70, '.', 30);
	name[200] = '\0';
	want[70] = '\0';
	expect_member(name, want);
}

/* ---- the manifest */

static const struct conf conf = {.n_topics = 0};

static struct schedule *
make_schedule(void)
{
	struct schedule *s = calloc(1, sizeof *s);

	assert_non_null(s);
	strcpy(s->instance, "example.onion");
	strcpy(s->inboxes[0].name, "tips");
	s->serial = 4294967295u;
	s->n_inboxes = 1;
	return s;
}

static enum err
begin(struct manifest *m, size_t max)
{
	struct schedule *s = make_schedule();
	struct schedule_seal seal = {.number = 31, .n = 1};
	struct manifest_head h = {
	    .id = "0011", .schedule = s, .seal = &seal, .conf = &conf, .topics = NULL};
	enum err e;

	memset(seal.recipients[0], 9, AGE_KEY);
	e = manifest_begin(m, &h, max);
	schedule_free(s);
	return e;
}

/* One file's original name as the manifest shows it, without the quotes. */
static void
expect_original(const char *original, const char *want)
{
	struct manifest m;
	char all[1024];

	assert_ok(begin(&m, 4096));
	assert_ok(manifest_file(&m, "files/001-x", original, "a/b"));
	snprintf(all, sizeof all, "{\"name\":\"files/001-x\",\"original\":\"%s\",\"type\":\"a/b\"",
	    want);
	assert_true(m.text.len > strlen(all));
	assert_memory_equal(m.text.p + m.text.len - strlen(all), all, strlen(all));
	manifest_wipe(&m);
}

static void
names_are_json(void **state)
{
	(void)state;
	expect_original("plain", "plain");
	expect_original("", "");
	expect_original("\"\\/", "\\\"\\\\/");
	expect_original("\r\n\t\x01\x7f", "\\u000d\\u000a\\u0009\\u0001\\u007f");
	expect_original("\xc3\xa9\xd9\x88\xf0\x9f\x98\x80", "\xc3\xa9\xd9\x88\xf0\x9f\x98\x80");
	expect_original("\xe2\x80\xae\xef\xbb\xbf\xe2\x80\x8b", "\\u202e\\ufeff\\u200b");
	expect_original("\xf3\xa0\x81\x81", "\\udb40\\udc41"); /* a tag character */
	expect_original("\xff", "\xef\xbf\xbd");
	expect_original("a\xc3", "a\xef\xbf\xbd");
	expect_original("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

static void
expect_type(const char *type, const char *want)
{
	struct manifest m;
	char all[512];

	assert_ok(begin(&m, 4096));
	assert_ok(manifest_file(&m, "x", "y", type));
	snprintf(all, sizeof all, ",\"type\":\"%s\"", want);
	assert_memory_equal(m.text.p + m.text.len - strlen(all), all, strlen(all));
	manifest_wipe(&m);
}

static void
types_are_plain(void **state)
{
	static const char *const bad[] = {"", "text", "/", "a/", "/b", "a/b/c", "a/b\"", "a b/c",
	    "a/\xc3\xa9", "a/b\x01", "a/b,c", "<a>/b"};
	size_t i;

	(void)state;
	expect_type("application/pdf", "application/pdf");
	expect_type("text/plain; charset=utf-8", "text/plain");
	expect_type("text/plain ;x", "text/plain");
	expect_type(
	    "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text");
	expect_type("image/svg+xml", "image/svg+xml");
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		expect_type(bad[i], "application/octet-stream");
}

static void
the_whole_text(void **state)
{
	char values[] = "Nice\0\"x\"", recipient[AGE_RECIPIENT_LEN + 1];
	const char *topics[2] = {NULL, values + 5};
	struct conf with = {.n_topics = 2};
	struct manifest_source source = {"age1x", "beef"};
	struct schedule *s = make_schedule();
	struct schedule_seal seal = {.number = 31, .n = 2};
	struct manifest_head h = {.id = "0011",
	    .schedule = s,
	    .seal = &seal,
	    .conf = &with,
	    .topics = topics,
	    .source = &source};
	struct manifest m;
	struct buf want;

	(void)state;
	strcpy(with.topics[0].name, "city");
	strcpy(with.topics[1].name, "technology");
	bech32_recipient(recipient, seal.recipients[0]);
	buf_init(&want, 4096);
	assert_ok(buf_addf(&want,
	    "{\"format\":\"sealslot 1\",\"id\":\"0011\",\"instance\":\"example.onion\",\"inbox\":\"tips\","
	    "\"epoch\":31,\"schedule\":4294967295,\"recipients\":[\"%s\",\"%s\"],"
	    "\"received\":\"1970-01-02T00:01Z\",\"topics\":{\"technology\":\"\\\"x\\\"\"},"
	    "\"reply_to\":\"age1x\",\"mailbox\":\"beef\",\"files\":["
	    "{\"name\":\"a\",\"original\":\"b\",\"type\":\"c/d\",\"size\":18446744073709551615},"
	    "{\"name\":\"e\",\"original\":\"f\",\"type\":\"g/h\",\"size\":0}]}",
	    recipient, recipient));
	assert_ok(manifest_begin(&m, &h, 4096));
	assert_ok(manifest_file(&m, "a", "b", "c/d"));
	assert_ok(manifest_file_size(&m, UINT64_MAX));
	assert_ok(manifest_file(&m, "e", "f", "g/h"));
	assert_ok(manifest_file_size(&m, 0));
	assert_ok(manifest_end(&m, 86400 + 119));
	assert_int_equal(m.text.len, want.len);
	assert_memory_equal(m.text.p, want.p, want.len);
	manifest_wipe(&m);
	buf_wipe(&want);
	schedule_free(s);
}

/* Whatever the limit: either a file is refused when it begins, or everything after it fits. */
static void
a_limit_shows_at_a_files_beginning(void **state)
{
	struct manifest m;
	size_t max, begun = 0, done = 0;

	(void)state;
	for (max = 1; max < 600; max++) {
		if (begin(&m, max) == ERR_OK) {
			begun++;
			if (manifest_file(&m, "files/001-x", "x", "a/b") == ERR_OK) {
				done++;
				assert_ok(manifest_file_size(&m, UINT64_MAX));
				assert_ok(manifest_end(&m, 0));
			}
		}
		manifest_wipe(&m);
	}
	assert_in_range(begun, 100, 500);
	assert_in_range(done, 50, begun - 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(member_names_are_safe),
	    cmocka_unit_test(latin_letters_lose_their_accents),
	    cmocka_unit_test(long_member_names_keep_their_extension),
	    cmocka_unit_test(names_are_json),
	    cmocka_unit_test(types_are_plain),
	    cmocka_unit_test(the_whole_text),
	    cmocka_unit_test(a_limit_shows_at_a_files_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
