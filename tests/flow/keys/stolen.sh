#!/bin/sh
# Stolen while a run was cut off: what it had made and not yet listed is never used after a revoke.
# builds: release sanitize
# time limit: 300
. "$(dirname "$0")/common"

# A sanitizer can't search for leaks under strace.
ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
export ASAN_OPTIONS

# killed CALL N COMMAND...: SIGKILL strikes instead of the Nth such system call.
killed() {
	call=$1 nth=$2
	shift 2
	rc=0
	strace -qq -o trace -e trace="$call" -e inject="$call:signal=KILL:when=$nth" "$@" >out 2>err </dev/null || rc=$?
	[ $rc -eq 137 ] || { cat err; fail "exit $rc instead of being killed at $call number $nth"; }
}
# unsigned COMMAND...: it is killed when it has made all its keys, and before anything is signed.
# (A key gets its name by renameat2, as nothing is there yet; what is signed replaces something.)
unsigned() {
	killed renameat,rename 1 "$@"
}

# steal KEYS: what the thief has, and the recipients of all epoch keys in it.
steal() {
	rm -rf thief
	cp -a "$1" thief
	for file in thief/epochs/*.age; do
		age -d -i id "$file" | age-keygen -y
	done >recipients
}
# The keys of the newest schedule.
listed() {
	awk '$1 == "epoch:" {print $6}' "$1/publish/keys.txt"
}
useless_to_the_thief() {
	listed "$1" >now
	! grep -qxFf recipients now || fail "$2: a stolen key is listed"
	verified "$1"
}
seed() {
	age -d -i id "$1"
}

init K
cheap K
unlocked K
schedule K --inbox tips=Tips --epochs 2
cp -a K before

step "epoch keys of a schedule that was never signed"
unsigned "$keys" schedule K --epochs 4 --inbox arts=Arts --passphrase-file pass
[ -e K/epochs/tips-4.age ] && [ -e K/epochs/arts-4.age ] && [ ! -e K/publish/keys-0002.txt ] || fail "not what was meant"
steal K
says "2 keys replaced" "$keys" revoke K --all --passphrase-file pass
useless_to_the_thief K "right away"
schedule K --epochs 4 --inbox arts=Arts
[ "$(listed K | wc -l)" -eq 8 ] || fail "epochs"
useless_to_the_thief K "when they are listed"

step "the same when one epoch alone is revoked, and for those that are lost"
for what in "--inbox tips --epoch 1" --lost; do
	rm -rf K && cp -a before K
	unsigned "$keys" schedule K --epochs 4 --passphrase-file pass
	steal K
	listed K >known
	says "" "$keys" revoke K $what --passphrase-file pass
	schedule K --epochs 4
	listed K | grep -vxFf known >now
	! grep -qxFf recipients now || fail "$what: a stolen key is listed"
done

step "what a revoke had made that was cut off, stolen before it is run again"
rm -rf K && cp -a before K
unsigned "$keys" revoke K --all --passphrase-file pass
[ -e K/epochs/tips-2.1.age ] && [ -e K/next-reply.age ] || fail "not what was meant"
steal K
says "2 keys replaced" "$keys" revoke K --all --passphrase-file pass
useless_to_the_thief K "a revoke that was cut off"
[ "$(awk '$1 == "revoked:"' K/publish/keys.txt | wc -l)" -eq 2 ] || fail "revoked lines"
[ "$(seed K/reply.age)" != "$(seed thief/next-reply.age)" ] || fail "the stolen next reply key"
[ "$(tail -n 1 K/reply.pub)" = "$(awk '$1 == "replykey:" {print $2}' K/publish/keys.txt)" ] || fail "reply.pub"

step "the reply key: listed, but not yet in its place"
rm -rf K && cp -a before K
# The last renames are of keys.txt (signature, text), next-reply.age and reply.pub.
killed renameat 5 "$keys" revoke K --reply-key --passphrase-file pass
[ -e K/next-reply.age ] && [ -e K/publish/keys-0002.txt ] || fail "not what was meant: $(ls K)"
steal K
says "another one" "$keys" revoke K --reply-key --passphrase-file pass
[ "$(seed K/reply.age)" != "$(seed thief/next-reply.age)" ] || fail "the stolen next reply key"
[ "$(tail -n 1 K/reply.pub)" = "$(awk '$1 == "replykey:" {print $2}' K/publish/keys.txt)" ] || fail "reply.pub"

step "the next root key; meanwhile nothing else signs, nor makes a backup without it"
rm -rf K && cp -a before K
unsigned "$keys" new-root K --passphrase-file pass
steal K
for verb in "revoke K --all" "schedule K --epochs 3" "backup K file" "reviewer-copy K copy --copy-passphrase-file pass"; do
	refused 1 "Finish that first: sealslot-keys new-root" "$keys" $verb --passphrase-file pass
done
[ ! -e file ] && [ ! -e copy ] && [ ! -e K/publish/keys-0002.txt ] || fail "something was made"
says "new root key" "$keys" new-root K --passphrase-file pass
[ "$(seed K/root.age)" != "$(seed thief/next-root.age)" ] || fail "the stolen next root key"
verified_by_root() {
	minisign -Vq -p K/root.pub -m K/publish/keys.txt || fail "keys.txt"
	minisign -Vq -p before/root.pub -m K/publish/root-0002.txt || fail "the statement"
	grep -q "^new: $(tail -n 1 K/root.pub)$" K/publish/root-0002.txt || fail "whom the statement names"
	[ "$(ls K/publish/root-*.txt | wc -l)" -eq 1 ] || fail "statements"
}
verified_by_root

step "once it has signed, it is finished, and that is said; root.age and root.pub don't fit then"
# Behind the statement and the schedule (two files each) comes root.age, then root.pub.
for nth in 5 6; do
	rm -rf K && cp -a before K
	killed renameat $nth "$keys" new-root K --passphrase-file pass
	[ -e K/publish/keys-0002.txt ] || fail "not what was meant"
	refused 1 "Finish that first: sealslot-keys new-root" "$keys" schedule K --epochs 3 --passphrase-file pass
	refused 1 "Finish that first: sealslot-keys new-root" "$keys" backup K file --passphrase-file pass
	says "new root key" "$keys" new-root K --passphrase-file pass
	verified_by_root
	grep -q "If the key store was stolen since then" out || fail "nobody is warned"
done

step "a desk's offer that the other desk hasn't added yet, or only adds later"
rm -rf K && cp -a before K
says "is ready" "$keys" init desk --without-root --instance "$onion" --passphrase-file pass
cheap desk
unlocked desk
offer() {
	says "tested" "$keys" offer desk before/publish/keys.txt --root K/root.pub --inbox tips --passphrase-file pass "$@"
}
offer first.txt
steal desk
offer --revoke 1- second.txt
grep "^epoch:" second.txt | awk '{print $6}' >now
! grep -qxFf recipients now || fail "a stolen key is offered again"
[ "$(grep -c "^revoked:" second.txt)" -eq 2 ] || fail "what was offered isn't revoked"
cp -a K added
for order in "first second" "second"; do
	rm -rf K && cp -a added K
	for name in $order; do
		says "" "$keys" schedule K --epochs 2 --with $name.txt --desk "$(tail -n 1 desk/reply.pub)" --passphrase-file pass
	done
	useless_to_the_thief K "$order"
	says "Nothing was missing" "$keys" schedule K --epochs 2 --with second.txt --passphrase-file pass
	refused 1 "revoked recipient" "$keys" schedule K --epochs 2 --with first.txt --passphrase-file pass
done
echo ok
