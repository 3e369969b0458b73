#ifndef SEALSLOT_FRONT_MODEL_H
#define SEALSLOT_FRONT_MODEL_H

#include <stddef.h>

#include "carry/fingerprint.h"
#include "front/answer.h"
#include "front/day_text.h"
#include "front/page.h"
#include "front/replies.h"
#include "front/request.h"
#include "front/site.h"

/*
 * One page while it is made: what every page shows, the rows of its lists, and
 * the texts that these point to. A stack object of view.c and view_source.c.
 */
#define MODEL_SHORT 24 /* bytes of a number */

struct model {
	const struct site *site;
	size_t lang;
	size_t topic;                  /* whose choices are listed */
	const char *choice, *label;    /* the one of them that was listed last */
	const struct replies *replies; /* NULL: none */
	char *word;                    /* where the words of a codename go on */
	struct page_model m;
	char q[16], and_lang[16], here[LIMIT_HTTP_PATH + 1], token[FORM_TOKEN_LEN + 1];
	char limit[MODEL_SHORT], serial[MODEL_SHORT], days[MODEL_SHORT], hours[MODEL_SHORT];
	char today[DAY_TEXT_MAX], seal_to[LIMIT_AGE_RECIPIENTS * (AGE_RECIPIENT_LEN + 4) + 1];
	char number[MODEL_SHORT], until[DAY_TEXT_MAX], title[LIMIT_INBOX_TITLE + 1];
	char done[MODEL_SHORT], total[MODEL_SHORT], percent[MODEL_SHORT], left[MODEL_SHORT];
	char codename[sizeof((struct op_session_is){0}.codename)];
	char fingerprint[FINGERPRINT_MAX + 1];
};

/* What every page shows. site and r are borrowed until model_render. */
void model_init(struct model *v, const struct site *s, const struct request *r);
/* What the i-th inbox of the schedule is called in the page's language. */
const char *model_inbox_title(const struct model *v, size_t i);
/* Renders it into a, which is initialised in any case, and wipes the model. */
enum err MUST_CHECK model_render(
    struct model *v, enum page_id page, unsigned status, struct answer *a);

#endif
