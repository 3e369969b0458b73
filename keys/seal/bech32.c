#include "bech32.h"

#include <stdbool.h>
#include <string.h>

#define CHECKSUM 6
#define VALUES   52 /* five-bit groups of 32 bytes: 51 whole ones, one with 4 bits of filling */
#define DATA     (VALUES + CHECKSUM)

_Static_assert(AGE_RECIPIENT_LEN == sizeof AGE_RECIPIENT_HRP + DATA, "recipient length");
_Static_assert(AGE_IDENTITY_LEN == sizeof AGE_IDENTITY_HRP + DATA, "identity length");

/* Within one cache line: what is looked up may be a secret. */
_Alignas(64) static const char charset[32] = {"qpzry9x8gf2tvdw0s3jn54khce6mua7l"};

static char
to_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static char
to_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

/* BIP 173's checksum, one five-bit value further. */
static uint32_t
polymod_step(uint32_t state, uint8_t value)
{
	static const uint32_t generator[5] = {
	    0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
	uint32_t top = state >> 25;
	size_t i;

	state = (state & 0x1ffffff) << 5 ^ value;
	for (i = 0; i < 5; i++)
		state ^= generator[i] & (0 - (top >> i & 1));
	return state;
}

static uint32_t
polymod(const char *hrp, const uint8_t *values, size_t n)
{
	uint32_t state = 1;
	size_t i, len = strlen(hrp);

	for (i = 0; i < len; i++)
		state = polymod_step(state, (uint8_t)hrp[i] >> 5);
	state = polymod_step(state, 0);
	for (i = 0; i < len; i++)
		state = polymod_step(state, (uint8_t)hrp[i] & 31);
	for (i = 0; i < n; i++)
		state = polymod_step(state, values[i]);
	return state;
}

/* 32 bytes to 52 values, the last one filled with zero bits. */
static void
split_bits(uint8_t values[static VALUES], const uint8_t key[static AGE_KEY])
{
	uint32_t acc = 0;
	unsigned bits = 0;
	size_t i, n = 0;

	for (i = 0; i < AGE_KEY; i++) {
		acc = (acc << 8 | key[i]) & 0xfff;
		for (bits += 8; bits >= 5; bits -= 5)
			values[n++] = (uint8_t)(acc >> (bits - 5) & 31);
	}
	values[n] = (uint8_t)(acc << (5 - bits) & 31);
}

/* The way back; false when the filling isn't zero. */
static bool
join_bits(uint8_t key[static AGE_KEY], const uint8_t values[static VALUES])
{
	uint32_t acc = 0;
	unsigned bits = 0;
	size_t i, n = 0;

	for (i = 0; i < VALUES; i++) {
		acc = (acc << 5 | values[i]) & 0xfff;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			key[n++] = (uint8_t)(acc >> bits);
		}
	}
	return (acc & ((1u << bits) - 1)) == 0;
}

/* Lower case, with a NUL. */
static void
encode(char *out, const char *hrp, const uint8_t key[static AGE_KEY])
{
	uint8_t values[DATA] = {0};
	size_t i, len = strlen(hrp);
	uint32_t sum;

	split_bits(values, key);
	sum = polymod(hrp, values, DATA) ^ 1;
	for (i = 0; i < CHECKSUM; i++)
		values[VALUES + i] = (uint8_t)(sum >> 5 * (CHECKSUM - 1 - i) & 31);
	memcpy(out, hrp, len);
	out[len] = '1';
	for (i = 0; i < DATA; i++)
		out[len + 1 + i] = charset[values[i]];
	out[len + 1 + DATA] = '\0';
	explicit_bzero(values, sizeof values);
}

/* The value of a character; 0xff for none. Looks at all of them, whichever it is. */
static uint8_t
value_of(char c)
{
	uint8_t found = 0xff;
	uint8_t i;

	for (i = 0; i < 32; i++)
		found = (uint8_t)(charset[i] == c ? i : found);
	return found;
}

static bool
is_mixed_case(const char *s, size_t len)
{
	bool has_lower = false, has_upper = false;
	size_t i;

	for (i = 0; i < len; i++) {
		has_lower |= s[i] != to_upper(s[i]);
		has_upper |= s[i] != to_lower(s[i]);
	}
	return has_lower && has_upper;
}

/*
 * The length is fixed and '1' is no value, so the '1' behind the HRP is the
 * last one of s: a longer HRP ("age1pq1...") can't slip in.
 */
static enum err
decode(uint8_t key[static AGE_KEY], const char *hrp, const char *s, size_t len)
{
	uint8_t values[DATA], bytes[AGE_KEY];
	size_t i, hrp_len = strlen(hrp);
	enum err e = ERR_FORMAT;
	uint8_t bad = 0;

	if (len != hrp_len + 1 + DATA || is_mixed_case(s, len) || s[hrp_len] != '1')
		return ERR_FORMAT;
	for (i = 0; i < hrp_len; i++)
		if (to_lower(s[i]) != hrp[i])
			return ERR_FORMAT;
	for (i = 0; i < DATA; i++) {
		values[i] = value_of(to_lower(s[hrp_len + 1 + i]));
		bad |= values[i];
	}
	if (bad <= 31 && polymod(hrp, values, DATA) == 1 && join_bits(bytes, values)) {
		memcpy(key, bytes, AGE_KEY);
		e = ERR_OK;
	}
	explicit_bzero(values, sizeof values);
	explicit_bzero(bytes, sizeof bytes);
	return e;
}

void
bech32_recipient(char out[static AGE_RECIPIENT_LEN + 1], const uint8_t pk[static AGE_KEY])
{
	encode(out, AGE_RECIPIENT_HRP, pk);
}

enum err
bech32_parse_recipient(uint8_t pk[static AGE_KEY], const char *s, size_t len)
{
	return decode(pk, AGE_RECIPIENT_HRP, s, len);
}

void
bech32_identity(char out[static AGE_IDENTITY_LEN + 1], const uint8_t sk[static AGE_KEY])
{
	size_t i;

	encode(out, AGE_IDENTITY_HRP, sk);
	for (i = 0; i < AGE_IDENTITY_LEN; i++)
		out[i] = to_upper(out[i]);
}

enum err
bech32_parse_identity(uint8_t sk[static AGE_KEY], const char *s, size_t len)
{
	return decode(sk, AGE_IDENTITY_HRP, s, len);
}
