#include "store/calendar.h"

#include "base/limits.h"

enum err
calendar_judge(int32_t today, int32_t seen, int32_t issued)
{
	if (today < seen - 1 || today - seen > LIMIT_CLOCK_JUMP_DAYS || today < issued)
		return ERR_CLOCK;
	return ERR_OK;
}
