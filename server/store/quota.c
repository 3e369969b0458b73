#include "store/quota.h"

#include <errno.h>
#include <sys/statvfs.h>

#include "base/io.h"
#include "base/limits.h"
#include "seal/age.h"
#include "seal/padding.h"

/*
 * Records of the archive beside its content. A part of the body has at least
 * 60 bytes of its own header, and becomes two archive headers, a descriptor
 * and a line of the manifest, in which each byte of a name may take six.
 */
#define FIXED_RECORDS  (64 * LIMIT_KIB)
#define PER_BODY_BYTE  8
#define MAX_RECORDS    (2 * LIMIT_MIB)
#define ZIP_BLOCK      8192
#define LIST_PART      256
#define ZIP_BLOCK_HEAD 5

uint64_t
quota_sealed_max(uint64_t body_len)
{
	uint64_t records = MAX_RECORDS, plain;

	if (body_len < (MAX_RECORDS - FIXED_RECORDS) / PER_BODY_BYTE)
		records = FIXED_RECORDS + PER_BODY_BYTE * body_len;
	plain = padding_bucket(body_len + (body_len / ZIP_BLOCK + 1) * ZIP_BLOCK_HEAD + records);
	return AGE_X25519_HEADER(LIMIT_AGE_RECIPIENTS) + AGE_NONCE + plain +
	       (plain / AGE_CHUNK + 1) * AGE_TAG;
}

/* Where free room lies in pieces, a file takes a list of them, too: on ext4 12 bytes for each, and
 * no piece is smaller than 4 KiB. */
uint64_t
quota_stored_max(uint64_t claim)
{
	return claim + claim / LIST_PART + LIMIT_CLAIM_SLACK;
}

uint64_t
quota_body_max(uint64_t avail, uint64_t max_upload)
{
	uint64_t low = 0, high = max_upload, mid;

	while (low < high) {
		mid = high - (high - low) / 2;
		if (quota_sealed_max(mid) <= avail)
			low = mid;
		else
			high = mid - 1;
	}
	return low;
}

uint64_t
quota_day_left(uint64_t max_day, uint64_t used, bool is_signed_in)
{
	uint64_t part = is_signed_in ? max_day : max_day / 100 * (100 - LIMIT_DAY_KEPT_PERCENT);

	return used < part ? part - used : 0;
}

enum err
quota_free(int dirfd, uint64_t *out)
{
	struct statvfs v;

	if (fstatvfs(dirfd, &v) == -1)
		return io_errno();
	if ((v.f_flag & ST_RDONLY) != 0) {
		errno = EROFS;
		return ERR_SYS;
	}
	/* Some file systems have no table of inodes, and say 0 of 0. */
	*out = v.f_files > 0 && v.f_favail == 0 ? 0 : (uint64_t)v.f_bavail * v.f_frsize;
	return ERR_OK;
}
