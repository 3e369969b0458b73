#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* glibc's own allocator under its other names. */
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void __libc_free(void *p);

void *
malloc(size_t n)
{
	return __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return __libc_calloc(n, size);
}

void
free(void *p)
{
	int saved = errno;

	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	__libc_free(p);
	errno = saved;
}

/* Always a new block: glibc's realloc would leave the old bytes, or the tail, behind. */
void *
realloc(void *p, size_t n)
{
	size_t had;
	void *q;

	if (p == NULL)
		return __libc_malloc(n);
	if (n == 0) {
		free(p);
		return NULL;
	}
	had = malloc_usable_size(p);
	if ((q = __libc_malloc(n)) == NULL)
		return NULL;
	memcpy(q, p, had < n ? had : n);
	free(p);
	return q;
}
