#!/bin/sh
# What must be refused, with a reason, an advice and nothing changed.
# builds: release sanitize
# time limit: 300
. "$(dirname "$0")/common"

init K
schedule K --inbox 'tips=Tips' --epochs 3
cp -a K good
unchanged() {
	diff -r K good || fail "the key store changed"
}
restore() {
	rm -rf K
	cp -a good K
}

step "wrong, missing, unsuitable passphrases"
(umask 077; echo wrong >wrong; : >empty; printf '%1025s\n' x >long)
cp pass open && chmod 644 open
refused 1 "wrong passphrase" "$keys" schedule K --passphrase-file wrong
refused 1 "is empty" "$keys" schedule K --passphrase-file empty
refused 1 "larger than" "$keys" schedule K --passphrase-file long
refused 1 "chmod 600" "$keys" schedule K --passphrase-file open
refused 1 "not found" "$keys" schedule K --passphrase-file nowhere
refused 1 "no terminal" setsid -w "$keys" schedule K
refused 2 "unknown option: --passphrase" "$keys" schedule K --passphrase "$passphrase"
refused 2 "unknown option: --passphrase" "$keys" schedule K "--passphrase=$passphrase"
grep -qF "$passphrase" err && fail "the passphrase was shown"
refused 1 "wrong passphrase" "$keys" schedule K --epochs 9 --passphrase-file wrong
unchanged

step "init: names, places, options"
refused 2 "onion address" "$keys" init N --instance example.onion --passphrase-file pass
refused 2 "--instance" "$keys" init N --passphrase-file pass
refused 2 "KEYS" "$keys" init --instance "$onion" --passphrase-file pass
refused 1 "there are files in it" "$keys" init good/epochs --instance "$onion" --passphrase-file pass
refused 1 "is empty" "$keys" init N --instance "$onion" --passphrase-file empty
touch file; ln -s K link; ln -s nowhere dangling
refused 1 "" "$keys" init file --instance "$onion" --passphrase-file pass
refused 1 "" "$keys" init dangling --instance "$onion" --passphrase-file pass
refused 1 "" "$keys" init no/such/folder --instance "$onion" --passphrase-file pass
[ ! -e N ] && [ ! -e nowhere ] || fail "something was made"
unchanged

step "schedule: inboxes, numbers, dates"
for inbox in tips 'Tips=x' 'tips=' 'tips= x' 'a b=x' '=x' "tips=$(printf 'a\033[1mb')" \
	"tips=$(printf 'a\342\200\256b')" 'abcdefghijklmnopqrstuvwxy=x'; do
	refused 2 "inbox" "$keys" schedule K --inbox "$inbox" --passphrase-file pass
done
refused 2 "two inboxes have the same name" "$keys" schedule K --inbox a=A --inbox b=B --inbox a=C \
	--passphrase-file pass
for option in --days=0 --days=367 --days=x --days=-1 --epochs=0 --epochs=1025 --from=tomorrow \
	--from=2026-2-1 --desk=RW --nonsense; do
	refused 2 "sealslot-keys schedule" "$keys" schedule K "$option" --passphrase-file pass
done
refused 2 "KEYS" "$keys" schedule K K --passphrase-file pass
refused 1 "no key store" "$keys" schedule nowhere --passphrase-file pass
refused 1 "" "$keys" schedule link --passphrase-file pass
unchanged

step "a schedule that isn't what was signed"
check() {
	"$keys" check changed.txt --root K/root.pub
}
changed() {
	cp K/publish/keys.txt changed.txt
	cp K/publish/keys.txt.minisig changed.txt.minisig
}
size=$(wc -c <K/publish/keys.txt)
at=0
while [ $at -lt "$size" ]; do
	changed
	python3 - changed.txt $at <<'END'
import sys
b = bytearray(open(sys.argv[1], 'rb').read())
b[int(sys.argv[2])] ^= 1
open(sys.argv[1], 'wb').write(b)
END
	refused 1 "signature doesn't fit" check
	grep -q "^NOT VALID" out || fail "verdict"
	at=$((at + 37))
done
changed
head -c 100 K/publish/keys.txt >changed.txt
refused 1 "signature doesn't fit" check
changed
sed -i 's/serial:1/serial:2/' changed.txt.minisig
refused 1 "signature doesn't fit" check
changed
sed -i 3d changed.txt.minisig
refused 1 "damaged" check
changed
rm changed.txt.minisig
refused 1 "changed.txt.minisig: not found" check
changed
init other
refused 1 "signed by another key" "$keys" check changed.txt --root other/root.pub
refused 1 "not a minisign public key" "$keys" check changed.txt --root K/publish/keys.txt.minisig
refused 1 "not found" "$keys" check changed.txt --root nowhere
dd if=/dev/zero of=changed.txt bs=1048577 count=1 2>/dev/null
refused 1 "larger than" check
unchanged

