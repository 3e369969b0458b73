#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "fuzz.h"
#include "sign/sign.h"
#include "store/front_side.h"

/*
 * A front that was taken over, against the store's side of the socket: the
 * input is a series of messages, each of op, ref, length and body. Descriptors
 * that come back are written to, and closed or kept. Whatever gets a name must
 * be as large as it was claimed to be, and have its row.
 */
#define ONION "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwd.onion"
#define FDS   16

static struct conf conf = {
    .max_upload = LIMIT_MIB, .max_in_flight = 6, .max_day = 1000 * LIMIT_GIB};
static char folder[] = "/tmp/sealslot-fuzz-XXXXXX";
static struct depot depot;
static struct committer *committer;
static struct front_side *front;
static int kept[FDS];
static size_t n_kept;

static void
clean_up(void)
{
	char command[64];

	snprintf(command, sizeof command, "rm -rf -- %s", folder);
	(void)!system(command);
}

static void
publish(const struct sign_key *root)
{
	struct schedule_epoch epoch = {.number = 1, .start = 0, .end = 100000, .recipient = {9}};
	struct schedule s = {.serial = 1, .n_inboxes = 1, .epochs = &epoch, .n_epochs = 1};
	char comment[200];
	struct buf text, sig;
	struct reason why;

	strcpy(s.instance, ONION);
	strcpy(s.inboxes[0].name, "tips");
	strcpy(s.inboxes[0].title, "Tips");
	epoch.start = clock_today();
	epoch.end = epoch.start + 300;
	s.issued = clock_today();
	buf_init(&text, LIMIT_SCHEDULE);
	buf_init(&sig, LIMIT_SIGNATURE);
	FUZZ_CHECK(schedule_format(&s, &text) == ERR_OK);
	FUZZ_CHECK(schedule_comment(&s, comment, sizeof comment) == ERR_OK);
	FUZZ_CHECK(sign_message(root, text.p, text.len, comment, &sig) == ERR_OK);
	FUZZ_CHECK(depot_publish(&depot, &text, &sig, &why) == ERR_OK);
	buf_wipe(&text);
	buf_wipe(&sig);
}

static void
set_up(void)
{
	struct sign_key root;
	struct reason why;
	int cwd;

	signal(SIGPIPE, SIG_IGN);
	FUZZ_CHECK(random_start() == 0 && mkdtemp(folder) != NULL);
	atexit(clean_up);
	strcpy(conf.instance, ONION);
	strcpy(conf.store_path, folder);
	sign_key_new(&root);
	FUZZ_CHECK((cwd = open(".", O_RDONLY | O_DIRECTORY)) != -1);
	FUZZ_CHECK(depot_create(&conf, &root.public, &why) == ERR_OK);
	FUZZ_CHECK(depot_open(&depot, &conf, &root.public, &why) == ERR_OK);
	/* The store works in its folder, the fuzzer in its own. */
	FUZZ_CHECK(fchdir(cwd) == 0);
	close(cwd);
	publish(&root);
	FUZZ_CHECK(
	    committer_new(depot.folder.items, depot.db, &depot.db_lock, &committer) == ERR_OK);
	FUZZ_CHECK((front = calloc(1, sizeof *front)) != NULL);
	front_side_init(front, &depot, committer);
}

/* Takes the answers; a third of the descriptors stays open, the others get a few bytes. */
static void
listen_to_store(int sock)
{
	struct wire_msg m;

	while (wire_recv(sock, ROLE_STORE, ROLE_FRONT, &m) == ERR_OK) {
		if (m.fd == -1)
			continue;
		if (m.op == OP_BEGUN)
			(void)!write(m.fd, "sealed bytes", 1 + m.ref % 12);
		if (m.op == OP_BEGUN && m.ref % 3 == 0 && n_kept < FDS)
			kept[n_kept++] = m.fd;
		else
			close(m.fd);
	}
}

static void
settle(int sock)
{
	struct pollfd p = {.fd = committer_fd(committer), .events = POLLIN};

	while (front->sock != -1 && front_side_is_committing(front)) {
		poll(&p, 1, 1000);
		(void)!front_side_on_committed(front);
		listen_to_store(sock);
	}
}

static bool
are_items_sound(void)
{
	char path[64];
	uint64_t rows = 0, bytes = 0, files = 0, sizes = 0;
	struct dirent *d;
	struct stat st;
	DIR *dir;

	snprintf(path, sizeof path, "%s/items", folder);
	FUZZ_CHECK((dir = opendir(path)) != NULL);
	while ((d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		if (fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1)
			continue; /* its row was refused just now */
		FUZZ_CHECK(S_ISREG(st.st_mode) && (st.st_mode & 0777) == 0400 && st.st_size > 0);
		files++;
		sizes += (uint64_t)st.st_size;
	}
	closedir(dir);
	pthread_mutex_lock(&depot.db_lock);
	FUZZ_CHECK(db_totals(depot.db, &rows, &bytes) == ERR_OK);
	pthread_mutex_unlock(&depot.db_lock);
	return rows == files && bytes == sizes;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	int ends[2], tries;
	uint32_t head[4];
	uint8_t raw[16 + 255];
	size_t len;

	if (front == NULL)
		set_up();
	FUZZ_CHECK(wire_pair(ends) == ERR_OK);
	front_side_attach(front, ends[0]);
	while (n >= 4 && front->sock != -1) {
		len = p[2];
		head[0] = p[0];
		head[1] = p[1];
		head[2] = (uint32_t)len;
		head[3] = p[3] < 128 ? 0 : p[3];
		p += 4;
		n -= 4;
		if (len > n)
			len = n;
		memcpy(raw, head, sizeof head);
		memcpy(raw + sizeof head, p, len);
		if (write(ends[1], raw, sizeof head + len) == -1)
			break;
		p += len;
		n -= len;
		(void)!front_side_on_ready(front);
		listen_to_store(ends[1]);
	}
	if (front->sock != -1)
		(void)!front_side_tick(front);
	settle(ends[1]);
	front_side_detach(front);
	close(ends[1]);
	while (n_kept > 0)
		close(kept[--n_kept]);
	/* A commit of a front that was thrown out may be between its name and its row. */
	for (tries = 0; !are_items_sound(); tries++) {
		FUZZ_CHECK(tries < 1000);
		usleep(1000);
	}
	return 0;
}
