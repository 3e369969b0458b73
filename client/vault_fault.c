#include "vault_fault.h"

#include <stdio.h>

void
vault_fault(struct vault_fault *f, const char *dir, const char *name, const char *why)
{
	int n = snprintf(f->path, sizeof f->path, "%s%s%s", dir, name == NULL ? "" : "/",
	    name == NULL ? "" : name);

	if (n < 0)
		f->path[0] = '\0';
	f->why = why;
}

enum err
vault_fault_folder(struct vault_fault *f, const char *path, enum err e)
{
	if (e == ERR_MODE)
		vault_fault(f, path, NULL,
		    "a vault is a folder of your own that nobody else may enter (mode 0700), "
		    "and no link to one; FAT and exFAT can't keep one, ext4 can");
	else if (e == ERR_NOTFOUND)
		vault_fault(f, path, NULL, "there is no such folder");
	else
		vault_fault(f, path, NULL, NULL);
	return e;
}
