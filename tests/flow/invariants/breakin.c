#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/random.h"
#include "front/route.h"
#include "front/sealer.h"
#include "sandbox/sandbox.h"
#include "wire/wire.h"

/*
 * What somebody would do who runs code in front: the release's own objects,
 * with four functions wrapped by the linker (--wrap), so nothing of this can
 * stand in what is installed. GET /run-this/NAME runs one attack inside the
 * sandboxed process; what came of it is said on standard error:
 *
 *   breakin NAME refused ERRNO      it was told no, and lives
 *   breakin NAME done               it did what it must not be able to
 *
 * and nothing at all when it was killed for it. SEALSLOT_BREAKIN=no-filter
 * leaves the system call filter away, so that what stands behind it is tried
 * too; =no-sandbox leaves away everything, to see that the attacks can succeed.
 */

#define LAST_FD     2048
#define PATH_RUN    "/run-this/"
#define OPS_NOISE   10000
#define FILL_BLOCKS 12 /* of a mebibyte */

enum err __real_route_admit(
    const struct site *s, const struct request *r, enum request_fault f, struct answer *a);
enum err __wrap_route_admit(
    const struct site *s, const struct request *r, enum request_fault f, struct answer *a);
enum err __real_sealer_file_new(
    struct sealer *s, int fd, const struct sealer_events *events, struct sealer_file **out);
enum err __wrap_sealer_file_new(
    struct sealer *s, int fd, const struct sealer_events *events, struct sealer_file **out);
enum err __real_sandbox_confine(const struct sandbox_plan *plan, int *landlock);
enum err __wrap_sandbox_confine(const struct sandbox_plan *plan, int *landlock);
enum err __real_sandbox_filter(enum role role, int listener);
enum err __wrap_sandbox_filter(enum role role, int listener);

/* ---- what it knows: paths and peers, from its environment, before the sandbox */

static const char *target; /* a stored submission, if the test has named one */
static const char *folder; /* the store's items */
static int writer = -1;    /* of the last upload that began */
static bool is_keeping;
static int kept[16];
static size_t n_kept;

static bool
is_layer_off(const char *layer)
{
	const char *s = getenv("SEALSLOT_BREAKIN");

	return s != NULL && (strcmp(s, layer) == 0 || strcmp(s, "no-sandbox") == 0);
}

enum err
__wrap_sandbox_confine(const struct sandbox_plan *plan, int *landlock)
{
	target = getenv("SEALSLOT_BREAKIN_TARGET");
	folder = getenv("SEALSLOT_BREAKIN_FOLDER");
	*landlock = 1;
	return is_layer_off("no-sandbox") ? ERR_OK : __real_sandbox_confine(plan, landlock);
}

enum err
__wrap_sandbox_filter(enum role role, int listener)
{
	return is_layer_off("no-filter") ? ERR_OK : __real_sandbox_filter(role, listener);
}

enum err
__wrap_sealer_file_new(
    struct sealer *s, int fd, const struct sealer_events *events, struct sealer_file **out)
{
	writer = fd;
	if (is_keeping && n_kept < sizeof kept / sizeof kept[0])
		kept[n_kept++] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return __real_sealer_file_new(s, fd, events, out);
}

/* ---- descriptors that it has */

static bool
is_peer(int fd)
{
	int type = 0;
	socklen_t n = sizeof type;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) == 0 && type == SOCK_SEQPACKET;
}

/* The socket to the parent is 3; store's and mailbox's are behind it. */
static int
nth_peer(int nth)
{
	int fd;

	for (fd = 4; fd < LAST_FD; fd++)
		if (is_peer(fd) && nth-- == 0)
			return fd;
	return -1;
}

/* 0: it worked. */
static int
result(long r)
{
	return r == -1 ? errno : 0;
}

/* ---- files */

static int
open_item(void)
{
	return result(open(target, O_RDONLY));
}

static int
open_item_to_write(void)
{
	return result(open(target, O_WRONLY | O_TRUNC));
}

