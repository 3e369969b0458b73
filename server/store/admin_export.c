#include "store/admin_export.h"

#include <string.h>

#include "base/clock.h"
#include "store/admin_say.h"
#include "store/bundle_make.h"

enum err
admin_export_list(struct admin_export *x, struct depot *d, int sock, const struct wire_msg *m)
{
	struct op_export_list ask;
	struct reason why = {""};
	bool all = false;
	struct buf list;
	enum err e;

	memcpy(&ask, m->body, sizeof ask);
	x->is_under_way = true;
	x->made = clock_today();
	buf_init(&list, LIMIT_BUNDLE_ITEMS * sizeof(struct op_export_item));
	if ((e = bundle_make_list(d, ask.since, ask.until, &list, &all, &why)) == ERR_OK)
		e = admin_say_content(sock, OP_EXPORT_ITEMS, &list, NULL, 0);
	else
		e = admin_say_result(sock, e, &why);
	x->inventory = all ? list.len / sizeof(struct op_export_item) : SIZE_MAX;
	buf_wipe(&list);
	return e;
}

static enum err
say_signed(struct admin_export *x, int sock, const struct bundle_signed *s, uint32_t volume)
{
	struct op_export_index head = {.serial = s->serial, .sig_len = s->sig_len};

	/* The first volume's index is the one that the next bundle follows. */
	if (volume == 1) {
		x->serial = s->serial;
		memcpy(x->hash, s->hash, HASH_LEN);
	}
	return admin_say_content(sock, OP_EXPORT_INDEX, &s->text, &head, sizeof head);
}

enum err
admin_export_sign(struct admin_export *x, struct depot *d, int sock, const struct wire_msg *m)
{
	struct bundle_volume volume;
	struct bundle_signed s = {0};
	struct op_export_sign ask;
	struct reason why = {""};
	struct buf list;
	enum err e;

	if (!x->is_under_way)
		return ERR_FORMAT;
	memcpy(&ask, m->body, sizeof ask);
	volume =
	    (struct bundle_volume){.volume = ask.volume, .volumes = ask.volumes, .made = x->made};
	buf_init(&list, LIMIT_BUNDLE_ITEMS * sizeof(struct op_export_item));
	if ((e = wire_memfd_read(m->fd, &list)) != ERR_OK)
		reason_sys(&why, e, "The list didn't arrive");
	else {
		/* Decided once, when the list was made: every volume says the same. */
		volume.is_inventory = list.len / sizeof(struct op_export_item) == x->inventory;
		e = bundle_make_sign(d, &list, &volume, &s, &why);
	}
	if (e == ERR_OK)
		e = say_signed(x, sock, &s, ask.volume);
	else
		e = admin_say_result(sock, e, &why);
	bundle_signed_wipe(&s);
	buf_wipe(&list);
	return e;
}

enum err
admin_export_done(struct admin_export *x, struct depot *d, int sock)
{
	struct reason why = {""};
	enum err e;

	if (x->serial == 0)
		return ERR_FORMAT;
	e = bundle_make_count(d, x->serial, x->hash, &why);
	x->is_under_way = false;
	x->serial = 0;
	return admin_say_result(sock, e, &why);
}
