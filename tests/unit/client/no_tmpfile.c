/* For LD_PRELOAD: a file system without unnamed files, as the kernel answers for FAT. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/types.h>

typedef int call(int, const char *, int, ...);

/* Large files are the default of this build: what is compiled here is called openat64. */
int
openat(int dir, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;
	void *found;
	call *real;

	if ((flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	va_start(ap, flags);
	if ((flags & O_CREAT) != 0)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	found = dlsym(RTLD_NEXT, "openat64");
	memcpy(&real, &found, sizeof real);
	return real(dir, path, flags, mode);
}
