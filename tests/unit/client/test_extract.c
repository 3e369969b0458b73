#include "desk.h"

#include <dirent.h>
#include <sys/resource.h>

#include "extract.h"
#include "newfile.h"

static struct desk desk;
static struct item *item;
static int item_fd;
static char to[128];
static int dir;

static void
open_submission(struct rig_submission *s)
{
	item_fd = desk_seal(s);
	assert_ok(item_open_in(desk.v, item_fd, s->epoch, &item));
}

static void
close_submission(void)
{
	item_free(item);
	item = NULL;
	close(item_fd);
}

static void
three_files(struct rig_submission *s)
{
	rig_submission(s, 0);
	s->n_files = 3;
	s->files[0] = (struct rig_file){"../../.bashrc", "x", 100, NULL, NULL};
	s->files[1] = (struct rig_file){"R\xc3\xa9sum\xc3\xa9.pdf", "x", 500000, NULL, NULL};
	s->files[2] = (struct rig_file){"", "x", 0, NULL, NULL};
}

static int
setup(void **state)
{
	(void)state;
	desk_init(&desk, 1);
	snprintf(to, sizeof to, "%s/to", desk.dir);
	assert_int_equal(mkdir(to, 0700), 0);
	assert_ok(io_open_dir(AT_FDCWD, to, &dir));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	close(dir);
	desk_wipe(&desk);
	return 0;
}

/* How many names the folder has, hidden ones too. */
static size_t
count(void)
{
	struct dirent *d;
	size_t n = 0;
	DIR *p = opendir(to);

	assert_non_null(p);
	while ((d = readdir(p)) != NULL)
		n += strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
	closedir(p);
	return n;
}

static void
clear(void)
{
	struct dirent *d;
	DIR *p = opendir(to);

	assert_non_null(p);
	while ((d = readdir(p)) != NULL)
		unlinkat(dir, d->d_name, 0);
	closedir(p);
	assert_int_equal(count(), 0);
}

