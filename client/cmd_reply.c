#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "carry/reply.h"
#include "cmd.h"
#include "outbox.h"

/* The text, at most one byte more than a reply may have. */
static int
read_text(const char *path, struct buf *out)
{
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
					: open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	uint8_t *p = NULL;
	struct stat st;
	size_t got = 0;
	enum err e;

	if (fd == -1 || fstat(fd, &st) == -1) {
		cmd_fail(path, "%s.", cmd_why_todo(ERR_SYS));
		io_close(&fd);
		return CMD_FAILED;
	}
	if (S_ISDIR(st.st_mode) || (strcmp(path, "-") != 0 && !S_ISREG(st.st_mode))) {
		io_close(&fd);
		return cmd_fail(path, "this isn't a plain file. Put the text into one.");
	}
	if ((e = buf_grow(out, out->max, &p)) == ERR_OK)
		e = io_read_full(fd, p, out->max, &got);
	io_close(&fd);
	if (e != ERR_OK)
		return cmd_fail(path, "%s.", cmd_why_todo(e));
	out->len = got;
	return CMD_DONE;
}

static int
fail(const struct cmd_options *o, const struct catalog_item *row, enum err e)
{
	if (e == ERR_NOTFOUND && row->received[0] == '\0')
		return cmd_fail(row->id, "there is no way to answer: this desk can't read who "
					 "sent it. `show` says why.");
	if (e == ERR_NOTFOUND)
		return cmd_fail(row->id, "there is no way to answer: the source left no codename.");
	if (e == ERR_LIMIT)
		return cmd_fail(o->message_file,
		    "the text is too long: a reply has at most %zu bytes. Shorten it, or write "
		    "two replies.",
		    reply_text_max());
	if (e == ERR_FORMAT)
		return cmd_fail(o->message_file, "the text is empty, or isn't UTF-8. Save it as "
						 "plain text in UTF-8.");
	if (e == ERR_CRYPTO)
		return cmd_fail(row->id, "nothing can be sealed to the reply address that its "
					 "manifest has: it isn't one of our server's.");
	return cmd_fail(
	    o->vault, "the reply couldn't be kept: %s. Nothing will be sent.", cmd_why_todo(e));
}

static int
reply(struct vault *v, const struct cmd_options *o, const struct buf *text)
{
	const struct catalog_item *row = NULL;
	char day[DATE_DAY_LEN + 1];
	int code;
	enum err e;

	if ((code = cmd_find(v, o->args[0], &row)) != CMD_DONE)
		return code;
	if ((e = outbox_sweep(v)) == ERR_OK)
		e = outbox_reply(v, row, text->p, text->len);
	if (e != ERR_OK)
		return fail(o, row, e);
	date_format(day, row->day);
	printf("The reply to the submission of %s waits to be sent. Next: " CMD_PROGRAM
	       " outbox VAULT OUT.tar\n",
	    day);
	return CMD_DONE;
}

static int
run(const struct cmd_options *o)
{
	struct vault *v = NULL;
	struct buf text;
	int code;

	if (o->message_file == NULL) {
		cmd_fail(NULL, "reply: which text? Add --message-file FILE");
		return CMD_USAGE;
	}
	buf_init(&text, reply_text_max() + 1);
	if ((code = read_text(o->message_file, &text)) == CMD_DONE &&
	    (code = cmd_open_write(o, &v)) == CMD_DONE)
		code = reply(v, o, &text);
	buf_wipe(&text);
	vault_free(v);
	return code;
}

const struct cmd cmd_reply = {
    .name = "reply",
    .usage = "VAULT ID --message-file FILE",
    .summary = "answer the source of a submission",
    .help = "Seals the text to the source's codename: from then on nobody here can read it\n"
	    "either. It waits in the vault until `outbox` puts it into a bundle for the server.\n"
	    "ID: the first digits of an ID, at least 4.\n"
	    "\n"
	    "  --message-file FILE     the text, UTF-8, up to 57,280 bytes; - is standard input\n",
    .options = CMD_OPT_MESSAGE,
    .args_min = 1,
    .args_max = 1,
    .run = run,
};
