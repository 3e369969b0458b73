#include "need.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/limits.h"

#define SIG_EXT ".minisig"

/* ---- what the parser tells */

static enum err
take_head(void *ctx, const struct needs_head *h)
{
	struct need *n = ctx;

	n->head = *h;
	n->epochs = calloc(h->n_epochs + 1u, sizeof *n->epochs);
	n->items = calloc(h->n_items + 1u, sizeof *n->items);
	return n->epochs == NULL || n->items == NULL ? ERR_NOMEM : ERR_OK;
}

static enum err
take_epoch(void *ctx, const struct needs_epoch *e)
{
	struct need *n = ctx;

	n->epochs[n->n_epochs++] = *e;
	return ERR_OK;
}

static enum err
take_item(void *ctx, const struct needs_item *i)
{
	struct need *n = ctx;

	n->items[n->n_items++] = *i;
	return ERR_OK;
}

/* ---- the file and its signature */

static enum err
read_files(const char *path, struct buf *text, struct buf *sig, struct tool_fault *f)
{
	char name[4096];
	enum err e;

	if ((e = io_read_file(AT_FDCWD, path, text)) != ERR_OK)
		return tool_refuse(f, e, "It is made by: sealslot-review needs VAULT FILE",
		    "%s: %s", path, tool_reason(e));
	if ((size_t)snprintf(name, sizeof name, "%s" SIG_EXT, path) >= sizeof name)
		return tool_refuse(f, ERR_LIMIT, TOOL_SHORTER, "%s: the path is too long", path);
	if ((e = io_read_file(AT_FDCWD, name, sig)) != ERR_OK)
		tool_refuse(
		    f, e, "The signature belongs beside the file.", "%s: %s", name, tool_reason(e));
	return e;
}

static enum err
parse(const struct buf *text, struct need *out, struct tool_fault *f)
{
	struct needs_events events = {out, take_head, take_epoch, take_item};
	struct needs_read r;
	enum err e;

	needs_init(&r, &events);
	if ((e = needs_put(&r, text->p, text->len)) == ERR_OK)
		e = needs_finish(&r);
	if (e != ERR_OK)
		tool_refuse(f, e, "Make it again: sealslot-review needs VAULT FILE",
		    "%s: line %zu: %s", out->path, r.number,
		    r.why != NULL ? r.why : tool_reason(e));
	return e;
}

static enum err
verify(const struct buf *text, const struct buf *sig, const struct minisign_key *desk,
    struct minisign_sig *s)
{
	enum err e;

	if ((e = minisign_sig_parse(s, sig->p, sig->len)) != ERR_OK)
		return e;
	return minisign_verify(desk, s, text->p, text->len, NULL);
}

/* The comment says what the signature is for: another text of the desk isn't taken. */
static enum err
check(
    const struct need *n, const struct minisign_sig *s, const char *instance, struct tool_fault *f)
{
	char comment[MINISIGN_COMMENT_MAX + 1];

	if (needs_comment(&n->head, comment, sizeof comment) != ERR_OK ||
	    strcmp(comment, s->comment) != 0)
		return tool_refuse(
		    f, ERR_AUTH, "", "%s: its signature was made for something else", n->path);
	if (strcmp(n->head.instance, instance) != 0)
		return tool_refuse(
		    f, ERR_USAGE, "", "%s: it is of a vault of another instance", n->path);
	return ERR_OK;
}

enum err
need_read(const char *path, const struct minisign_key *desk, const char *instance, struct need *out,
    struct tool_fault *f)
{
	struct minisign_sig s;
	struct buf text, sig;
	enum err e;

	*out = (struct need){.path = path};
	buf_init(&text, LIMIT_NEEDS);
	buf_init(&sig, LIMIT_SIGNATURE);
	if ((e = read_files(path, &text, &sig, f)) != ERR_OK)
		goto done;
	if ((e = verify(&text, &sig, desk, &s)) != ERR_OK)
		tool_refuse(f, e, "Make it again, with a vault of this desk.",
		    "%s: it isn't signed by the reply key of this desk, or was changed", path);
	else if ((e = parse(&text, out, f)) == ERR_OK)
		e = check(out, &s, instance, f);
done:
	buf_wipe(&text);
	buf_wipe(&sig);
	return e;
}

void
need_wipe(struct need *n)
{
	free(n->epochs);
	free(n->items);
	*n = (struct need){0};
}

const struct needs_epoch *
need_epoch(const struct need *n, const char *inbox, uint32_t number)
{
	size_t i;

	for (i = 0; i < n->n_epochs; i++)
		if (needs_compare(n->epochs[i].inbox, n->epochs[i].number, inbox, number) == 0)
			return &n->epochs[i];
	return NULL;
}

bool
need_has_inbox(const struct need *n, const char *inbox)
{
	size_t i;

	for (i = 0; i < n->n_epochs; i++)
		if (strcmp(n->epochs[i].inbox, inbox) == 0)
			return true;
	return false;
}
