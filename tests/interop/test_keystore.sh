#!/bin/sh
# Stock age opens a key store with nothing but the passphrase, and then a submission.
#   test_keystore.sh OFFLINE SEAL_FILE
set -eu
offline=$1 seal_file=$2 here=$(dirname "$0")
d=$(mktemp -d) && trap 'rm -rf "$d"' EXIT
refused() {
	if "$@" >/dev/null 2>"$d/why"; then
		echo "should have been refused: $*" >&2
		exit 1
	fi
}

pass='six words of a passphrase'
(umask 077 && echo "$pass" >"$d/pass")

recipient=$("$offline" keystore "$d/KEYS" "$d/pass")
[ "$(stat -c %a "$d/KEYS" "$d/KEYS/unlock.age" "$d/KEYS/epochs/tips-31.age" | xargs)" = "700 600 600" ]
head -n 2 "$d/KEYS/unlock.age" | grep -aq '^-> scrypt [A-Za-z0-9+/]* 18$'

expect "$here/age_pass.exp" decrypt "$pass" "$d/KEYS/unlock.age" "$d/id"
age -d -i "$d/id" "$d/KEYS/epochs/tips-31.age" >"$d/epoch"
[ "$(age-keygen -y "$d/epoch")" = "$recipient" ]
head -c 100000 /dev/urandom >"$d/document"
"$seal_file" -r "$recipient" "$d/document" | age -d -i "$d/epoch" | bsdtar -xf - -C "$d"
cmp "$d/document" "$d/files/001-document"
[ "$(age -d -i "$d/id" "$d/KEYS/root.age" | tr -d 'A-Za-z0-9+/\n' | wc -c)" -eq 0 ]
[ "$(age -d -i "$d/id" "$d/KEYS/root.age" | wc -c)" -eq 44 ]
# A second one over it, or with a passphrase file that others may read: refused.
refused "$offline" keystore "$d/KEYS" "$d/pass"
grep -q exists "$d/why"
chmod 644 "$d/pass"
refused "$offline" keystore "$d/KEYS2" "$d/pass"
grep -q mode "$d/why"
[ ! -e "$d/KEYS2" ]
