#include "fixture.h"

#include <poll.h>

#include "base/text.h"
#include "store/committer.h"
#include "store/depot.h"

#define TODAY 20000

struct rig {
	const struct fixture *f;
	struct depot d;
	struct committer *c;
};

static void
rig_up(struct rig *r, void **state)
{
	struct reason why;

	r->f = *state;
	assert_ok(depot_create(&r->f->conf, &r->f->root.public, &why));
	assert_ok(depot_open(&r->d, &r->f->conf, &r->f->root.public, &why));
	assert_ok(committer_new(r->d.folder.items, r->d.db, &r->d.db_lock, &r->c));
}

static void
rig_down(struct rig *r)
{
	committer_free(r->c);
	depot_close(&r->d);
}

/* An upload of a day, all written. */
static void
submit(struct rig *r, int32_t day, uint64_t said)
{
	struct commit_job *job = calloc(1, sizeof *job);
	int writer = -1;

	assert_non_null(job);
	assert_ok(upload_new(r->d.folder.items, &job->fd, &writer));
	assert_ok(io_write_all(writer, "0123456789", 10));
	io_close(&writer);
	random_id(job->id);
	job->claim = (struct upload_claim){.size = said, .max_stored = UINT64_MAX, .day = day};
	job->row =
	    (struct db_item){.day = day, .inbox = "tips", .epoch = 1, .serial = 1, .size = said};
	assert_ok(text_unhex(job->row.id, DB_ID, job->id, RANDOM_ID_LEN));
	committer_submit(r->c, job);
}

static void
take(struct rig *r, enum err expected)
{
	struct pollfd p = {committer_fd(r->c), POLLIN, 0};
	struct commit_job *job;

	while ((job = committer_take(r->c)) == NULL)
		assert_int_equal(poll(&p, 1, 30000), 1);
	assert_err(job->result, expected);
	free(job);
}

/* Its row can't come while somebody else has the index: so long its day isn't over. */
static void
a_commit_of_yesterday_is_known(void **state)
{
	struct rig r;

	rig_up(&r, state);
	assert_false(committer_has_older(r.c, TODAY));
	pthread_mutex_lock(&r.d.db_lock);
	submit(&r, TODAY - 1, 10);
	assert_true(committer_has_older(r.c, TODAY));
	assert_false(committer_has_older(r.c, TODAY - 1));
	submit(&r, TODAY, 10);
	submit(&r, TODAY, 10);
	assert_true(committer_has_older(r.c, TODAY));
	pthread_mutex_unlock(&r.d.db_lock);
	take(&r, ERR_OK);
	take(&r, ERR_OK);
	take(&r, ERR_OK);
	assert_false(committer_has_older(r.c, TODAY + 1));
	rig_down(&r);
}

/* A clock that was set back, and a job that fails: neither is counted for ever. */
static void
the_count_comes_back_to_nothing(void **state)
{
	struct rig r;

	rig_up(&r, state);
	pthread_mutex_lock(&r.d.db_lock);
	submit(&r, TODAY, 10);
	submit(&r, TODAY - 2, 10);
	assert_true(committer_has_older(r.c, TODAY));
	pthread_mutex_unlock(&r.d.db_lock);
	take(&r, ERR_OK);
	take(&r, ERR_OK);
	assert_false(committer_has_older(r.c, TODAY));
	submit(&r, TODAY - 1, 9);
	take(&r, ERR_PROFILE);
	assert_false(committer_has_older(r.c, TODAY));
	rig_down(&r);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH(a_commit_of_yesterday_is_known),
	    WITH(the_count_comes_back_to_nothing),
	};

	return cmocka_run_group_tests_name("store committer", tests, NULL, NULL);
}
