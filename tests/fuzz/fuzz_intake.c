#include <jansson.h>

#include "base/hash.h"
#include "fuzz.h"
#include "open/age_open.h"
#include "open/zip_read.h"
#include "repeating.h"
#include "rig.h"

/*
 * A body whose boundary is its first line without the two dashes, as in
 * tests/vectors/multipart, through everything between HTTP and the store:
 * whole and in slices it must get the same verdict and the same sealed bytes, and
 * what is stored must open, in our profile, with a manifest that is JSON.
 */
static struct rig rig;
static struct identity_set ids;

static void
start(void)
{
	struct identity *id;

	if (ids.n != 0)
		return;
	FUZZ_CHECK(randombytes_set_implementation(&repeating) == 0);
	FUZZ_CHECK(random_start() == 0);
	FUZZ_CHECK(identity_new(&id) == ERR_OK);
	FUZZ_CHECK(identity_set_add(&ids, id) == ERR_OK);
	rig_start(&rig, rig_schedule((const uint8_t(*)[AGE_KEY]) & id->pk, 1, 2), 1, 8);
	secret_free(id);
}

struct outcome {
	enum intake_verdict verdict;
	uint64_t size;
	uint8_t hash[HASH_LEN];
};

/* Slices of 1 to step bytes; 0: in one piece. */
static struct outcome
upload(const uint8_t *p, size_t n, size_t step)
{
	struct outcome o = {0};
	size_t at, take;
	struct buf file;

	repeating_state = 1;
	if (rig_open(&rig, n, &o.verdict)) {
		for (at = 0; at < n; at += take) {
			take = step == 0 ? n : 1 + (at * 2654435761u >> 8) % step;
			take = take < n - at ? take : n - at;
			if (!rig_feed(&rig, p + at, take))
				break;
		}
		o.verdict = rig_end(&rig);
	}
	intake_free(rig.in);
	rig.in = NULL;
	if (o.verdict != INTAKE_STORED)
		return o;
	o.size = rig.store.item.size;
	buf_init(&file, 1 << 28);
	FUZZ_CHECK(buf_grow(&file, o.size, &(uint8_t *){NULL}) == ERR_OK);
	FUZZ_CHECK(io_pread_exact(rig.store.stored, file.p, o.size, 0) == ERR_OK);
	hash_256(o.hash, file.p, o.size);
	buf_wipe(&file);
	return o;
}

static enum err
put_buf(void *ctx, const void *p, size_t n)
{
	return buf_add(ctx, p, n);
}

static enum err
read_opened(void *ctx, uint64_t at, void *p, size_t n)
{
	return age_open_read(ctx, at, p, n);
}

static void
check_manifest(struct zip_read *z)
{
	const struct zip_member *m = zip_read_find(z, ZIP_MANIFEST);
	struct buf text;
	json_t *j;

	buf_init(&text, LIMIT_MANIFEST);
	FUZZ_CHECK(m != NULL);
	FUZZ_CHECK(zip_read_member(z, m, (struct sink){put_buf, &text}) == ERR_OK);
	j = json_loadb((const char *)text.p, text.len, JSON_REJECT_DUPLICATES, NULL);
	FUZZ_CHECK(j != NULL);
	FUZZ_CHECK(json_array_size(json_object_get(j, "files")) == z->n_members - 2);
	json_decref(j);
	buf_wipe(&text);
}

static void
check_stored(void)
{
	struct age_open *age = NULL;
	struct zip_read *zip = NULL;

	FUZZ_CHECK(age_open_fd(rig.store.stored, &ids, NULL, &age) == ERR_OK);
	FUZZ_CHECK(zip_read_open((struct zip_source){read_opened, age, age_open_size(age)}, &zip) ==
		   ERR_OK);
	FUZZ_CHECK(zip_read_check_padding(zip) == ERR_OK);
	check_manifest(zip);
	zip_read_free(zip);
	age_open_free(age);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const uint8_t *end = memchr(p, '\r', n);
	struct outcome whole, split;
	char boundary[256] = "b";

	start();
	if (end != NULL && end - p >= 3 && end - p < 200) {
		memcpy(boundary, p + 2, (size_t)(end - p) - 2);
		boundary[end - p - 2] = '\0';
	}
	rig.boundary = boundary;
	whole = upload(p, n, 0);
	if (whole.verdict == INTAKE_STORED)
		check_stored();
	split = upload(p, n, 100);
	FUZZ_CHECK(whole.verdict == split.verdict);
	FUZZ_CHECK(whole.size == split.size);
	FUZZ_CHECK(memcmp(whole.hash, split.hash, HASH_LEN) == 0);
	FUZZ_CHECK(whole.verdict != INTAKE_PENDING);
	return 0;
}
