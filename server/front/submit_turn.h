#ifndef SEALSLOT_FRONT_SUBMIT_TURN_H
#define SEALSLOT_FRONT_SUBMIT_TURN_H

#include "front/receipts.h"
#include "front/request.h"
#include "front/site.h"
#include "front/submit.h"
#include "front/task.h"

/*
 * The uploads under way, and whose turn it is when all places are taken. Only submit*.c
 * look into an upload: submit.c moves it on, submit_end.c ends it, submit_turn.c keeps the list.
 */
struct submit {
	struct task task;
	struct submit *prev, *next;
	struct site *site;
	const struct request *r;
	struct task_owner owner;
	enum {
		SUBMIT_LOOKING,   /* the mailbox was asked whose session it is */
		SUBMIT_NAMING,    /* ...and for a codename */
		SUBMIT_RECEIVING, /* intake has it */
		SUBMIT_ISSUING,   /* committed: the mailbox was asked for a session */
		SUBMIT_OVER,
	} stage;
	bool is_signed_in; /* it goes into the mailbox of the session that the cookie names */
	bool is_complete;  /* its body has come */
	enum page_value
	    page;      /* what ended it; PAGE_SITE: it is stored, the cookie shows its receipt */
	uint32_t look; /* the mailbox's name for that call; 0: none */
	uint32_t name; /* ...and for the codename */
	struct intake *intake;
	int64_t since;    /* clock_mono_ms, when it could begin to come */
	bool is_counted;  /* among its circuit's uploads */
	int64_t heard;    /* clock_mono_ms, when LIMIT_HEARD bytes of its body had come last */
	uint64_t unheard; /* bytes that came since: a byte now and then holds no place */
	char token[RECEIPTS_TOKEN + 1];
	char cookie[RECEIPTS_TOKEN + 1];
};

/* Is there a place for one more of a circuit that has own others, or can one be made? */
bool submit_turn_has_place(const struct site *s, uint32_t own);
/* The other uploads of its circuit. */
uint32_t submit_turn_others(const struct submit *u);
/* Who has to go so that u finds a place; NULL: nobody, or nobody does. */
struct submit *submit_turn_yielder(const struct submit *u);
/* Into the list of its site, counted among its circuit's; it has been heard just now. */
void submit_turn_enter(struct submit *u);
/* It takes no place of its circuit's any more. Again does nothing. */
void submit_turn_give_up(struct submit *u);
/* Out of the list. */
void submit_turn_leave(struct submit *u);
/* n bytes of its body have come. */
void submit_turn_hear(struct submit *u, size_t n);

#endif
