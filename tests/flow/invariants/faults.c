#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/*
 * What goes wrong with a server, at a step of its work that a test chooses:
 * loaded before the C library (LD_PRELOAD) into the release's own processes.
 * A page of the file named by SEALSLOT_FAULTS is shared with the test
 * (tests/lib/faults.py has the same layout), which says: at call number N of
 * that name in that process, be killed before it, after it, fail, skip it, or
 * stand still until the test says otherwise.
 */
#define NAME_MAX_LEN 24

enum action { ACT_NONE, ACT_KILL_BEFORE, ACT_KILL_AFTER, ACT_FAIL, ACT_SKIP, ACT_TELL, ACT_HOLD };

struct control {
	_Atomic uint32_t action;     /* enum action; 0: nothing goes wrong */
	_Atomic uint32_t countdown;  /* calls until it happens: 1 is the next one */
	_Atomic uint32_t is_lasting; /* from then on every time */
	_Atomic uint32_t fired;      /* how often it happened */
	int32_t error;               /* errno of ACT_FAIL */
	_Atomic uint32_t remembers;  /* wiping does nothing */
	_Atomic int32_t days;        /* added to the clock */
	_Atomic uint32_t believes;   /* what is sealed opens without its tag being looked at */
	_Atomic uint32_t seconds;    /* added to the clock that only goes forward */
	_Atomic uint32_t is_cheap;   /* deriving keys from codenames takes no time */
	char process[NAME_MAX_LEN];
	char call[NAME_MAX_LEN];
};

static struct control *control;
static char self[NAME_MAX_LEN];

__attribute__((constructor)) static void
start(void)
{
	const char *path = getenv("SEALSLOT_FAULTS");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *p;

	snprintf(self, sizeof self, "%s", program_invocation_short_name);
	if (fd == -1)
		return;
	p = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED)
		control = p;
	close(fd);
}

