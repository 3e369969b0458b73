#!/bin/sh
# What a reviewer's copy may lose: keys that were retired and nothing else, after restores, beside other key stores, and
# when it is killed at any step.
# time limit: 300
. "$(dirname "$0")/common"

day=2026-03-20
(umask 077; printf 'another passphrase\n' >copypass)
cheap_copy() {
	"$build/tests/interop/cheap_unlock" "$1" copypass || fail "cheap_unlock"
}
copy() { # KEYS DIR [--bring-back]
	on $day "$keys" reviewer-copy "$@" --passphrase-file pass --copy-passphrase-file copypass
}
letter() { # NUMBER NAME: a submission to the key that K's schedule lists for that epoch
	age -r "$(awk -v n="$1" '$1 == "epoch:" && $2 == "tips" && $3 == n {print $6}' K/publish/keys.txt)" -o "$2" pass
}
opens() { # KEYS NAME: does any key of that store open it, by stock age?
	[ -e "$1.id" ] || { unlocked "$1" && mv id "$1.id"; }
	for file in "$1"/epochs/*.age; do
		age -d -i "$1.id" "$file" >epoch.id && age -d -i epoch.id "$2" >/dev/null 2>&1 && return
	done
	return 1
}
opens_copy() {
	passphrase=$(cat copypass)
	opens "$@"
	was=$?
	passphrase=$(cat pass)
	return $was
}

on 2026-03-02 "$keys" init K --instance "$onion" --passphrase-file pass >/dev/null
cheap K
on 2026-03-02 "$keys" schedule K --inbox tips=Tips --epochs 4 --passphrase-file pass >/dev/null
on 2026-03-02 "$keys" backup K backup --passphrase-file pass >/dev/null
on $day "$keys" schedule K --epochs 7 --passphrase-file pass >/dev/null
says "8 keys added" copy K C
cheap_copy C
letter 6 six
cp -a K dead && cp K/publish/keys.txt K/publish/keys.txt.minisig .

step "a restored key store takes no key from the copy that it merely lacks"
rm -rf K
says "4 epoch keys" on $day "$keys" restore backup K --schedule keys.txt --passphrase-file pass
says "keys replaced" on $day "$keys" revoke K --lost --passphrase-file pass
letter 7 seven
says "4 keys that K lacks and never retired: tips:5-8" copy K C
opens_copy C six || fail "the last key of a submission is gone"
opens K six && fail "the key is in K already: the test is wrong"
opens_copy C seven || fail "the new key isn't in the copy"
[ "$(ls C/epochs | wc -l)" -eq 12 ] || fail "keys: $(ls C/epochs)"
grep -q "copy [0-9a-f]* tips:1-8 C$" K/log || fail "what the copy opens"
grep -q -- "--bring-back" out || fail "no way back is named"

step "and takes them back when told to, behind the key that is listed"
cp K/publish/keys.txt before
says "4 keys brought back" copy K C --bring-back
opens K six || fail "not brought back"
[ -e K/epochs/tips-6.age ] && [ -e K/epochs/tips-6.1.age ] || fail "names: $(ls K/epochs)"
says "Nothing was missing" on $day "$keys" schedule K --epochs 7 --passphrase-file pass
cmp before K/publish/keys.txt || fail "another key is listed now"
says "0 keys added, 0 destroyed" copy K C
grep -q "lacks" out && fail "still called missing"

step "one file that was removed by mistake"
rm K/epochs/tips-2.age
says "1 key that K lacks and never retired: tips:2" copy K C
[ -e C/epochs/tips-2.age ] || fail "destroyed"
says "1 keys brought back" copy K C --bring-back
[ -e K/epochs/tips-2.age ] || fail "not brought back"

step "the same name isn't the same key"
cp -a K branch
says "keys replaced" on $day "$keys" revoke branch --inbox tips --epoch 8 --passphrase-file pass
says "1 keys added" copy branch C
says "keys replaced" on $day "$keys" revoke K --inbox tips --epoch 8 --passphrase-file pass
cmp -s branch/epochs/tips-8.2.age K/epochs/tips-8.2.age && fail "the same key: the test is wrong"
letter 8 eight
says "1 keys added, 0 destroyed" copy K C
opens_copy C eight || fail "the copy has a key of that name, and not the key"
says "can't be brought back" copy K C --bring-back # K has 8, 8.1 and 8.2
says "Nothing was missing" on $day "$keys" schedule K --epochs 7 --passphrase-file pass

step "what was retired is never brought back, and goes"
letter 1 one 2>/dev/null || age -r "$(awk '$3 == 1 {print $6}' dead/publish/keys.txt)" -o one pass
opens_copy C one || fail "the test is wrong"
retired K tips 1
says "0 keys added, 1 destroyed" copy K C --bring-back
opens_copy C one && fail "a retired key is there"
[ ! -e K/epochs/tips-1.age ] || fail "brought back"
rm -rf old
says "restored" on $day "$keys" restore backup old --passphrase-file pass # its log is from before
says "0 keys added, 0 destroyed" copy old C
[ ! -e C/epochs/tips-1.age ] || fail "a retired key came back into the copy"

step "another desk's key store, and a copy of another one, aren't touched"
says "is ready" "$keys" init desk --without-root --instance "$onion" --passphrase-file copypass
cheap_copy desk
cp dead/root.pub .
says "tested" on $day "$keys" offer desk keys.txt --root root.pub --inbox tips --passphrase-file copypass offer.txt
cp -a desk desk.before
refused 1 "a key store of its own" copy K desk
diff -r desk.before desk || fail "it was changed"
says "is ready" "$keys" init begun --without-root --instance "$onion" --passphrase-file copypass
rm begun/instance
cp -a begun begun.before
refused 1 "a key store of its own" copy K begun
diff -r begun.before begun || fail "it was changed"
on $day "$keys" reviewer-copy desk D --passphrase-file copypass --copy-passphrase-file copypass >/dev/null
cp -a D D.before
refused 1 "a copy of another key store" copy K D
diff -r D.before D || fail "it was changed"

step "killed at every step, and run again: recorded is never less than the copy opens"
rm -rf K C
on 2026-03-02 "$keys" init K --instance "$onion" --passphrase-file pass >/dev/null
cheap K
on 2026-03-02 "$keys" schedule K --inbox tips=Tips --epochs 3 --passphrase-file pass >/dev/null
says "3 keys added" on 2026-03-02 "$keys" reviewer-copy K C --passphrase-file pass --copy-passphrase-file copypass
cheap_copy C
retired K tips 1
says "keys replaced" on $day "$keys" revoke K --all --passphrase-file pass # a new reply key as well
cp -a K K.before && cp -a C C.before
recorded() { # every key of the copy stands in its newest record
	ranges=$(awk '$2 == "copy" {r = $4} END {print r}' K/log)
	for file in C/epochs/*.age; do
		n=${file##*tips-}
		case $n,$ranges in
		1.*,tips:1-*) ;;
		1.*) fail "$1: C has $file, and K/log says $ranges" ;;
		esac
	done
}
count=0
for call in write fsync linkat renameat renameat2 rename unlinkat; do
	nth=1
	while :; do
		rm -rf K C
		cp -a K.before K && cp -a C.before C
		rc=0
		strace -qq -o trace -e trace=$call -e inject=$call:signal=KILL:when=$nth \
			"$keys" reviewer-copy K C --passphrase-file pass --copy-passphrase-file copypass >out 2>err </dev/null || rc=$?
		recorded "$call $nth"
		[ $rc -ne 0 ] || break
		[ $rc -eq 137 ] || { cat err; fail "exit $rc"; }
		says "no root key" "$keys" reviewer-copy K C --passphrase-file pass --copy-passphrase-file copypass
		[ "$(ls C/epochs | tr '\n' ' ')" = "$(ls K/epochs | tr '\n' ' ')" ] || fail "$call $nth: $(ls C/epochs)"
		cmp C/reply.pub K/reply.pub && [ "$(awk '$2 == "copy" {r = $4} END {print r}' K/log)" = tips:2-3 ] || fail "$call $nth"
		count=$((count + 1))
		nth=$((nth + 1))
	done
done
[ $count -gt 30 ] || fail "only $count steps were tried"
echo "$count steps"

# no_room CALL N: ends the loop where no call is left to fail.
no_room() {
	strace -qq -o trace -e trace=$1 -e inject=$1:error=ENOSPC:when=$2 \
		"$keys" reviewer-copy K C --passphrase-file pass --copy-passphrase-file copypass >out 2>err </dev/null && return 1
	grep -q "standard output" err || { [ "$(wc -l <err)" -eq 2 ] && grep -q "again" err; } ||
		{ cat err; fail "$call $nth: no next step"; }
	says "no root key" "$keys" reviewer-copy K C --passphrase-file pass --copy-passphrase-file copypass
	count=$((count + 1))
}
step "no room, at each step: the next step is told, and taken"
count=0
for call in write renameat renameat2 mkdirat; do
	nth=1
	while rm -rf K C && cp -a K.before K && cp -a C.before C && no_room $call $nth; do
		nth=$((nth + 1))
	done
done
[ $count -gt 20 ] || fail "only $count steps were tried"
echo "$count steps"

step "the same for the first steps of a new copy"
count=0
for call in write fsync renameat2 mkdirat; do
	for nth in 1 2; do
		rm -rf K C && cp -a K.before K && no_room $call $nth
	done
done
[ $count -eq 8 ] || fail "only $count steps were tried"

step "a key that retire has begun to destroy: run retire again, restore nothing"
rm -rf K && cp -a K.before K
head -c 300 /dev/urandom >K/epochs/tips-1.age && chmod 600 K/epochs/tips-1.age
refused 1 "Run that retire again" "$keys" backup K half --passphrase-file pass
grep -q "Restore" err && fail "to restore it would undo it"
rm -rf C && says "keys added" copy K C
[ ! -e C/epochs/tips-1.age ] || fail "copied"
echo ok
