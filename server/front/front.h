#ifndef SEALSLOT_FRONT_FRONT_H
#define SEALSLOT_FRONT_FRONT_H

#include "base/buf.h"
#include "base/err.h"
#include "carry/minisign.h"
#include "conf/conf.h"

/*
 * The front process: the event loop and everything in it. Sealing workers are
 * started by front_new; nothing untrusted is read before front_run.
 */
struct front;

/* What the parent has handed over. */
struct front_setup {
	struct conf *conf; /* borrowed */
	struct minisign_key root;
	struct buf logo; /* a PNG; empty: none; borrowed */
	int parent;      /* control socket; borrowed */
	int listener;    /* borrowed */
	int store;       /* front's from front_new on */
	int mailbox;     /* front's from front_new on; -1: it comes later */
	unsigned workers;
	bool may_lack_landlock;
};

enum err MUST_CHECK front_new(const struct front_setup *s, struct front **out);
/* Until the parent is gone. ERR_FORMAT: the parent speaks out of turn. */
enum err MUST_CHECK front_run(struct front *f);
/* Ends what is under way, wipes. Accepts NULL. */
void front_free(struct front *f);

#endif
