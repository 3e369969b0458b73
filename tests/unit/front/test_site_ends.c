#include "site_rig.h"

#include "front/model.h"
#include "front/submit_page.h"
#include "front/view.h"

/* What somebody is told whose upload ended, well or not, and the way out of it. */

/* r's path and whether it stands in a frame are the caller's; without is not on the page. */
static void
shows_error(struct site *s, const struct request *r, enum page_value which, const char *words,
    const char *without)
{
	struct answer a;

	if (submit_page_kept_nothing(which))
		assert_ok(view_upload_error(s, r, which, &a));
	else
		assert_ok(view_error(s, r, which, &a));
	if (strstr(text_of(&a), words) == NULL)
		fail_msg("%s isn't in %s", words, text_of(&a));
	if (strstr(text_of(&a), without) != NULL)
		fail_msg("%s is in %s", without, text_of(&a));
	answer_wipe(&a);
}

/* Beside a form that holds what somebody wrote for an hour: no link may replace it. */
static void
test_errors_beside_the_form(void **state)
{
	static const char again[] = "is still in the form.</p>", change[] = "Change what has to be",
			  sign_in[] = "<a class=\"button\" href=\"/sign-in\" "
				      "target=\"_blank\" rel=\"noopener\">";
	static const enum page_value wait[] = {PAGE_EMPTY, PAGE_DAMAGED, PAGE_BUSY, PAGE_NO_KEY,
	    PAGE_CLOSED, PAGE_NO_ROOM, PAGE_RESTARTING, PAGE_BROKEN_OFF, PAGE_NOT_CONFIRMED};
	static const enum page_value alter[] = {
	    PAGE_MESSAGE_TOO_LONG, PAGE_TOO_MANY_FILES, PAGE_TOO_LARGE, PAGE_TOO_SLOW};
	struct request r = good;
	struct fixture f;
	size_t i;

	(void)state;
	open_fixture(&f, true);
	r.method = REQUEST_POST;
	r.is_framed = true;
	strcpy(r.path, SUBMIT_PATH);
	for (i = 0; i < sizeof wait / sizeof wait[0]; i++) {
		shows_error(&f.site, &r, wait[i], again, change);
		shows_error(&f.site, &r, wait[i], "<base target=\"_blank\">", "href=\"/\"");
		shows_error(&f.site, &r, wait[i], again, "load the form again");
	}
	for (i = 0; i < sizeof alter / sizeof alter[0]; i++)
		shows_error(&f.site, &r, alter[i], change, "href=\"/\"");
	shows_error(&f.site, &r, PAGE_STALE, "cannot be sent any more", change);
	shows_error(&f.site, &r, PAGE_STALE, "href=\"/\"", again);
	strcpy(r.path, SUBMIT_MAILBOX_PATH);
	shows_error(&f.site, &r, PAGE_STALE, "href=\"/mailbox\"", "href=\"/\"");
	shows_error(&f.site, &r, PAGE_SESSION_OVER, sign_in, again);
	shows_error(&f.site, &r, PAGE_SESSION_OVER, "Copy it first", change);
	close_fixture(&f);
}

/* The button of an error never leads back to the same error. */
static void
test_ways_out(void **state)
{
	struct request r = good;
	struct fixture f;

	(void)state;
	open_fixture(&f, true);
	shows_error(&f.site, &r, PAGE_NO_KEY, "href=\"/sign-in\"", "class=\"button\" href=\"/\"");
	shows_error(&f.site, &r, PAGE_CLOSED, "href=\"/sign-in\"", "class=\"button\" href=\"/\"");
	shows_error(&f.site, &r, PAGE_NO_ROOM, "href=\"/sign-in\"", "class=\"button\" href=\"/\"");
	shows_error(&f.site, &r, PAGE_RESTARTING, "Try again", "Back to the form");
	strcpy(r.path, "/mailbox");
	shows_error(&f.site, &r, PAGE_RESTARTING, "class=\"button\" href=\"/mailbox\"", "_blank");
	shows_error(&f.site, &r, PAGE_SESSION_OVER, "href=\"/sign-in\"", "_blank");
	strcpy(r.path, "/nowhere");
	shows_error(&f.site, &r, PAGE_NOT_FOUND, "Back to the form", "_blank");
	close_fixture(&f);
}

