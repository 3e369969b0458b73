#include "vault.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "carry/handover.h"
#include "open/keystore_file.h"
#include "vault_fault.h"
#include "vault_part.h"

#define ROOT_FILE "root.pub"
#define INSTANCE  "instance"
#define NAME_ROOM 64

/* ---- pins */

static enum err
read_root(int dir, const char *path, struct minisign_key *out)
{
	struct buf text;
	enum err e;

	buf_init(&text, LIMIT_SIGNATURE);
	if ((e = io_read_file(dir, path, &text)) == ERR_OK)
		e = minisign_key_parse_file(out, text.p, text.len);
	buf_wipe(&text);
	return e;
}

static enum err
pin_root(struct vault *v, const char *path, struct vault_fault *fault)
{
	struct minisign_key root;
	enum err e;

	if (path != NULL)
		e = read_root(AT_FDCWD, path, &root);
	else
		e = read_root(keystore_dir(v->keys), ROOT_FILE, &root);
	if (e == ERR_OK)
		return catalog_put_root(&v->catalog, &root);
	if (path != NULL)
		vault_fault(fault, path, NULL, NULL);
	else
		vault_fault(fault, v->keys_path, ROOT_FILE,
		    e == ERR_NOTFOUND ? "this key store has no root key. Add --root and the "
					"root.pub of the desk that signs the schedules"
				      : NULL);
	return e;
}

static enum err
pin_instance(struct vault *v, struct vault_fault *fault)
{
	struct buf text;
	const char *s;
	enum err e;

	buf_init(&text, 256);
	if ((e = io_read_file(keystore_dir(v->keys), INSTANCE, &text)) == ERR_OK) {
		if (text.len > 0 && text.p[text.len - 1] == '\n')
			text.len--;
		if (text.len != SCHEDULE_INSTANCE_LEN || (s = buf_cstr(&text)) == NULL)
			e = ERR_FORMAT;
		else
			e = catalog_put_instance(&v->catalog, s);
	}
	if (e != ERR_OK)
		vault_fault(fault, v->keys_path, INSTANCE, NULL);
	buf_wipe(&text);
	return e;
}

enum err
vault_name(struct vault *v)
{
	char id[RANDOM_ID_LEN + 1];

	if (v->catalog.vault[0] != '\0')
		return ERR_OK;
	random_id(id);
	return catalog_put_vault(&v->catalog, id);
}

enum err
vault_pin_keys(struct vault *v, const char *root_path, struct vault_fault *fault)
{
	enum err e;

	if ((e = pin_root(v, root_path, fault)) != ERR_OK || (e = pin_instance(v, fault)) != ERR_OK)
		return e;
	return vault_name(v);
}

struct statements {
	const struct catalog *c;
	bool found;
	struct handover last; /* the one with the highest serial */
};

/*
 * A statement of the pinned key. Others are of no interest. Of several the last one counts: that
 * there is a later one shows that the earlier was never carried out, as its signer is destroyed
 * then.
 */
static enum err
follow_statement(void *ctx, int dirfd, const char *name)
{
	char sig_name[NAME_ROOM], right[HANDOVER_NAME_MAX];
	struct statements *s = ctx;
	const struct catalog *c = s->c;
	struct buf text, sig;
	struct handover h;

	if (strncmp(name, "root-", 5) != 0 ||
	    (size_t)snprintf(sig_name, sizeof sig_name, "%s.minisig", name) >= sizeof sig_name)
		return ERR_OK;
	buf_init(&text, HANDOVER_MAX);
	buf_init(&sig, LIMIT_SIGNATURE);
	if (io_read_file(dirfd, name, &text) == ERR_OK &&
	    io_read_file(dirfd, sig_name, &sig) == ERR_OK &&
	    handover_verify(&text, &sig, &c->root, &h) == ERR_OK &&
	    strcmp(h.instance, c->instance) == 0) {
		handover_name(right, h.serial);
		if (strcmp(right, name) == 0 && (!s->found || h.serial > s->last.serial)) {
			s->last = h;
			s->found = true;
		}
	}
	buf_wipe(&sig);
	buf_wipe(&text);
	return ERR_OK;
}

