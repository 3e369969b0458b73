#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/io.h"
#include "carry/schedule.h"
#include "carry/schedule_name.h"
#include "cmd.h"

/* A schedule on its way to the store. */
struct sheet {
	struct schedule *s;
	struct buf text, sig;
};

static void
sheet_init(struct sheet *sh)
{
	sh->s = NULL;
	buf_init(&sh->text, LIMIT_SCHEDULE);
	buf_init(&sh->sig, LIMIT_SIGNATURE);
}

static void
sheet_wipe(struct sheet *sh)
{
	schedule_free(sh->s);
	buf_wipe(&sh->text);
	buf_wipe(&sh->sig);
	sh->s = NULL;
}

/* Reads and verifies a schedule; its signature lies beside it, with .minisig at the end. */
static enum err
read_sheet(const struct setup *s, int dir, const char *path, struct sheet *sh, struct reason *why)
{
	struct schedule_fault fault = {0, ""};
	char sig[CONF_PATH_MAX + 16];
	enum err e;
	int n;

	n = snprintf(sig, sizeof sig, "%s.minisig", path);
	if (n < 0 || (size_t)n >= sizeof sig)
		return reason_set(why, ERR_LIMIT, "The path is too long.");
	if ((e = io_read_file(dir, path, &sh->text)) == ERR_MODE)
		return reason_set(why, e,
		    "%s isn't a plain file. Name the file keys.txt in the folder publish.", path);
	if (e != ERR_OK)
		return reason_sys(why, e, "Can't read %s", path);
	if ((e = io_read_file(dir, sig, &sh->sig)) != ERR_OK)
		return reason_sys(why, e, "Can't read the signature %s", sig);
	if ((e = schedule_verify(&sh->text, &sh->sig, &s->root, &sh->s, &fault)) == ERR_OK)
		return ERR_OK;
	if (fault.line != 0)
		return reason_set(
		    why, e, "%s is refused: line %zu: %s.", path, fault.line, fault.why);
	return reason_set(why, e, "%s is refused: %s.", path, fault.why);
}

static int
compare_serials(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The serials in a folder that lie between two others, ascending. */
static enum err
list_between(int dir, uint32_t after, uint32_t before, struct buf *serials)
{
	struct dirent *d;
	enum err e;
	uint32_t serial;
	DIR *list = NULL;

	if ((e = io_open_list(dir, &list)) != ERR_OK)
		return e;
	while (e == ERR_OK && (d = readdir(list)) != NULL) {
		serial = schedule_name_serial(d->d_name);
		if (serial > after && serial < before)
			e = buf_add(serials, &serial, sizeof serial);
	}
	closedir(list);
	if (e == ERR_OK && serials->len > 0)
		qsort(serials->p, serials->len / sizeof serial, sizeof serial, compare_serials);
	return e;
}

static enum err
send_sheet(const struct link *l, const struct sheet *sh, struct reason *why)
{
	struct wire_msg m = {.op = OP_PUBLISH, .fd = -1, .len = (uint32_t)sh->sig.len};
	enum err e;
	int fd = -1;

	memcpy(m.body, sh->sig.p, sh->sig.len);
	if ((e = wire_memfd(sh->text.p, sh->text.len, &fd)) != ERR_OK)
		return reason_sys(why, e, "Can't hand over the schedule");
	m.fd = fd;
	e = link_ask(l, &m, OP_RESULT, why);
	io_close(&fd);
	if (e == ERR_OK && why->text[0] != '\0')
		printf("%s\n", why->text); /* about a gap */
	return e;
}

/* All schedules between the store's and the new one that lie beside it. */
static enum err
send_chain(const struct setup *s, const struct link *l, int dir, uint32_t from, uint32_t to,
    struct reason *why)
{
	char name[SCHEDULE_NAME_MAX];
	struct buf serials;
	struct sheet sh;
	uint32_t serial;
	enum err e;
	size_t i;

	buf_init(&serials, SIZE_MAX);
	if ((e = list_between(dir, from, to, &serials)) != ERR_OK)
		reason_sys(why, e, "Can't list the schedule's folder");
	for (i = 0; e == ERR_OK && i < serials.len / sizeof serial; i++) {
		memcpy(&serial, serials.p + i * sizeof serial, sizeof serial);
		schedule_name(name, serial, SCHEDULE_NAME_TEXT);
		sheet_init(&sh);
		if ((e = read_sheet(s, dir, name, &sh, why)) == ERR_OK)
			e = send_sheet(l, &sh, why);
		else if (e == ERR_NOMATCH && from == 0) {
			/* Of a root key that has handed over: with no schedule to follow, none is
			 * needed. */
			why->text[0] = '\0';
			e = ERR_OK;
		}
		sheet_wipe(&sh);
	}
	buf_wipe(&serials);
	return e;
}

static void
report(const struct schedule *s, const struct op_status *st)
{
	char day[DATE_DAY_LEN + 1];
	struct schedule_seal seal;
	size_t i;

	printf("Schedule %u is active.\n", s->serial);
	for (i = 0; i < s->n_inboxes; i++) {
		if (schedule_current(s, i, st->today, &seal) != ERR_OK) {
			printf("  inbox %s: no key for today\n", s->inboxes[i].name);
			continue;
		}
		date_format(day, seal.end);
		printf("  inbox %s: epoch %u until %s, %zu recipient%s\n", s->inboxes[i].name,
		    seal.number, day, seal.n, seal.n == 1 ? "" : "s");
	}
	date_format(day, st->keys_end);
	printf("There are keys until %s.\n", day);
	if (!st->is_clock_good)
		printf(
		    "warning: the date jumped, or lies before the schedule's: uploads are refused. Set "
		    "the clock, or say sealslotd clock-ok.\n");
}

static enum err
publish(const struct setup *s, const struct sheet *newest, const char *path, struct reason *why)
{
	struct link l = LINK_CLOSED;
	char folder[CONF_PATH_MAX];
	struct op_status st = {0};
	const char *slash = strrchr(path, '/');
	int dir = -1;
	enum err e;

	snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - path + 1),
	    slash == NULL ? "." : path);
	if ((e = io_open_dir(AT_FDCWD, folder, &dir)) != ERR_OK)
		return reason_sys(why, e, "Can't open the folder %s", folder);
	if ((e = link_open(s, &l, why)) != ERR_OK || (e = link_status(&l, &st, why)) != ERR_OK ||
	    (e = send_chain(s, &l, dir, st.serial, newest->s->serial, why)) != ERR_OK ||
	    (e = send_sheet(&l, newest, why)) != ERR_OK ||
	    (e = link_status(&l, &st, why)) != ERR_OK)
		goto done;
	report(newest->s, &st);
done:
	link_close(&l);
	io_close(&dir);
	return e;
}

int
cmd_publish(const struct cmd *self, int argc, char **argv)
{
	struct reason why = {""};
	struct cmd_args args;
	struct sheet newest;
	struct setup s;
	int code;

	if ((code = cmd_parse(self, argc, argv, CMD_TAKES_OPERAND, &args)) != -1)
		return code;
	if (setup_read(args.conf, &s, &why) != ERR_OK)
		return cmd_fail(&why);
	sheet_init(&newest);
	code = CMD_OK;
	if (read_sheet(&s, AT_FDCWD, args.operand, &newest, &why) != ERR_OK ||
	    publish(&s, &newest, args.operand, &why) != ERR_OK)
		code = cmd_fail(&why);
	sheet_wipe(&newest);
	setup_wipe(&s);
	return code;
}
