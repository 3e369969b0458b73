#include <stdio.h>
#include <string.h>

#include "front/model.h"
#include "front/view.h"
#include "mailbox/codename.h"

/* The pages of a source's own: receipt, sign-in, mailbox. */

/* The key of a receipt, if the schedule still has it: as words that two people can compare. */
static void
set_key(struct model *v, const struct receipt_note *note)
{
	uint8_t recipients[LIMIT_AGE_RECIPIENTS][AGE_KEY];
	const struct schedule_epoch *e;
	const struct schedule *s;
	size_t inbox, n = 0, i;

	if (v->site->schedule == NULL)
		return;
	s = v->site->schedule->s;
	if (schedule_find_inbox(s, note->inbox, &inbox) != ERR_OK)
		return;
	for (i = 0; i < s->n_epochs && n < LIMIT_AGE_RECIPIENTS; i++) {
		e = &s->epochs[i];
		if (e->inbox == inbox && e->number == note->epoch)
			memcpy(recipients[n++], e->recipient, AGE_KEY);
	}
	if (n == 0)
		return;
	fingerprint_epoch_words(v->fingerprint, (const uint8_t(*)[AGE_KEY])recipients, n);
	snprintf(v->number, sizeof v->number, "%u", note->epoch);
	v->m.value[PAGE_FINGERPRINT] = v->fingerprint;
	v->m.value[PAGE_NUMBER] = v->number;
	v->m.value[PAGE_TITLE] = model_inbox_title(v, inbox);
}

enum err
view_receipt(const struct site *s, const struct request *r, const struct receipt_note *note,
    const char *codename, struct answer *a)
{
	bool has_codename = codename[0] != '\0';
	struct model v;

	model_init(&v, s, r);
	snprintf(v.codename, sizeof v.codename, "%s", codename);
	v.m.value[PAGE_CODENAME] = has_codename ? "1" : NULL;
	v.m.value[PAGE_SIGNED_IN] = note->is_signed_in && !has_codename ? "1" : NULL;
	v.m.value[PAGE_LOST] = note->is_signed_in || has_codename ? NULL : "1";
	set_key(&v, note);
	return model_render(&v, PAGE_RECEIPT, 200, a);
}

enum err
view_sign_in(const struct site *s, const struct request *r, const struct op_session *fault,
    const char *typed, struct answer *a)
{
	static const enum page_value whys[] = {
	    [CODENAME_UNKNOWN_WORD] = PAGE_UNKNOWN_WORD,
	    [CODENAME_WRONG_CHECK] = PAGE_WRONG_CHECK,
	    [CODENAME_TOO_SHORT] = PAGE_TOO_SHORT,
	    [CODENAME_TOO_LONG] = PAGE_TOO_LONG,
	};
	struct model v;

	model_init(&v, s, r);
	form_token_make(v.token, s->form_key);
	v.m.value[PAGE_TOKEN] = v.token;
	v.m.value[PAGE_TYPED] = typed;
	if (fault != NULL && fault->fault < sizeof whys / sizeof whys[0]) {
		snprintf(v.number, sizeof v.number, "%u", fault->word);
		v.m.value[PAGE_FAULT] = v.m.value[whys[fault->fault]] = "1";
		v.m.value[PAGE_PLACE] = v.number;
	}
	return model_render(&v, PAGE_SIGN_IN, fault == NULL ? 200 : 400, a);
}

/* What its length would tell somebody who watches the line. */
static enum err
pad(struct buf *body)
{
	uint8_t *blanks;
	size_t n = LIMIT_PAGE_STEP - body->len % LIMIT_PAGE_STEP;
	enum err e;

	if ((e = buf_grow(body, n, &blanks)) == ERR_OK)
		memset(blanks, '\n', n);
	return e;
}

enum err
view_mailbox(const struct site *s, const struct request *r, const struct op_session_is *is,
    const struct replies *replies, struct answer *a)
{
	struct model v;
	enum err e;

	model_init(&v, s, r);
	form_token_make(v.token, is->form_key);
	v.m.value[PAGE_TOKEN] = v.token;
	v.replies = replies;
	v.m.value[PAGE_ANY] = replies->n > 0 ? "1" : NULL;
	v.m.value[PAGE_CUT] = replies->is_cut ? "1" : NULL;
	if ((e = model_render(&v, PAGE_MAILBOX, 200, a)) != ERR_OK)
		return e;
	return pad(&a->body);
}

enum err
view_signed_out(const struct site *s, const struct request *r, struct answer *a)
{
	struct model v;
	enum err e;

	model_init(&v, s, r);
	e = model_render(&v, PAGE_SIGNED_OUT, 200, a);
	a->is_farewell = true;
	return e;
}
