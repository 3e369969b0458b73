#include "harness.h"

#include <sys/wait.h>

#include "carry/tar.h"

#define GIB8 (8ULL * 1024 * 1024 * 1024)

static size_t
write_header(uint8_t out[static TAR_HEAD_MAX], const char *name, uint64_t size)
{
	size_t len = 0;

	memset(out, 0xa5, TAR_HEAD_MAX);
	assert_ok(tar_header_write(out, &len, name, size));
	return len;
}

/* Feeds whole blocks; the verdict of the last one. */
static enum err
feed(struct tar_read *t, const uint8_t *p, size_t blocks, struct tar_member *m)
{
	enum err e = ERR_AGAIN;
	size_t i;

	for (i = 0; i < blocks; i++) {
		e = tar_read_block(t, p + i * TAR_BLOCK, m);
		if (i + 1 < blocks && e != ERR_AGAIN)
			return e;
	}
	return e;
}

static void
sizes_round_trip(void **state)
{
	static const uint64_t sizes[] = {0, 1, 511, 512, 513, 65536, GIB8 - 1, GIB8, GIB8 + 1,
	    9999999999, 10000000000, 1ULL << 40, (uint64_t)INT64_MAX};
	char name[TAR_NAME_MAX + 1];
	uint8_t head[TAR_HEAD_MAX];
	struct tar_member m;
	struct tar_read t;
	size_t i, len;

	(void)state;
	memset(name, 'n', TAR_NAME_MAX);
	name[TAR_NAME_MAX] = '\0';
	tar_read_init(&t);
	for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		len = write_header(head, name, sizes[i]);
		assert_int_equal(len, sizes[i] < GIB8 ? TAR_BLOCK : 3 * TAR_BLOCK);
		assert_ok(feed(&t, head, len / TAR_BLOCK, &m));
		assert_string_equal(m.name, name);
		assert_true(m.size == sizes[i]);
	}
}

static void
writer_refuses(void **state)
{
	static const char *const names[] = {"", "/a", "a/", "a//b", "../a", "a/..", "a/../b", "./a",
	    "a/./b", ".", "..", "a b", "a\nb", "a\x7f", "\xc3\xa9", "a\tb"};
	char name[TAR_NAME_MAX + 2];
	uint8_t head[TAR_HEAD_MAX];
	size_t i, len = 77;

	(void)state;
	for (i = 0; i < sizeof names / sizeof *names; i++)
		assert_err(tar_header_write(head, &len, names[i], 1), ERR_USAGE);
	memset(name, 'n', TAR_NAME_MAX + 1);
	name[TAR_NAME_MAX + 1] = '\0';
	assert_err(tar_header_write(head, &len, name, 1), ERR_USAGE);
	assert_err(tar_header_write(head, &len, "a", (uint64_t)INT64_MAX + 1), ERR_LIMIT);
	assert_int_equal(len, 77);
}

static void
padding_fills_the_block(void **state)
{
	(void)state;
	assert_int_equal(tar_pad(0), 0);
	assert_int_equal(tar_pad(1), 511);
	assert_int_equal(tar_pad(511), 1);
	assert_int_equal(tar_pad(512), 0);
	assert_int_equal(tar_pad(513), 511);
	assert_int_equal(tar_pad(UINT64_MAX), 1);
}

static void
end_needs_two_zero_blocks(void **state)
{
	uint8_t zero[TAR_BLOCK] = {0}, head[TAR_HEAD_MAX];
	struct tar_member m;
	struct tar_read t;

	(void)state;
	tar_read_init(&t);
	assert_err(tar_read_block(&t, zero, &m), ERR_AGAIN);
	assert_err(tar_read_block(&t, zero, &m), ERR_CLOSED);
	assert_err(tar_read_block(&t, zero, &m), ERR_STATE);
	write_header(head, "a", 1);
	tar_read_init(&t);
	assert_err(tar_read_block(&t, zero, &m), ERR_AGAIN);
	assert_err(tar_read_block(&t, head, &m), ERR_FORMAT);
	assert_err(tar_read_block(&t, head, &m), ERR_STATE);
}