static int
open_any(void)
{
	return result(open("/etc/passwd", O_RDONLY));
}

static int
open_folder(void)
{
	return result(open(folder, O_RDONLY | O_DIRECTORY));
}

static int
create_file(void)
{
	char path[512];

	snprintf(path, sizeof path, "%s/left-behind", folder);
	return result(open(path, O_WRONLY | O_CREAT, 0600));
}

static int
unlink_item(void)
{
	return result(unlink(target));
}

static int
rename_item(void)
{
	char path[512];

	snprintf(path, sizeof path, "%s.away", target);
	return result(rename(target, path));
}

static int
truncate_item(void)
{
	return result(truncate(target, 0));
}

static int
chmod_item(void)
{
	return result(chmod(target, 0666));
}

static int
stat_item(void)
{
	struct stat st;

	return result(stat(target, &st));
}

static int
reopen_writer(void)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", writer);
	return result(open(path, O_RDWR));
}

static int
memory_of_parent(void)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/mem", (int)getppid());
	return result(open(path, O_RDWR));
}

/* ---- the descriptor of an upload, its own or a kept one */

static int
of_upload(void)
{
	return n_kept > 0 ? kept[n_kept - 1] : writer;
}

static int
read_upload(void)
{
	char c;

	return result(read(of_upload(), &c, 1));
}

static int
pread_upload(void)
{
	char c;

	return result(pread(of_upload(), &c, 1, 0));
}

static int
map_upload(void)
{
	return mmap(NULL, 4096, PROT_READ, MAP_SHARED, of_upload(), 0) == MAP_FAILED ? errno : 0;
}

static int
overwrite_upload(void)
{
	return result(pwrite(of_upload(), "x", 1, 0));
}

static int
truncate_upload(void)
{
	return result(ftruncate(of_upload(), 0));
}

static int
seek_upload(void)
{
	return result(lseek(of_upload(), 0, SEEK_SET));
}

static int
allocate_upload(void)
{
	return result(fallocate(of_upload(), 0, 0, 1 << 20));
}

static int
unappend_upload(void)
{
	return result(fcntl(of_upload(), F_SETFL, 0));
}

static int
mode_of_upload(void)
{
	return result(fchmod(of_upload(), 0666));
}

static int
link_upload(void)
{
	char from[64], to[512];

	snprintf(from, sizeof from, "/proc/self/fd/%d", of_upload());
	snprintf(to, sizeof to, "%s/00000000000000000000000000000000.age", folder);
	return result(linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW));
}

/* More than an upload can become, yet less than what store lets pass as a file system's allotments.
 */
static int
fill_upload(void)
{
	static const char block[1 << 20];
	int i;

	for (i = 0; i < FILL_BLOCKS; i++)
		if (write(of_upload(), block, sizeof block) == -1)
			return errno;
	return 0;
}

/* After the submission has its receipt: store must not have taken it while this is open. */
static int
write_kept(void)
{
	return n_kept == 0 ? EBADF : result(write(of_upload(), "x", 1));
}

static int
keep(void)
{
	is_keeping = true;
	return EAGAIN;
}

/* ---- network */

static int
connect_to(int type, const struct sockaddr *a, socklen_t n)
{
	int fd = socket(a->sa_family, type, 0);

	return fd == -1 ? errno : result(connect(fd, a, n));
}

static int
connect_tcp(void)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_port = htons(9), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int e = connect_to(SOCK_STREAM, (const struct sockaddr *)&a, sizeof a);

	return e == ECONNREFUSED ? 0 : e; /* the packet went out */
}

static int
connect_admin(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	snprintf(a.sun_path, sizeof a.sun_path, "%s/../admin.sock", folder);
	return connect_to(SOCK_SEQPACKET, (const struct sockaddr *)&a, sizeof a);
}

/* A door of its own. */
static int
listen_elsewhere(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd == -1 || bind(fd, (const struct sockaddr *)&a, sizeof a) == -1)
		return errno;
	return result(listen(fd, 1));
}

/* ---- the listening socket, which is the parent's, too */

