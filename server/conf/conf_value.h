#ifndef SEALSLOT_CONF_CONF_VALUE_H
#define SEALSLOT_CONF_CONF_VALUE_H

#include "conf/conf.h"

/*
 * One function per kind of value. Each returns NULL and stores the value, or
 * a static phrase that says what the value must be, and stores nothing.
 */
const char *conf_value_instance(struct conf *c, const char *s);
const char *conf_value_user(struct conf *c, const char *s);
const char *conf_value_listen(struct conf *c, const char *s);
const char *conf_value_languages(struct conf *c, const char *s);
const char *conf_value_name(struct conf *c, const char *s);
const char *conf_value_logo_path(struct conf *c, const char *s);
const char *conf_value_proxy_protocol(struct conf *c, const char *s);
const char *conf_value_drain_sec(struct conf *c, const char *s);
const char *conf_value_store_path(struct conf *c, const char *s);
const char *conf_value_max_upload(struct conf *c, const char *s);
const char *conf_value_max_upload_hours(struct conf *c, const char *s);
const char *conf_value_reserve(struct conf *c, const char *s);
const char *conf_value_max_day(struct conf *c, const char *s);
const char *conf_value_max_in_flight(struct conf *c, const char *s);
const char *conf_value_retention_days(struct conf *c, const char *s);
const char *conf_value_root_path(struct conf *c, const char *s);
/* "Marseille | Nice | Paris" becomes a further topic of that name. */
const char *conf_value_topic(struct conf *c, const char *name, const char *s);

/* What these are made of, for conf_local.c. Values that are split are the caller's to free. */
const char *conf_value_choices(struct conf_topic *t, const char *s);
/* 1 to max bytes with nothing in them that would trick a page, a terminal or a log? */
bool conf_value_is_text(const char *s, size_t max);

#endif
