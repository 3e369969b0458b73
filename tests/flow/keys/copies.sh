#!/bin/sh
# reviewer-copy, backup and restore.
# time limit: 300
. "$(dirname "$0")/common"

day=2026-03-20
(umask 077; printf 'another passphrase\n' >copypass)
on 2026-03-02 "$keys" init K --instance "$onion" --passphrase-file pass >/dev/null
cheap K
on 2026-03-02 "$keys" schedule K --inbox tips=Tips --inbox arts=Arts --epochs 5 --passphrase-file pass >/dev/null
says "keys replaced" on $day "$keys" revoke K --inbox tips --epoch 3 --passphrase-file pass
identities() { # of a key store, opened by stock age with the identity file $2
	for file in "$1"/epochs/*.age; do
		age -d -i "$2" "$file" | grep -v '^#'
	done | sort
}

step "a reviewer's copy has every key but the root key, under its own passphrase"
says "11 keys added, 0 destroyed, 11 in all" on $day "$keys" reviewer-copy K copy --passphrase-file pass \
	--copy-passphrase-file copypass
[ ! -e copy/root.age ] || fail "a root key"
[ "$(stat -c %a copy)" = 700 ] || fail "mode"
unlocked K && mv id id.K
passphrase=$(cat copypass) unlocked copy && mv id id.copy
cmp id.K id.copy >/dev/null && fail "the same unlock key"
identities K id.K >want
identities copy id.copy >got
diff want got >/dev/null || fail "keys differ"
age -d -i id.K copy/reply.age >/dev/null 2>&1 && fail "sealed to the other store"
[ "$(age -d -i id.K K/reply.age)" = "$(age -d -i id.copy copy/reply.age)" ] || fail "reply key"
diff -r K/publish copy/publish && cmp K/instance copy/instance && cmp K/root.pub copy/root.pub
says "After each new one: sealslot-keys reviewer-copy KEYS copy" "$keys" show copy
refused 1 "no root key" "$keys" schedule copy --epochs 9 --passphrase-file copypass
refused 1 "wrong passphrase" "$keys" schedule copy --epochs 9 --passphrase-file pass

step "it is recorded, with what it opens"
id=$(sed -n 's/^2026-03-20 copy \([0-9a-f]*\) arts:1-5,tips:1-5 copy$/\1/p' K/log)
[ ${#id} -eq 32 ] || { cat K/log; fail "record"; }
grep -qx "2026-03-20 copy-of $id" copy/log || fail "record in the copy"

step "again: brought up to date; keys that were retired in KEYS are destroyed in the copy"
"$build/tests/interop/cheap_unlock" copy copypass
says "4 new" on $day "$keys" schedule K --epochs 6 --passphrase-file pass
retired K arts 1 # it is over
says "Signed" on $day "$keys" schedule K --epochs 6 --passphrase-file pass
says "4 keys added, 1 destroyed" on $day "$keys" reviewer-copy K copy --passphrase-file pass \
	--copy-passphrase-file copypass
[ ! -e copy/epochs/arts-1.age ] && [ -e copy/epochs/tips-7.age ] || fail "keys"
[ "$(grep -c " copy $id " K/log)" -eq 3 ] || fail "the same id, before and after"
[ "$(tail -n 1 K/log)" = "2026-03-20 copy $id arts:2-7,tips:1-7 copy" ] || fail "what it opens now"
[ "$(grep -c "^2026-03-20 copy-of $id" copy/log)" -eq 1 ] && grep -qx "2026-03-20 retired arts 1" copy/log || fail "the copy's log"
diff -r K/publish copy/publish

step "what isn't a copy isn't touched"
refused 1 "has a root key" on $day "$keys" reviewer-copy copy K --passphrase-file copypass \
	--copy-passphrase-file pass
refused 1 "has a root key" "$keys" reviewer-copy K K --passphrase-file pass --copy-passphrase-file pass
mkdir full && touch full/x
refused 1 "full" "$keys" reviewer-copy K full --passphrase-file pass --copy-passphrase-file copypass
refused 1 "wrong passphrase" "$keys" reviewer-copy K copy --passphrase-file pass --copy-passphrase-file pass
says "is ready" "$keys" init other --without-root --instance "$other_onion" --passphrase-file copypass
refused 1 "another instance" "$keys" reviewer-copy K other --passphrase-file pass --copy-passphrase-file copypass

step "backup: recorded, private, refuses to overwrite"
says "a backup of 14 epoch keys" on $day "$keys" backup K backup --passphrase-file pass
[ "$(stat -c %a backup)" = 600 ] || fail "mode"
grep -q "^2026-03-20 backup [0-9a-f]* arts:2-7,tips:1-7 backup$" K/log || { cat K/log; fail "record"; }
cp backup kept
refused 1 "exists already" "$keys" backup K backup --passphrase-file pass
cmp backup kept && [ "$(grep -c ' backup ' K/log)" -eq 1 ] || fail "changed"
strings -n 8 backup | grep -qE 'tips|instance|AGE-SECRET|sealslot' && fail "readable content"

step "stock tools open it"
mkdir stock && (cd stock && tar -xf ../backup && FILE=. && passphrase=$passphrase unlocked . &&
	age -d -i id keystore.tar.age | tar -x) || fail "stock tools"
for part in root.age reply.age epochs publish instance root.pub reply.pub log; do
	diff -r K/$part stock/$part || fail "$part"
done

step "restore"
says "restored, with 14 epoch keys" on $day "$keys" restore backup R --passphrase-file pass
for part in unlock.age root.age reply.age epochs publish instance root.pub reply.pub; do
	diff -r K/$part R/$part || fail "$part"
done
[ "$(tail -n 1 R/log)" = "2026-03-20 restored" ] || fail "record"
[ "$(stat -c %a R R/epochs/*.age | sort -u | tr '\n' ' ')" = "600 700 " ] || fail "modes"
says "Nothing was missing" on $day "$keys" schedule R --epochs 6 --passphrase-file pass
refused 1 "already" "$keys" restore backup R --passphrase-file pass

step "epochs that were retired since don't come back; the next schedule follows the server's"
on 2026-04-20 "$keys" schedule K --epochs 6 --passphrase-file pass >/dev/null
day=2026-04-20
retired K tips 1 2 3
retired K arts 2 3
day=2026-03-20
on 2026-04-20 "$keys" schedule K --epochs 6 --passphrase-file pass >/dev/null
verified K
cp K/publish/keys.txt K/publish/keys.txt.minisig . # as the server shows them
newest=$(awk '$1 == "serial:" {print $2}' keys.txt)
says "lists them no more: arts:2-3,tips:1-3." on 2026-04-20 "$keys" restore backup S --schedule keys.txt --passphrase-file pass
cp out before
[ "$(ls S/epochs | tr '\n' ' ')" = "arts-4.age arts-5.age arts-6.age arts-7.age tips-4.age tips-5.age tips-6.age tips-7.age " ] ||
	fail "keys: $(ls S/epochs)"
cmp S/publish/keys.txt keys.txt || fail "the newest schedule"

step "keys that the backup didn't have are replaced by revoke --lost"
grep -qF "sealslot-keys revoke S --lost" before || fail "restore says so"
refused 1 "epochs/tips-8.age: not found" on 2026-04-20 "$keys" schedule S --passphrase-file pass
grep -qF "revoke --lost" err || fail "schedule says so"
says "MISSING" on 2026-04-20 "$keys" show S
says "keys replaced" on 2026-04-20 "$keys" revoke S --lost --passphrase-file pass
grep -qF "Then make a new backup" out || fail "the backup and the copies are old now"
verified S
grep -qx "serial: $((newest + 1))" S/publish/keys.txt || fail "serial"
[ -e S/epochs/tips-8.1.age ] || fail "the new key"
says "Nothing was missing" on 2026-04-20 "$keys" schedule S --epochs 6 --passphrase-file pass
says "Nothing was missing" on 2026-04-20 "$keys" revoke S --lost --passphrase-file pass
grep -q "new backup" out && fail "nothing is new"

step "a backup that isn't whole, isn't ours, or isn't opened"
refused 1 "wrong passphrase" "$keys" restore backup T --passphrase-file copypass
size=$(stat -c %s backup)
for n in 0 1 511 512 700 1024 2000 $((size / 2)) $((size - 512)) $((size - 1)); do
	head -c "$n" backup >cut
	refused 1 "" "$keys" restore cut T --passphrase-file pass
done
for at in 0 100 600 1100 1500 3000 $((size - 3000)) $((size - 100)); do
	cp backup cut
	python3 - cut "$at" <<'END'
import sys
b = bytearray(open(sys.argv[1], 'rb').read())
b[int(sys.argv[2])] ^= 1
open(sys.argv[1], 'wb').write(b)
END
	refused 1 "" "$keys" restore cut T --passphrase-file pass
done
tar -cf foreign K
refused 1 "whole backup" "$keys" restore foreign T --passphrase-file pass
refused 1 "signed by another key" "$keys" restore backup T --schedule keys.txt --root other/reply.pub --passphrase-file pass
[ ! -e T ] || fail "something was made"

step "each refusal of the folder says what to do, and what the next run does"
mkdir -m 755 open
ln -s stock link
refused 1 "chmod 700" "$keys" restore backup open --passphrase-file pass
refused 1 "no link" "$keys" restore backup link --passphrase-file pass
refused 1 "Make that first" "$keys" restore backup none/R --passphrase-file pass
refused 1 "it goes on where it stopped" strace -qq -o trace -e inject=write:error=ENOSPC:when=3 \
	"$keys" restore backup full.R --passphrase-file pass
grep -q "full.R/.*: no room left" err && grep -q "Make room there" err || { cat err; fail "the reason"; }
says "restored, with 14 epoch keys" "$keys" restore backup full.R --passphrase-file pass
rm full.R/instance full.R/log
refused 1 "epochs/tips-2.age: Input/output error" strace -qq -o trace -P "$PWD/full.R/epochs/tips-2.age" -e trace=read \
	-e inject=read:error=EIO:when=3+ "$keys" restore backup full.R --passphrase-file pass
grep -q "restore into a folder on another one" err || { cat err; fail "no next step"; }

step "restore, killed at every step and run again"
cheap K
rm -f small && on $day "$keys" init A --instance "$onion" --passphrase-file pass >/dev/null && cheap A
on $day "$keys" schedule A --inbox tips=Tips --epochs 2 --passphrase-file pass >/dev/null
on $day "$keys" backup A small --passphrase-file pass >/dev/null
for call in mkdir mkdirat write fsync linkat unlinkat renameat renameat2 rename; do
	nth=1
	while :; do
		rm -rf R
		rc=0
		strace -qq -o trace -e trace=$call -e inject=$call:signal=KILL:when=$nth \
			"$keys" restore small R --passphrase-file pass >out 2>err </dev/null || rc=$?
		[ $rc -ne 0 ] || break
		[ $rc -eq 137 ] || { cat err; fail "exit $rc"; }
		[ -e R/instance ] || says "restored" "$keys" restore small R --passphrase-file pass
		diff -r A/epochs R/epochs && diff -r A/publish R/publish || fail "$call $nth"
		[ "$(grep -c restored R/log)" -eq 1 ] || fail "log after $call $nth"
		nth=$((nth + 1))
	done
done

step "a backup that couldn't be written is recorded as gone"
failed() {
	sed -n "s/^2026-03-20 backup \([0-9a-f]*\) .* $1\$/\1/p" K/log
}
refused 1 "Make room there" on $day strace -qq -o trace -e inject=renameat2:error=ENOSPC \
	"$keys" backup K unmade --passphrase-file pass
[ "$(tail -n 1 K/log)" = "2026-03-20 gone $(failed unmade)" ] || { cat K/log; fail "a backup that wasn't made stays recorded"; }

step "what can be known before isn't recorded"
cp K/log log
refused 1 "Its folder isn't there" on $day "$keys" backup K nodir/b --passphrase-file pass
refused 1 "not of a folder" on $day "$keys" backup K . --passphrase-file pass
for inside in K/b K/epochs/b K/publish/b copy/../K/b; do
	refused 1 "in the key store itself" on $day "$keys" backup K $inside --passphrase-file pass
	[ ! -e $inside ] || fail "$inside was made"
done
cmp log K/log || fail "recorded"

step "what a failing medium may still have isn't recorded as gone"
mkdir stick
# Its folder's first sync is that of the temporary name, its second that of FILE.
for nth in 1 2; do
	refused 1 "retire KEYS --gone" on $day strace -qq -o trace -P "$PWD/stick" -e trace=fsync,unlinkat -e inject=fsync:error=EIO:when=$nth+ \
		-e inject=unlinkat:error=EIO "$keys" backup K stick/b$nth --passphrase-file pass
	[ -n "$(ls -A stick)" ] && [ -n "$(failed stick.b$nth)" ] || fail "nothing is there, or on record"
	! grep -q "gone $(failed stick.b$nth)" K/log || fail "recorded as gone, and there: $(ls -A stick)"
	grep -qF -- "--gone $(failed stick.b$nth)" err || fail "the id isn't told"
done

step "a file that isn't a key, beside the keys, doesn't make a backup that can't be restored"
mkdir A/epochs/folder
echo "of a file manager" >A/epochs/Thumbs.db
says "a backup of 2 epoch keys" on $day "$keys" backup A strays --passphrase-file pass
rm -rf R
says "restored, with 2 epoch keys" on $day "$keys" restore strays R --passphrase-file pass
[ "$(ls R/epochs | wc -l)" -eq 2 ] || fail "keys"
# Earlier ones took it along.
packed() {
	tar --format=ustar --blocking-factor=1 --numeric-owner --owner=0 --group=0 --mode=0600 --mtime=@0 "$@"
}
(
	mkdir old && cd old && tar -xf ../strays && unlocked . && age -d -i id -o in.tar keystore.tar.age && tar -xf in.tar
	echo "of a file manager" >epochs/Thumbs.db
	packed -cf in.tar instance root.age root.pub reply.age reply.pub log epochs/* publish/*
	age -r "$(age-keygen -y id)" -o keystore.tar.age in.tar
	packed -cf ../old.tar unlock.age keystore.tar.age
) || fail "a backup of an earlier version"
rm -rf R
says "restored, with 2 epoch keys" on $day "$keys" restore old.tar R --passphrase-file pass
echo ok
