#include "store/admin_side.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "store/admin_say.h"
#include "store/bundle_make.h"
#include "store/db_answers.h"
#include "store/db_care.h"
#include "store/mend.h"

#define BACKLOG 4

void
admin_side_init(struct admin_side *a, struct depot *depot, struct front_side *front)
{
	size_t i;

	*a = (struct admin_side){.depot = depot, .front = front, .listener = -1};
	for (i = 0; i < LIMIT_ADMINS; i++)
		a->admins[i].sock = -1;
}

/* The working folder is the store's, so its path may be longer than a socket address can be. */
enum err
admin_side_listen(struct admin_side *a, struct reason *why)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX, .sun_path = FOLDER_ADMIN};
	int fd;

	if (unlinkat(a->depot->folder.root, FOLDER_ADMIN, 0) == -1 && errno != ENOENT)
		return reason_sys(why, io_errno(), "Can't remove the old %s", FOLDER_ADMIN);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1 || bind(fd, (struct sockaddr *)&addr, sizeof addr) == -1 ||
	    fchmodat(a->depot->folder.root, FOLDER_ADMIN, 0600, 0) == -1 ||
	    listen(fd, BACKLOG) == -1) {
		reason_sys(why, ERR_SYS, "Can't open %s in the store's folder", FOLDER_ADMIN);
		io_close(&fd);
		return ERR_SYS;
	}
	a->listener = fd;
	return ERR_OK;
}

static void
let_go(struct admin *admin)
{
	io_close(&admin->sock);
	confirm_free(admin->answers);
	*admin = (struct admin){.sock = -1};
}

void
admin_side_close(struct admin_side *a)
{
	size_t i;

	for (i = 0; i < LIMIT_ADMINS; i++)
		let_go(&a->admins[i]);
	if (a->listener != -1)
		unlinkat(a->depot->folder.root, FOLDER_ADMIN, 0);
	io_close(&a->listener);
}

enum err
admin_side_attach(struct admin_side *a, int sock)
{
	size_t i;

	for (i = 0; i < LIMIT_ADMINS; i++)
		if (a->admins[i].sock == -1) {
			a->admins[i] = (struct admin){.sock = sock};
			return ERR_OK;
		}
	io_close(&sock);
	return ERR_BUSY;
}

static bool
is_welcome(int sock)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t n = sizeof peer;

	return getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

