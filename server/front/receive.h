#ifndef SEALSLOT_FRONT_RECEIVE_H
#define SEALSLOT_FRONT_RECEIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/random.h"
#include "front/archive.h"
#include "front/form.h"
#include "front/manifest.h"
#include "front/multipart.h"
#include "front/sealer.h"
#include "front/verdict.h"

/*
 * From the body of one upload to its archive: parts become fields of the form,
 * the message, or files. Recipients are chosen, and the age header made, with
 * the first byte that has to be sealed. Knows neither HTTP nor the store.
 */
struct receive_setup {
	const struct conf *conf;         /* borrowed until receive_wipe */
	const struct schedule *schedule; /* the same */
	int32_t today;
	const char *boundary; /* borrowed during the call only, as source */
	size_t boundary_len;
	const struct manifest_source *source; /* NULL: none */
};

struct receive {
	const struct conf *conf;
	const struct schedule *schedule;
	int32_t today;
	struct sealer_file *file; /* borrowed; NULL before receive_attach */
	bool is_sealing;          /* the archive has begun */
	bool is_file_open;        /* the open part is a file that has begun in the archive */
	unsigned parts;
	size_t message_len;
	char id[RANDOM_ID_LEN + 1]; /* of the submission */
	struct manifest_source source;
	struct schedule_seal seal; /* valid once is_sealing */
	struct form form;
	struct archive archive;
	struct multipart body; /* last: most of its memory is never touched */
};

/* ERR_FORMAT for a bad boundary. */
enum err MUST_CHECK receive_init(struct receive *r, const struct receive_setup *setup);
/* The file to write into; before the first byte. */
void receive_attach(struct receive *r, struct sealer *s, struct sealer_file *f);
/*
 * Takes body bytes; *used says how many. ERR_OK: all. ERR_AGAIN: go on after
 * the file's ready. ERR_STATE: *verdict says why this body is refused; wipe.
 */
enum err MUST_CHECK receive_put(
    struct receive *r, const uint8_t *p, size_t n, size_t *used, enum intake_verdict *verdict);
/* The body is over. INTAKE_PENDING: it is good, go on with archive_finish; otherwise the verdict.
 */
enum intake_verdict receive_end(struct receive *r);
/* Gives back its buffers. Accepts a zeroed struct. */
void receive_wipe(struct receive *r);

#endif
