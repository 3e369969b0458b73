#ifndef SEALSLOT_TEST_STORE_DEPOT_RIG_H
#define SEALSLOT_TEST_STORE_DEPOT_RIG_H

/* A store that is made, opened and published to, and the reason when it isn't. */
#include "fixture.h"

#include "store/depot.h"

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

static struct reason why;

static inline enum err
open_it(struct depot *d, const struct fixture *f)
{
	return depot_open(d, &f->conf, &f->root.public, &why);
}

static inline enum err
create_it(const struct fixture *f)
{
	return depot_create(&f->conf, &f->root.public, &why);
}

static inline enum err
publish(struct depot *d, const struct fixture *f, const struct fixture_schedule *from)
{
	struct buf text, sig;
	enum err e;

	fixture_sign(f, from, &text, &sig);
	e = depot_publish(d, &text, &sig, &why);
	buf_wipe(&text);
	buf_wipe(&sig);
	return e;
}

static inline const char *
in_store(const struct fixture *f, const char *name)
{
	static char path[160];

	snprintf(path, sizeof path, "%s/%s", f->dir, name);
	return path;
}

static inline void
assert_why(const char *words)
{
	if (strstr(why.text, words) == NULL)
		fail_msg("the reason is: %s", why.text);
}

#endif
