#ifndef SEALSLOT_CONF_CONF_LOCAL_H
#define SEALSLOT_CONF_CONF_LOCAL_H

#include "conf/conf.h"

/*
 * Keys of sealslotd.conf that end with a language: [server] intro.fr and
 * contact.fr, [topics] city.fr, [inboxes] tips.fr.
 */

/* As a function of conf_value.h. A topic has to stand before what it is called elsewhere. */
const char *conf_local_set(struct conf *c, const char *section, const char *key, const char *value);
/* The first in a language that the pages don't have; NULL: none. */
const struct conf_local *conf_local_stray(const struct conf *c);
/* name: of the topic or inbox; of a text: "intro" or "contact". NULL: there is none. */
const struct conf_local *conf_local_find(
    const struct conf *c, enum conf_local_kind kind, const char *name, const char *lang);
/* The text of what conf_local_find finds, or NULL. */
const char *conf_local_text(
    const struct conf *c, enum conf_local_kind kind, const char *name, const char *lang);

#endif