/* A flip breaks the checksum; but pax records have none, so there it may give another size. */
static void
every_bit_counts(void **state)
{
	static const uint64_t sizes[] = {4711, GIB8 + 4711};
	uint8_t head[TAR_HEAD_MAX], again[TAR_HEAD_MAX];
	struct tar_member m;
	struct tar_read t;
	size_t i, bit, k, len;
	enum err e;

	(void)state;
	for (k = 0; k < 2; k++) {
		len = write_header(head, "0123456789abcdef.age", sizes[k]);
		for (i = 0; i < len; i++)
			for (bit = 0; bit < 8; bit++) {
				head[i] ^= (uint8_t)(1 << bit);
				tar_read_init(&t);
				e = feed(&t, head, len / TAR_BLOCK, &m);
				if (e == ERR_OK && i / TAR_BLOCK == 1) {
					assert_int_equal(write_header(again, m.name, m.size), len);
					assert_memory_equal(again, head, len);
				} else {
					assert_true(e == ERR_FORMAT || e == ERR_PROFILE);
				}
				head[i] ^= (uint8_t)(1 << bit);
			}
	}
}

static void
fix_checksum(uint8_t *b)
{
	unsigned sum = 0;
	char text[8];
	size_t i;

	memset(b + 148, ' ', 8);
	for (i = 0; i < TAR_BLOCK; i++)
		sum += b[i];
	snprintf(text, sizeof text, "%06o", sum & 0777777);
	memcpy(b + 148, text, 7);
}

/* Undamaged headers of other programs and with other contents. */
static void
foreign_headers_are_named_so(void **state)
{
	static const struct {
		size_t at;
		const char *bytes;
		size_t n;
	} edits[] = {{156, "1", 1}, {156, "2", 1}, {156, "5", 1}, {156, "g", 1}, {156, "L", 1},
	    {156, "\0", 1}, {157, "x", 1}, {100, "0000644", 7}, {108, "0000001", 7},
	    {136, "00000000001", 11}, {265, "root", 4}, {345, "dir", 3}, {257, "ustar  ", 8},
	    {0, "../x", 5}, {0, "/x", 3}, {124, "\200", 1}, {0, "\0", 1}, {500, "x", 1}};
	uint8_t head[TAR_HEAD_MAX];
	struct tar_member m;
	struct tar_read t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof edits / sizeof *edits; i++) {
		write_header(head, "a.age", 5);
		memcpy(head + edits[i].at, edits[i].bytes, edits[i].n);
		fix_checksum(head);
		tar_read_init(&t);
		assert_err(tar_read_block(&t, head, &m), ERR_PROFILE);
		assert_err(tar_read_block(&t, head, &m), ERR_STATE);
	}
}

static void
pax_records_have_one_form(void **state)
{
	static const char *const records[] = {"20 size=08589934592\n", "19 size=8589934591\n",
	    "19 path=8589934592\n", "20 size=8589934592\n", "19 size=858993459x\n",
	    "19 size=8589934592 ", "19 size=8589934592\n5 a=\n"};
	uint8_t head[TAR_HEAD_MAX], *size = head + 124;
	struct tar_member m;
	struct tar_read t;
	char octal[16];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof records / sizeof *records; i++) {
		write_header(head, "a.age", GIB8);
		snprintf(octal, sizeof octal, "%011o", (unsigned)strlen(records[i]));
		memcpy(size, octal, 11);
		fix_checksum(head);
		memset(head + TAR_BLOCK, 0, TAR_BLOCK);
		memcpy(head + TAR_BLOCK, records[i], strlen(records[i]));
		tar_read_init(&t);
		assert_err(feed(&t, head, 3, &m), ERR_PROFILE);
	}
	/* A record of length 0, and one longer than its block. */
	for (i = 0; i < 2; i++) {
		write_header(head, "a.age", GIB8);
		memcpy(size, i == 0 ? "00000000000" : "00000001001", 11);
		fix_checksum(head);
		tar_read_init(&t);
		assert_err(feed(&t, head, 3, &m), ERR_PROFILE);
	}
}

