#include "nested.h"

#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "open/age_open.h"

#define START     AGE_VERSION_LINE
#define START_LEN (sizeof START - 1)
#define EXT       ".age"
#define OPENED    ".opened"

bool
nested_is_age_fd(int fd)
{
	char start[START_LEN];

	return io_pread_exact(fd, start, sizeof start, 0) == ERR_OK &&
	       memcmp(start, START, START_LEN) == 0;
}

bool
nested_is_age_member(struct zip_read *z, const struct zip_member *m)
{
	char start[START_LEN];

	return m->size >= START_LEN && zip_read_part(z, m, 0, start, sizeof start) == ERR_OK &&
	       memcmp(start, START, START_LEN) == 0;
}

static enum err
copy_chunks(struct age_open *a, int out)
{
	uint64_t n = age_open_chunks(a), i;
	uint8_t *chunk;
	size_t len = 0;
	enum err e = ERR_OK;

	if ((chunk = malloc(AGE_SEALED_CHUNK)) == NULL)
		return ERR_NOMEM;
	for (i = 0; i < n && e == ERR_OK; i++)
		if ((e = age_open_chunk(a, i, chunk, &len)) == ERR_OK)
			e = io_write_all(out, chunk, len);
	explicit_bzero(chunk, AGE_SEALED_CHUNK);
	free(chunk);
	return e;
}

enum err
nested_open(int fd, const struct identity_set *ids, int out)
{
	struct age_open *a = NULL;
	enum err e;

	if (ids->n == 0)
		return ERR_NOMATCH;
	if ((e = age_open_fd(fd, ids, NULL, &a)) == ERR_OK)
		e = copy_chunks(a, out);
	age_open_free(a);
	return e;
}

void
nested_name(char name[static NAME_MAX_LEN + 1])
{
	size_t n = strlen(name), tail = strlen(EXT), cut = NAME_MAX_LEN - strlen(OPENED);

	/* The number and its dash must stay, and something behind them. */
	if (n > tail + sizeof "001-" - 1 && strcmp(name + n - tail, EXT) == 0) {
		name[n - tail] = '\0';
		return;
	}
	if (n > cut)
		for (n = cut; n > 0 && ((unsigned char)name[n] & 0xc0) == 0x80; n--)
			;
	memcpy(name + n, OPENED, sizeof OPENED); /* the cut leaves room */
}
