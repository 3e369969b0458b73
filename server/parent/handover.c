#include "parent/handover.h"

#include "base/io.h"

enum err
handover_conf(int sock, const struct setup *s)
{
	char line[MINISIGN_KEY_LEN + 1];
	int fd = -1;
	enum err e;

	if ((e = wire_memfd(s->text.p, s->text.len, &fd)) != ERR_OK)
		return e;
	minisign_key_format(line, &s->root);
	e = wire_send(sock, OP_CONF, 0, ERR_OK, line, MINISIGN_KEY_LEN, fd);
	io_close(&fd);
	return e;
}

enum err
handover_logo(int sock, const struct setup *s)
{
	int fd = -1;
	enum err e;

	if (s->logo.len == 0)
		return ERR_OK;
	if ((e = wire_memfd(s->logo.p, s->logo.len, &fd)) == ERR_OK)
		e = wire_send(sock, OP_LOGO, 0, ERR_OK, NULL, 0, fd);
	io_close(&fd);
	return e;
}

enum err
handover_peer(int sock, enum role role, int fd)
{
	struct op_peer body = {role};
	enum err e;

	e = wire_send(sock, OP_PEER, 0, ERR_OK, &body, sizeof body, fd);
	io_close(&fd);
	return e;
}

enum err
handover_op(int sock, enum op op)
{
	return wire_send(sock, op, 0, ERR_OK, NULL, 0, -1);
}

enum err
handover_go(int sock, const struct setup *s)
{
	struct op_go body = {.may_lack_landlock = s->may_lack_landlock, .care = s->care};

	return wire_send(sock, OP_GO, 0, ERR_OK, &body, sizeof body, -1);
}
