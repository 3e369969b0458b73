#!/bin/sh
# Desks share an inbox, and the medium of the one that signs dies: from an old backup it comes back, and no other desk loses a key.
# time limit: 240
. "$(dirname "$0")/common"

day=2026-03-20
epochs() {
	awk '$1 == "epoch:" {print $2, $3, $6}' "$1/publish/keys.txt"
}
# Of the epochs that aren't over: the lines of this desk, which come first, and of the others.
ours() {
	epochs "$1" | awk '!seen[$1 $2]++ {print}'
}
others() {
	epochs "$1" | awk 'seen[$1 $2]++ {print}'
}
revoked() {
	awk '$1 == "revoked:" {print $4}' "$1/publish/keys.txt"
}
files() {
	find "$1" -type f ! -name log -exec sha256sum {} + | sort
}
# opened STORE ID KEYS: each epoch of the inbox is sealed as the newest schedule of KEYS says, and a key of STORE opens it,
# if it has made any for that epoch: desk B doesn't answer the last schedule.
opened() {
	for n in $(epochs "$3" | awk '$1 == "tips" {print $2}' | sort -u); do
		[ "$1" = R ] || [ -e "$1/epochs/tips-$n.age" ] || continue
		epochs "$3" | awk -v n="$n" '$1 == "tips" && $2 == n {print $3}' >to
		echo "to all" | age -R to >sealed
		found=no
		for file in "$1/epochs/tips-$n.age" "$1/epochs/tips-$n".[0-9]*.age; do
			[ -e "$file" ] || continue
			age -d -i "$2" "$file" >epoch
			! age -d -i epoch sealed 2>/dev/null | grep -qx "to all" || found=yes
		done
		[ $found = yes ] || fail "$1 can't open tips $n"
	done
}
offer() {
	rm -f "$1.txt" "$1.txt.minisig"
	says "tested" on $day "$keys" offer "$1" K/publish/keys.txt --root K/root.pub --inbox tips --passphrase-file pass "$1.txt"
}
# untouched COMMAND...: it is refused, and no file of R is new, gone or another.
untouched() {
	_said=$1
	shift
	files R >files.before
	refused 1 "$_said" on $day "$keys" "$@" --passphrase-file pass
	files R >files.after
	diff files.before files.after >&2 || fail "refused, and yet changed: $*"
}

step "three desks share an inbox, one has the root key; a backup of it"
init K
init_desk() {
	says "is ready" "$keys" init "$1" --without-root --instance "$onion" --passphrase-file pass
	cheap "$1"
}
cheap K
init_desk B
init_desk C
unlocked K && mv id id.K && unlocked B && mv id id.B && unlocked C && mv id id.C
on $day "$keys" schedule K --inbox tips=Tips --inbox arts=Arts --epochs 4 --passphrase-file pass >out
for desk in B C; do
	offer $desk
	says "4 keys of other desks" on $day "$keys" schedule K --epochs 4 --with $desk.txt \
		--desk "$(tail -n 1 $desk/reply.pub)" --passphrase-file pass
done
says "a backup" on $day "$keys" backup K old --passphrase-file pass
cp -a K before
cp -a C C.before

# dies WHAT: the schedule of K is the newest, K itself is gone.
dies() {
	rm -rf R published
	cp -a K/publish published
	cp K/root.pub published/
	says "revoke R --lost" on $day "$keys" restore old R --schedule published/keys.txt --root published/root.pub --passphrase-file pass
	others R >theirs
	[ "$(wc -l <theirs)" -gt 0 ] || fail "not what was meant: $1"
	ours R >lost
	revoked R | sort >gone
}
comes_back() {
	says "keys replaced" on $day "$keys" revoke R --lost --passphrase-file pass
	[ "$1" != --all ] || grep -q "may be this desk's" out || fail "the lost reply key isn't spoken of"
	verified R
	others R >now
	cmp theirs now || fail "$1: a key of another desk changed"
	ours R | cut -d ' ' -f 3 >now
	! grep -qxFf gone now || fail "$1: a revoked key is back"
	revoked R | sort >gone.now
	[ -z "$(comm -23 gone gone.now)" ] || fail "$1: a revoked key isn't listed as revoked any more"
	# Nothing else is revoked than the lost keys that were replaced.
	comm -13 gone gone.now >new
	cut -d ' ' -f 3 lost | sort >lost.keys
	[ -z "$(comm -13 lost.keys new)" ] || fail "$1: revoked, and not lost"
	ours R | cut -d ' ' -f 3 | sort >now
	[ "$(wc -l <new)" -eq "$(comm -23 lost.keys now | wc -l)" ] || fail "$1: replaced, and not revoked"
	opened R id.K R
	opened B id.B R
	opened C id.C R
	says "Nothing was missing" on $day "$keys" schedule R --epochs 4 --passphrase-file pass
	says "Nothing was missing" on $day "$keys" revoke R --lost --passphrase-file pass
	says "keys replaced" on $day "$keys" revoke R --all --passphrase-file pass
	others R >now
	cmp theirs now || fail "$1: a key of another desk changed by revoke --all"
	opened B id.B R
	# The other desks' offers are taken as ever.
	rm -f C.txt C.txt.minisig
	says "tested" on $day "$keys" offer C R/publish/keys.txt --root R/root.pub --inbox tips --revoke 2 --passphrase-file pass C.txt
	says "1 keys of other desks replaced" on $day "$keys" schedule R --epochs 4 --with C.txt --passphrase-file pass
	rm -rf C && cp -a C.before C
}

for what in "--all" "--inbox tips --epoch 2-" "schedule"; do
	step "the keys of $what, then the medium dies"
	rm -rf K && cp -a before K
	case $what in
	schedule)
		says "Signed" on $day "$keys" schedule K --epochs 6 --passphrase-file pass
		offer C
		says "2 keys of other desks" on $day "$keys" schedule K --epochs 6 --with C.txt --passphrase-file pass
		;;
	*)
		# One word per argument.
		# shellcheck disable=SC2086
		says "keys replaced" on $day "$keys" revoke K $what --passphrase-file pass
		;;
	esac
	dies "$what"
	step "what can't be done yet is refused, says what to do first, and leaves nothing behind"
	untouched "epochs/tips-" schedule R --epochs 8
	grep -qF "revoke --lost" err || fail "schedule doesn't say what to do"
	for verb in --all "--inbox tips --epoch 3" --reply-key; do
		# shellcheck disable=SC2086
		untouched "epochs/" revoke R $verb
		grep -qF "revoke --lost" err || fail "revoke $verb doesn't say what to do"
	done
	comes_back "$what"
done
echo ok
