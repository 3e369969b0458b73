/*
 * A test program, never installed: says its process id, asks for a passphrase
 * (with an argument: for a new one), and says what it got.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/random.h"
#include "open/passphrase.h"

int
main(int argc, char **argv)
{
	struct secret_text t = {0};
	enum err e;

	(void)argv;
	if (random_start() != 0)
		return 2;
	printf("pid=%d.\n", (int)getpid());
	fflush(stdout);
	e = argc > 1 ? passphrase_ask_new("New one: ", &t) : passphrase_ask("Passphrase: ", &t);
	if (e == ERR_OK)
		printf("got <%s>\n", t.p);
	else
		printf("failed: %s\n", err_text(e));
	secret_text_wipe(&t);
	return e == ERR_OK ? 0 : 1;
}
