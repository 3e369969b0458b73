#!/bin/sh
# Front can't use a secret key: its program holds no code for it.
#
#   no_secrets.sh sealslotd-front sealslot-keys
#
# From libsodium it imports only what is listed here, and of our own rooms nothing of open, sign or
# mailbox. The second program must be found guilty, or this test sees nothing.
set -eu

allowed='crypto_aead_chacha20poly1305_ietf_encrypt crypto_auth_hmacsha256_final
crypto_auth_hmacsha256_init crypto_auth_hmacsha256_update crypto_generichash
crypto_generichash_final crypto_generichash_init crypto_generichash_update crypto_scalarmult
crypto_scalarmult_base crypto_sign_verify_detached randombytes_buf randombytes_uniform
sodium_base642bin sodium_bin2base64 sodium_bin2hex sodium_init sodium_memcmp sodium_memzero'

imports() {
	nm -D --undefined-only "$1" | sed 's/.* U //; s/@.*//' | grep -E '^(crypto|sodium|randombytes)_' | sort -u
}

foreign() {
	nm --defined-only "$1" | awk '{print $3}' |
		grep -E '^(age_open|age_scrypt|age_unwrap|identity|keystore|passphrase|secret|zip_read|sign|codename|session|db|folder)_' || :
}

guilt() {
	for symbol in $(imports "$1"); do
		case " $(echo $allowed) " in
		*" $symbol "*) ;;
		*) echo "$symbol" ;;
		esac
	done
	foreign "$1"
	ldd "$1" | grep -E 'libsqlite3|libjansson' || :
}

found=$(guilt "$1")
if [ -n "$found" ]; then
	echo "$1 must not have:"
	echo "$found"
	exit 1
fi
[ "$(imports "$1" | wc -l)" -gt 5 ] || { echo "$1 imports nothing: was it looked at?"; exit 1; }
[ "$(guilt "$2" | wc -l)" -gt 5 ] || { echo "$2 was found innocent"; exit 1; }
