#include "plain.h"

#include <string.h>
#include <sys/mman.h>

void *
plain_new(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	/* Advice: where the kernel doesn't know it, nothing is lost but frugality. */
	madvise(p, n, MADV_DONTDUMP);
	madvise(p, n, MADV_NOHUGEPAGE);
	return p;
}

void
plain_free(void *p, size_t n, size_t used)
{
	if (p == NULL)
		return;
	explicit_bzero(p, used);
	munmap(p, n);
}