/* What happens to this call. */
static enum action
due(const char *call)
{
	uint32_t left;

	if (control == NULL || control->action == ACT_NONE || strcmp(call, control->call) != 0 ||
	    strcmp(self, control->process) != 0)
		return ACT_NONE;
	left = control->countdown;
	while (left > 1 && !__atomic_compare_exchange_n((uint32_t *)&control->countdown, &left,
			       left - 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
	if (left > 1)
		return ACT_NONE;
	control->fired++;
	if (control->action == ACT_HOLD) {
		/* No call: the sandbox permits few, and this one is none of its process's. */
		while (control->action == ACT_HOLD)
			;
		return ACT_NONE;
	}
	if (!control->is_lasting)
		return (enum action)__atomic_exchange_n(
		    (uint32_t *)&control->action, ACT_NONE, __ATOMIC_SEQ_CST);
	return (enum action)control->action;
}

/* The sandbox permits signals to itself only. */
static void
die(void)
{
	raise(SIGKILL);
}

#define REAL(name) ((__typeof__(&name))real(#name))

static void *
real(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

/* A call that returns -1 on failure and 0 or more otherwise. */
#define WRAPPED(type, name, skipped, params, args)                                                 \
	type name params;                                                                          \
	type name params                                                                           \
	{                                                                                          \
		static __typeof__(&name) next;                                                     \
		type r;                                                                            \
                                                                                                   \
		if (next == NULL)                                                                  \
			next = REAL(name);                                                         \
		switch (due(#name)) {                                                              \
		case ACT_KILL_BEFORE: die(); break;                                                \
		case ACT_KILL_AFTER:                                                               \
			r = next args;                                                             \
			die();                                                                     \
			return r;                                                                  \
		case ACT_FAIL: errno = control->error; return -1;                                  \
		case ACT_SKIP: return skipped;                                                     \
		case ACT_TELL:                                                                     \
		case ACT_HOLD:                                                                     \
		case ACT_NONE: break;                                                              \
		}                                                                                  \
		return next args;                                                                  \
	}

WRAPPED(int, setrlimit, 0, (__rlimit_resource_t what, const struct rlimit *r_new), (what, r_new))
WRAPPED(int, fsync, 0, (int fd), (fd))
WRAPPED(int, fdatasync, 0, (int fd), (fd))
WRAPPED(int, fchmod, 0, (int fd, mode_t mode), (fd, mode))
WRAPPED(int, futimens, 0, (int fd, const struct timespec t[2]), (fd, t))
WRAPPED(int, linkat, 0, (int a, const char *from, int b, const char *to, int flags),
    (a, from, b, to, flags))
WRAPPED(int, unlinkat, 0, (int at, const char *path, int flags), (at, path, flags))
WRAPPED(int, ftruncate64, 0, (int fd, off64_t n), (fd, n))
WRAPPED(ssize_t, write, (ssize_t)n, (int fd, const void *p, size_t n), (fd, p, n))
WRAPPED(
    ssize_t, pwrite64, (ssize_t)n, (int fd, const void *p, size_t n, off64_t at), (fd, p, n, at))
WRAPPED(ssize_t, sendmsg, 0, (int fd, const struct msghdr *m, int flags), (fd, m, flags))
WRAPPED(ssize_t, recvmsg, 0, (int fd, struct msghdr *m, int flags), (fd, m, flags))
WRAPPED(ssize_t, send, (ssize_t)n, (int fd, const void *p, size_t n, int flags), (fd, p, n, flags))
WRAPPED(int, accept4, -1, (int fd, struct sockaddr *a, socklen_t *n, int flags), (fd, a, n, flags))

/* ---- those that need more */

/* ACT_TELL: what came from a stranger goes to the log. */
ssize_t
recv(int fd, void *p, size_t n, int flags)
{
	ssize_t r = REAL(recv)(fd, p, n, flags);

	switch (due("recv")) {
	case ACT_KILL_BEFORE:
	case ACT_KILL_AFTER: die(); break;
	case ACT_FAIL: errno = control->error; return -1;
	case ACT_TELL:
		if (r > 0)
			(void)!REAL(write)(STDERR_FILENO, p, (size_t)r);
		break;
	case ACT_SKIP:
	case ACT_HOLD:
	case ACT_NONE: break;
	}
	return r;
}

int
openat64(int at, const char *path, int flags, ...)
{
	static int (*next)(int, const char *, int, ...);
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	if (next == NULL)
		next = (int (*)(int, const char *, int, ...))real("openat64");
	switch (due("openat")) {
	case ACT_KILL_BEFORE:
	case ACT_KILL_AFTER: die(); break;
	case ACT_FAIL: errno = control->error; return -1;
	case ACT_SKIP:
	case ACT_TELL:
	case ACT_HOLD:
	case ACT_NONE: break;
	}
	return next(at, path, flags, mode);
}

/* Skipped: a lease that proves nothing. */
int
fcntl64(int fd, int cmd, ...)
{
	static int (*next)(int, int, ...);
	va_list ap;
	long arg;

	va_start(ap, cmd);
	arg = va_arg(ap, long);
	va_end(ap);
	if (next == NULL)
		next = (int (*)(int, int, ...))real("fcntl64");
	if (cmd == F_SETLEASE)
		switch (due("lease")) {
		case ACT_KILL_BEFORE:
		case ACT_KILL_AFTER: die(); break;
		case ACT_FAIL: errno = control->error; return -1;
		case ACT_SKIP: return 0;
		case ACT_TELL:
		case ACT_HOLD:
		case ACT_NONE: break;
		}
	return next(fd, cmd, arg);
}

int
clock_gettime(clockid_t clock, struct timespec *t)
{
	static int (*next)(clockid_t, struct timespec *);
	int r;

	if (next == NULL)
		next = REAL(clock_gettime);
	r = next(clock, t);
	if (control != NULL && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		t->tv_sec += control->days * 86400;
	if (control != NULL && (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE))
		t->tv_sec += control->seconds;
	return r;
}

time_t
time(time_t *out)
{
	struct timespec t = {0};

	clock_gettime(CLOCK_REALTIME, &t);
	if (out != NULL)
		*out = t.tv_sec;
	return t.tv_sec;
}

/* ---- wiping */

static void
wipe(void *p, size_t n)
{
	if (control != NULL && control->remembers)
		return;
	memset(p, 0, n);
	__asm__ volatile("" : : "r"(p) : "memory");
}

void explicit_bzero(void *p, size_t n);
void
explicit_bzero(void *p, size_t n)
{
	wipe(p, n);
}

void __explicit_bzero_chk(void *p, size_t n, size_t room);
void
__explicit_bzero_chk(void *p, size_t n, size_t room)
{
	(void)room;
	wipe(p, n);
}

/* ---- opening what doesn't verify */

#define TAG 16

int crypto_aead_chacha20poly1305_ietf_decrypt(unsigned char *m, unsigned long long *m_len,
    unsigned char *secret, const unsigned char *c, unsigned long long c_len,
    const unsigned char *ad, unsigned long long ad_len, const unsigned char *nonce,
    const unsigned char *key);

int
crypto_aead_chacha20poly1305_ietf_decrypt(unsigned char *m, unsigned long long *m_len,
    unsigned char *secret, const unsigned char *c, unsigned long long c_len,
    const unsigned char *ad, unsigned long long ad_len, const unsigned char *nonce,
    const unsigned char *key)
{
	static __typeof__(&crypto_aead_chacha20poly1305_ietf_decrypt) next;
	static int (*stream)(unsigned char *, const unsigned char *, unsigned long long,
	    const unsigned char *, uint32_t, const unsigned char *);

	if (next == NULL)
		next = REAL(crypto_aead_chacha20poly1305_ietf_decrypt);
	if (control == NULL || !control->believes || c_len < TAG)
		return next(m, m_len, secret, c, c_len, ad, ad_len, nonce, key);
	if (stream == NULL)
		*(void **)&stream = real("crypto_stream_chacha20_ietf_xor_ic");
	if (m_len != NULL)
		*m_len = c_len - TAG;
	return stream(m, c, c_len - TAG, nonce, 1, key);
}

/* ---- deriving */

#define CHEAP_BYTES 8192

int crypto_pwhash(unsigned char *out, unsigned long long n, const char *secret,
    unsigned long long secret_len, const unsigned char *salt, unsigned long long ops, size_t bytes,
    int algorithm);

int
crypto_pwhash(unsigned char *out, unsigned long long n, const char *secret,
    unsigned long long secret_len, const unsigned char *salt, unsigned long long ops, size_t bytes,
    int algorithm)
{
	static __typeof__(&crypto_pwhash) next;
	int is_cheap = control != NULL && control->is_cheap;

	if (next == NULL)
		next = REAL(crypto_pwhash);
	return next(out, n, secret, secret_len, salt, is_cheap ? 1 : ops,
	    is_cheap ? CHEAP_BYTES : bytes, algorithm);
}
