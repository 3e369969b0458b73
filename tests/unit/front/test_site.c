#include "site_rig.h"

/* What the site knows, whom it therefore admits, and how an answer begins. */

static void
test_hosts(void **state)
{
	struct fixture f;
	char longer[128];

	(void)state;
	open_fixture(&f, false);
	assert_true(strncmp(f.site.address, "127.0.0.1:", 10) == 0);
	assert_true(site_is_host(&f.site, f.site.address));
	assert_true(site_is_host(&f.site, ONION));
	assert_true(site_is_host(&f.site, ONION ":80"));
	assert_true(site_is_host(&f.site, ONION ":65535"));
	assert_false(site_is_host(&f.site, ONION ":65536"));
	assert_false(site_is_host(&f.site, ONION ":"));
	assert_false(site_is_host(&f.site, ONION ":80x"));
	assert_false(site_is_host(&f.site, ONION "."));
	assert_false(site_is_host(&f.site, "x." ONION));
	assert_false(site_is_host(&f.site, "127.0.0.1"));
	assert_false(site_is_host(&f.site, ""));
	snprintf(longer, sizeof longer, "%s0", f.site.address);
	assert_false(site_is_host(&f.site, longer));
	close_fixture(&f);

	open_fixture(&f, true);
	assert_string_equal(f.site.address, "");
	assert_false(site_is_host(&f.site, ""));
	assert_true(site_is_host(&f.site, ONION));
	close_fixture(&f);
}

static void
test_schedules(void **state)
{
	struct fixture f;
	struct buf bad, sig;

	(void)state;
	open_fixture(&f, true);
	assert_false(site_has_key(&f.site));
	give_schedule(&f.site, TODAY + 1, 1);
	assert_true(site_has_key(&f.site));
	give_schedule(&f.site, TODAY, 1); /* half open: ended yesterday */
	assert_non_null(f.site.schedule);
	assert_false(site_has_key(&f.site));
	buf_init(&bad, 64);
	buf_init(&sig, 64);
	assert_ok(buf_add_str(&bad, "sealslot-keys 1\n"));
	site_take_schedule(&f.site, &bad, &sig, TODAY);
	assert_null(f.site.schedule);
	assert_int_equal(f.site.keys.len, 0);
	site_drop_schedule(&f.site);
	buf_wipe(&bad);
	close_fixture(&f);
}

static void
test_unknown_language(void **state)
{
	struct fixture f;
	struct site other;

	(void)state;
	open_fixture(&f, true);
	strcpy(f.conf->languages[1], "xx");
	assert_err(site_init(&other, f.conf, &f.root, f.listener), ERR_USAGE);
	site_wipe(&other);
	close_fixture(&f);
}

static void
test_admission(void **state)
{
	struct fixture f;
	struct request r = good;

	(void)state;
	open_fixture(&f, true);
	admits(&f.site, &r, REQUEST_OK, 200);
	admits(&f.site, &r, REQUEST_MALFORMED, 400);
	admits(&f.site, &r, REQUEST_TOO_LONG, 431);
	admits(&f.site, &r, REQUEST_BAD_METHOD, 405);
	admits(&f.site, &r, REQUEST_BAD_VERSION, 505);
	admits(&f.site, &r, REQUEST_NO_LENGTH, 411);
	admits(&f.site, &r, REQUEST_BAD_EXPECT, 417);
	r.method = REQUEST_HEAD;
	admits(&f.site, &r, REQUEST_OK, 200);
	r.method = REQUEST_POST;
	admits(&f.site, &r, REQUEST_OK, 405);
	strcpy(r.path, "/submit");
	admits(&f.site, &r, REQUEST_OK, 200);
	r.body_len = 1; /* what has a body is asked what submit_admit asks */
	admits(&f.site, &r, REQUEST_OK, 503);
	strcpy(r.path, "/submit/");
	admits(&f.site, &r, REQUEST_OK, 404);
	r = good;
	strcpy(r.host, "example.com");
	admits(&f.site, &r, REQUEST_OK, 421);
	r.is_tor2web = true;
	admits(&f.site, &r, REQUEST_OK, 403);
	close_fixture(&f);
}

