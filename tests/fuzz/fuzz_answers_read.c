#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "fuzz.h"
#include "parent/answers_read.h"

/* Any bytes as the archive on a stick: what is taken from it never reaches beyond it. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct op_answers lens = {0};
	struct reason why = {""};
	struct buf out;
	int fd = memfd_create("stick", MFD_CLOEXEC);

	FUZZ_CHECK(fd != -1 && io_write_all(fd, p, n) == ERR_OK && lseek(fd, 0, SEEK_SET) == 0);
	buf_init(&out, LIMIT_ANSWERS);
	if (answers_read(fd, "stick", &out, &lens, &why) == ERR_OK) {
		FUZZ_CHECK(lens.text_len <= out.len && lens.sig_len <= out.len - lens.text_len);
		FUZZ_CHECK(out.len < n && why.text[0] == '\0');
	} else {
		FUZZ_CHECK(why.text[0] != '\0');
	}
	buf_wipe(&out);
	io_close(&fd);
	return 0;
}