static void
check(const char *name, uint64_t size, uint32_t seed)
{
	struct buf got, want;
	struct stat st;
	uint8_t *p;

	buf_init(&got, LIMIT_MIB);
	buf_init(&want, LIMIT_MIB);
	assert_ok(io_read_file(dir, name, &got));
	assert_int_equal(got.len, size);
	if (size > 0) {
		assert_ok(buf_grow(&want, size, &p));
		rig_content(p, size, 0, seed);
		assert_memory_equal(got.p, want.p, size);
	}
	assert_int_equal(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	buf_wipe(&got);
	buf_wipe(&want);
}

static void
all_of_it(void **state)
{
	struct rig_submission s;
	struct extract x;
	mode_t old;

	(void)state;
	three_files(&s);
	open_submission(&s);
	assert_ok(extract_init(&x, item));
	assert_ok(extract_all(&x));
	old = umask(0777); /* whatever it is */
	assert_ok(extract_run(&x, dir));
	umask(old);
	assert_int_equal(count(), 5);
	check("001-_.._.bashrc", 100, 0);
	check("002-R\xc3\xa9sum\xc3\xa9.pdf", 500000, 1);
	check("003-file", 0, 2);
	extract_wipe(&x);
	close_submission();
	clear();
}

static void
some_of_it(void **state)
{
	struct rig_submission s;
	struct extract x;

	(void)state;
	three_files(&s);
	open_submission(&s);
	assert_ok(extract_init(&x, item));
	assert_ok(extract_one(&x, "3"));
	assert_ok(extract_one(&x, "003"));            /* the same */
	assert_ok(extract_one(&x, "files/001-file")); /* by its own name */
	assert_err(extract_one(&x, "4"), ERR_NOTFOUND);
	assert_err(extract_one(&x, "0"), ERR_NOTFOUND);
	assert_err(extract_one(&x, ""), ERR_NOTFOUND);
	assert_err(extract_one(&x, "../../.bashrc"), ERR_NOTFOUND);
	assert_err(extract_one(&x, ".padding"), ERR_NOTFOUND);
	assert_err(extract_one(&x, "-"), ERR_NOTFOUND);
	assert_int_equal(x.n, 2);
	assert_ok(extract_run(&x, dir));
	assert_int_equal(count(), 2);
	check("003-file", 0, 2);
	extract_wipe(&x);
	assert_ok(extract_init(&x, item));
	assert_ok(extract_one(&x, "message.txt"));
	assert_ok(extract_one(&x, "manifest.json"));
	assert_ok(extract_run(&x, dir));
	assert_int_equal(count(), 4);
	extract_wipe(&x);
	close_submission();
	clear();
}

static enum err
run_all(void)
{
	struct extract x;
	enum err e;

	assert_ok(extract_init(&x, item));
	assert_ok(extract_all(&x));
	e = extract_run(&x, dir);
	extract_wipe(&x);
	return e;
}

static void
nothing_is_overwritten_and_no_link_followed(void **state)
{
	struct rig_submission s;
	char target[192];
	struct buf b;

	(void)state;
	three_files(&s);
	open_submission(&s);
	buf_init(&b, 64);
	assert_ok(io_write_new(dir, "003-file", "mine", 4, 0600));
	assert_err(run_all(), ERR_EXISTS);
	assert_int_equal(count(), 1);
	assert_ok(io_read_file(dir, "003-file", &b));
	assert_string_equal(buf_cstr(&b), "mine");
	clear();
	/* A link to somewhere else, dangling or not. */
	snprintf(target, sizeof target, "%s/target", desk.dir);
	assert_int_equal(symlinkat(target, dir, "003-file"), 0);
	assert_err(run_all(), ERR_EXISTS);
	assert_int_equal(access(target, F_OK), -1);
	assert_int_equal(count(), 1);
	clear();
	buf_wipe(&b);
	close_submission();
}

static void
a_damaged_byte_leaves_nothing(void **state)
{
	struct rig_submission s;
	uint8_t byte;

	(void)state;
	three_files(&s);
	open_submission(&s);
	assert_int_equal(pread(item_fd, &byte, 1, 300000), 1);
	byte ^= 1;
	assert_int_equal(pwrite(item_fd, &byte, 1, 300000), 1);
	assert_err(run_all(), ERR_AUTH);
	assert_int_equal(count(), 0);
	close_submission();
}

static void
a_new_file_takes_no_name_of_another(void **state)
{
	struct newfile f = NEWFILE_NONE;

	(void)state;
	assert_ok(newfile_begin(&f, dir));
	assert_int_equal(count(), 0);
	assert_ok(io_write_all(f.fd, "x", 1));
	assert_ok(io_write_new(dir, "taken", "y", 1, 0600));
	assert_err(newfile_name(&f, "taken"), ERR_EXISTS);
	assert_ok(newfile_name(&f, "free"));
	newfile_end(&f);
	assert_int_equal(count(), 2);
	newfile_end(&f); /* again is fine */
	assert_ok(newfile_begin(&f, dir));
	newfile_end(&f);
	assert_int_equal(count(), 2);
	clear();
}

/* A name that was free when it was asked for and is taken when it is given: here by its neighbour.
 */
static void
naming_is_all_or_nothing(void **state)
{
	struct rig_submission s;
	struct extract x;

	(void)state;
	three_files(&s);
	open_submission(&s);
	assert_ok(extract_init(&x, item));
	assert_ok(extract_all(&x));
	strcpy(x.files[3].name, x.files[1].name);
	assert_err(extract_run(&x, dir), ERR_EXISTS);
	assert_int_equal(x.fault, 3);
	assert_int_equal(count(), 0);
	extract_wipe(&x);
	close_submission();
}

/* All of them are open at once, more than a shell usually allows. */
static void
five_hundred_files_at_once(void **state)
{
	static struct rig_submission s;
	struct rlimit r;
	size_t i;

	(void)state;
	three_files(&s);
	s.n_files = RIG_FILES;
	for (i = 3; i < RIG_FILES; i++)
		s.files[i] = (struct rig_file){"same name", "x", 10, NULL, NULL};
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &r), 0);
	r.rlim_cur = 256;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &r), 0);
	open_submission(&s);
	assert_ok(run_all());
	assert_int_equal(count(), RIG_FILES + 2);
	check("500-same name", 10, 499);
	clear();
	close_submission();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_of_it),
	    cmocka_unit_test(some_of_it),
	    cmocka_unit_test(nothing_is_overwritten_and_no_link_followed),
	    cmocka_unit_test(a_damaged_byte_leaves_nothing),
	    cmocka_unit_test(a_new_file_takes_no_name_of_another),
	    cmocka_unit_test(naming_is_all_or_nothing),
	    cmocka_unit_test(five_hundred_files_at_once),
	};

	if (random_start() == -1)
		return 1;
	return cmocka_run_group_tests(tests, setup, teardown);
}
