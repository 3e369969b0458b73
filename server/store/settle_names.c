#include "store/settle_names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/io.h"
#include "base/random.h"
#include "base/text.h"
#include "wire/item_file.h"

void
settle_names_shuffle(struct db_item *items, size_t n)
{
	struct db_item swap;
	size_t i, j;

	for (i = n; i > 1; i--) {
		j = random_below((uint32_t)i);
		swap = items[i - 1];
		items[i - 1] = items[j];
		items[j] = swap;
	}
}

/* A name that isn't there, or one that somebody else has put in the way: sealslotd check tells. */
static enum err
rename_one(int folder, const char *id, const char *from, const char *to)
{
	char old[ITEM_FILE_NAME], new[ITEM_FILE_NAME];

	item_file_name(old, id, from);
	item_file_name(new, id, to);
	if (renameat2(folder, old, folder, new, RENAME_NOREPLACE) == -1 && errno != ENOENT &&
	    errno != EEXIST)
		return io_errno();
	return ERR_OK;
}

enum err
settle_names_back(int folder, const char *id)
{
	return rename_one(folder, id, ITEM_FILE_MOVING, ITEM_FILE_EXT);
}

enum err
settle_names_mix(int folder, struct db_item *items, size_t n)
{
	char id[RANDOM_ID_LEN + 1];
	enum err e = ERR_OK, back;
	size_t i;

	settle_names_shuffle(items, n);
	for (i = 0; i < n && e == ERR_OK; i++) {
		text_hex(id, items[i].id, DB_ID);
		e = rename_one(folder, id, ITEM_FILE_EXT, ITEM_FILE_MOVING);
	}
	settle_names_shuffle(items, n);
	for (i = 0; i < n; i++) {
		text_hex(id, items[i].id, DB_ID);
		if ((back = settle_names_back(folder, id)) != ERR_OK && e == ERR_OK)
			e = back;
	}
	return e == ERR_OK ? io_sync(folder) : e;
}
