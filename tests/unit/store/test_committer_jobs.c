#include "upload_rig.h"

#include "store/committer.h"

/* Many jobs at once, and those of them that fail. */

struct rig {
	const struct fixture *f;
	int items;
	struct db *db;
	pthread_mutex_t lock;
	struct committer *c;
};

static void
rig_up(struct rig *r, const struct fixture *f)
{
	char path[128];

	snprintf(path, sizeof path, "%s/index.db", f->dir);
	r->f = f;
	r->items = -1;
	assert_ok(io_open_dir(AT_FDCWD, f->dir, &r->items));
	assert_ok(db_create(path));
	assert_ok(db_open(path, &r->db));
	pthread_mutex_init(&r->lock, NULL);
	assert_ok(committer_new(r->items, r->db, &r->lock, &r->c));
}

static void
rig_down(struct rig *r)
{
	committer_free(r->c);
	db_close(r->db);
	io_close(&r->items);
}

/* writer: where to leave the writer's descriptor; NULL: closed, as it should be. */
static struct commit_job *
job(struct rig *r, uint32_t ref, size_t size, int *writer)
{
	struct commit_job *j = calloc(1, sizeof *j);
	struct file u = begin(r->f, size);

	assert_non_null(j);
	j->fd = u.fd;
	j->ref = ref;
	random_id(j->id);
	j->claim = (struct upload_claim){.size = size, .max_stored = 1 << 20, .day = 20000};
	j->row =
	    (struct db_item){.day = 20000, .inbox = "tips", .epoch = 1, .serial = 1, .size = size};
	memcpy(j->row.id, &ref, sizeof ref);
	if (writer != NULL) {
		*writer = u.writer;
		u.writer = -1;
	}
	io_close(&u.writer);
	io_close(&u.items);
	return j;
}

/* Waits for the next one. */
static struct commit_job *
finished(struct rig *r)
{
	struct commit_job *j;

	while ((j = committer_take(r->c)) == NULL)
		usleep(1000);
	return j;
}

static uint64_t
rows(struct rig *r)
{
	uint64_t n = 0, bytes;

	pthread_mutex_lock(&r->lock);
	assert_ok(db_totals(r->db, &n, &bytes));
	pthread_mutex_unlock(&r->lock);
	return n;
}

static void
hundreds_at_once_all_get_names_and_rows(void **state)
{
	struct commit_job *j;
	bool is_seen[400] = {false};
	struct rig r;
	uint32_t i;

	rig_up(&r, *state);
	for (i = 0; i < 400; i++)
		committer_submit(r.c, job(&r, i, 100 + i, NULL));
	for (i = 0; i < 400; i++) {
		j = finished(&r);
		assert_ok(j->result);
		assert_int_equal(j->fd, -1);
		assert_false(is_seen[j->ref]);
		is_seen[j->ref] = true;
		free(j);
	}
	assert_int_equal(rows(&r), 400);
	assert_int_equal(count_files(r.f->dir), 400);
	rig_down(&r);
}

static void
a_bad_job_hurts_nobody_else(void **state)
{
	struct commit_job *j, *twice;
	int writer = -1;
	struct rig r;
	uint32_t i;

	rig_up(&r, *state);
	/* The row of job 3 exists, without a file. */
	twice = job(&r, 3, 100, NULL);
	assert_ok(db_add(r.db, &twice->row, 1));
	committer_submit(r.c, job(&r, 0, 100, NULL));
	committer_submit(r.c, job(&r, 1, 100, &writer)); /* a writer is left */
	j = job(&r, 2, 100, NULL);
	j->claim.size = 99; /* a lie */
	committer_submit(r.c, j);
	committer_submit(r.c, twice);
	for (i = 4; i < 40; i++)
		committer_submit(r.c, job(&r, i, 100, NULL));
	for (i = 0; i < 40; i++) {
		j = finished(&r);
		assert_int_equal(j->result, j->ref == 1   ? ERR_BUSY
					    : j->ref == 2 ? ERR_PROFILE
					    : j->ref == 3 ? ERR_EXISTS
							  : ERR_OK);
		assert_int_equal(j->is_breach, j->ref == 1 || j->ref == 2);
		free(j);
	}
	assert_int_equal(rows(&r), 38); /* the one that was there, too */
	assert_int_equal(count_files(r.f->dir), 37);
	io_close(&writer);
	rig_down(&r);
}

static void
a_name_that_is_taken_stays_whose_it_is(void **state)
{
	struct commit_job *first, *second;
	struct rig r;
	struct stat st;
	char name[64];

	rig_up(&r, *state);
	first = job(&r, 1, 100, NULL);
	second = job(&r, 2, 200, NULL);
	strcpy(second->id, first->id);
	snprintf(name, sizeof name, "%s.age", first->id);
	committer_submit(r.c, first);
	assert_ok(finished(&r)->result);
	committer_submit(r.c, second);
	assert_err(finished(&r)->result, ERR_EXISTS);
	assert_int_equal(fstatat(r.items, name, &st, 0), 0);
	assert_int_equal(st.st_size, 100);
	assert_int_equal(rows(&r), 1);
	free(first);
	free(second);
	rig_down(&r);
}

static void
a_medium_that_ends_leaves_no_trace(void **state)
{
	const struct fixture *f = *state;
	struct commit_job *j;
	struct rig r;
	int writer = -1;

	fixture_own_mounts();
	assert_int_equal(mount("none", f->dir, "tmpfs", 0, "size=2m,mode=700"), 0);
	rig_up(&r, f);
	j = job(&r, 1, 100, NULL);
	/* Nothing is left, not even for a row. */
	writer = openat(r.items, "filler", O_WRONLY | O_CREAT, 0600);
	while (write(writer, r.f, sizeof *r.f) > 0)
		;
	committer_submit(r.c, j);
	assert_err(finished(&r)->result, ERR_NOSPACE);
	free(j);
	assert_int_equal(count_files(f->dir), 0);
	io_close(&writer);
	assert_int_equal(unlinkat(r.items, "filler", 0), 0);
	assert_int_equal(rows(&r), 0);
	j = job(&r, 2, 100, NULL);
	committer_submit(r.c, j);
	assert_ok(finished(&r)->result);
	free(j);
	rig_down(&r);
	assert_int_equal(umount(f->dir), 0);
}

static void
what_is_submitted_is_finished_before_the_end(void **state)
{
	struct rig r;
	uint32_t i;

	rig_up(&r, *state);
	for (i = 0; i < 50; i++)
		committer_submit(r.c, job(&r, i, 100, NULL));
	committer_free(r.c);
	r.c = NULL;
	assert_int_equal(rows(&r), 50);
	assert_int_equal(count_files(r.f->dir), 50);
	rig_down(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH(hundreds_at_once_all_get_names_and_rows),
	    WITH(a_bad_job_hurts_nobody_else),
	    WITH(a_name_that_is_taken_stays_whose_it_is),
	    WITH(what_is_submitted_is_finished_before_the_end),
	    WITH(a_medium_that_ends_leaves_no_trace),
	};

	return cmocka_run_group_tests_name("store committer jobs", tests, NULL, NULL);
}
