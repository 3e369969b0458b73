#!/bin/sh
# backup killed at every step that changes the disk: no half backup looks whole, the one before stays.
# time limit: 240
. "$(dirname "$0")/common"

steps="mkdir mkdirat write fchmod fsync linkat renameat renameat2 rename unlinkat unlink"

# struck CALL N COMMAND...: true if SIGKILL came instead of the Nth such call; false if it got through before.
struck() {
	call=$1 nth=$2
	shift 2
	rc=0
	strace -qq -o trace -e trace="$call" -e inject="$call:signal=KILL:when=$nth" "$@" >out 2>err </dev/null || rc=$?
	[ $rc -eq 0 ] && return 1
	[ $rc -eq 137 ] || { cat err; fail "exit $rc, killed at $call number $nth"; }
}

# try_all BEFORE AFTER COMMAND...: with a fresh copy of BEFORE as "K" each time.
try_all() {
	before=$1 after=$2 count=0
	shift 2
	for call in $steps; do
		nth=1
		while :; do
			rm -rf K second R
			cp -a "$before" K
			struck "$call" $nth "$@" || break
			$after "$call number $nth" "$@"
			count=$((count + 1))
			nth=$((nth + 1))
		done
	done
	echo "$count steps"
}

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
	[ -z "$(find . -name '.tmp.*')" ] || fail "temporary files stay behind: $where"
}
halves=0
try_all fresh after_backup "$keys" backup K second --passphrase-file pass
[ "$count" -gt 5 ] && [ "$halves" -gt 0 ] || fail "only $count steps were tried, $halves halves were left"
echo ok
