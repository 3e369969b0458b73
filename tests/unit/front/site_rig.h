#ifndef SEALSLOT_TEST_FRONT_SITE_RIG_H
#define SEALSLOT_TEST_FRONT_SITE_RIG_H

/* A site with its configuration and schedule, and what it answers to a request. */
#include "harness.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "front/answer.h"
#include "front/route.h"
#include "front/site.h"
#include "front/submit.h"

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

static inline int
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

static inline void
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

static inline void
close_fixture(struct fixture *f)
{
	site_wipe(&f->site);
	conf_free(f->conf);
	close(f->listener);
}

/* A schedule with one inbox whose only epoch ends on a day. */
static inline void
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

static inline void
make_ready(struct site *s)
{
	give_schedule(s, TODAY + 3, 1);
	s->has_store = s->is_writable = true;
	s->room = s->signed_in_room = 1 << 30;
	s->mailbox = (struct mailbox *)&the_mailbox; /* admission only looks whether there is one */
}

static const struct request good = {.path = "/", .host = ONION, .accept = "en"};

static inline const char *
text_of(struct answer *a)
{
	return buf_cstr(&a->body);
}

static inline void
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

static inline void
wake(void *ctx)
{
	(void)ctx;
}

static const struct task_owner nobody = {wake, NULL};

static inline void
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

#endif
