#include <string.h>

#include "base/limits.h"
#include "fuzz.h"
#include "parent/backup_index.h"

/* What parses is exactly what would be written, and each name has its place. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf text, files, again;
	const struct backup_file *f;
	struct backup_head head;
	const char *why = NULL;
	size_t i, line = 0;

	buf_init(&text, SIZE_MAX);
	buf_init(&files, SIZE_MAX);
	buf_init(&again, SIZE_MAX);
	FUZZ_CHECK(buf_add(&text, p, n) == ERR_OK);
	if (backup_index_parse(&text, &head, &files, &line, &why) != ERR_OK) {
		FUZZ_CHECK(line > 0 && why != NULL && why[0] != '\0');
		goto done;
	}
	f = (const struct backup_file *)(const void *)files.p;
	FUZZ_CHECK(backup_head_format(&head, files.len / sizeof *f, &again) == ERR_OK);
	for (i = 0; i < files.len / sizeof *f; i++) {
		FUZZ_CHECK(backup_kind_of(f[i].name) != BACKUP_NONE);
		FUZZ_CHECK(strstr(f[i].name, "..") == NULL && f[i].name[0] != '/');
		FUZZ_CHECK(backup_file_format(&f[i], &again) == ERR_OK);
	}
	FUZZ_CHECK(backup_end_format(&again) == ERR_OK);
	FUZZ_CHECK(again.len == n && memcmp(again.p, p, n) == 0);
done:
	buf_wipe(&text);
	buf_wipe(&files);
	buf_wipe(&again);
	return 0;
}
