#include "ceremony.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/random.h"
#include "keyring.h"
#include "open/age_open.h"
#include "plan.h"

#define TEST_TEXT_LEN 64

/* ---- making */

static enum err
make_key(struct keystore *k, const struct keyring *ring, const char *inbox,
    struct schedule_epoch *ep, struct tool_fault *f)
{
	struct keystore_epoch key = {.number = ep->number};
	struct identity *id = NULL;
	enum err e;

	snprintf(key.inbox, sizeof key.inbox, "%s", inbox);
	/* If it is there, it is of a run that was cut off before the schedule was signed. */
	if (!keyring_newest(ring, inbox, ep->number, &key))
		return keyring_make(k, &key, ep->recipient, f);
	if ((e = keyring_get(k, &key, &id, f)) == ERR_OK)
		memcpy(ep->recipient, id->pk, AGE_KEY);
	secret_free(id);
	return e;
}

enum err
ceremony_make_keys(struct keystore *k, struct schedule *s, uint32_t *made, struct tool_fault *f)
{
	struct keyring before = {0}, after = {0};
	enum err e;
	size_t i;

	*made = 0;
	e = keyring_load(k, &before, f);
	for (i = 0; i < s->n_epochs && e == ERR_OK; i++)
		if (plan_is_open(&s->epochs[i]))
			e = make_key(
			    k, &before, s->inboxes[s->epochs[i].inbox].name, &s->epochs[i], f);
	if (e == ERR_OK && (e = keyring_load(k, &after, f)) == ERR_OK)
		*made = (uint32_t)(after.n - before.n);
	keyring_free(&before);
	keyring_free(&after);
	return e;
}

/* ---- testing */

/* The file is sealed as a submission is, and opened as one is. */
static enum err
seal_and_open(const struct schedule_seal *to, const struct identity *id)
{
	struct identity_set set = {0};
	struct secret_text opened = {0};
	uint8_t text[TEST_TEXT_LEN];
	struct buf sealed;
	enum err e;

	random_bytes(text, sizeof text);
	buf_init(&sealed, LIMIT_KEY_FILE);
	if ((e = identity_seal(to->recipients, to->n, text, sizeof text, &sealed)) != ERR_OK ||
	    (e = identity_set_add(&set, id)) != ERR_OK ||
	    (e = age_open_small(sealed.p, sealed.len, &set, NULL, sizeof text, &opened)) != ERR_OK)
		goto done;
	if (opened.len != sizeof text || memcmp(opened.p, text, sizeof text) != 0)
		e = ERR_AUTH;
done:
	secret_text_wipe(&opened);
	identity_set_wipe(&set);
	buf_wipe(&sealed);
	return e;
}

/* This desk's place is the first one; after a loss that is how it is found again (listed.h). */
static bool
is_first(const struct schedule_seal *to, const struct identity *id)
{
	return to->n > 0 && memcmp(to->recipients[0], id->pk, AGE_KEY) == 0;
}

static enum err
test_key(struct keystore *k, const struct keyring *ring, const struct schedule *s,
    const struct schedule_epoch *ep, struct tool_fault *f)
{
	struct keystore_epoch key = {.number = ep->number};
	struct schedule_seal to;
	struct identity *id = NULL;
	enum err e;

	snprintf(key.inbox, sizeof key.inbox, "%s", s->inboxes[ep->inbox].name);
	if (!keyring_newest(ring, key.inbox, ep->number, &key))
		return keyring_refuse(f, ERR_NOTFOUND, &key);
	if ((e = keyring_get(k, &key, &id, f)) != ERR_OK)
		return e;
	if ((e = schedule_current(s, ep->inbox, ep->start, &to)) == ERR_OK)
		e = is_first(&to, id) ? seal_and_open(&to, id) : ERR_NOMATCH;
	if (e != ERR_OK)
		keyring_refuse(f, e, &key);
	secret_free(id);
	return e;
}

enum err
ceremony_test_keys(struct keystore *k, const struct schedule *s, int32_t today, uint32_t *tested,
    struct tool_fault *f)
{
	const struct schedule_epoch *ep;
	struct keyring ring = {0};
	enum err e;
	size_t i;

