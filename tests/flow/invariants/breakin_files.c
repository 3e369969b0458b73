#include "breakin.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What lies in the store, and the descriptor of an upload. */
#define FILL_BLOCKS 12 /* of a mebibyte */

/* ---- files */

static int
open_item(void)
{
	return result(open(breakin.target, O_RDONLY));
}

static int
open_item_to_write(void)
{
	return result(open(breakin.target, O_WRONLY | O_TRUNC));
}

static int
open_any(void)
{
	return result(open("/etc/passwd", O_RDONLY));
}

static int
open_folder(void)
{
	return result(open(breakin.folder, O_RDONLY | O_DIRECTORY));
}

static int
create_file(void)
{
	char path[512];

	snprintf(path, sizeof path, "%s/left-behind", breakin.folder);
	return result(open(path, O_WRONLY | O_CREAT, 0600));
}

static int
unlink_item(void)
{
	return result(unlink(breakin.target));
}

static int
rename_item(void)
{
	char path[512];

	snprintf(path, sizeof path, "%s.away", breakin.target);
	return result(rename(breakin.target, path));
}

static int
truncate_item(void)
{
	return result(truncate(breakin.target, 0));
}

static int
chmod_item(void)
{
	return result(chmod(breakin.target, 0666));
}

static int
stat_item(void)
{
	struct stat st;

	return result(stat(breakin.target, &st));
}

static int
reopen_writer(void)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", breakin.writer);
	return result(open(path, O_RDWR));
}

static int
memory_of_parent(void)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/mem", (int)getppid());
	return result(open(path, O_RDWR));
}

/* ---- the descriptor of an upload, its own or a kept one */

static int
of_upload(void)
{
	return breakin.n_kept > 0 ? breakin.kept[breakin.n_kept - 1] : breakin.writer;
}

static int
read_upload(void)
{
	char c;

	return result(read(of_upload(), &c, 1));
}

static int
pread_upload(void)
{
	char c;

	return result(pread(of_upload(), &c, 1, 0));
}

static int
map_upload(void)
{
	return mmap(NULL, 4096, PROT_READ, MAP_SHARED, of_upload(), 0) == MAP_FAILED ? errno : 0;
}

static int
overwrite_upload(void)
{
	return result(pwrite(of_upload(), "x", 1, 0));
}

static int
truncate_upload(void)
{
	return result(ftruncate(of_upload(), 0));
}

static int
seek_upload(void)
{
	return result(lseek(of_upload(), 0, SEEK_SET));
}

static int
allocate_upload(void)
{
	return result(fallocate(of_upload(), 0, 0, 1 << 20));
}

static int
unappend_upload(void)
{
	return result(fcntl(of_upload(), F_SETFL, 0));
}

static int
mode_of_upload(void)
{
	return result(fchmod(of_upload(), 0666));
}

static int
link_upload(void)
{
	char from[64], to[512];

	snprintf(from, sizeof from, "/proc/self/fd/%d", of_upload());
	snprintf(to, sizeof to, "%s/00000000000000000000000000000000.age", breakin.folder);
	return result(linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW));
}

/* More than an upload can become, yet less than what store lets pass as a file system's allotments.
 */
static int
fill_upload(void)
{
	static const char block[1 << 20];
	int i;

	for (i = 0; i < FILL_BLOCKS; i++)
		if (write(of_upload(), block, sizeof block) == -1)
			return errno;
	return 0;
}

/* After the submission has its receipt: store must not have taken it while this is open. */
static int
write_kept(void)
{
	return breakin.n_kept == 0 ? EBADF : result(write(of_upload(), "x", 1));
}

static int
keep(void)
{
	breakin.is_keeping = true;
	return EAGAIN;
}

const struct attack breakin_files[] = {
    {"open-item", open_item},
    {"open-item-to-write", open_item_to_write},
    {"open-any", open_any},
    {"open-folder", open_folder},
    {"create-file", create_file},
    {"unlink-item", unlink_item},
    {"rename-item", rename_item},
    {"truncate-item", truncate_item},
    {"chmod-item", chmod_item},
    {"stat-item", stat_item},
    {"reopen-writer", reopen_writer},
    {"memory-of-parent", memory_of_parent},
    {"read-upload", read_upload},
    {"pread-upload", pread_upload},
    {"map-upload", map_upload},
    {"overwrite-upload", overwrite_upload},
    {"truncate-upload", truncate_upload},
    {"seek-upload", seek_upload},
    {"allocate-upload", allocate_upload},
    {"unappend-upload", unappend_upload},
    {"mode-of-upload", mode_of_upload},
    {"link-upload", link_upload},
    {"fill-upload", fill_upload},
    {"write-kept", write_kept},
    {"keep", keep},
    {NULL, NULL},
};
