#include "harness.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "front/answer.h"
#include "front/model.h"
#include "front/route.h"
#include "front/site.h"
#include "front/submit.h"
#include "front/submit_page.h"
#include "front/view.h"

/* What the site knows, and what it therefore answers: site, view, route, answer, submit_admit. */

#define ONION "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaad.onion"
#define TODAY 20517 /* 2026-03-05 */

static const char conf_text[] = "[server]\ninstance = " ONION "\nlisten = 127.0.0.1:1\n"
				"languages = fr en\nname = A & B\n"
				"[store]\npath = /x\nmax_upload = 64M\nmax_in_flight = 2\n"
				"[keys]\nroot = /x\n[topics]\nsound_city = Nice | Paris <1>\n";

struct fixture {
	struct site site;
	struct conf *conf;
	struct minisign_key root;
	int listener;
};

static int
listen_on(bool is_unix)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(is_unix ? AF_UNIX : AF_INET, SOCK_STREAM, 0);

	assert_int_not_equal(fd, -1);
	if (is_unix) /* the kernel picks an abstract name */
		assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof un.sun_family), 0);
	else
		assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
	return fd;
}

static void
open_fixture(struct fixture *f, bool is_unix)
{
	struct conf_fault fault;
	uint8_t pk[MINISIGN_PK] = {7};

	minisign_key_init(&f->root, pk);
	assert_ok(conf_parse(conf_text, sizeof conf_text - 1, &f->conf, &fault));
	f->listener = listen_on(is_unix);
	assert_ok(site_init(&f->site, f->conf, &f->root, f->listener));
	f->site.env.conf = f->conf;
}

static void
close_fixture(struct fixture *f)
{
	site_wipe(&f->site);
	conf_free(f->conf);
	close(f->listener);
}

/* A schedule with one inbox whose only epoch ends on a day. */
static void
give_schedule(struct site *s, int32_t end, size_t inboxes)
{
	struct schedule_epoch epochs[2] = {
	    {0, 7, end - 14, end, {9}}, {1, 7, end - 14, end, {9, 1}}};
	struct schedule made = {.instance = ONION,
	    .serial = 3,
	    .issued = end - 15,
	    .inboxes = {{"tips", "Investigations <desk>"}, {"press", "Press"}},
	    .n_inboxes = inboxes,
	    .epochs = epochs,
	    .n_epochs = inboxes};
	struct buf text, sig;

	buf_init(&text, LIMIT_SCHEDULE);
	buf_init(&sig, LIMIT_SIGNATURE);
	assert_ok(schedule_format(&made, &text));
	assert_ok(buf_add_str(&sig, "signature\n"));
	site_take_schedule(s, &text, &sig, TODAY);
	assert_int_equal(s->keys.len, text.len);
	buf_wipe(&text);
	buf_wipe(&sig);
}

static char the_mailbox;

static void
make_ready(struct site *s)
{
	give_schedule(s, TODAY + 3, 1);
	s->has_store = s->is_writable = true;
	s->room = s->signed_in_room = 1 << 30;
	s->mailbox = (struct mailbox *)&the_mailbox; /* admission only looks whether there is one */
}

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

static const struct request good = {.path = "/", .host = ONION, .accept = "en"};

static const char *
text_of(struct answer *a)
{
	return buf_cstr(&a->body);
}

static void
admits(const struct site *s, const struct request *r, enum request_fault f, unsigned status)
{
	struct answer a;
	enum err e = route_admit(s, r, f, &a);

	if (status == 200) {
		assert_ok(e);
		return;
	}
	assert_err(e, ERR_STATE);
	assert_int_equal(a.status, status);
	assert_true((status == 405) == (a.allow != NULL));
	assert_non_null(strstr(text_of(&a), "</html>"));
	answer_wipe(&a);
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
wake(void *ctx)
{
	(void)ctx;
}

static const struct task_owner nobody = {wake, NULL};

static void
shows(struct site *s, const struct request *r, unsigned status, const char *words)
{
	struct task *t = NULL;
	struct answer a;
	enum err e = route_begin(s, r, &nobody, &t, &a);

	/* A task that is over at once: what it waits for isn't there. */
	if (e == ERR_AGAIN) {
		assert_true(t->ops->is_over(t));
		e = t->ops->answer(t, &a);
		task_free(t);
	}
	assert_ok(e);
	assert_int_equal(a.status, status);
	if (strstr(text_of(&a), words) == NULL)
		fail_msg("%s isn't in %s", words, text_of(&a));
	answer_wipe(&a);
}

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
	    cmocka_unit_test(test_form),
	    cmocka_unit_test(test_errors_beside_the_form),
	    cmocka_unit_test(test_ways_out),
	    cmocka_unit_test(test_a_reload_finds_the_receipt),
	    cmocka_unit_test(test_progress_of_what_ended),
	    cmocka_unit_test(test_progress_amounts),
	    cmocka_unit_test(test_pages),
	    cmocka_unit_test(test_receipts_and_redirects),
	    cmocka_unit_test(test_mailbox_pages),
	    cmocka_unit_test(test_submit_admission),
	    cmocka_unit_test(test_answer_head),
	};

	return random_start() != 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
