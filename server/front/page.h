#ifndef SEALSLOT_FRONT_PAGE_H
#define SEALSLOT_FRONT_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Pages: templates of server/pages, in every language of server/po, compiled
 * into tables by server/pages/gen.c; this file fills in the values.
 *
 *   [[text]]               is translated
 *   {{name}}               a value, always escaped
 *   {{?name}}..{{/name}}   only when the value isn't empty
 *   {{^name}}..{{/name}}   only when it is
 *   {{*list}}..{{/list}}   once for each row
 *   {{>file}}              that file stands here
 *
 * There is no way to put in a value unescaped: untrusted text reaches a page
 * only through page_escape (and an attribute must stand in double quotes).
 */

/* The templates: name.html, style.css and robots.txt. */
enum page_id {
	PAGE_FORM,
	PAGE_RECEIPT,
	PAGE_SIGN_IN,
	PAGE_MAILBOX,
	PAGE_SIGNED_OUT,
	PAGE_PROGRESS,
	PAGE_SLOT,
	PAGE_HOW,
	PAGE_FINGERPRINTS,
	PAGE_ERROR,
	PAGE_DATE, /* one day, in words */
	PAGE_STYLE,
	PAGE_ROBOTS,
	PAGE_COUNT
};

/* {{name}} of a template is PAGE_NAME here. */
enum page_value {
	PAGE_SITE,        /* the instance's name */
	PAGE_LOGO,        /* there is one at /logo.png */
	PAGE_INTRO,       /* what the admin says on the start page */
	PAGE_CONTACT,     /* ...and at the foot of each page */
	PAGE_INSTANCE,    /* its onion address */
	PAGE_LANG,        /* of this page: "fr" */
	PAGE_Q,           /* "?lang=fr" when the language was chosen by hand */
	PAGE_AND_LANG,    /* "&lang=fr", the same behind another parameter */
	PAGE_FRAMED,      /* the page stands in a frame of the form's page */
	PAGE_HERE,        /* path of this page, for the language switch */
	PAGE_TOKEN,       /* the form's one-time token */
	PAGE_LIMIT_HOURS, /* that an upload may take */
	PAGE_LIMIT_G,     /* the upload limit in GB, or */
	PAGE_LIMIT_M,     /* in MB */
	PAGE_ROOT_KEY,    /* "RWQ..." */
	PAGE_ROOT_WORDS,  /* its fingerprint */
	PAGE_TODAY,       /* the day whose keys are shown */
	PAGE_SERIAL,      /* of the schedule */
	PAGE_DAYS,        /* retention */
	PAGE_MANY,        /* there are several inboxes */
	PAGE_SENT,        /* the cookie shows a receipt: something was sent not long ago */
	/* the receipt */
	PAGE_CODENAME,    /* there is one to show */
	PAGE_SIGNED_IN,   /* it went into a mailbox that was open */
	PAGE_LOST,        /* there is no codename any more */
	PAGE_FINGERPRINT, /* words of the key that it was sealed with; or in the row of an inbox */
	/* sign-in */
	PAGE_TYPED, /* what was typed */
	PAGE_FAULT, /* it isn't a codename, and exactly one of these says why */
	PAGE_UNKNOWN_WORD,
	PAGE_WRONG_CHECK,
	PAGE_TOO_SHORT,
	PAGE_TOO_LONG,
	PAGE_PLACE, /* of the wrong word, or how many there are */
	/* progress */
	PAGE_WAITING, /* nothing of the upload has come */
	PAGE_COMING,
	PAGE_STORED,
	PAGE_STOPPED, /* one of the errors below says why */
	PAGE_PERCENT,
	PAGE_IN_KB, /* the next two are KB, not MB */
	PAGE_DONE,  /* what has come */
	PAGE_TOTAL,
	PAGE_MINUTE, /* about a minute is left, or less */
	PAGE_MINUTES,
	PAGE_HOURS,
	/* the mailbox */
	PAGE_ANY, /* there are replies */
	PAGE_CUT, /* ...and more than these */
	/* in the row of a list */
	PAGE_CODE,   /* a language */
	PAGE_NATIVE, /* its own name for itself */
	PAGE_OTHER,  /* it isn't this page's */
	PAGE_NAME,   /* an inbox or a topic */
	PAGE_TITLE,
	PAGE_NUMBER, /* an epoch */
	PAGE_UNTIL,
	PAGE_SEAL_TO, /* "-r age1... -r age1..." */
	PAGE_VALUE,   /* one choice of a topic, as it is sealed */
	PAGE_LABEL,   /* ...and as it is shown */
	PAGE_WORD,    /* of a codename */
	PAGE_ID,      /* of a reply */
	PAGE_DAY,
	PAGE_TEXT,
	/* a day: PAGE_NUMBER, one of these, PAGE_YEAR */
	PAGE_FIRST, /* it is the first of its month, which French calls 1er */
	PAGE_JANUARY,
	PAGE_FEBRUARY,
	PAGE_MARCH,
	PAGE_APRIL,
	PAGE_MAY,
	PAGE_JUNE,
	PAGE_JULY,
	PAGE_AUGUST,
	PAGE_SEPTEMBER,
	PAGE_OCTOBER,
	PAGE_NOVEMBER,
	PAGE_DECEMBER,
	PAGE_YEAR,
	/* the error page: exactly one of these isn't empty */
	PAGE_BAD_REQUEST,
	PAGE_HEADER_TOO_LARGE,
	PAGE_NOT_FOUND,
	PAGE_METHOD,
	PAGE_LENGTH,
	PAGE_VERSION,
	PAGE_EXPECT,
	PAGE_HOST,
	PAGE_TOR2WEB,
	PAGE_NO_RECEIPT,
	PAGE_EMPTY,
	PAGE_DAMAGED,
	PAGE_STALE,
	PAGE_MESSAGE_TOO_LONG,
	PAGE_TOO_MANY_FILES,
	PAGE_TOO_LARGE,
	PAGE_TOO_SLOW,
	PAGE_NO_KEY,
	PAGE_NO_ROOM,
	PAGE_CLOSED,
	PAGE_BUSY,
	PAGE_NOT_CONFIRMED,
	PAGE_ARRIVING,
	PAGE_BROKEN_OFF,
	PAGE_SENT_BEFORE,
	PAGE_RESTARTING,
	PAGE_SESSION_OVER,
	PAGE_MAILBOX_BUSY,
	PAGE_CROSS_SITE,
	/* ...and these say more about it */
	PAGE_UPLOAD,        /* it ended an upload, of which nothing was kept */
	PAGE_BESIDE,        /* the form stands beside it: links must leave that alone */
	PAGE_STILL,         /* ...and what was written in it can be sent from there */
	PAGE_CHANGE,        /* ...once it is changed */
	PAGE_MAY_SIGN_IN,   /* who has a codename may find room */
	PAGE_MAY_READ,      /* nothing can be sent, but replies can be read */
	PAGE_TRY_AGAIN,     /* the same page, in a moment */
	PAGE_SIGN_IN_AGAIN, /* the way out of it is signing in */
	PAGE_TO_FORM,       /* ...or the form */
	PAGE_TO_MAILBOX,    /* ...or the mailbox, with a form of its own */
	PAGE_VALUE_COUNT
};