void
admin_side_accept(struct admin_side *a)
{
	int sock = accept4(a->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (sock == -1)
		return;
	if (is_welcome(sock))
		(void)!admin_side_attach(a, sock); /* full: the verb sees the end, and says so */
	else
		io_close(&sock);
}

static enum err
on_status(struct admin_side *a, struct admin *admin)
{
	struct reason why = {""};
	struct op_status st;
	struct op_room room;
	enum err e;

	if ((e = depot_status(a->depot, &st)) != ERR_OK)
		return admin_say_result(
		    admin->sock, reason_sys(&why, e, "Can't read the index"), &why);
	room = front_side_room(a->front);
	st.room = room.bytes;
	st.is_writable = room.writable != 0;
	st.in_flight = a->front->in_flight.n;
	settle_tell(a->settle, &st);
	return admin_say(admin->sock, OP_STATUS_IS, ERR_OK, &st, sizeof st, -1);
}

static enum err
on_clock_ok(struct admin_side *a, struct admin *admin)
{
	struct reason why = {""};
	enum err e = depot_clock_ok(a->depot, &why);

	front_side_tell_schedule(a->front);
	return admin_say_result(admin->sock, e, &why);
}

static enum err
on_publish(struct admin_side *a, struct admin *admin, const struct wire_msg *m)
{
	struct reason why = {""};
	struct buf text, sig;
	enum err e;

	buf_init(&text, LIMIT_SCHEDULE);
	buf_init(&sig, LIMIT_SIGNATURE);
	if ((e = wire_memfd_read(m->fd, &text)) != ERR_OK ||
	    (e = buf_add(&sig, m->body, m->len)) != ERR_OK)
		reason_sys(&why, e, "The schedule didn't arrive");
	else
		e = depot_publish(a->depot, &text, &sig, &why);
	front_side_tell_schedule(a->front);
	buf_wipe(&text);
	buf_wipe(&sig);
	return admin_say_result(admin->sock, e, &why);
}

/* ---- export: one at a time */

static bool
is_somebody_exporting(const struct admin_side *a, const struct admin *except)
{
	size_t i;

	for (i = 0; i < LIMIT_ADMINS; i++)
		if (&a->admins[i] != except && a->admins[i].export.is_under_way)
			return true;
	return false;
}

static enum err
on_export_list(struct admin_side *a, struct admin *admin, const struct wire_msg *m)
{
	struct reason why = {""};

	if (is_somebody_exporting(a, admin))
		return admin_say_result(
		    admin->sock, reason_set(&why, ERR_BUSY, "Another export is under way."), &why);
	return admin_export_list(&admin->export, a->depot, admin->sock, m);
}

/* ---- check */

static enum err
on_check(struct admin_side *a, struct admin *admin)
{
	struct op_check_is body;

	mend_look(a->depot, &body);
	return admin_say(admin->sock, OP_CHECK_IS, ERR_OK, &body, sizeof body, -1);
}

/* What can be read of a damaged index is told, too: the verb knows of it. */
static enum err
on_rows(struct admin_side *a, struct admin *admin, const struct wire_msg *m)
{
	uint8_t from[DB_ID] = {0};
	struct op_rows_are body = {0};
	struct op_rows ask;
	struct buf rows;
	enum err e;
	size_t max;

	memcpy(&ask, m->body, sizeof ask);
	if (memchr(ask.from, '\0', sizeof ask.from) == NULL ||
	    (ask.from[0] != '\0' &&
		text_unhex(from, sizeof from, ask.from, strlen(ask.from)) != ERR_OK))
		return ERR_FORMAT;
	max = ask.max < LIMIT_ROWS_PAGE ? ask.max : LIMIT_ROWS_PAGE;
	buf_init(&rows, max * sizeof(struct op_export_item));
	body.fault = (uint32_t)bundle_make_page(a->depot, from, max, &rows);
	body.is_end = body.fault != ERR_OK || rows.len < max * sizeof(struct op_export_item);
	e = admin_say_content(admin->sock, OP_ROWS_ARE, &rows, &body, sizeof body);
	buf_wipe(&rows);
	return e;
}

static enum err
on_snapshot(struct admin_side *a, struct admin *admin)
{
	struct reason why = {""};
	struct buf copy;
	enum err e;

	buf_init(&copy, LIMIT_SNAPSHOT);
	pthread_mutex_lock(&a->depot->db_lock);
	e = db_snapshot(a->depot->db, &copy);
	pthread_mutex_unlock(&a->depot->db_lock);
	if (e == ERR_OK)
		e = admin_say_content(admin->sock, OP_SNAPSHOT_IS, &copy, NULL, 0);
	else
		e = admin_say_result(
		    admin->sock, reason_sys(&why, e, "Can't read the index"), &why);
	buf_wipe(&copy);
	return e;
}

static enum err
on_mend(struct admin_side *a, struct admin *admin, const struct wire_msg *m)
{
	struct reason why = {""};
	struct buf list;
	enum err e;

	buf_init(&list, LIMIT_BUNDLE_ITEMS * sizeof(struct op_mend));
	if ((e = wire_memfd_read(m->fd, &list)) != ERR_OK)
		reason_sys(&why, e, "The list didn't arrive");
	else
		e = mend_items(a->depot, &list, &why);
	buf_wipe(&list);
	return admin_say_result(admin->sock, e, &why);
}

/* ---- answers */

static enum err
on_answers(struct admin_side *a, struct admin *admin, const struct wire_msg *m)
{
	struct reason why = {""};
	struct op_answers lens;
	struct buf content, need;
	enum err e;

	confirm_free(admin->answers);
	admin->answers = NULL;
	memcpy(&lens, m->body, sizeof lens);
	buf_init(&content, LIMIT_ANSWERS);
	buf_init(&need, LIMIT_BUNDLE_ITEMS * sizeof(struct op_export_item));
	if ((e = wire_memfd_read(m->fd, &content)) != ERR_OK)
		reason_sys(&why, e, "The bundle didn't arrive");
	else if ((e = confirm_open(a->depot, &content, &lens, &admin->answers, &why)) == ERR_OK &&
		 (e = confirm_needs(a->depot, admin->answers, &need)) != ERR_OK)
		reason_sys(&why, e, "Can't read the index");
	e = e == ERR_OK ? admin_say_content(admin->sock, OP_ANSWERS_NEED, &need, NULL, 0)
			: admin_say_result(admin->sock, e, &why);
	buf_wipe(&content);
	buf_wipe(&need);
	return e;
}

static enum err
on_answers_hashes(struct admin_side *a, struct admin *admin, const struct wire_msg *m)
{
	struct op_answers_taken taken = {0};
	struct reason why = {""};
	struct buf hashes;
	enum err e;

	if (admin->answers == NULL)
		return ERR_FORMAT;
	buf_init(&hashes, LIMIT_BUNDLE_ITEMS * sizeof(struct op_export_item));
	if ((e = wire_memfd_read(m->fd, &hashes)) != ERR_OK)
		reason_sys(&why, e, "The hashes didn't arrive");
	else
		e = confirm_take(a->depot, admin->answers, &hashes, &taken, &why);
	confirm_free(admin->answers);
	admin->answers = NULL;
	buf_wipe(&hashes);
	return e == ERR_OK
		   ? admin_say(admin->sock, OP_ANSWERS_TAKEN, ERR_OK, &taken, sizeof taken, -1)
		   : admin_say_result(admin->sock, e, &why);
}

static enum err
on_alarms_seen(struct admin_side *a, struct admin *admin)
{
	struct reason why = {""};
	enum err e;

	pthread_mutex_lock(&a->depot->db_lock);
	e = db_clear_alarms(a->depot->db);
	pthread_mutex_unlock(&a->depot->db_lock);
	if (e != ERR_OK)
		reason_sys(&why, e, "Can't write the index");
	return admin_say_result(admin->sock, e, &why);
}

static enum err
dispatch(struct admin_side *a, struct admin *admin, const struct wire_msg *m)
{
	switch (m->op) {
	case OP_STATUS: return on_status(a, admin);
	case OP_CLOCK_OK: return on_clock_ok(a, admin);
	case OP_PUBLISH: return on_publish(a, admin, m);
	case OP_EXPORT_LIST: return on_export_list(a, admin, m);
	case OP_EXPORT_SIGN: return admin_export_sign(&admin->export, a->depot, admin->sock, m);
	case OP_CHECK: return on_check(a, admin);
	case OP_ROWS: return on_rows(a, admin, m);
	case OP_SNAPSHOT: return on_snapshot(a, admin);
	case OP_MEND: return on_mend(a, admin, m);
	case OP_ANSWERS: return on_answers(a, admin, m);
	case OP_ANSWERS_HASHES: return on_answers_hashes(a, admin, m);
	case OP_ALARMS_SEEN: return on_alarms_seen(a, admin);
	case OP_EXPORT_DONE: return admin_export_done(&admin->export, a->depot, admin->sock);
	}
	return ERR_FORMAT;
}

void
admin_side_on_readable(struct admin_side *a, struct admin *admin)
{
	struct wire_msg m;
	enum err e;

	while ((e = wire_recv(admin->sock, ROLE_ADMIN, ROLE_STORE, &m)) == ERR_OK) {
		e = dispatch(a, admin, &m);
		io_close(&m.fd);
		if (e != ERR_OK)
			break;
	}
	if (e != ERR_AGAIN)
		let_go(admin);
}
