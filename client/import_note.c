#include "import_part.h"

void
import_note(struct import *im, enum import_kind kind, const char *name, enum err e, const char *why)
{
	struct import_note n = {kind, name, e, why};

	if (im->ev->note != NULL)
		im->ev->note(im->ev->ctx, &n);
}
