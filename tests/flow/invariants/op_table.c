#include <stdio.h>

#include "wire/op.h"

/* The op table as text, one op a line: number, name, who says it, to whom (bits of enum role),
 * shortest and longest body. Tests take their lengths from here, so that they can't drift. */
int
main(void)
{
	const struct op_rule *r;
	uint32_t op;

	for (op = 1; op < OP_COUNT; op++)
		if ((r = op_rule(op)) != NULL)
			printf(
			    "%u %s %u %u %zu %zu\n", op, r->name, r->from, r->to, r->min, r->max);
	return 0;
}
