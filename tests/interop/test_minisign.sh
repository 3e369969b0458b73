#!/bin/sh
# Debian's minisign verifies what we sign, and nothing else.
#   test_minisign.sh OFFLINE
set -eu
offline=$1
d=$(mktemp -d) && trap 'rm -rf "$d"' EXIT

refused() {
	if "$@" >/dev/null 2>&1; then
		echo "should have been refused: $*" >&2
		exit 1
	fi
}

"$offline" key >"$d/key"
read -r seed public <"$d/key"
comment='sealslot-keys serial:12 instance:test.onion'
for size in 0 1 1000000; do
	head -c "$size" /dev/urandom >"$d/m"
	"$offline" sign "$seed" "$comment" "$d/m" >"$d/m.minisig"
	minisign -V -P "$public" -m "$d/m" >"$d/out"
	grep -Fxq "Trusted comment: $comment" "$d/out"
	echo >>"$d/m"
	refused minisign -V -P "$public" -m "$d/m"
done
truncate -s 1000000 "$d/m"
minisign -V -P "$public" -m "$d/m" >/dev/null
sed -i 's/serial:12/serial:13/' "$d/m.minisig"
refused minisign -V -P "$public" -m "$d/m"

# Byte for byte what minisign makes of the same key, file and comment.
minisign -G -W -p "$d/their.pub" -s "$d/their.key" >/dev/null
minisign -S -H -s "$d/their.key" -m "$d/m" -x "$d/theirs" -t "$comment" </dev/null
seed=$(sed -n 2p "$d/their.key" | base64 -d | od -An -tx1 -v -j 62 -N 32 | tr -d ' \n')
"$offline" sign "$seed" "$comment" "$d/m" >"$d/ours"
raw() {
	sed -n "$2p" "$1" | base64 -d | tail -c 64 | od -An -tx1 -v
}
[ "$(raw "$d/theirs" 2)" = "$(raw "$d/ours" 2)" ]
[ "$(raw "$d/theirs" 4)" = "$(raw "$d/ours" 4)" ]