step "a signed text that breaks the rules, as another program could make it"
mkdir forged && minisign -G -W -p forged/root.pub -s forged/root.sec >/dev/null
forge() {
	minisign -S -s forged/root.sec -m changed.txt -t "sealslot-keys serial:1 instance:$onion" \
		>/dev/null </dev/null
}
forged() {
	forge
	refused 1 "$1" "$keys" check changed.txt --root forged/root.pub
}
changed
forge
"$keys" check changed.txt --root forged/root.pub | grep -q "^VALID" || fail "minisign's own signature"
awk '$1 == "epoch:" && $3 == 2 {next} {print}' K/publish/keys.txt >changed.txt
forged "doesn't follow"
sed '/^epoch: tips 2 /s/ 20..-..-../ 2099-01-01/' K/publish/keys.txt >changed.txt
forged "ends before it starts"
sed '/^epoch: tips 3/p' K/publish/keys.txt >changed.txt
forged "another epoch line"
sed 's/^inbox: .*/&\n&/' K/publish/keys.txt >changed.txt
forged "two inboxes have the same name"
sed 's/$/\r/' K/publish/keys.txt >changed.txt
forged "carriage return"
echo more >>changed.txt
cp K/publish/keys.txt changed.txt
echo more >>changed.txt
forged "follows the end"
sed 's/^serial: 1$/serial: 2/' K/publish/keys.txt >changed.txt
forged "comment names another serial"
recipient=$(awk '$1 == "epoch:" && $3 == 1 {print $6}' K/publish/keys.txt)
sed "s/^replykey/revoked: tips 1 $recipient\n&/" K/publish/keys.txt >changed.txt
forged "revoked recipient"

step "key files with a wrong mode, damaged, exchanged, missing"
chmod 640 K/epochs/tips-2.age
refused 1 "epochs/tips-2.age" "$keys" schedule K --epochs 4 --passphrase-file pass
grep -q "chmod 600" err || fail "advice"
restore
chmod 644 K/unlock.age
refused 1 "chmod" "$keys" schedule K --passphrase-file pass
restore
chmod 750 K
refused 1 "chmod" "$keys" schedule K --passphrase-file pass
restore
cp K/epochs/tips-1.age K/epochs/tips-2.age
refused 1 "isn't the key that the schedule lists" "$keys" schedule K --epochs 4 --passphrase-file pass
restore
dd if=/dev/urandom of=K/epochs/tips-3.age bs=1 count=8 seek=200 conv=notrunc 2>/dev/null
refused 1 "epochs/tips-3.age" "$keys" schedule K --epochs 4 --passphrase-file pass
restore
rm K/epochs/tips-2.age
refused 1 "epochs/tips-2.age: not found" "$keys" schedule K --epochs 4 --passphrase-file pass
says "MISSING" "$keys" show K
cp other/epochs/* K/epochs/ 2>/dev/null || true
restore
cp other/root.age K/root.age
refused 1 "root.age" "$keys" schedule K --epochs 4 --passphrase-file pass
restore
cp other/root.pub K/root.pub
refused 1 "signed by another key" "$keys" show K
refused 1 "isn't the public key of root.age" "$keys" schedule K --epochs 4 --passphrase-file pass
restore
rm K/root.age
refused 1 "no root key" "$keys" schedule K --epochs 4 --passphrase-file pass
[ "$(ls K/epochs | wc -l)" -eq 3 ] || fail "keys were made for a schedule that couldn't be signed"
restore
sed -i 's/Tips/Tipz/' K/publish/keys-0001.txt
refused 1 "signature doesn't fit" "$keys" schedule K --epochs 4 --passphrase-file pass
restore
echo "$other_onion" >K/instance
refused 1 "another instance" "$keys" schedule K --epochs 4 --passphrase-file pass
restore

step "no room, no write permission, output that can't be written"
trap 'cd /; umount "$scratch/small" 2>/dev/null || :; rm -rf "$scratch"' EXIT
if mkdir small && mount -t tmpfs -o size=128k,mode=700 none small 2>/dev/null; then
	cp -a good small/K
	dd if=/dev/zero of=small/fill bs=4096 2>/dev/null || true
	rc=0
	"$keys" schedule small/K --epochs 4 --passphrase-file pass >out 2>err || rc=$?
	cat err
	rm small/fill
	diff -r small/K good && same=yes || same=no
	"$keys" schedule small/K --epochs 4 --passphrase-file pass >out 2>&1 || { cat out; fail "after room was made"; }
	verified small/K
	umount small
	[ $rc -eq 1 ] && [ $same = yes ] || fail "full medium: exit $rc, unchanged: $same"
else
	echo "(no mount here: full medium not tried)"
fi
refused 1 "standard output" sh -c "'$keys' show K >/dev/full"
unchanged

step "a file system without locks isn't another program"
# A sanitizer can't search for leaks under strace.
no_locks() {
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 strace -qq -o trace -e trace=flock -e inject=flock:error=ENOLCK "$keys" "$@" --passphrase-file pass
}
refused 1 "it can't be locked: No locks available" no_locks schedule K --epochs 4
refused 1 "No locks available" no_locks init unlocked --instance "$onion"
echo ok