/* Who loads the form's page again finds the way to the codename; nobody else does. */
static void
test_a_reload_finds_the_receipt(void **state)
{
	static const char note[] = "You have sent something";
	struct receipt_note mine = {.has_session = true}, signed_in = {.is_signed_in = true};
	char cookie[RECEIPTS_TOKEN + 1], token[RECEIPTS_TOKEN + 1];
	struct request r = good;
	struct fixture f;
	struct answer a;

	(void)state;
	open_fixture(&f, true);
	make_ready(&f.site);
	form_token_random(cookie);
	form_token_random(token);
	receipts_add(f.site.receipts, token, cookie, &mine, clock_mono_ms());
	assert_ok(view_form(&f.site, &r, &a));
	assert_null(strstr(text_of(&a), note));
	answer_wipe(&a);
	memcpy(r.cookie, token, sizeof token);
	assert_ok(view_form(&f.site, &r, &a));
	assert_null(strstr(text_of(&a), note));
	answer_wipe(&a);
	memcpy(r.cookie, cookie, sizeof cookie);
	shows(&f.site, &r, 200, note);
	shows(&f.site, &r, 200, "<a href=\"/receipt\">Show the receipt and the codename</a>");
	f.site.is_writable = false;
	shows(&f.site, &r, 503, note);
	f.site.is_writable = true;
	receipts_add(f.site.receipts, token, cookie, &signed_in, clock_mono_ms());
	shows(&f.site, &r, 200, "<a href=\"/receipt\">Show the receipt</a>");
	receipts_forget(f.site.receipts, cookie);
	shows_error(&f.site, &r, PAGE_RESTARTING, "Try again", note);
	close_fixture(&f);
}

/* The progress frame says only what is known. */
static void
test_progress_of_what_ended(void **state)
{
	static const struct {
		enum page_value how;
		const char *words;
		bool is_kept_nothing;
	} cases[] = {
	    {PAGE_NOT_CONFIRMED, "It may have been stored, or not", false},
	    {PAGE_ARRIVING, "It may be stored already", false},
	    {PAGE_TOO_LARGE, "Please stop", true},
	    {PAGE_EMPTY, "Write something or choose a file", false},
	    {PAGE_BROKEN_OFF, "press the button once more", true},
	    {PAGE_SESSION_OVER, "target=\"_blank\" rel=\"noopener\"", true},
	};
	struct request r = good;
	struct fixture f;
	struct answer a;
	size_t i;

	(void)state;
	open_fixture(&f, true);
	r.is_framed = true;
	strcpy(r.path, "/progress");
	form_token_random(r.token);
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		endings_note(f.site.endings, r.token, cases[i].how, clock_mono_ms());
		assert_ok(view_progress(&f.site, &r, &a));
		assert_non_null(strstr(text_of(&a), cases[i].words));
		assert_true((strstr(text_of(&a), "one of it was kept") != NULL) ==
			    cases[i].is_kept_nothing);
		assert_non_null(strstr(text_of(&a), "<base target=\"_blank\">"));
		answer_wipe(&a);
	}
	close_fixture(&f);
}

/* A codename is promised only where there is one. */
static void
test_progress_of_what_is_stored(void **state)
{
	static const char with[] = "Show the receipt and the codename";
	static const char without[] = ">Show the receipt</a>";
	const struct receipt_note notes[] = {{.epoch = 1, .inbox = "tips"},
	    {.is_signed_in = true, .has_session = true, .epoch = 1, .inbox = "tips"}};
	struct request r = good;
	struct fixture f;
	struct answer a;
	size_t i;

	(void)state;
	open_fixture(&f, true);
	r.is_framed = true;
	strcpy(r.path, "/progress");
	for (i = 0; i < 2; i++) {
		form_token_random(r.token);
		form_token_random(r.cookie);
		receipts_add(f.site.receipts, r.token, r.cookie, &notes[i], clock_mono_ms());
		assert_ok(view_progress(&f.site, &r, &a));
		assert_true((strstr(text_of(&a), with) != NULL) == (i == 0));
		assert_true((strstr(text_of(&a), without) != NULL) == (i == 1));
		answer_wipe(&a);
	}
	close_fixture(&f);
}

static void
amounts(uint64_t done, uint64_t total, const char *d, const char *t, bool is_in_kb)
{
	struct submit_seen seen = {.done = done, .total = total};
	struct model v;

	memset(&v, 0, sizeof v);
	view_progress_seen(&v, &seen);
	assert_string_equal(v.done, d);
	assert_string_equal(v.total, t);
	assert_true((v.m.value[PAGE_IN_KB] != NULL) == is_in_kb);
}

static void
test_progress_amounts(void **state)
{
	(void)state;
	amounts(0, 1, "0", "1", true);
	amounts(1023, 1025, "0", "2", true);
	amounts(3 * LIMIT_MIB / 4, 3 * LIMIT_MIB, "768", "3072", true);
	amounts(1024, 10 * LIMIT_MIB - 1, "1", "10240", true);
	amounts(LIMIT_MIB - 1, 10 * LIMIT_MIB, "0", "10", false);
	amounts(LIMIT_MIB, 10 * LIMIT_MIB + 1, "1", "11", false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_errors_beside_the_form),
	    cmocka_unit_test(test_ways_out),
	    cmocka_unit_test(test_a_reload_finds_the_receipt),
	    cmocka_unit_test(test_progress_of_what_ended),
	    cmocka_unit_test(test_progress_of_what_is_stored),
	    cmocka_unit_test(test_progress_amounts),
	};

	return random_start() != 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
