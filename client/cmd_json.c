#include "cmd_json.h"

#include <jansson.h>
#include <string.h>

#include "alarm.h"
#include "cmd.h"

static const char *const states[CATALOG_STATES] = {
    "opened", "no-key", "foreign", "damaged", "missing"};

static json_t *
flags_of(const struct catalog_item *i)
{
	json_t *list = json_array();
	size_t k;

	for (k = 0; k < CATALOG_FLAGS; k++)
		if ((i->flags >> k & 1) != 0 &&
		    json_array_append_new(list, json_string(cmd_flag_name(k))) == -1)
			goto fail;
	return list;
fail:
	json_decref(list);
	return NULL;
}

static json_t *
topics_of(const struct catalog_item *i)
{
	json_t *o = json_object();
	size_t k;

	for (k = 0; k < i->n_topics; k++)
		if (json_object_set_new(o, i->topics[k].name, json_string(i->topics[k].value)) ==
		    -1) {
			json_decref(o);
			return NULL;
		}
	return o;
}

/* null for "" */
static json_t *
text_or_null(const char *s)
{
	return s[0] == '\0' ? json_null() : json_string(s);
}

static json_t *
item_of(const struct catalog_item *i)
{
	char day[DATE_DAY_LEN + 1];
	json_t *o;

	date_format(day, i->day);
	o = json_pack("{s:s, s:s, s:o, s:s, s:s, s:I, s:I}", "id", i->id, "state", states[i->state],
	    "flags", flags_of(i), "day", day, "inbox", i->inbox, "epoch", (json_int_t)i->epoch,
	    "sealed_size", (json_int_t)i->size);
	if (o != NULL &&
	    (json_object_set_new(o, "reviewed", json_boolean(i->reviewed != 0)) == -1 ||
		json_object_set_new(o, "kept", json_boolean(i->is_kept)) == -1)) {
		json_decref(o);
		return NULL;
	}
	if (o == NULL || i->received[0] == '\0')
		return o;
	if (json_object_set_new(o, "received", json_string(i->received)) == -1 ||
	    json_object_set_new(o, "schedule", json_integer(i->schedule)) == -1 ||
	    json_object_set_new(o, "files", json_integer(i->files)) == -1 ||
	    json_object_set_new(o, "size", json_integer((json_int_t)i->bytes)) == -1 ||
	    json_object_set_new(o, "message", json_integer(i->message)) == -1 ||
	    json_object_set_new(o, "topics", topics_of(i)) == -1 ||
	    json_object_set_new(o, "mailbox", text_or_null(i->mailbox)) == -1) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static json_t *
alarm_of(const struct catalog_alarm *a)
{
	char day[DATE_DAY_LEN + 1];
	json_t *o = NULL;
	struct buf text;

	buf_init(&text, 4096);
	date_format(day, a->day);
	if (alarm_text(&text, a) == ERR_OK)
		o = json_pack("{s:I, s:s, s:s%}", "number", (json_int_t)a->number, "day", day,
		    "text", (const char *)text.p, text.len);
	buf_wipe(&text);
	return o;
}

static json_t *
vault_of(const struct catalog *c)
{
	const struct catalog_bundle *b = c->n_bundles == 0 ? NULL : &c->bundles[c->n_bundles - 1];
	uint32_t schedule = c->n_schedules == 0 ? 0 : c->schedules[c->n_schedules - 1].serial;
	json_t *items = json_array(), *alarms = json_array();
	size_t i;

	for (i = 0; i < c->n_items; i++)
		if (json_array_append_new(items, item_of(c->items[i])) == -1)
			goto fail;
	for (i = 0; i < c->n_alarms; i++)
		if (c->alarms[i].seen == 0 &&
		    json_array_append_new(alarms, alarm_of(&c->alarms[i])) == -1)
			goto fail;
	return json_pack("{s:s, s:I, s:I, s:o, s:o}", "instance", c->instance, "bundle",
	    (json_int_t)(b == NULL ? 0 : b->serial), "schedule", (json_int_t)schedule, "alarms",
	    alarms, "items", items);
fail:
	json_decref(items);
	json_decref(alarms);
	return NULL;
}

static int
put_json(const char *p, size_t n, void *ctx)
{
	return buf_add(ctx, p, n) == ERR_OK ? 0 : -1;
}

enum err
cmd_json_list(struct buf *out, const struct vault *v)
{
	json_t *o = vault_of(&v->catalog);
	int failed;

	if (o == NULL)
		return ERR_NOMEM;
	failed = json_dump_callback(o, put_json, out, JSON_ENSURE_ASCII | JSON_INDENT(1));
	json_decref(o);
	return failed == 0 ? buf_add_str(out, "\n") : ERR_NOMEM;
}