/* Goes from the pinned key from statement to statement, until nothing follows or it is this one. */
static enum err
follow_handovers(struct vault *v, const struct minisign_key *root)
{
	struct statements s = {.c = &v->catalog, .found = true};
	enum err e = ERR_OK;
	int dir = -1;

	if ((e = io_open_dir(keystore_dir(v->keys), KEYSTORE_PUBLISH, &dir)) != ERR_OK)
		return e;
	while (e == ERR_OK && s.found && memcmp(root->pk, v->catalog.root.pk, MINISIGN_PK) != 0) {
		s.found = false;
		if ((e = keystore_file_each(dir, follow_statement, &s)) == ERR_OK && s.found)
			e = catalog_put_handover(&v->catalog, &s.last.new, s.last.serial);
	}
	io_close(&dir);
	return e;
}

enum err
vault_verify(const struct vault *v, const struct buf *text, const struct buf *sig,
    struct schedule **out, struct schedule_fault *fault)
{
	const struct catalog *c = &v->catalog;
	struct schedule *s = NULL;
	enum err e = schedule_verify(text, sig, &c->root, out, fault);
	size_t i;

	for (i = c->n_old_roots; e == ERR_NOMATCH && i > 0; i--) {
		if (schedule_verify(text, sig, &c->old_roots[i - 1].key, &s, fault) != ERR_OK)
			continue;
		if (s->serial < c->old_roots[i - 1].until) {
			*out = s;
			return ERR_OK;
		}
		/* Signed by a key that had no right to any more. */
		schedule_free(s);
		s = NULL;
	}
	return e;
}

enum err
vault_check_root(struct vault *v, struct vault_fault *fault)
{
	struct minisign_key root;
	enum err e;

	if (!v->catalog.has_root) {
		vault_fault(fault, v->keys_path, NULL, "this vault has no root key");
		return ERR_FORMAT;
	}
	if ((e = read_root(keystore_dir(v->keys), ROOT_FILE, &root)) == ERR_NOTFOUND)
		return ERR_OK;
	if (e != ERR_OK) {
		vault_fault(fault, v->keys_path, ROOT_FILE, NULL);
		return e;
	}
	if ((e = follow_handovers(v, &root)) != ERR_OK) {
		vault_fault(fault, v->keys_path, KEYSTORE_PUBLISH, NULL);
		return e;
	}
	if (memcmp(root.pk, v->catalog.root.pk, MINISIGN_PK) != 0) {
		vault_fault(fault, v->keys_path, ROOT_FILE,
		    "the root key isn't the one that this vault was made for. Ask the admins "
		    "whether they made a new one; if they didn't, somebody changed the key store");
		return ERR_AUTH;
	}
	return ERR_OK;
}

/* ---- identities */

enum err
vault_identities(struct vault *v, const struct identity_set **out)
{
	enum err e;

	if (!v->has_all && (e = keystore_all_epochs(v->keys, &v->all)) != ERR_OK)
		return e;
	v->has_all = true;
	*out = &v->all;
	return ERR_OK;
}

/* From those that were opened already. */
static enum err
pick_epoch(const struct identity_set *all, uint32_t epoch, struct identity_set *out)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < all->n; i++)
		if (all->p[i].tag == epoch)
			e = identity_set_add(out, &all->p[i]);
	return e;
}

enum err
vault_identities_of(struct vault *v, uint32_t epoch, const struct identity_set **out)
{
	enum err e = ERR_OK;

	if (v->epoch.p == NULL || v->epoch_number != epoch) {
		identity_set_wipe(&v->epoch);
		v->epoch_number = epoch;
		e = v->has_all ? pick_epoch(&v->all, epoch, &v->epoch)
			       : keystore_epochs_of(v->keys, epoch, &v->epoch);
	}
	if (e == ERR_OK)
		*out = &v->epoch;
	else
		identity_set_wipe(&v->epoch);
	return e;
}
