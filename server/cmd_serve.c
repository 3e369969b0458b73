#include <stdio.h>

#include "cmd.h"
#include "parent/listen.h"
#include "parent/supervise.h"

static void
serving(void *ctx)
{
	const struct listen *l = ctx;

	printf("serving on %s\n", l->text);
	fflush(stdout);
}

static void
warn_slow(const struct conf *c)
{
	if (c->max_upload_hours < conf_slow_hours(c))
		fprintf(stderr,
		    "sealslotd: an upload of max_upload takes a source with 10 kB a second %u hours, and "
		    "max_upload_hours is %u: such an upload is ended before it is complete.\n",
		    conf_slow_hours(c), c->max_upload_hours);
}

int
cmd_serve(const struct cmd *self, int argc, char **argv)
{
	struct reason why = {""};
	struct cmd_args args;
	struct listen l;
	struct setup s;
	int code;

	if ((code = cmd_parse(self, argc, argv, CMD_TAKES_LANDLOCK, &args)) != -1)
		return code;
	if (setup_read(args.conf, &s, &why) != ERR_OK)
		return cmd_fail(&why);
	s.may_lack_landlock = args.may_lack_landlock;
	warn_slow(s.conf);
	if (setup_read_logo(&s, &why) == ERR_OK && listen_open(&s, &l, &why) == ERR_OK) {
		code = supervise(&s, l.fd, serving, &l, &why) == ERR_OK ? CMD_OK : cmd_fail(&why);
		listen_close(&l);
	} else {
		code = cmd_fail(&why);
	}
	setup_wipe(&s);
	return code;
}
