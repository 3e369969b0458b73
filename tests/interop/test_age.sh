#!/bin/sh
# Debian's age opens what we seal, and we open what it seals.
#   test_age.sh OFFLINE SEAL_FILE
set -eu
offline=$1 seal_file=$2 here=$(dirname "$0")
d=$(mktemp -d) && trap 'rm -rf "$d"' EXIT
passed=0

ok() {
	passed=$((passed + 1))
}

same() {
	cmp "$1" "$2" || { echo "differs: $3" >&2; exit 1; }
	ok
}

refused() {
	if "$@" >"$d/refused.out" 2>"$d/refused"; then
		echo "should have been refused: $*" >&2
		exit 1
	fi
	[ ! -s "$d/refused.out" ] || { echo "wrote something: $*" >&2; exit 1; }
	ok
}

age-keygen -o "$d/a.key" 2>/dev/null
age-keygen -o "$d/b.key" 2>/dev/null
a=$(age-keygen -y "$d/a.key") b=$(age-keygen -y "$d/b.key")
(umask 077 && printf 'pass phrase \303\251\n' >"$d/pass" && printf 'wrong\n' >"$d/wrong")

for size in 0 1 65535 65536 65537 131072 3000000; do
	head -c "$size" /dev/urandom >"$d/plain"
	age -r "$b" -r "$a" -o "$d/sealed" "$d/plain"
	"$offline" open -i "$d/a.key" "$d/sealed" >"$d/out"
	same "$d/plain" "$d/out" "age to us, $size bytes"
	"$offline" open -i "$d/b.key" "$d/sealed" >"$d/out"
	same "$d/plain" "$d/out" "age to us, second recipient, $size bytes"
	"$seal_file" -r "$a" -r "$b" "$d/plain" >"$d/sealed"
	age -d -i "$d/b.key" -o "$d/theirs" "$d/sealed"
	"$offline" open -i "$d/a.key" "$d/sealed" >"$d/ours"
	same "$d/theirs" "$d/ours" "us to both, $size bytes"
done

age-keygen -o "$d/c.key" 2>/dev/null
refused "$offline" open -i "$d/c.key" "$d/sealed"
grep -q "other keys" "$d/refused"
age -a -r "$a" -o "$d/armored" "$d/plain"
refused "$offline" open -i "$d/a.key" "$d/armored"
head -c 100000 "$d/sealed" >"$d/cut"
refused "$offline" open -i "$d/a.key" "$d/cut"

pass=$(cat "$d/pass")
for size in 0 100 65536; do
	head -c "$size" /dev/urandom >"$d/plain"
	rm -f "$d/sealed" "$d/out"
	expect "$here/age_pass.exp" encrypt "$pass" "$d/plain" "$d/sealed"
	"$offline" open -p "$d/pass" "$d/sealed" >"$d/out"
	same "$d/plain" "$d/out" "passphrase, age to us, $size bytes"
	: >"$d/out" # age makes no file for an empty plaintext
	"$offline" seal -p "$d/pass" "$d/plain" >"$d/sealed"
	expect "$here/age_pass.exp" decrypt "$pass" "$d/sealed" "$d/out"
	same "$d/plain" "$d/out" "passphrase, us to age, $size bytes"
done
refused "$offline" open -p "$d/wrong" "$d/sealed"
grep -q "wrong passphrase" "$d/refused"

echo "$passed comparisons with $(age --version)"
