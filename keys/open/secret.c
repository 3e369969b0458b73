#include "secret.h"

#include <sodium.h>
#include <string.h>

/*
 * sodium_malloc puts the end of a block against a guard page; a size that is a
 * multiple of this keeps the beginning aligned for any type.
 */
#define SECRET_ALIGN 64

void *
secret_new(size_t n)
{
	void *p;

	if (n > SIZE_MAX - SECRET_ALIGN)
		return NULL;
	n = (n + SECRET_ALIGN - 1) / SECRET_ALIGN * SECRET_ALIGN;
	if ((p = sodium_malloc(n)) != NULL)
		memset(p, 0, n);
	return p;
}

void
secret_free(void *p)
{
	sodium_free(p);
}

enum err
secret_text_new(struct secret_text *t, size_t max)
{
	char *p;

	if (max == SIZE_MAX || (p = secret_new(max + 1)) == NULL)
		return ERR_NOMEM;
	*t = (struct secret_text){.p = p, .max = max};
	return ERR_OK;
}

enum err
secret_text_add(struct secret_text *t, const void *p, size_t n)
{
	if (n > t->max - t->len)
		return ERR_LIMIT;
	if (n > 0)
		memcpy(t->p + t->len, p, n);
	t->len += n;
	t->p[t->len] = '\0';
	return ERR_OK;
}

void
secret_text_wipe(struct secret_text *t)
{
	secret_free(t->p);
	*t = (struct secret_text){0};
}
