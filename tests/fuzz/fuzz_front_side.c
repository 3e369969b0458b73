#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "depot.h"
#include "fuzz.h"
#include "peer.h"
#include "store/front_side.h"

/*
 * A front that was taken over, against the store's side of the socket: the
 * input is a series of messages, as peer_say_next has them. Descriptors that
 * come back are written to, and closed or kept. Whatever gets a name must be
 * as large as it was claimed to be, and have its row.
 */
#define FDS 16

static struct conf conf = {
    .max_upload = LIMIT_MIB, .max_in_flight = 6, .max_day = 1000 * LIMIT_GIB};
static struct depot depot;
static struct committer *committer;
static struct front_side *front;
static int kept[FDS];
static size_t n_kept;

static void
set_up(void)
{
	struct sign_key root;
	struct buf text, sig;

	fuzz_depot_new(&depot, &conf, &root);
	fuzz_depot_publish(&depot, &root, clock_today(), NULL, &text, &sig);
	buf_wipe(&text);
	buf_wipe(&sig);
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

	while (front->sock != -1 && in_flight_is_committing(&front->in_flight)) {
		poll(&p, 1, 1000);
		(void)!front_side_on_committed(front);
		listen_to_store(sock);
	}
}

static bool
are_items_sound(void)
{
	uint64_t rows = 0, bytes = 0, files = 0, sizes = 0;
	struct dirent *d;
	struct stat st;
	DIR *dir;
	int fd;

	fd = openat(depot.folder.items, ".", O_RDONLY | O_DIRECTORY);
	FUZZ_CHECK(fd != -1 && (dir = fdopendir(fd)) != NULL);
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

	if (front == NULL)
		set_up();
	FUZZ_CHECK(wire_pair(ends) == ERR_OK);
	front_side_attach(front, ends[0]);
	while (front->sock != -1 && peer_say_next(ends[1], &p, &n)) {
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
