#include <stdio.h>

#include "base/clock.h"
#include "base/date.h"
#include "cmd.h"

int
cmd_clock_ok(const struct cmd *self, int argc, char **argv)
{
	struct wire_msg m = {.op = OP_CLOCK_OK, .fd = -1};
	struct link l = LINK_CLOSED;
	char day[DATE_DAY_LEN + 1];
	struct reason why = {""};
	struct cmd_args args;
	struct setup s;
	int code;

	if ((code = cmd_parse(self, argc, argv, 0, &args)) != -1)
		return code;
	if (setup_read(args.conf, &s, &why) != ERR_OK)
		return cmd_fail(&why);
	if (link_open(&s, &l, &why) == ERR_OK && link_ask(&l, &m, OP_RESULT, &why) == ERR_OK) {
		date_format(day, clock_today());
		printf("From now on %s counts as the right day (UTC).\n", day);
		code = CMD_OK;
	} else {
		code = cmd_fail(&why);
	}
	link_close(&l);
	setup_wipe(&s);
	return code;
}
