/* Whatever is accepted keeps all limits. */
#include <string.h>

#include "fuzz.h"
#include "manifest.h"

static void
check(const struct manifest *m)
{
	size_t i;

	FUZZ_CHECK(strlen(m->id) == RANDOM_ID_LEN);
	FUZZ_CHECK(strlen(m->inbox) >= 1 && strlen(m->inbox) <= LIMIT_INBOX_NAME);
	FUZZ_CHECK(m->n_recipients >= 1 && m->n_recipients <= LIMIT_AGE_RECIPIENTS);
	FUZZ_CHECK(strlen(m->received) == DATE_MINUTE_LEN);
	FUZZ_CHECK(m->n_topics <= LIMIT_TOPICS && m->n_files <= LIMIT_UPLOAD_FILES);
	FUZZ_CHECK((m->reply_to[0] == '\0') == (m->mailbox[0] == '\0'));
	for (i = 0; i < m->n_files; i++)
		FUZZ_CHECK(strlen(m->files[i].original) <= MANIFEST_ORIGINAL &&
			   m->files[i].size <= LIMIT_UPLOAD_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *why = NULL;
	struct manifest *m = NULL;

	if (manifest_parse(p, n, &m, &why) == ERR_OK)
		check(m);
	else
		FUZZ_CHECK(why != NULL && m == NULL);
	manifest_free(m);
	return 0;
}