static int
listener(void)
{
	int fd, is_listening = 0;
	socklen_t n = sizeof is_listening;

	for (fd = 4; fd < LAST_FD; fd++)
		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &n) == 0 &&
		    is_listening)
			return fd;
	return -1;
}

/* To the address that it listened on, where nobody serves port 9. */
static int
fastopen_on(int fd)
{
	struct sockaddr_in a;
	socklen_t n = sizeof a;

	if (getsockname(fd, (struct sockaddr *)&a, &n) == -1)
		return errno;
	a.sin_port = htons(9);
	if (sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&a, n) == -1)
		return errno == ECONNREFUSED || errno == EINPROGRESS
			   ? 0
			   : errno; /* the packet went out */
	return 0;
}

/* A listener that was shut down is a socket that may connect. */
static int
connect_listener(void)
{
	int fd = listener();

	return shutdown(fd, SHUT_RD) == -1 ? errno : fastopen_on(fd);
}

static int
fastopen(void)
{
	return fastopen_on(listener());
}

static int
fastopen_message(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct iovec iov = {&a, 1};
	struct msghdr h = {
	    .msg_name = &a, .msg_namelen = sizeof a, .msg_iov = &iov, .msg_iovlen = 1};

	return result(sendmsg(listener(), &h, MSG_FASTOPEN | MSG_NOSIGNAL));
}

static int
send_to_address(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};

	return result(sendto(listener(), "x", 1, MSG_NOSIGNAL, (struct sockaddr *)&a, sizeof a));
}

/* Also under a number that the kernel takes for the same. */
static int
shut_listener(void)
{
	return result(syscall(SYS_shutdown, (1UL << 32) | (unsigned)listener(), SHUT_RDWR));
}

static int
copy_listener(void)
{
	return result(fcntl(listener(), F_DUPFD_CLOEXEC, 0));
}

/* Nobody would get in any more. */
static int
deafen_listener(void)
{
	int one = 1;

	return result(setsockopt(listener(), SOL_SOCKET, SO_RCVLOWAT, &one, sizeof one));
}

/* ---- other processes, other programs */

static int
run_program(void)
{
	char *argv[] = {(char *)(uintptr_t) "true", NULL};

	return result(execve("/bin/true", argv, environ));
}

static int
new_process(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return result(pid);
}

static void *
nothing(void *arg)
{
	return arg;
}

/* As many as one likes would take what others need. */
static int
new_thread(void)
{
	pthread_t t;

	return pthread_create(&t, NULL, nothing, NULL);
}

static int
trace_parent(void)
{
	return result(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

static int
read_parent(void)
{
	char c;
	struct iovec mine = {&c, 1}, theirs = {(void *)0x1000, 1};

	errno = 0;
	process_vm_readv(getppid(), &mine, 1, &theirs, 1, 0);
	return errno == EFAULT ? 0 : errno; /* it was let in, and nothing lies there */
}

static int
kill_parent(void)
{
	return result(kill(getppid(), 0));
}

static int
tgkill_parent(void)
{
	return result(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static int
executable_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		   0) == MAP_FAILED
		   ? errno
		   : 0;
}

static int
new_namespace(void)
{
	return result(syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */));
}

static int
ring(void)
{
	char params[128] = {0};

	return result(syscall(425 /* io_uring_setup */, 1, params));
}

/* ---- the sockets that it has: what the other end does about it, the test sees */

/* Half of them as the table wants them, with random content, so that they get past the first check.
 */
static int
noise_to(int fd)
{
	uint8_t message[16 + 8192];
	const struct op_rule *r;
	uint32_t head[4], i, len;

	for (i = 0; i < OPS_NOISE; i++) {
		len = random_below(8192);
		if (getrandom(message, sizeof message, 0) == -1)
			return errno;
		head[0] = random_below(OP_COUNT + 2);
		head[1] = random_below(2048);
		r = op_rule(head[0]);
		if (r != NULL && random_below(2) == 0 && r->max < sizeof message)
			len = (uint32_t)r->min;
		head[2] = random_below(8) == 0 ? random_below(9000) : len;
		head[3] = 0;
		memcpy(message, head, sizeof head);
		if (send(fd, message, sizeof head + len, MSG_NOSIGNAL) == -1 && errno != EAGAIN)
			return errno; /* it has hung up */
	}
	return EAGAIN;
}

static int
noise_store(void)
{
	return noise_to(nth_peer(0));
}

static int
noise_mailbox(void)
{
	return noise_to(nth_peer(1));
}

static int
noise_parent(void)
{
	return noise_to(3);
}

/* Store is handed a descriptor that it didn't ask for. */
static int
descriptor_to_store(void)
{
	char control[CMSG_SPACE(sizeof(int))] = {0};
	uint32_t head[4] = {OP_ABORT, 1, 0, 0};
	struct iovec iov = {head, sizeof head};
	struct msghdr h = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control,
	    .msg_controllen = sizeof control};
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);
	int fd = STDIN_FILENO;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	return sendmsg(nth_peer(0), &h, MSG_NOSIGNAL) == -1 ? errno : EAGAIN;
}

