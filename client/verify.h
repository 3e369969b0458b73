#ifndef SEALSLOT_CLIENT_VERIFY_H
#define SEALSLOT_CLIENT_VERIFY_H

#include "base/err.h"
#include "base/sink.h"
#include "vault.h"

/*
 * Verifies every byte of one submission: size and hash against what the
 * server's signed index said, all chunks, all CRCs, the zeros of the padding.
 * The chunks are opened by all cores while one more thread hashes the file.
 */
struct verify_result {
	enum err file; /* ERR_OK, ERR_AUTH (size or hash differ), or why the file can't be read */
	enum err open; /* as item_open and item_check_all */
};

/* An error means that nothing could be said about the item: ERR_NOMEM, ERR_SYS. watch sees the
 * content go by, to count it. */
enum err MUST_CHECK verify_item(
    struct vault *v, const struct catalog_item *row, struct sink watch, struct verify_result *out);

#endif
