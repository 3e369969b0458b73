#include "fuzz.h"

#include <string.h>

#include "base/text.h"
#include "front/lang.h"
#include "front/page.h"
#include "front/request.h"

/* Found in one piece or in two, the head ends at the same place. */
static size_t
scan(const char *p, size_t n, size_t split, enum request_fault *f)
{
	size_t seen = 0, len;

	*f = request_scan(p, split, &seen, &len);
	if (*f == REQUEST_OK && len == 0)
		*f = request_scan(p, n, &seen, &len);
	return len;
}

static void
check_accepted(const struct request *r)
{
	FUZZ_CHECK(r->path[0] == '/' || r->path[0] == '\0');
	FUZZ_CHECK(r->boundary_len == strlen(r->boundary));
	FUZZ_CHECK(r->boundary_len <= LIMIT_BOUNDARY);
	FUZZ_CHECK(r->cookie[0] == '\0' || strlen(r->cookie) == REQUEST_COOKIE);
	FUZZ_CHECK(r->method == REQUEST_POST ? r->has_length : r->body_len == 0);
	FUZZ_CHECK(strchr(r->host, '/') == NULL);
}

/* Whatever the bytes, what reaches a page is harmless text. */
static void
check_escaped(const char *p, size_t n)
{
	struct buf b;

	buf_init(&b, 8 * n + 1);
	FUZZ_CHECK(page_escape(&b, p, n) == ERR_OK);
	FUZZ_CHECK(text_is_utf8(b.p, b.len));
	FUZZ_CHECK(b.len == 0 || (memchr(b.p, '<', b.len) == NULL &&
				     memchr(b.p, '"', b.len) == NULL && !memchr(b.p, 0, b.len)));
	buf_wipe(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *head = (const char *)p;
	struct lang_set s = {{0}, 1};
	struct request r;
	enum request_fault f, g;
	size_t len = scan(head, n, n, &f);

	FUZZ_CHECK(scan(head, n, n / 2, &g) == len || f != REQUEST_OK);
	if (f == REQUEST_OK && len > 0) {
		f = request_parse(&r, head, len);
		if (f == REQUEST_OK)
			check_accepted(&r);
		FUZZ_CHECK(lang_choose(&s, r.accept) == 0);
	}
	request_parse(&r, head, n); /* for the sanitizers: no scan came before */
	check_escaped(head, n);
	return 0;
}
