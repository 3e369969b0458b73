#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "cmd.h"

static void
report(const struct setup *s)
{
	char line[MINISIGN_KEY_LEN + 1], path[CONF_PATH_MAX + 32];
	struct minisign_key transfer;
	struct buf text;

	printf("The store is made: %s\n", s->conf->store_path);
	minisign_key_format(line, &s->root);
	printf("Root key:          %s\n", line);
	snprintf(path, sizeof path, "%s/transfer.pub", s->conf->store_path);
	buf_init(&text, LIMIT_KEY_FILE);
	if (io_read_file(AT_FDCWD, path, &text) == ERR_OK &&
	    minisign_key_parse_file(&transfer, text.p, text.len) == ERR_OK) {
		minisign_key_format(line, &transfer);
		printf("Transfer key:      %s\n", line);
	}
	buf_wipe(&text);
	printf("Compare the root key with the one that the key ceremony showed; write down the\n"
	       "transfer key: the air-gapped machine shows it at its first import.\n"
	       "Next: sealslotd publish.\n");
}

int
cmd_init(const struct cmd *self, int argc, char **argv)
{
	struct reason why = {""};
	struct cmd_args args;
	struct setup s;
	bool is_new;
	int code;

	if ((code = cmd_parse(self, argc, argv, 0, &args)) != -1)
		return code;
	if (setup_read(args.conf, &s, &why) != ERR_OK)
		return cmd_fail(&why);
	if (setup_make_store(&s, &is_new, &why) == ERR_OK && link_init(&s, &why) == ERR_OK) {
		report(&s);
		code = CMD_OK;
	} else {
		/* Empty, or it stays. */
		if (is_new)
			rmdir(s.conf->store_path);
		code = cmd_fail(&why);
	}
	setup_wipe(&s);
	return code;
}
