#include "schedule.h"

#include <string.h>

static enum err
unverified(struct schedule_fault *fault, enum err e, const char *why)
{
	*fault = (struct schedule_fault){0, why};
	return e;
}

/* The signature first: a text that root didn't sign doesn't even reach the parser. */
enum err
schedule_verify(const struct buf *text, const struct buf *sig, const struct minisign_key *root,
    struct schedule **out, struct schedule_fault *fault)
{
	char comment[SCHEDULE_COMMENT_MAX + 1];
	struct schedule *s = NULL;
	struct minisign_sig ms;
	enum err e;

	if (minisign_sig_parse(&ms, sig->p, sig->len) != ERR_OK)
		return unverified(fault, ERR_FORMAT, "the signature file (.minisig) is damaged");
	e = minisign_verify(root, &ms, text->p, text->len, NULL);
	if (e == ERR_NOMATCH)
		return unverified(fault, e, "it is signed by another key, not by this root key");
	if (e != ERR_OK)
		return unverified(fault, e,
		    "the signature doesn't fit: the schedule, its comment or the signature was "
		    "changed");
	if ((e = schedule_parse(text->p, text->len, &s, fault)) != ERR_OK)
		return e;
	if ((e = schedule_comment(s, comment, sizeof comment)) != ERR_OK)
		unverified(fault, e, "the trusted comment is too long");
	else if (strcmp(comment, ms.comment) != 0)
		e = unverified(fault, ERR_AUTH,
		    "the signature's trusted comment names another serial or instance");
	if (e != ERR_OK) {
		schedule_free(s);
		return e;
	}
	*out = s;
	return ERR_OK;
}
