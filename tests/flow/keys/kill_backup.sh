#!/bin/sh
# backup killed at every step that changes the disk: no half backup looks whole, the one before stays.
# time limit: 240
. "$(dirname "$0")/kills"
. "$(dirname "$0")/common"

step "backup"
init K
cheap K
says "" "$keys" schedule K --inbox tips=Tips --epochs 2 --passphrase-file pass
says "a backup of" "$keys" backup K first --passphrase-file pass
sha256sum first >was
cp -a K fresh
after_backup() {
	where=$1
	shift
	sha256sum --quiet -c was || fail "the backup before: $where"
	# What lies there is whole, or restore says that it isn't.
	if [ -e second ] && "$keys" restore second R --passphrase-file pass >out 2>err </dev/null; then
		[ "$(ls R/epochs)" = "$(ls K/epochs)" ] || fail "keys of a backup after a kill at $where"
	elif [ -e second ]; then
		halves=$((halves + 1))
		grep -q "isn't a whole backup" err && [ ! -e R ] || { cat err; fail "half a backup after a kill at $where"; }
	fi
	rm -rf second R
	says "a backup of" "$@"
	says "" "$keys" restore second R --passphrase-file pass
	[ "$(ls R/epochs)" = "$(ls K/epochs)" ] || fail "keys of the next backup after a kill at $where"
	no_leftovers .
}
halves=0 made='second R'
try_all fresh after_backup "$keys" backup K second --passphrase-file pass
[ "$count" -gt 5 ] && [ "$halves" -gt 0 ] || fail "only $count steps were tried, $halves halves were left"
echo ok
