#!/bin/sh
# What restore leaves out: what is known to be retired, and nothing that may be the last key of a submission.
# time limit: 200
. "$(dirname "$0")/common"

day=2026-03-03
(umask 077; printf 'another passphrase\n' >copypass)
restored() { # DAY FOLDER NUMBERS [OPTION ...]: these keys of tips are there, and open
	_day=$1 _folder=$2 _numbers=$3
	shift 3
	rm -rf "$_folder"
	says "each can be opened" on "$_day" "$keys" restore backup "$_folder" --passphrase-file pass "$@"
	_there=$(ls "$_folder/epochs" | sed -n 's/^tips-\(.*\)\.age$/\1/p' | sort -n | tr '\n' ' ')
	[ "$_there" = "$_numbers " ] || { cat out; fail "$_folder has $_there, not $_numbers"; }
}
said() {
	grep -qF -- "$1" out || { cat out; fail "\"$1\" isn't said"; }
}

step "all epochs are over, and the schedule dropped them, as those of older versions did: their keys are the last ones"
on 2026-01-05 "$keys" init K --instance "$onion" --passphrase-file pass >/dev/null
cheap K
on 2026-01-05 "$keys" schedule K --inbox tips=Tips --epochs 2 --passphrase-file pass >/dev/null
on 2026-02-20 "$keys" backup K backup --passphrase-file pass >/dev/null
mkdir aside && mv K/epochs/tips-[12].age aside # or it would list them
on 2026-02-20 "$keys" schedule K --inbox tips=Tips --epochs 6 --passphrase-file pass >/dev/null
mv aside/* K/epochs
cp -a K/publish publish
grep -q "^epoch: tips [12] " publish/keys.txt && fail "they are listed: the test is wrong"
restored 2026-02-21 R "1 2" --schedule publish/keys.txt
said "Restored, although the schedule doesn't list them: tips:1-2."
said "may have been retired or not"
cmp R/publish/keys.txt publish/keys.txt || fail "the newest schedule"

step "the log knows: the newer one is given, and kept"
retired K tips 1
printf '2026-03-03 backup %032d tips:2-8 later\n2026-03-03 vault %032d v\n' 7 8 >>K/log
restored $day R 2 --schedule publish/keys.txt --log K/log
said "Left out, as the log calls them retired: tips:1."
cmp -s K/log R/log && fail "the restore isn't recorded"
head -n -1 R/log | cmp - K/log || fail "the newer log isn't kept"
grep -q "isn't known here" out && fail "it was known"
restored $day R 2 --log K/log
says "retired: tips:1" on $day "$keys" restore backup R2 --log K/log --passphrase-file pass
restored $day R "1 2"
said "retired then may be back"
said "--log LOG"
printf '2026-03-03 retired tips 8\n' >forged
refused 1 "calls an epoch retired that isn't over" on $day "$keys" restore backup N --schedule publish/keys.txt --log forged \
	--passphrase-file pass
[ ! -e N ] || fail "something was made"

step "a backup that opens what was retired is named until it is said to be gone"
says "STILL THERE" "$keys" show K
said "backup backup opens 1 retired epochs, tips 1"
id=$(awk '$2 == "backup" && $5 == "backup" {print $3}' K/log)
says "id $id" "$keys" show K
says "id $id" on $day "$keys" retire K --gone "$(printf %032d 8)" --passphrase-file pass
said "opens 1 of them, tips 1"
says "Nothing was destroyed" on $day "$keys" retire K --gone "$id" --passphrase-file pass
"$keys" show K | grep -q "STILL THERE" && fail "it is gone"

step "what a copy's log knows"
says "keys added" on $day "$keys" reviewer-copy K C --passphrase-file pass --copy-passphrase-file copypass
restored $day R 2 --log C/log
grep -q "copy-of" R/log && fail "a key store that calls itself a copy"
says "1 keys added" on $day "$keys" reviewer-copy R D --passphrase-file pass --copy-passphrase-file copypass

step "what a run that was cut off has written doesn't stay when the next one leaves it out"
for how in whole half; do
	restored $day R "1 2"
	rm R/instance
	[ $how = whole ] || { (umask 077; head -c "$(stat -c %s R/epochs/tips-1.age)" /dev/urandom >noise) && cp noise R/epochs/tips-1.age; }
	says "retired: tips:1" on $day "$keys" restore backup R --log K/log --passphrase-file pass
	[ "$(ls R/epochs)" = tips-2.age ] || fail "$how: $(ls R/epochs)"
done
says "keys added" on $day "$keys" reviewer-copy K E --passphrase-file pass --copy-passphrase-file copypass
rm E/instance && cp -a E E.before
refused 1 "unlock.age: exists already" on $day "$keys" restore backup E --log K/log --passphrase-file pass
diff -r E E.before || fail "a key store that isn't this one was changed"

step "of epochs that it listed until they were retired, the schedule is believed; the way there lies beside it"
rm -rf K R publish backup
on 2026-01-05 "$keys" init K --instance "$onion" --passphrase-file pass >/dev/null
cheap K
on 2026-01-05 "$keys" schedule K --inbox tips=Tips --epochs 4 --passphrase-file pass >/dev/null
on 2026-01-05 "$keys" backup K backup --passphrase-file pass >/dev/null
retired K tips 1 2
on 2026-02-05 "$keys" schedule K --epochs 4 --passphrase-file pass >/dev/null # lists 3 to 6
mkdir early && cp K/publish/keys.txt K/publish/keys.txt.minisig early
restored 2026-02-05 R "3 4" --schedule early/keys.txt
said "Left out, as the schedule lists them no more: tips:1-2."
said "retired them, or lost them"
retired K tips 3
on 2026-03-20 "$keys" schedule K --epochs 4 --passphrase-file pass >/dev/null # lists 4 to 9
retired K tips 4
on 2026-03-20 "$keys" schedule K --epochs 5 --passphrase-file pass >/dev/null # lists 5 to 10
rm -rf R
says "no more: tips:1-4." on 2026-03-20 "$keys" restore backup R --schedule K/publish/keys.txt --passphrase-file pass
[ -z "$(ls R/epochs)" ] || fail "$(ls R/epochs)"
mkdir alone && cp K/publish/keys.txt K/publish/keys.txt.minisig alone
restored 2026-03-20 R "1 2 3 4" --schedule alone/keys.txt # from the server: no way there
said "Restored, although the schedule doesn't list them: tips:1-4."

step "without the newest schedule, no new key gets a number that the log calls retired: retire would destroy it"
cp -a K L
retired L tips 5 6
rm -rf R
says "retired: tips:1-4." on 2026-05-20 "$keys" restore backup R --log L/log --passphrase-file pass
on 2026-05-20 "$keys" schedule R --epochs 2 --passphrase-file pass >/dev/null
[ "$(ls R/epochs | tr '\n' ' ')" = "tips-7.age tips-8.age " ] || fail "$(ls R/epochs)"

step "another desk's schedule says nothing of this desk's keys"
cp K/root.pub .
says "is ready" "$keys" init B --without-root --instance "$onion" --passphrase-file pass
cheap B
cp early/keys.txt early/keys.txt.minisig .
says "tested" on 2026-02-05 "$keys" offer B keys.txt --root root.pub --inbox tips --passphrase-file pass offer.txt
was=$(ls B/epochs | sed -n 's/^tips-\(.*\)\.age$/\1/p' | sort -n | tr '\n' ' ')
rm backup
on 2026-02-05 "$keys" backup B backup --passphrase-file pass >/dev/null
restored 2026-03-20 S "${was% }" --schedule K/publish/keys.txt --root root.pub
echo ok
