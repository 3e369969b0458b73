#include "offer.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/limits.h"
#include "carry/fingerprint.h"
#include "listed.h"
#include "published.h"

#define PATH_ROOM 4200

static const char ADVICE_AGAIN[] = "Ask the other desk to make the offer again.";

static enum err
comment_of(const struct schedule *s, char *out, size_t size)
{
	int n = snprintf(out, size, "sealslot-offer serial:%u instance:%s", s->serial, s->instance);

	return n < 0 || (size_t)n >= size ? ERR_LIMIT : ERR_OK;
}

enum err
offer_sign(
    const struct schedule *s, const struct sign_key *reply, struct buf *text, struct buf *sig)
{
	char comment[SCHEDULE_COMMENT_MAX + 1];
	enum err e;

	if ((e = schedule_format(s, text)) != ERR_OK ||
	    (e = comment_of(s, comment, sizeof comment)) != ERR_OK)
		return e;
	return sign_message(reply, text->p, text->len, comment, sig);
}

void
offer_wipe(struct offer *o)
{
	schedule_free(o->s);
	o->s = NULL;
}

/* ---- reading */

/* Whether that key is one to be trusted is offer_merge's question. */
static enum err
verify(const struct buf *text, const struct buf *sig, const char *path, struct offer *out,
    struct tool_fault *f)
{
	char comment[SCHEDULE_COMMENT_MAX + 1];
	struct schedule_fault why = {0};
	struct schedule *s = NULL;
	struct minisign_sig ms;
	enum err e;

	if ((e = schedule_parse(text->p, text->len, &s, &why)) != ERR_OK)
		return tool_refuse(f, e, ADVICE_AGAIN, "%s: line %zu: %s", path, why.line, why.why);
	if (s->n_reply_keys != 1 || s->n_inboxes != 1)
		e = tool_refuse(f, ERR_FORMAT, "Make one with: " TOOL_PROGRAM " offer",
		    "%s: this isn't a desk's offer", path);
	else if ((e = minisign_sig_parse(&ms, sig->p, sig->len)) != ERR_OK ||
		 (e = comment_of(s, comment, sizeof comment)) != ERR_OK ||
		 (e = minisign_verify(&s->reply_keys[0], &ms, text->p, text->len, comment)) !=
		     ERR_OK)
		tool_refuse(f, e, ADVICE_AGAIN,
		    "%s: the signature doesn't fit: the offer or its signature was changed", path);
	if (e != ERR_OK) {
		schedule_free(s);
		return e;
	}
	out->s = s;
	out->desk = s->reply_keys[0];
	return ERR_OK;
}

enum err
offer_read(const char *path, struct offer *out, struct tool_fault *f)
{
	char sig_path[PATH_ROOM];
	struct buf text, sig;
	enum err e;

	buf_init(&text, LIMIT_SCHEDULE);
	buf_init(&sig, LIMIT_SIGNATURE);
	if ((size_t)snprintf(sig_path, sizeof sig_path, "%s" PUBLISHED_SIG, path) >=
	    sizeof sig_path)
		return tool_refuse(f, ERR_LIMIT, TOOL_SHORTER, "the path is too long");
	if ((e = io_read_file(AT_FDCWD, path, &text)) != ERR_OK)
		tool_refuse(f, e, "", "%s: %s", path, tool_reason(e));
	else if ((e = io_read_file(AT_FDCWD, sig_path, &sig)) != ERR_OK)
		tool_refuse(f, e, "An offer and its signature (.minisig) belong together.",
		    "%s: %s", sig_path, tool_reason(e));
	else
		e = verify(&text, &sig, path, out, f);
	buf_wipe(&text);
	buf_wipe(&sig);
	return e;
}

/* ---- merging */

static bool
is_known(const struct schedule *s, const struct minisign_key *desk)
{
	size_t i;

	for (i = 0; i < s->n_reply_keys; i++)
		if (memcmp(s->reply_keys[i].pk, desk->pk, MINISIGN_PK) == 0)
			return true;
	return false;
}

