#include "sealed.h"

#include <stdlib.h>
#include <string.h>

#include "open/age_open.h"
#include "seal/age_seal.h"

enum err
sealed_make(const struct identity *unlock, const struct buf *plain, struct buf *out)
{
	uint8_t recipient[1][AGE_KEY];
	struct age_seal *s;
	enum err e;

	if ((s = calloc(1, sizeof *s)) == NULL)
		return ERR_NOMEM;
	memcpy(recipient[0], unlock->pk, AGE_KEY);
	if ((e = age_seal_init(s, (const uint8_t(*)[AGE_KEY])recipient, 1, buf_sink(out))) ==
		ERR_OK &&
	    (e = age_seal_put(s, plain->p, plain->len)) == ERR_OK)
		e = age_seal_finish(s);
	age_seal_wipe(s);
	free(s);
	return e;
}

enum err
sealed_open(const struct identity *unlock, const struct buf *sealed, struct buf *out)
{
	struct identity_set ids = {0};
	struct age_open *a = NULL;
	size_t before = out->len;
	uint8_t *p;
	enum err e;

	if ((e = identity_set_add(&ids, unlock)) != ERR_OK ||
	    (e = age_open_mem(sealed->p, sealed->len, &ids, NULL, &a)) != ERR_OK)
		goto done;
	if (age_open_size(a) > out->max - out->len)
		e = ERR_LIMIT;
	else if ((e = buf_grow(out, (size_t)age_open_size(a), &p)) == ERR_OK &&
		 (e = age_open_read(a, 0, p, (size_t)age_open_size(a))) != ERR_OK)
		out->len = before;
done:
	age_open_free(a);
	identity_set_wipe(&ids);
	return e;
}
