#!/bin/sh
# Killed at every step that changes the disk, then run again: nothing lost, nothing doubled.
# time limit: 900
. "$(dirname "$0")/kills"
. "$(dirname "$0")/common"

# remember FOLDER PATTERN LIST, and later: intact LIST
remember() {
	find "$1" -name "$2" ! -name '.*' -exec sha256sum {} + >"$3"
}
intact() {
	[ ! -s "$1" ] || sha256sum --quiet -c "$1"
}

step "init"
after_init() {
	where=$1
	shift
	if [ -e K/instance ]; then
		says "" "$keys" show K # it was killed after the last file
	else
		says "is ready" "$@"
	fi
	no_leftovers K
	[ "$(ls K | sort | tr '\n' ' ')" = "epochs instance publish reply.age reply.pub root.age root.pub unlock.age " ] ||
		fail "files after a kill at $where: $(ls K)"
}
try_all none after_init "$keys" init K --instance "$onion" --passphrase-file pass
[ $count -gt 15 ] || fail "only $count steps were tried"

step "schedule, from nothing and extending"
schedule K --inbox t=T --epochs 1 # one that was killed at the last step of init
verified K
rm -rf K
init K
cheap K
cp -a K fresh
schedule K --inbox 'tips=Tips' --epochs 2
cp -a K once
after_schedule() {
	where=$1
	shift
	says "" "$keys" show K
	remember K/epochs '*.age' survivors
	remember K/publish 'keys-*.txt' signed
	says "tested" "$@"
	no_leftovers K
	intact survivors || fail "a key was lost: $where"
	intact signed || fail "a signed schedule was changed: $where"
	verified K
	[ "$(ls K/epochs | wc -l)" -eq "$want_keys" ] || fail "keys after a kill at $where: $(ls K/epochs)"
	[ "$(ls K/publish/keys-*.txt | wc -l)" -eq "$want_serial" ] || fail "schedules after a kill at $where"
	[ "$(ls K/publish | wc -l)" -eq $((2 * want_serial + 2)) ] || fail "files in publish: $where"
}
want_keys=2 want_serial=1
try_all fresh after_schedule "$keys" schedule K --inbox 'tips=Tips' --epochs 2 --passphrase-file pass
[ $count -gt 25 ] || fail "only $count steps were tried"
want_keys=4 want_serial=2
try_all once after_schedule "$keys" schedule K --inbox 'arts=Arts' --epochs 2 --passphrase-file pass
[ $count -gt 25 ] || fail "only $count steps were tried"

step "offer"
cp once/publish/keys.txt once/publish/keys.txt.minisig .
cp once/root.pub lead.pub
rm -rf K
says "is ready" "$keys" init K --without-root --instance "$onion" --passphrase-file pass
cheap K
cp -a K desk
after_offer() {
	where=$1
	shift
	if [ -e offer.txt ]; then # it was killed after the last file
		rm offer.txt offer.txt.minisig
	elif [ -e offer.txt.minisig ]; then
		refused 1 "exists already" "$@"
		rm offer.txt.minisig
	fi
	remember K/epochs '*.age' survivors
	says "2 tested" "$@"
	intact survivors || fail "a key was lost: $where"
	minisign -Vq -p K/reply.pub -m offer.txt || fail "offer after a kill at $where"
	no_leftovers K
}
made='offer.txt*'
try_all desk after_offer "$keys" offer K keys.txt --root lead.pub --inbox tips --passphrase-file pass offer.txt
[ $count -gt 15 ] || fail "only $count steps were tried"
echo ok
