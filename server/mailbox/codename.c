#include "codename.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "base/random.h"
#include "base/text.h"

#define DRAWN        (CODENAME_WORDS - 1)
#define ARGON_OPS    4
#define ARGON_MEMORY (64U * 1024 * 1024)
#define CONTEXT      "slotsrc1"

_Static_assert(sizeof CONTEXT == crypto_kdf_CONTEXTBYTES + 1, "context of crypto_kdf");
_Static_assert(CODENAME_KEY == crypto_kdf_KEYBYTES, "master key of crypto_kdf");
_Static_assert(CODENAME_KEY == crypto_scalarmult_curve25519_BYTES, "X25519 keys");

static void
append(struct codename *c, unsigned word, const char *letters, size_t len)
{
	memcpy(c->letters + strlen(c->letters), letters, len);
	c->lens[word] = (uint8_t)len;
}

/* The number of the check word for the first seven. */
static uint32_t
check_word(const struct codename *c)
{
	static const char label[] = "sealslot check 1";
	crypto_generichash_state h;
	uint8_t out[8];
	size_t n = 0, i;
	uint64_t v = 0;

	for (i = 0; i < DRAWN; i++)
		n += c->lens[i];
	crypto_generichash_init(&h, NULL, 0, sizeof out);
	crypto_generichash_update(&h, (const uint8_t *)label, sizeof label - 1);
	crypto_generichash_update(&h, (const uint8_t *)c->letters, n);
	crypto_generichash_final(&h, out, sizeof out);
	for (i = 0; i < sizeof out; i++)
		v = v << 8 | out[i];
	sodium_memzero(&h, sizeof h);
	sodium_memzero(out, sizeof out);
	return (uint32_t)(v % WORDS_COUNT);
}

void
codename_new(struct codename *c)
{
	const char *word;
	unsigned i;

	memset(c, 0, sizeof *c);
	for (i = 0; i < DRAWN; i++) {
		word = words_get(random_below(WORDS_COUNT));
		append(c, i, word, strlen(word));
	}
	word = words_get(check_word(c));
	append(c, DRAWN, word, strlen(word));
}

/* What stands between words when they are copied off a numbered list, or come from a phone or a
 * French keyboard. No word has any of it. */
static bool
is_between(uint32_t c)
{
	static const uint32_t wide[] = {
	    0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x2060, 0x3000, 0xfeff};
	size_t i;

	if (c < 0x80)
		return c == ' ' || (c >= '\t' && c <= '\r') || (c >= '0' && c <= '9') || c == '-' ||
		       c == '.' || c == ',' || c == ')';
	for (i = 0; i < sizeof wide / sizeof wide[0]; i++)
		if (c == wide[i])
			return true;
	return c >= 0x2000 && c <= 0x200d; /* from en quad to zero width joiner */
}

static char
letter(uint32_t c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return c >= 'a' && c <= 'z' ? (char)c : '?';
}

/* What was typed: its letters, and where among them each run without a separator begins. */
struct typed {
	char letters[CODENAME_LETTERS_MAX + WORDS_MAX + 1];
	size_t starts[CODENAME_WORDS + 1]; /* of the first runs; behind the last one: the end */
	unsigned runs;
};

static void
start_run(struct typed *t, size_t at)
{
	if (t->runs < CODENAME_WORDS)
		t->starts[t->runs] = at;
	t->runs++;
}

/* Lower-case letters of what was typed; separators fall away, anything else is kept as '?'. */
static enum err
normalise(struct typed *t, const char *s, size_t len)
{
	const uint8_t *p = (const uint8_t *)s;
	size_t n = 0, used;
	bool is_inside = false;
	uint32_t c;

	for (; len > 0; p += used, len -= used) {
		used = text_utf8_len(p, len);
		c = used == 0 ? 0 : text_utf8_point(p, used);
		if (used == 0)
			used = 1;
		if (is_between(c)) {
			is_inside = false;
			continue;
		}
		if (n == sizeof t->letters - 1)
			return ERR_LIMIT;
		if (!is_inside)
			start_run(t, n);
		is_inside = true;
		t->letters[n++] = letter(c);
	}
	t->letters[n] = '\0';
	if (t->runs <= CODENAME_WORDS)
		t->starts[t->runs] = n;
	return ERR_OK;
}

static enum err
refuse(struct codename_fault *fault, enum codename_why why, unsigned word)
{
	fault->why = why;
	fault->word = word;
	return ERR_FORMAT;
}

