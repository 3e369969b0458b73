#include "restore_gone.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "backup.h"
#include "base/clock.h"
#include "base/io.h"

/* own: the backup's schedule; NULL: it has none. */
static enum err
read_logs(const struct restore_gone *from, const struct schedule *own, struct gone *g,
    struct tool_fault *f)
{
	enum err e;

	buf_wipe(&g->log);
	if ((e = backup_pick(from->content, TOOL_LOG, &g->log)) != ERR_OK)
		return backup_refuse_content(f, e, from->q->file);
	if (from->q->log == NULL)
		return ERR_OK;
	if ((e = io_read_file(AT_FDCWD, from->q->log, &g->newer)) != ERR_OK)
		return tool_refuse(f, e, "", "%s: %s", from->q->log, tool_reason(e));
	if ((e = gone_check_log(g, from->newest->s, clock_today())) != ERR_OK ||
	    (e = gone_check_log(g, own, clock_today())) != ERR_OK)
		tool_refuse(f, e, "Nothing was written. It isn't the log of this key store.",
		    "%s: it calls an epoch retired that isn't over", from->q->log);
	return e;
}

/* The schedules that lie beside the newest one, as in a publish folder; none of them is needed. */
static void
follow_between(const struct restore_gone *from, struct gone *g)
{
	char path[PATH_MAX], name[PUBLISHED_NAME_MAX], file[PATH_MAX + PUBLISHED_NAME_MAX + 2];
	struct published p = {0};
	struct tool_fault ignored;
	const char *folder;
	uint32_t serial;

	if ((size_t)snprintf(path, sizeof path, "%s", from->q->schedule) >= sizeof path)
		return;
	folder = dirname(path);
	for (serial = g->serial + 1; serial < from->newest->s->serial; serial++) {
		published_name(name, serial);
		snprintf(file, sizeof file, "%s/%s", folder, name);
		if (published_read(AT_FDCWD, file, from->root_key, &p, &ignored) == ERR_OK &&
		    p.s->serial == serial && strcmp(p.s->instance, from->newest->s->instance) == 0)
			gone_follow(g, p.s);
		published_wipe(&p);
	}
}

enum err
restore_gone_find(const struct restore_gone *from, struct gone *out, struct tool_fault *f)
{
	struct schedule_fault why = {0};
	struct schedule *s = NULL;
	struct buf text, root;
	enum err e;

	buf_init(&root, 0);
	if ((e = backup_pick(from->content, TOOL_PUBLISH "/" PUBLISHED_NEWEST, &text)) != ERR_OK ||
	    (e = backup_pick(from->content, TOOL_ROOT, &root)) != ERR_OK ||
	    (text.len > 0 && (e = schedule_parse(text.p, text.len, &s, &why)) != ERR_OK))
		backup_refuse_content(f, e, from->q->file);
	else {
		out->is_signer = root.len > 0;
		gone_begin(out, s);
		if (from->newest->s != NULL && from->newest->s->serial > out->serial) {
			follow_between(from, out);
			gone_follow(out, from->newest->s);
		}
		e = read_logs(from, s, out, f);
	}
	schedule_free(s);
	buf_wipe(&text);
	buf_wipe(&root);
	return e;
}
