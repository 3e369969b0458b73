#include "store/settle_sweep.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/random.h"
#include "store/settle_names.h"
#include "wire/item_file.h"

static enum err
sweep_name(int items, const char *name)
{
	char id[RANDOM_ID_LEN + 1];

	if (item_file_is_name(name, ITEM_FILE_MOVING)) {
		memcpy(id, name, RANDOM_ID_LEN);
		id[RANDOM_ID_LEN] = '\0';
		return settle_names_back(items, id);
	}
	if (item_file_is_name(name, ITEM_FILE_COPY) && unlinkat(items, name, 0) == -1 &&
	    errno != ENOENT)
		return io_errno();
	return ERR_OK;
}

enum err
settle_sweep(int items)
{
	struct dirent *d;
	enum err e;
	DIR *dir = NULL;

	if ((e = io_open_list(items, &dir)) != ERR_OK)
		return e;
	while (e == ERR_OK && (d = readdir(dir)) != NULL)
		e = sweep_name(items, d->d_name);
	closedir(dir);
	return e;
}