static enum err
check_desk(const struct schedule *s, const struct offer *o, const char *path,
    const struct minisign_key *expected, struct tool_fault *f)
{
	char key[MINISIGN_KEY_LEN + 1], words[FINGERPRINT_MAX + 1];

	if (is_known(s, &o->desk) ||
	    (expected != NULL && memcmp(expected->pk, o->desk.pk, MINISIGN_PK) == 0))
		return ERR_OK;
	minisign_key_format(key, &o->desk);
	fingerprint_words(words, &o->desk);
	return tool_refuse(f, ERR_NOMATCH,
	    "Nothing was signed. Have the desk read these words to you; if they are the same, run "
	    "this again with --desk and the key.",
	    "%s comes from a desk that the schedule doesn't know:\n  %s\n  %s", path, words, key);
}

static enum err
refuse_epoch(struct tool_fault *f, enum err e, const char *path, const struct schedule_epoch *ep)
{
	const char *why = tool_reason(e);

	if (e == ERR_NOTFOUND)
		why = "the schedule has no such epoch";
	else if (e == ERR_USAGE)
		why = "the schedule has other dates for it";
	else if (e == ERR_LIMIT)
		why = "too many desks share this inbox (at most 4)";
	return tool_refuse(f, e, ADVICE_AGAIN, "%s: epoch %u: %s", path, ep->number, why);
}

/* An earlier offer with that key may still lie about: it mustn't bring it back. */
static enum err
keep_revoked(struct schedule *s, const struct schedule *offer, const struct schedule_epoch *ep)
{
	struct schedule_epoch line = *ep;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < offer->n_revoked && e == ERR_OK; i++)
		if (offer->revoked[i].number == ep->number) {
			memcpy(line.recipient, offer->revoked[i].recipient, AGE_KEY);
			if (listed_find(s, ep, line.recipient) == NULL)
				e = listed_add_revoked(s, &line);
		}
	return e;
}

/* What the offer revokes of this epoch and the schedule still lists; NULL if there is nothing. */
static struct schedule_epoch *
find_revoked(struct schedule *s, const struct schedule *offer, const struct schedule_epoch *ep)
{
	struct schedule_epoch *line = NULL;
	size_t i;

	for (i = 0; i < offer->n_revoked && line == NULL; i++)
		if (offer->revoked[i].number == ep->number)
			line = listed_find(s, ep, offer->revoked[i].recipient);
	return line;
}

static enum err
merge_epoch(struct schedule *s, const struct schedule *offer, const struct schedule_epoch *ep,
    struct offer_result *out)
{
	struct schedule_epoch *line = find_revoked(s, offer, ep);
	enum err e;

	if ((e = keep_revoked(s, offer, ep)) != ERR_OK)
		return e;
	if (line == NULL)
		return listed_add_recipient(s, ep);
	if (line->start != ep->start || line->end != ep->end)
		return ERR_USAGE;
	out->replaced++;
	return listed_replace_recipient(s, line, ep->recipient);
}

enum err
offer_merge(struct schedule *s, const struct offer *o, const char *path,
    const struct minisign_key *expected, struct offer_result *out, struct tool_fault *f)
{
	size_t i, inbox = 0, epochs = s->n_epochs;
	struct offer_result result = {0};
	struct schedule_epoch ep;
	enum err e;

	if (strcmp(s->instance, o->s->instance) != 0)
		return tool_refuse(
		    f, ERR_USAGE, ADVICE_AGAIN, "%s: it is for another instance", path);
	if ((e = check_desk(s, o, path, expected, f)) != ERR_OK)
		return e;
	for (i = 0; i < o->s->n_epochs; i++) {
		ep = o->s->epochs[i];
		e = schedule_find_inbox(s, o->s->inboxes[ep.inbox].name, &inbox);
		ep.inbox = (uint32_t)inbox;
		if (e == ERR_OK && ep.end > s->issued)
			e = merge_epoch(s, o->s, &ep, &result);
		if (e != ERR_OK)
			return refuse_epoch(f, e, path, &ep);
	}
	if ((e = listed_add_reply_key(s, &o->desk)) != ERR_OK)
		return tool_refuse(f, e, TOOL_DROP_DESK, "%s: too many desks", path);
	result.added = (uint32_t)(s->n_epochs - epochs);
	*out = result;
	return ERR_OK;
}