static const struct attack {
	const char *name;
	int (*run)(void);
} attacks[] = {
    {"open-item", open_item},
    {"open-item-to-write", open_item_to_write},
    {"open-any", open_any},
    {"open-folder", open_folder},
    {"create-file", create_file},
    {"unlink-item", unlink_item},
    {"rename-item", rename_item},
    {"truncate-item", truncate_item},
    {"chmod-item", chmod_item},
    {"stat-item", stat_item},
    {"reopen-writer", reopen_writer},
    {"memory-of-parent", memory_of_parent},
    {"read-upload", read_upload},
    {"pread-upload", pread_upload},
    {"map-upload", map_upload},
    {"overwrite-upload", overwrite_upload},
    {"truncate-upload", truncate_upload},
    {"seek-upload", seek_upload},
    {"allocate-upload", allocate_upload},
    {"unappend-upload", unappend_upload},
    {"mode-of-upload", mode_of_upload},
    {"link-upload", link_upload},
    {"fill-upload", fill_upload},
    {"write-kept", write_kept},
    {"keep", keep},
    {"connect-tcp", connect_tcp},
    {"connect-admin", connect_admin},
    {"connect-listener", connect_listener},
    {"fastopen", fastopen},
    {"fastopen-message", fastopen_message},
    {"send-to-address", send_to_address},
    {"shut-listener", shut_listener},
    {"copy-listener", copy_listener},
    {"deafen-listener", deafen_listener},
    {"listen-elsewhere", listen_elsewhere},
    {"run-program", run_program},
    {"new-process", new_process},
    {"new-thread", new_thread},
    {"trace-parent", trace_parent},
    {"read-parent", read_parent},
    {"kill-parent", kill_parent},
    {"tgkill-parent", tgkill_parent},
    {"executable-memory", executable_memory},
    {"new-namespace", new_namespace},
    {"ring", ring},
    {"noise-store", noise_store},
    {"noise-mailbox", noise_mailbox},
    {"noise-parent", noise_parent},
    {"descriptor-to-store", descriptor_to_store},
};

static void
run(const char *name)
{
	size_t i;
	int e;

	for (i = 0; i < sizeof attacks / sizeof attacks[0]; i++) {
		if (strcmp(attacks[i].name, name) != 0)
			continue;
		fprintf(stderr, "breakin %s tried\n", name);
		if ((e = attacks[i].run()) == 0)
			fprintf(stderr, "breakin %s done\n", name);
		else
			fprintf(stderr, "breakin %s refused %d\n", name, e);
		return;
	}
	fprintf(stderr, "breakin %s unknown\n", name);
}

enum err
__wrap_route_admit(
    const struct site *s, const struct request *r, enum request_fault f, struct answer *a)
{
	if (strncmp(r->path, PATH_RUN, strlen(PATH_RUN)) == 0)
		run(r->path + strlen(PATH_RUN));
	return __real_route_admit(s, r, f, a);
}
