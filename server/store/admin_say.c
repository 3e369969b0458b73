#include "store/admin_say.h"

#include <string.h>

#include "base/io.h"
#include "wire/wire.h"

/* A verb reads each answer before it asks again; one whose socket is full isn't one of ours. */
enum err
admin_say(int sock, enum op op, enum err result, const void *body, size_t len, int fd)
{
	enum err e = wire_send(sock, op, 0, result, body, len, fd);

	return e == ERR_AGAIN ? ERR_CLOSED : e;
}

enum err
admin_say_result(int sock, enum err e, const struct reason *why)
{
	return admin_say(sock, OP_RESULT, e, why->text, strlen(why->text), -1);
}

enum err
admin_say_content(int sock, enum op op, const struct buf *content, const void *body, size_t len)
{
	struct reason why = {""};
	int fd = -1;
	enum err e;

	if ((e = wire_memfd(content->p, content->len, &fd)) != ERR_OK)
		return admin_say_result(sock, reason_sys(&why, e, "No memory for the list"), &why);
	e = admin_say(sock, op, ERR_OK, body, len, fd);
	io_close(&fd);
	return e;
}