/* The list is prefix free, so taking words greedily is the only way to read the letters. */
static enum err
split(struct codename *c, const char *letters, struct codename_fault *fault)
{
	size_t left = strlen(letters), used = 0;
	uint32_t number;
	unsigned i;

	for (i = 0; i < CODENAME_WORDS; i++) {
		if (left == 0)
			return refuse(fault, CODENAME_TOO_SHORT, i);
		if (words_find(letters, left, &number, &used) != ERR_OK)
			return refuse(fault, CODENAME_UNKNOWN_WORD, i + 1);
		append(c, i, letters, used);
		letters += used;
		left -= used;
	}
	return left == 0 ? ERR_OK : refuse(fault, CODENAME_TOO_LONG, CODENAME_WORDS + 1);
}

/*
 * Read letter by letter, a letter too many spoils the word behind it. Who typed eight words apart
 * counts them on a paper: the first that isn't in the list is meant.
 */
static void
name_typed_word(const struct typed *t, struct codename_fault *fault)
{
	size_t len, used;
	uint32_t number;
	unsigned i;

	if (t->runs != CODENAME_WORDS)
		return;
	for (i = 0; i < CODENAME_WORDS; i++) {
		len = t->starts[i + 1] - t->starts[i];
		if (words_find(t->letters + t->starts[i], len, &number, &used) == ERR_OK &&
		    used == len)
			continue;
		fault->why = CODENAME_UNKNOWN_WORD;
		fault->word = i + 1;
		return;
	}
}

/* By letters, not by number: the list has one word twice. */
static bool
check_fits(const struct codename *c)
{
	const char *want = words_get(check_word(c));
	size_t n = strlen(want), at = strlen(c->letters) - c->lens[DRAWN];

	return n == c->lens[DRAWN] && sodium_memcmp(want, c->letters + at, n) == 0;
}

enum err
codename_parse(struct codename *c, const char *s, size_t len, struct codename_fault *fault)
{
	struct codename got = {0};
	struct typed typed = {0};
	enum err e;

	if ((e = normalise(&typed, s, len)) != ERR_OK)
		e = refuse(fault, CODENAME_TOO_LONG, CODENAME_WORDS + 1);
	else if ((e = split(&got, typed.letters, fault)) != ERR_OK)
		name_typed_word(&typed, fault);
	if (e == ERR_OK && !check_fits(&got))
		e = refuse(fault, CODENAME_WRONG_CHECK, 0);
	if (e == ERR_OK)
		*c = got;
	sodium_memzero(&typed, sizeof typed);
	sodium_memzero(&got, sizeof got);
	return e;
}

void
codename_format(char out[static CODENAME_TEXT_MAX], const struct codename *c)
{
	const char *from = c->letters;
	size_t at = 0;
	unsigned i;

	for (i = 0; i < CODENAME_WORDS; i++) {
		if (i > 0)
			out[at++] = ' ';
		memcpy(out + at, from, c->lens[i]);
		at += c->lens[i];
		from += c->lens[i];
	}
	out[at] = '\0';
}

/* Public and recoverable: a new server for the same address gives the same keys. */
static void
instance_salt(uint8_t salt[static crypto_pwhash_SALTBYTES], const char *instance)
{
	static const char label[] = "sealslot salt 1";
	crypto_generichash_state h;

	crypto_generichash_init(&h, NULL, 0, crypto_pwhash_SALTBYTES);
	crypto_generichash_update(&h, (const uint8_t *)label, sizeof label - 1);
	crypto_generichash_update(&h, (const uint8_t *)instance, strlen(instance));
	crypto_generichash_final(&h, salt, crypto_pwhash_SALTBYTES);
}

enum err
codename_derive(struct codename_keys *k, const struct codename *c, const char *instance)
{
	uint8_t salt[crypto_pwhash_SALTBYTES], master[CODENAME_KEY], login[CODENAME_KEY];
	enum err e = ERR_OK;

	instance_salt(salt, instance);
	if (crypto_pwhash(master, sizeof master, c->letters, strlen(c->letters), salt, ARGON_OPS,
		ARGON_MEMORY, crypto_pwhash_ALG_ARGON2ID13) != 0)
		e = ERR_NOMEM;
	if (e == ERR_OK) {
		crypto_kdf_derive_from_key(login, sizeof login, 1, CONTEXT, master);
		crypto_kdf_derive_from_key(k->reply_sk, sizeof k->reply_sk, 2, CONTEXT, master);
		crypto_generichash(k->mailbox, sizeof k->mailbox, login, sizeof login, NULL, 0);
		if (crypto_scalarmult_curve25519_base(k->reply_pk, k->reply_sk) != 0)
			e = ERR_CRYPTO;
	}
	sodium_memzero(master, sizeof master);
	sodium_memzero(login, sizeof login);
	return e;
}
