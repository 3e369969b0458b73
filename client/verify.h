#ifndef SEALSLOT_CLIENT_VERIFY_H
#define SEALSLOT_CLIENT_VERIFY_H

#include "base/err.h"
#include "base/sink.h"
#include "vault.h"

/*
 * Verifies every byte of one submission: size and hash against what the
 * server's signed index said, all chunks, all CRCs, the zeros of the padding; and all of the copy
 * that was kept, which nothing can replace once the epoch's key is gone.
 * The chunks are opened by all cores while one more thread hashes the file.
 */
struct verify_part {
	enum err e;
	int why; /* errno, if e is ERR_SYS */
};

struct verify_result {
	struct verify_part file; /* ERR_AUTH (size or hash differ), or why the file can't be read */
	struct verify_part open; /* as item_open and item_check_all; as file, if it isn't open */
	struct verify_part kept; /* the same of the copy; ERR_OK if none was kept */
};

/* An error means that nothing could be said about the item: ERR_NOMEM, ERR_SYS. watch sees the
 * content of the server's file go by, to count it. */
enum err MUST_CHECK verify_item(
    struct vault *v, const struct catalog_item *row, struct sink watch, struct verify_result *out);

#endif
