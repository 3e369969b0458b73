#ifndef SEALSLOT_WIRE_ITEM_FILE_H
#define SEALSLOT_WIRE_ITEM_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/random.h"

/*
 * The names of a submission's file in the folder items. It is <id>.age, but
 * for the moment in which the settle gives the names of a day new places: then
 * it is <id>.mix. Who only reads finds it under either name.
 */
#define ITEM_FILE_EXT    ".age"
#define ITEM_FILE_MOVING ".mix"  /* as long as .age: its place in a folder fits both */
#define ITEM_FILE_COPY   ".copy" /* what no submission is yet; swept at the next start */
#define ITEM_FILE_NAME   (RANDOM_ID_LEN + sizeof ITEM_FILE_EXT)

/* <id> and an extension of that length. */
void item_file_name(char out[static ITEM_FILE_NAME], const char *id, const char *ext);
/* Is it an id and this extension? */
bool item_file_is_name(const char *name, const char *ext);
/* Opens it for reading, as io_open_file. */
enum err MUST_CHECK item_file_open(int items, const char *id, int *fd);
/* lstat of it. ERR_NOTFOUND. */
enum err MUST_CHECK item_file_stat(int items, const char *id, struct stat *st);

#endif
