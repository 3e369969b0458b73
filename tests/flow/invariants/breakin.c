#include "breakin.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

#define PATH_RUN "/run-this/"

struct breakin breakin = {.writer = -1};

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

static bool
is_layer_off(const char *layer)
{
	const char *s = getenv("SEALSLOT_BREAKIN");

	return s != NULL && (strcmp(s, layer) == 0 || strcmp(s, "no-sandbox") == 0);
}

enum err
__wrap_sandbox_confine(const struct sandbox_plan *plan, int *landlock)
{
	breakin.target = getenv("SEALSLOT_BREAKIN_TARGET");
	breakin.folder = getenv("SEALSLOT_BREAKIN_FOLDER");
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
	breakin.writer = fd;
	if (breakin.is_keeping && breakin.n_kept < sizeof breakin.kept / sizeof breakin.kept[0])
		breakin.kept[breakin.n_kept++] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return __real_sealer_file_new(s, fd, events, out);
}

static const struct attack *
find(const char *name)
{
	static const struct attack *const all[] = {
	    breakin_files, breakin_sockets, breakin_processes};
	const struct attack *a;
	size_t i;

	for (i = 0; i < sizeof all / sizeof all[0]; i++)
		for (a = all[i]; a->name != NULL; a++)
			if (strcmp(a->name, name) == 0)
				return a;
	return NULL;
}

static void
run(const char *name)
{
	const struct attack *a = find(name);
	int e;

	if (a == NULL) {
		fprintf(stderr, "breakin %s unknown\n", name);
		return;
	}
	fprintf(stderr, "breakin %s tried\n", name);
	if ((e = a->run()) == 0)
		fprintf(stderr, "breakin %s done\n", name);
	else
		fprintf(stderr, "breakin %s refused %d\n", name, e);
}

enum err
__wrap_route_admit(
    const struct site *s, const struct request *r, enum request_fault f, struct answer *a)
{
	if (strncmp(r->path, PATH_RUN, strlen(PATH_RUN)) == 0)
		run(r->path + strlen(PATH_RUN));
	return __real_route_admit(s, r, f, a);
}
