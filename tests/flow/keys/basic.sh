#!/bin/sh
# init, schedule, show and check, and what stock tools make of their files.
# builds: release sanitize
. "$(dirname "$0")/common"

step "help and usage"
says "usage: sealslot-keys VERB" "$keys" --help
says "sealslot-keys 0" "$keys" --version
for verb in init schedule show check offer; do
	says "usage: sealslot-keys $verb" "$keys" $verb --help
	refused 2 "$verb --help" "$keys" $verb
	refused 2 "$verb --help" "$keys" $verb --nonsense
done
refused 2 "usage:" "$keys"
refused 2 'no verb "frobnicate"' "$keys" frobnicate

step "init"
init K
[ "$(stat -c %a K)" = 700 ] || fail "mode of K"
for file in unlock.age root.age reply.age; do
	[ "$(stat -c %a K/$file)" = 600 ] || fail "mode of K/$file"
done
[ "$(cat K/instance)" = "$onion" ] || fail "instance"
[ "$(wc -l <K/root.pub)" -eq 2 ] || fail "root.pub"
says "schedule K --inbox" "$keys" show K
refused 1 "exists already" "$keys" init K --instance "$onion" --passphrase-file pass

step "schedule"
schedule K --inbox 'tips=Investigations desk' --inbox 'arts=Culture & café' --epochs 5
verified K
[ "$(ls K/epochs | wc -l)" -eq 10 ] || fail "five epoch keys for each inbox"
[ "$(grep -c '^epoch: ' K/publish/keys.txt)" -eq 10 ] || fail "ten epoch lines"
[ "$(stat -c %a K/epochs/*.age | sort -u)" = 600 ] || fail "mode of the epoch keys"
grep -qx "inbox: arts Culture & café" K/publish/keys.txt || fail "title"

step "the same again changes nothing"
before=$(cat K/publish/* K/epochs/* | sha256sum)
schedule K --epochs 5
grep -q "Nothing was missing" out || fail "says that it signed"
[ "$before" = "$(cat K/publish/* K/epochs/* | sha256sum)" ] || fail "something changed"

step "more epochs: serial 2, chained to serial 1, nothing of serial 1 moved"
schedule K --epochs 7
verified K
grep -qx "serial: 2" K/publish/keys.txt || fail "serial"
grep -qx "previous: $(b2sum -l 256 <K/publish/keys-0001.txt | cut -d' ' -f1)" K/publish/keys.txt ||
	fail "hash of serial 1"
grep '^epoch: ' K/publish/keys-0001.txt | while read -r line; do
	grep -qxF "$line" K/publish/keys.txt || exit 1
done || fail "an epoch of serial 1 changed"

step "check"
says "VALID: K/publish/keys.txt" "$keys" check K/publish/keys.txt --root K/root.pub
cp K/publish/keys-0001.txt old.txt
cp K/publish/keys-0001.txt.minisig old.txt.minisig
says "serial     1," "$keys" check old.txt --root K/root.pub

step "show needs no passphrase and names root key, keys and the next step"
says "$(tail -n 1 K/root.pub)" "$keys" show K
grep -q "14 epoch keys" out || fail "number of keys"
grep -q "^Next, by 20" out || fail "next step"
grep -q MISSING out && fail "missing keys"
[ "$(sed -n '/^root key/{n;p}' out | wc -w)" -eq 8 ] || fail "eight words"

step "stock age opens every key file, and what is sealed to the recipients"
unlocked K
age -d -i id K/epochs/tips-3.age >epoch
recipient=$(awk '$1 == "epoch:" && $2 == "tips" && $3 == 3 {print $6}' K/publish/keys.txt)
[ "$(age-keygen -y epoch)" = "$recipient" ] || fail "recipient of tips 3"
echo "a document" | age -r "$recipient" | age -d -i epoch | grep -qx "a document" || fail "round trip"
for file in K/root.age K/reply.age K/epochs/*.age; do
	age -d -i id "$file" >/dev/null || fail "$file"
done
age -d -i id K/epochs/tips-4.age | age -d -i - K/epochs/tips-3.age 2>/dev/null && fail "an epoch key opens others"

step "no secret in any public file"
secret=$(grep '^AGE-SECRET' id)
grep -rqF "$secret" K && fail "the unlock key lies open"
grep -rqF "$passphrase" K && fail "the passphrase lies open"
echo ok