/* {{*name}} of a template is PAGE_LIST_NAME here. */
enum page_list {
	PAGE_LIST_LANGUAGES,
	PAGE_LIST_INBOXES,
	PAGE_LIST_TOPICS,
	PAGE_LIST_CHOICES, /* of the topic whose row it is in */
	PAGE_LIST_WORDS,   /* of the codename */
	PAGE_LIST_REPLIES,
	PAGE_LIST_COUNT
};

/* What a page shows. Everything is borrowed while it is rendered. */
struct page_model {
	const char *value[PAGE_VALUE_COUNT]; /* UTF-8; NULL: empty */
	void *ctx;
	/* How many rows a list has, and the values of one of them; NULL: no list has rows. */
	size_t (*count)(void *ctx, enum page_list list);
	void (*row)(void *ctx, enum page_list list, size_t i, struct page_model *m);
};

/* The languages that were compiled in, "en" first. */
size_t page_languages(void);
const char *page_language_code(size_t lang);
const char *page_language_name(size_t lang);

/* Appends a page to out. ERR_LIMIT when out is full, ERR_NOMEM. */
enum err MUST_CHECK page_render(
    struct buf *out, size_t lang, enum page_id page, struct page_model *m);
/*
 * Appends n bytes as HTML text, fit for an element or a quoted attribute. What
 * isn't UTF-8 and what must never reach a page (text_is_treacherous) becomes U+FFFD.
 * U+200C, U+200D and U+FE0F stay: Persian text and emoji need them.
 */
enum err MUST_CHECK page_escape(struct buf *out, const char *p, size_t n);

#endif