static void
pax_needs_its_member(void **state)
{
	uint8_t head[TAR_HEAD_MAX], small[TAR_HEAD_MAX], zero[TAR_BLOCK] = {0};
	struct tar_member m;
	struct tar_read t;

	(void)state;
	write_header(head, "a.age", GIB8);
	write_header(small, "a.age", 5);
	tar_read_init(&t);
	assert_err(feed(&t, head, 2, &m), ERR_AGAIN);
	assert_err(tar_read_block(&t, small, &m), ERR_PROFILE);
	tar_read_init(&t);
	assert_err(feed(&t, head, 2, &m), ERR_AGAIN);
	assert_err(tar_read_block(&t, zero, &m), ERR_FORMAT);
	tar_read_init(&t);
	assert_err(feed(&t, head, 1, &m), ERR_AGAIN);
	assert_err(tar_read_block(&t, head, &m), ERR_PROFILE);
}

static void
put(int fd, const void *p, size_t n)
{
	assert_ok(io_write_all(fd, p, n));
}

/* An archive with a small member, one of 8 GiB + 3 (a hole), and a small one behind it. */
static void
make_archive(const char *path)
{
	static const uint8_t zeros[TAR_END_LEN];
	uint8_t head[TAR_HEAD_MAX];
	uint64_t big = GIB8 + 3;
	int fd = -1;

	assert_ok(io_create(AT_FDCWD, path, 0600, &fd));
	put(fd, head, write_header(head, "first.txt", 5));
	put(fd, "first", 5);
	put(fd, zeros, tar_pad(5));
	put(fd, head, write_header(head, "keys/big.age", big));
	assert_true(lseek(fd, (off_t)(big + tar_pad(big)), SEEK_CUR) > 0);
	put(fd, head, write_header(head, "last.txt", 4));
	put(fd, "last", 4);
	put(fd, zeros, tar_pad(4));
	put(fd, zeros, TAR_END_LEN);
	io_close(&fd);
}

static void
shell(const char *dir, const char *command)
{
	char cmd[512];

	snprintf(cmd, sizeof cmd, "cd '%s' && { %s; } >out 2>&1", dir, command);
	if (system(cmd) != 0)
		fail_msg("failed: %s", cmd);
}

static void
stock_tars_read_it(void **state)
{
	const char *dir = harness_mkdir();
	char path[128];

	(void)state;
	snprintf(path, sizeof path, "%s/a.tar", dir);
	make_archive(path);
	shell(dir, "for t in tar bsdtar; do $t -tvf a.tar >list || exit 1; cat list; "
		   "test `wc -l <list` = 3 && grep -q '8589934595.*keys/big.age$' list || exit 1; "
		   "rm -rf x && mkdir x && $t -C x -xf a.tar first.txt last.txt || exit 1; "
		   "test `cat x/first.txt x/last.txt` = firstlast || exit 1; "
		   "test `stat -c %a x/last.txt` = 600 || exit 1; done");
	shell(dir, "python3 -c \"import tarfile; t=tarfile.open('a.tar'); "
		   "assert [(m.name,m.size) for m in t]==[('first.txt',5),"
		   "('keys/big.age',8589934595),('last.txt',4)]\"");
	harness_rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sizes_round_trip),
	    cmocka_unit_test(writer_refuses),
	    cmocka_unit_test(padding_fills_the_block),
	    cmocka_unit_test(end_needs_two_zero_blocks),
	    cmocka_unit_test(every_bit_counts),
	    cmocka_unit_test(foreign_headers_are_named_so),
	    cmocka_unit_test(pax_records_have_one_form),
	    cmocka_unit_test(pax_needs_its_member),
	    cmocka_unit_test(stock_tars_read_it),
	};

	if (random_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
