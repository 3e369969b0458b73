#ifndef SEALSLOT_TEST_STORE_FIXTURE_H
#define SEALSLOT_TEST_STORE_FIXTURE_H

/* A store in a scratch folder, and schedules that its root key signed. */
#include "harness.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include "base/clock.h"
#include "carry/schedule.h"
#include "conf/conf.h"
#include "sign/sign.h"

#define FIXTURE_ONION "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwd.onion"

struct fixture {
	char dir[64];
	struct conf conf;
	struct sign_key root;
};

static inline int
fixture_set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	strcpy(f->dir, harness_mkdir());
	strcpy(f->conf.instance, FIXTURE_ONION);
	strcpy(f->conf.store_path, f->dir);
	f->conf.max_upload = 64 * LIMIT_MIB;
	f->conf.reserve = LIMIT_MIB;
	f->conf.max_in_flight = 8;
	f->conf.max_day = LIMIT_DAY_DEFAULT;
	sign_key_new(&f->root);
	*state = f;
	return 0;
}

static inline int
fixture_tear_down(void **state)
{
	struct fixture *f = *state;

	if (chdir("/") == -1)
		abort();
	harness_rmdir(f->dir);
	free(f);
	return 0;
}

/* A schedule of one inbox, "tips"; its text and signature. Epochs of 14 days from start on. */
struct fixture_schedule {
	uint32_t serial;
	int32_t issued, start;
	uint32_t epochs;
	const uint8_t *previous; /* NULL: zeros */
	const char *instance;    /* NULL: the fixture's */
	uint8_t first;           /* of every recipient, to tell them apart */
};

static inline void
fixture_sign(
    const struct fixture *f, const struct fixture_schedule *from, struct buf *text, struct buf *sig)
{
	struct schedule s = {.serial = from->serial, .issued = from->issued, .n_inboxes = 1};
	char comment[200];
	uint32_t i;

	strcpy(s.instance, from->instance == NULL ? FIXTURE_ONION : from->instance);
	if (from->previous != NULL)
		memcpy(s.previous, from->previous, HASH_LEN);
	strcpy(s.inboxes[0].name, "tips");
	strcpy(s.inboxes[0].title, "Tips");
	s.n_epochs = from->epochs;
	s.epochs = calloc(from->epochs, sizeof *s.epochs);
	assert_non_null(s.epochs);
	for (i = 0; i < from->epochs; i++) {
		s.epochs[i].number = i + 1;
		s.epochs[i].start = from->start + 14 * (int32_t)i;
		s.epochs[i].end = s.epochs[i].start + 14;
		memset(s.epochs[i].recipient, (int)i + 1, AGE_KEY);
		s.epochs[i].recipient[0] = (uint8_t)(from->first + 1);
		s.epochs[i].recipient[31] = 9;
	}
	buf_init(text, LIMIT_SCHEDULE);
	buf_init(sig, LIMIT_SIGNATURE);
	assert_ok(schedule_format(&s, text));
	assert_ok(schedule_comment(&s, comment, sizeof comment));
	assert_ok(sign_message(&f->root, text->p, text->len, comment, sig));
	free(s.epochs);
}

/* Moves the calendar of clock_test.c; call before the first look at the clock. */
static inline volatile int64_t *
fixture_clock(void)
{
	static volatile int64_t *shift;
	char path[] = "/tmp/sealslot-clock-XXXXXX";
	int64_t zero = 0;
	int fd;

	if (shift != NULL)
		return shift;
	fd = mkstemp(path);
	assert_int_not_equal(fd, -1);
	assert_ok(io_write_all(fd, &zero, sizeof zero));
	shift = mmap(NULL, sizeof *shift, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(shift, MAP_FAILED);
	setenv("SEALSLOT_TEST_CLOCK", path, 1);
	assert_int_equal(clock_start(), 0);
	unlink(path);
	close(fd);
	return shift;
}

static inline void
fixture_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd == -1 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		fail_msg("can't write %s", path);
	close(fd);
}

/* From now on this process may mount, for itself alone. Call before there are threads. */
static inline void
fixture_own_mounts(void)
{
	uid_t uid = geteuid();
	char map[64];

	if (uid != 0) {
		assert_int_equal(unshare(CLONE_NEWUSER | CLONE_NEWNS), 0);
		fixture_write("/proc/self/setgroups", "deny");
		snprintf(map, sizeof map, "0 %u 1", uid);
		fixture_write("/proc/self/uid_map", map);
	} else {
		assert_int_equal(unshare(CLONE_NEWNS), 0);
	}
	assert_int_equal(mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL), 0);
}

#endif
