#include "store/commit_check.h"

#include <string.h>

#include "base/text.h"
#include "store/db.h"

static bool
is_terminated(const char *s, size_t size)
{
	return memchr(s, '\0', size) != NULL;
}

bool
commit_check_is_sound(const struct schedule *s, const struct op_commit *c)
{
	uint8_t id[DB_ID];

	return is_terminated(c->id, sizeof c->id) && is_terminated(c->inbox, sizeof c->inbox) &&
	       text_unhex(id, sizeof id, c->id, strlen(c->id)) == ERR_OK &&
	       schedule_is_inbox_name(c->inbox, strlen(c->inbox)) && c->is_signed_in <= 1 &&
	       c->epoch > 0 && c->serial > 0 && (s == NULL || c->serial <= s->serial);
}

bool
commit_check_is_too_late(const struct schedule *s, const struct op_commit *c, int32_t today)
{
	size_t inbox, i;

	if (s == NULL || schedule_find_inbox(s, c->inbox, &inbox) != ERR_OK)
		return true;
	for (i = 0; i < s->n_epochs; i++)
		if (s->epochs[i].inbox == inbox && s->epochs[i].number >= c->epoch)
			return s->epochs[i].number > c->epoch ||
			       today >= s->epochs[i].end + LIMIT_UPLOAD_DAYS;
	return true; /* nobody has made that key */
}
