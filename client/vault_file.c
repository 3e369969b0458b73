#include "vault_file.h"

#include <string.h>

#include "base/io.h"
#include "carry/lines.h"
#include "vault_fault.h"

#define HEAD      "sealslot-vault 1\n"
#define KEYS_LINE "keys: /"

static enum err
parse(const struct buf *text, char out[static PATH_MAX])
{
	struct lines_piece s = {(const char *)text->p, text->len};

	if (!lines_take(&s, HEAD) || !lines_take(&s, KEYS_LINE) || s.len < 1 ||
	    s.len > PATH_MAX - 1 || s.p[s.len - 1] != '\n' ||
	    memchr(s.p, '\n', s.len - 1) != NULL || memchr(s.p, '\0', s.len) != NULL)
		return ERR_FORMAT;
	out[0] = '/';
	memcpy(out + 1, s.p, s.len - 1);
	out[s.len] = '\0';
	return ERR_OK;
}

enum err
vault_file_read(int dir, const char *path, char out[static PATH_MAX], struct vault_fault *fault)
{
	struct buf text;
	enum err e;

	buf_init(&text, PATH_MAX + 64);
	if ((e = io_read_file(dir, VAULT_FILE, &text)) == ERR_NOTFOUND)
		vault_fault(fault, path, NULL, "it isn't a vault: it has no " VAULT_FILE);
	else if (e != ERR_OK)
		vault_fault(fault, path, VAULT_FILE, NULL);
	else if ((e = parse(&text, out)) != ERR_OK)
		vault_fault(fault, path, VAULT_FILE,
		    "it isn't as `sealslot-review init` writes it: a line \"sealslot-vault 1\", and "
		    "a line \"keys: \" with the key store's path. Write it so");
	buf_wipe(&text);
	return e;
}

enum err
vault_file_write(int dir, const char *keys_path)
{
	struct buf text;
	enum err e;

	buf_init(&text, PATH_MAX + 64);
	if ((e = buf_addf(&text, HEAD "keys: %s\n", keys_path)) == ERR_OK)
		e = io_write_new(dir, VAULT_FILE, text.p, text.len, 0600);
	buf_wipe(&text);
	return e;
}
