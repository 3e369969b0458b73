#include "wire/item_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/text.h"

/* Whoever misses the file under its own name and then under the other one has seen it come back. */
static const char *const names[] = {ITEM_FILE_EXT, ITEM_FILE_MOVING, ITEM_FILE_EXT};
#define NAMES (sizeof names / sizeof names[0])

void
item_file_name(char out[static ITEM_FILE_NAME], const char *id, const char *ext)
{
	snprintf(out, ITEM_FILE_NAME, "%s%s", id, ext);
}

bool
item_file_is_name(const char *name, const char *ext)
{
	uint8_t id[RANDOM_ID_LEN / 2];

	return strlen(name) == RANDOM_ID_LEN + strlen(ext) &&
	       strcmp(name + RANDOM_ID_LEN, ext) == 0 &&
	       text_unhex(id, sizeof id, name, RANDOM_ID_LEN) == ERR_OK;
}

enum err
item_file_open(int items, const char *id, int *fd)
{
	char name[ITEM_FILE_NAME];
	enum err e = ERR_NOTFOUND;
	size_t i;

	for (i = 0; i < NAMES && e == ERR_NOTFOUND; i++) {
		item_file_name(name, id, names[i]);
		e = io_open_file(items, name, fd);
	}
	return e;
}

enum err
item_file_stat(int items, const char *id, struct stat *st)
{
	char name[ITEM_FILE_NAME];
	enum err e = ERR_NOTFOUND;
	size_t i;

	for (i = 0; i < NAMES && e == ERR_NOTFOUND; i++) {
		item_file_name(name, id, names[i]);
		e = fstatat(items, name, st, AT_SYMLINK_NOFOLLOW) == -1 ? io_errno() : ERR_OK;
	}
	return e;
}
