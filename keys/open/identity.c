#include "identity.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "base/date.h"
#include "base/random.h"
#include "seal/bech32.h"

#define SET_FIRST 8 /* identities that a set has room for at first */

static enum err
make_public(struct identity *id)
{
	return crypto_scalarmult_base(id->pk, id->sk) == 0 ? ERR_OK : ERR_CRYPTO;
}

enum err
identity_new(struct identity **out)
{
	struct identity *id = secret_new(sizeof *id);
	enum err e;

	if (id == NULL)
		return ERR_NOMEM;
	random_bytes(id->sk, sizeof id->sk);
	if ((e = make_public(id)) != ERR_OK)
		secret_free(id);
	else
		*out = id;
	return e;
}

/* Takes the next line off the text, without its LF or CR LF. */
static const char *
next_line(const char **s, size_t *left, size_t *len)
{
	const char *line = *s;
	const char *lf = memchr(line, '\n', *left);

	*len = lf == NULL ? *left : (size_t)(lf - line);
	*s += *len + (lf != NULL);
	*left -= *len + (lf != NULL);
	if (*len > 0 && line[*len - 1] == '\r')
		--*len;
	return line;
}

static enum err
parse_lines(struct identity *id, const char *s, size_t left)
{
	bool is_found = false;
	const char *line;
	size_t len;
	enum err e;

	while (left > 0) {
		line = next_line(&s, &left, &len);
		if (len == 0 || line[0] == '#')
			continue;
		if (is_found)
			return ERR_FORMAT;
		if ((e = bech32_parse_identity(id->sk, line, len)) != ERR_OK)
			return e;
		is_found = true;
	}
	return is_found ? make_public(id) : ERR_FORMAT;
}

enum err
identity_parse(struct identity **out, const char *s, size_t len)
{
	struct identity *id = secret_new(sizeof *id);
	enum err e;

	if (id == NULL)
		return ERR_NOMEM;
	if ((e = parse_lines(id, s, len)) != ERR_OK)
		secret_free(id);
	else
		*out = id;
	return e;
}

enum err
identity_format(const struct identity *id, int32_t day, struct secret_text *out)
{
	char recipient[AGE_RECIPIENT_LEN + 1], date[DATE_DAY_LEN + 1];
	struct secret_text text = {0};
	enum err e;

	date_format(date, day);
	bech32_recipient(recipient, id->pk);
	if ((e = secret_text_new(&text, 256)) != ERR_OK)
		return e;
	text.len = (size_t)snprintf(
	    text.p, text.max, "# created: %s\n# public key: %s\n", date, recipient);
	bech32_identity(text.p + text.len, id->sk);
	text.len += AGE_IDENTITY_LEN;
	if ((e = secret_text_add(&text, "\n", 1)) != ERR_OK) {
		secret_text_wipe(&text);
		return e;
	}
	*out = text;
	return ERR_OK;
}

/* A set has no capacity field: it has room for SET_FIRST, then for powers of two. */
static bool
is_full(size_t n)
{
	return n == 0 || (n >= SET_FIRST && (n & (n - 1)) == 0);
}

enum err
identity_set_add(struct identity_set *s, const struct identity *id)
{
	struct identity *p;

	if (is_full(s->n)) {
		p = secret_new((s->n == 0 ? SET_FIRST : s->n * 2) * sizeof *p);
		if (p == NULL)
			return ERR_NOMEM;
		if (s->n > 0)
			memcpy(p, s->p, s->n * sizeof *p);
		secret_free(s->p);
		s->p = p;
	}
	s->p[s->n++] = *id;
	return ERR_OK;
}

const struct identity *
identity_set_find(const struct identity_set *s, const uint8_t pk[static AGE_KEY])
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (memcmp(s->p[i].pk, pk, AGE_KEY) == 0)
			return &s->p[i];
	return NULL;
}

void
identity_set_wipe(struct identity_set *s)
{
	secret_free(s->p);
	*s = (struct identity_set){0};
}
