#include <string.h>

#include "conf/conf.h"
#include "conf/conf_local.h"
#include "fuzz.h"

/* What is accepted keeps to every limit; what is refused is explained. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct conf_fault fault = {0};
	struct conf *c = NULL;
	const char *v;
	size_t i, j;

	if (conf_parse((const char *)p, n, &c, &fault) != ERR_OK) {
		FUZZ_CHECK(
		    c == NULL && fault.why[0] != '\0' && memchr(fault.why, '\0', sizeof fault.why));
		return 0;
	}
	FUZZ_CHECK(schedule_is_instance(c->instance, strlen(c->instance)));
	FUZZ_CHECK(c->store_path[0] == '/' && c->root_path[0] == '/');
	FUZZ_CHECK(c->max_upload <= LIMIT_UPLOAD_MAX && c->max_in_flight <= LIMIT_IN_FLIGHT_MAX);
	FUZZ_CHECK(c->n_languages > 0 && c->n_languages <= CONF_LANGUAGES_MAX);
	FUZZ_CHECK(c->n_topics <= LIMIT_TOPICS);
	for (i = 0; i < c->n_topics; i++) {
		FUZZ_CHECK(c->topics[i].n > 0 && c->topics[i].n <= LIMIT_TOPIC_VALUES);
		for (j = 0, v = c->topics[i].values; j < c->topics[i].n; j++, v += strlen(v) + 1)
			FUZZ_CHECK(strlen(v) > 0 && strlen(v) <= LIMIT_TOPIC_VALUE);
	}
	FUZZ_CHECK(c->n_locals <= CONF_LOCALS_MAX && conf_local_stray(c) == NULL);
	for (i = 0; i < c->n_locals; i++)
		FUZZ_CHECK(c->locals[i].text != NULL && strlen(c->locals[i].text) <= LIMIT_INTRO);
	conf_free(c);
	return 0;
}
