#include "site_rig.h"

/* The pages, by what the site knows. */

/* The form appears only when what it takes is there. */
static void
test_form(void **state)
{
	struct fixture f;
	struct request r = good;

	(void)state;
	open_fixture(&f, true);
	shows(&f.site, &r, 503, "We are restarting");
	make_ready(&f.site);
	shows(&f.site, &r, 200, "name=\"token\" value=\"");
	shows(&f.site, &r, 200, "A &amp; B");
	shows(&f.site, &r, 200, "Investigations &lt;desk&gt;");
	shows(&f.site, &r, 200, "sound city");
	shows(&f.site, &r, 200, "<option value=\"Paris &lt;1&gt;\">");
	shows(&f.site, &r, 200, "64 MB");
	give_schedule(&f.site, TODAY + 3, 2);
	shows(&f.site, &r, 200, "<select id=\"inbox\" name=\"inbox\">");
	f.site.room = 0;
	shows(&f.site, &r, 507, "There is no room");
	shows(&f.site, &r, 507, "kept for those who sign in");
	f.site.room = 1;
	f.site.is_writable = false;
	shows(&f.site, &r, 503, "We cannot store anything");
	give_schedule(&f.site, TODAY, 1);
	shows(&f.site, &r, 503, "We cannot accept anything");
	f.site.is_draining = true;
	shows(&f.site, &r, 503, "We are restarting");
	close_fixture(&f);
}

static void
test_pages(void **state)
{
	struct fixture f;
	struct request r = good;

	(void)state;
	open_fixture(&f, true);
	strcpy(r.path, "/keys");
	shows(&f.site, &r, 503, "We cannot accept anything");
	make_ready(&f.site);
	shows(&f.site, &r, 200, "sealslot-keys 1\ninstance: " ONION "\nserial: 3\n");
	strcpy(r.path, "/keys.minisig");
	shows(&f.site, &r, 200, "signature\n");
	strcpy(r.path, "/robots.txt");
	shows(&f.site, &r, 200, "Disallow: /");
	strcpy(r.path, "/how");
	shows(&f.site, &r, 200, "key 7, until 7 March 2026");
	shows(&f.site, &r, 200, f.site.root_key);
	strcpy(r.accept, "de, fr;q=0.1");
	shows(&f.site, &r, 200,
	    "jusqu\xe2\x80\x99"
	    "au 7 mars 2026");
	strcpy(r.lang, "en");
	shows(&f.site, &r, 200, "href=\"/?lang=en\"");
	shows(&f.site, &r, 200, "href=\"/how?lang=fr\"");
	strcpy(r.path, "/nowhere");
	shows(&f.site, &r, 404, "There is no such page");
	close_fixture(&f);
}

static void
redirects(struct site *s, const struct request *like, const char *from, const char *to)
{
	struct request r = *like;
	struct task *t = NULL;
	struct answer a;

	strcpy(r.path, from);
	strcpy(r.lang, "fr");
	assert_ok(route_begin(s, &r, &nobody, &t, &a));
	assert_int_equal(a.status, 303);
	assert_string_equal(a.location, to);
	answer_wipe(&a);
}

static void
test_receipts_and_redirects(void **state)
{
	struct fixture f;
	struct request r = good;
	const struct receipt_note lost = {.epoch = 7, .inbox = "tips"};
	struct receipt_note note = {.has_session = true, .epoch = 7, .inbox = "tips"};
	char cookie[RECEIPTS_TOKEN + 1];

	(void)state;
	open_fixture(&f, true);
	strcpy(r.path, "/receipt");
	shows(&f.site, &r, 404, "There is no receipt here");
	form_token_random(cookie);
	receipts_add(f.site.receipts, "token", cookie, &note, clock_mono_ms());
	strcpy(r.cookie, cookie);
	shows(&f.site, &r, 200, "It has arrived"); /* without a mailbox, without a codename */
	shows(&f.site, &r, 200, "We have no codename to show");
	receipts_add(f.site.receipts, "token", cookie, &lost, clock_mono_ms());
	shows(&f.site, &r, 200, "We have no codename to show");
	note.is_signed_in = true;
	receipts_add(f.site.receipts, "token", cookie, &note, clock_mono_ms());
	shows(&f.site, &r, 200, "under the same codename");
	give_schedule(&f.site, TODAY + 3, 1);
	shows(&f.site, &r, 200, "Sealed with key 7 for Investigations &lt;desk&gt;");
	r.cookie[0] ^= 1;
	shows(&f.site, &r, 404, "There is no receipt here");
	redirects(&f.site, &r, "/submit", "/?lang=fr");
	redirects(&f.site, &r, "/mailbox/send", "/mailbox?lang=fr");
	redirects(&f.site, &r, "/mailbox/remove", "/mailbox?lang=fr");
	redirects(&f.site, &r, "/sign-out", "/mailbox?lang=fr");
	r.is_framed = true;
	redirects(&f.site, &r, "/sign-out", "/mailbox?f=1&lang=fr");
	r.method = REQUEST_POST;
	strcpy(r.path, "/submit");
	strcpy(r.lang, "fr");
	shows(&f.site, &r, 400, "ab\xc3\xaem\xc3\xa9");
	close_fixture(&f);
}

/* Without a mailbox process every page of it says so; without a session, that there is none. */
static void
test_mailbox_pages(void **state)
{
	struct fixture f;
	struct request r = good;

	(void)state;
	open_fixture(&f, true);
	strcpy(r.path, "/sign-in");
	shows(&f.site, &r, 200, "name=\"codename\" value=\"\" required");
	strcpy(r.path, "/mailbox");
	shows(&f.site, &r, 403, "You are not signed in");
	memset(r.cookie, 'A', REQUEST_COOKIE);
	shows(&f.site, &r, 503, "We are restarting");
	r.method = REQUEST_POST;
	strcpy(r.path, "/sign-in");
	shows(&f.site, &r, 400, "out of date");
	r.body_len = 10;
	admits(&f.site, &r, REQUEST_OK, 400); /* not a form */
	r.boundary_len = 1;
	admits(&f.site, &r, REQUEST_OK, 503);
	make_ready(&f.site);
	admits(&f.site, &r, REQUEST_OK, 200);
	r.body_len = LIMIT_SMALL_FORM + 1;
	admits(&f.site, &r, REQUEST_OK, 400);
	r.is_cross_site = true;
	admits(&f.site, &r, REQUEST_OK, 403);
	close_fixture(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_form),
	    cmocka_unit_test(test_pages),
	    cmocka_unit_test(test_receipts_and_redirects),
	    cmocka_unit_test(test_mailbox_pages),
	};

	return random_start() != 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