static void
refuses(const struct site *s, const struct request *r, unsigned status)
{
	struct answer a;

	assert_err(submit_admit(s, r, &a), ERR_STATE);
	assert_int_equal(a.status, status);
	assert_non_null(strstr(text_of(&a), "None of it was kept"));
	answer_wipe(&a);
}

static void
test_submit_admission(void **state)
{
	struct fixture f;
	struct request r = good;
	struct answer a;

	(void)state;
	open_fixture(&f, true);
	r.method = REQUEST_POST;
	strcpy(r.path, "/submit");
	r.body_len = 64 << 20;
	r.boundary_len = 1;
	refuses(&f.site, &r, 503);
	make_ready(&f.site);
	assert_ok(submit_admit(&f.site, &r, &a));
	r.body_len++;
	refuses(&f.site, &r, 413);
	r.body_len--;
	r.boundary_len = 0;
	refuses(&f.site, &r, 400);
	r.boundary_len = 1;
	f.site.env.in_flight = 2;
	refuses(&f.site, &r, 503);
	f.site.env.in_flight = 1;
	f.site.room = r.body_len - 1;
	refuses(&f.site, &r, 507);
	/* What is kept for those who have a codename is for what goes into a mailbox. */
	strcpy(r.path, SUBMIT_MAILBOX_PATH);
	assert_ok(submit_admit(&f.site, &r, &a));
	f.site.signed_in_room = r.body_len - 1;
	refuses(&f.site, &r, 507);
	strcpy(r.path, "/submit");
	f.site.room = r.body_len;
	assert_ok(submit_admit(&f.site, &r, &a));
	f.site.is_writable = false;
	refuses(&f.site, &r, 503);
	f.site.is_writable = true;
	give_schedule(&f.site, TODAY, 1);
	refuses(&f.site, &r, 503);
	close_fixture(&f);
}

static void
test_answer_head(void **state)
{
	static const unsigned statuses[] = {
	    200, 303, 400, 403, 404, 405, 409, 411, 413, 417, 421, 431, 503, 505, 507};
	struct answer a;
	struct buf out;
	char line[64];
	size_t i;

	(void)state;
	buf_init(&out, 8192);
	for (i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
		answer_init(&a, statuses[i]);
		strcpy(a.location, statuses[i] == 303 ? "/receipt" : "");
		strcpy(a.cookie, "C");
		a.allow = statuses[i] == 405 ? "GET, HEAD" : NULL;
		assert_ok(buf_add(&a.body, "body", 4));
		assert_ok(answer_head(&a, &out));
		snprintf(line, sizeof line, "HTTP/1.1 %u ", statuses[i]);
		assert_ptr_equal(strstr(buf_cstr(&out), line), out.p);
		assert_non_null(strstr((char *)out.p, "\r\nContent-Length: 4\r\n\r\n"));
		assert_non_null(strstr(
		    (char *)out.p, "\r\nSet-Cookie: s=C; HttpOnly; SameSite=Strict; Path=/\r\n"));
		assert_true((strstr((char *)out.p, "\r\nLocation: /receipt\r\n") != NULL) ==
			    (statuses[i] == 303));
		assert_true((strstr((char *)out.p, "\r\nAllow: GET, HEAD\r\n") != NULL) ==
			    (statuses[i] == 405));
		assert_null(strstr((char *)out.p, "body"));
		buf_reset(&out);
		answer_wipe(&a);
	}
	answer_init(&a, 200);
	a.is_farewell = true;
	assert_ok(answer_head(&a, &out));
	assert_non_null(strstr(buf_cstr(&out),
	    "\r\nSet-Cookie: s=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0\r\n"));
	assert_non_null(
	    strstr((char *)out.p, "\r\nClear-Site-Data: \"cache\", \"cookies\", \"storage\"\r\n"));
	answer_wipe(&a);
	buf_wipe(&out);
	buf_init(&out, 100);
	answer_init(&a, 200);
	assert_err(answer_head(&a, &out), ERR_LIMIT);
	answer_wipe(&a);
	buf_wipe(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hosts),
	    cmocka_unit_test(test_schedules),
	    cmocka_unit_test(test_unknown_language),
	    cmocka_unit_test(test_admission),
	    cmocka_unit_test(test_submit_admission),
	    cmocka_unit_test(test_answer_head),
	};

	return random_start() != 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