	*tested = 0;
	e = keyring_load(k, &ring, f);
	for (i = 0; i < s->n_epochs && e == ERR_OK; i++) {
		ep = &s->epochs[i];
		if (ep->end <= today ||
		    (i > 0 && ep[-1].inbox == ep->inbox && ep[-1].number == ep->number))
			continue;
		e = test_key(k, &ring, s, ep, f);
		(*tested)++;
	}
	keyring_free(&ring);
	return e;
}

/* ---- signing */

enum err
ceremony_no_handover(const struct keystore *k, struct tool_fault *f)
{
	static const char *const names[] = {TOOL_NEXT_ROOT, TOOL_OLD_ROOT};
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		if (faccessat(keystore_dir(k), names[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return tool_refuse(f, ERR_EXISTS,
			    "Nothing was changed. Finish that first: " TOOL_PROGRAM
			    " new-root KEYS",
			    "%s: a new root key was begun, and isn't in its place yet", names[i]);
	return ERR_OK;
}

enum err
ceremony_no_next_reply(const struct keystore *k, struct tool_fault *f)
{
	if (faccessat(keystore_dir(k), TOOL_NEXT_REPLY, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
		return ERR_OK;
	return tool_refuse(f, ERR_EXISTS,
	    "Nothing was changed. Finish that first: " TOOL_PROGRAM " schedule KEYS",
	    TOOL_NEXT_REPLY ": a new reply key was begun, and isn't in its place yet");
}

enum err
ceremony_load_root(struct keystore *k, struct sign_key *root, struct tool_fault *f)
{
	struct minisign_key pub;
	enum err e;

	e = keystore_get_sign(k, TOOL_ROOT, root);
	if (e == ERR_NOTFOUND)
		return tool_refuse(f, e, "Use the key store that has it.",
		    TOOL_ROOT ": this key store has no root key; it can't sign schedules");
	if (e != ERR_OK)
		return tool_refuse(f, e, "Restore this file from the backup of the key store.",
		    TOOL_ROOT ": %s", tool_reason(e));
	if ((e = tool_read_key(keystore_dir(k), TOOL_ROOT_PUB, &pub, f)) != ERR_OK)
		return e;
	if (memcmp(&root->public, &pub, sizeof pub) != 0)
		return tool_refuse(f, ERR_NOMATCH,
		    "Nothing was signed. Restore root.pub and root.age from the backup.",
		    TOOL_ROOT_PUB ": it isn't the public key of " TOOL_ROOT);
	return ERR_OK;
}

/* What the server would refuse must not be written. */
static enum err
verify_again(const struct published *p, const struct minisign_key *root, struct tool_fault *f)
{
	struct schedule_fault why = {0};
	struct schedule *again = NULL;
	enum err e;

	if ((e = schedule_verify(&p->text, &p->sig, root, &again, &why)) != ERR_OK)
		tool_refuse(f, e, "Nothing was written.",
		    "line %zu of the schedule that was to be signed: %s", why.line, why.why);
	schedule_free(again);
	return e;
}

static enum err
check_follows(const struct published *old, const struct published *p, struct tool_fault *f)
{
	bool is_gap;
	enum err e;

	if (old->s == NULL)
		return ERR_OK;
	if ((e = schedule_may_follow(old->s, old->hash, p->s, p->hash, &is_gap)) != ERR_OK)
		tool_refuse(f, e, "Nothing was signed.",
		    "the new schedule may not follow serial %u: %s", old->s->serial,
		    schedule_follow_text(e));
	return e;
}

enum err
ceremony_sign(const struct sign_key *root, const struct published *old, struct published *p,
    struct tool_fault *f)
{
	char comment[SCHEDULE_COMMENT_MAX + 1];
	enum err e;

	buf_init(&p->text, LIMIT_SCHEDULE);
	buf_init(&p->sig, LIMIT_SIGNATURE);
	if ((e = schedule_format(p->s, &p->text)) != ERR_OK)
		return tool_refuse(f, e, "Ask for fewer epochs. Nothing was signed.",
		    "the schedule would be larger than 1 MiB");
	hash_256(p->hash, p->text.p, p->text.len);
	if ((e = check_follows(old, p, f)) != ERR_OK)
		return e;
	if ((e = schedule_comment(p->s, comment, sizeof comment)) != ERR_OK ||
	    (e = sign_message(root, p->text.p, p->text.len, comment, &p->sig)) != ERR_OK)
		return tool_refuse(f, e, "Nothing was written.", "signing: %s", tool_reason(e));
	return verify_again(p, &root->public, f);
}
