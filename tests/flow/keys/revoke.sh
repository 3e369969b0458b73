#!/bin/sh
# After a theft: revoke, alone and among desks; nothing is lost, nothing comes back.
# time limit: 300
. "$(dirname "$0")/common"

recipients() {
	awk -v i="$1" -v n="$2" '$1 == "epoch:" && $2 == i && $3 == n {print $6}' K/publish/keys.txt
}
revoked() {
	awk '$1 == "revoked:" {print $2, $3, $4}' K/publish/keys.txt
}
revoke() {
	says "" on "$day" "$keys" revoke K --passphrase-file pass "$@"
}

day=2026-03-20
on 2026-03-02 "$keys" init K --instance "$onion" --passphrase-file pass >/dev/null
cheap K
on 2026-03-02 "$keys" schedule K --inbox tips=Tips --inbox arts=Arts --epochs 5 --passphrase-file pass >/dev/null
unlocked K
stolen=$(recipients tips 2)
echo "from before the theft" | age -r "$stolen" >before.age

step "wrong uses"
refused 2 "--inbox and --epoch" "$keys" revoke K --passphrase-file pass
refused 2 "--inbox and --epoch" "$keys" revoke K --inbox tips --passphrase-file pass
refused 2 "need nothing else" "$keys" revoke K --all --inbox tips --passphrase-file pass
for epoch in 0 x 2-1 -2 3--4 4294967296; do
	refused 2 "--epoch" "$keys" revoke K --inbox tips --epoch "$epoch" --passphrase-file pass
done
refused 1 "no epoch that isn't over" on $day "$keys" revoke K --inbox tips --epoch 1 --passphrase-file pass
refused 1 "no epoch that isn't over" on $day "$keys" revoke K --inbox news --epoch 2 --passphrase-file pass
refused 1 "no epoch that isn't over" on $day "$keys" revoke K --inbox tips --epoch 6- --passphrase-file pass
[ "$(ls K/epochs | wc -l)" -eq 10 ] && [ ! -e K/publish/keys-0002.txt ] || fail "something was made"

step "one epoch: same number, same dates, another recipient; the old one is listed as revoked"
revoke --inbox tips --epoch 2
verified K
[ "$(revoked)" = "tips 2 $stolen" ] || fail "revoked line"
new=$(recipients tips 2)
[ "$new" != "$stolen" ] && [ -n "$new" ] || fail "recipient"
diff K/publish/keys-0001.txt K/publish/keys-0002.txt >changes || true
[ "$(grep -c '^[<>] epoch:' changes)" -eq 2 ] || fail "other epochs changed"
[ "$(ls K/epochs | wc -l)" -eq 11 ] || fail "keys"

step "the old key still opens what it must, the new one what comes"
age -d -i id K/epochs/tips-2.age >epoch && age -d -i epoch before.age | grep -qx "from before the theft"
age -d -i id K/epochs/tips-2.1.age >epoch && age-keygen -y epoch | grep -qx "$new" || fail "the new key"
age -d -i epoch before.age 2>/dev/null && fail "the new key opens what is old"

step "schedule goes on from there; the replaced key is the one that is tested"
says "Nothing was missing" on $day "$keys" schedule K --epochs 4 --passphrase-file pass
says "2 new epoch keys made, 10 tested" on $day "$keys" schedule K --epochs 5 --passphrase-file pass
[ "$(revoked)" = "tips 2 $stolen" ] || fail "revoked line"
mv K/epochs/tips-2.1.age aside
refused 1 "epochs/tips-2.age: it isn't the key" on $day "$keys" schedule K --epochs 6 --passphrase-file pass
mv aside K/epochs/tips-2.1.age

step "the same epoch again, and ranges"
revoke --inbox tips --epoch 2
[ -e K/epochs/tips-2.2.age ] || fail "second replacement"
[ "$(revoked)" = "tips 2 $stolen
tips 2 $new" ] || fail "two revoked keys of one epoch"
revoke --inbox arts --epoch 3-4
[ -e K/epochs/arts-3.1.age ] && [ -e K/epochs/arts-4.1.age ] && [ ! -e K/epochs/arts-5.1.age ] || fail "range"
revoke --inbox arts --epoch 5-
[ -e K/epochs/arts-5.1.age ] && [ -e K/epochs/arts-6.1.age ] && [ ! -e K/epochs/arts-4.2.age ] || fail "open range"
verified K

step "the whole key store was stolen: every epoch that isn't over"
before=$(revoked | wc -l)
revoke --all
grep -q "^10 keys replaced" out || { cat out; fail "number of keys"; }
[ "$(revoked | wc -l)" -eq $((before + 10)) ] || fail "revoked lines"
[ ! -e K/epochs/tips-1.1.age ] || fail "an epoch that is over"
verified K

step "no revoked recipient comes back, and none is listed twice"
for recipient in $(awk '$1 == "revoked:" {print $4}' K/publish/keys.txt); do
	[ "$(grep -c "$recipient" K/publish/keys.txt)" -eq 1 ] || fail "$recipient"
done

# No run can know whether the key store was stolen before or after it was killed: a key that it made and
# no schedule lists is replaced again, and opens nothing.
step "killed at every step, then run again: one key is listed for one that is revoked, one schedule"
before=$(revoked | wc -l)
cp -a K stolen
for call in write fsync linkat unlinkat renameat renameat2 rename; do
	nth=1
	while :; do
		rm -rf K
		cp -a stolen K
		rc=0
		strace -qq -o trace -e trace=$call -e inject=$call:signal=KILL:when=$nth \
			faketime "$day 12:00:00" "$keys" revoke K --inbox tips --epoch 4 --passphrase-file pass \
			>out 2>err </dev/null || rc=$?
		[ $rc -ne 0 ] || break
		[ $rc -eq 137 ] || { cat err; fail "exit $rc"; }
		if [ -e K/publish/keys-0008.txt ]; then # signed before it was killed: all the same, complete it
			says "Nothing was missing" on $day "$keys" schedule K --epochs 5 --passphrase-file pass
		else
			revoke --inbox tips --epoch 4
		fi
		[ -e K/epochs/tips-4.2.age ] && [ ! -e K/epochs/tips-4.4.age ] || fail "$call $nth: $(ls K/epochs)"
		[ "$(revoked | wc -l)" -eq $((before + 1)) ] || fail "$call $nth: revoked lines"
		newest=$(ls K/epochs/tips-4.*.age | tail -n 1)
		[ "$(recipients tips 4)" = "$(age -d -i id "$newest" | age-keygen -y)" ] || fail "$call $nth: which key is listed"
		[ -e K/publish/keys-0008.txt ] && [ ! -e K/publish/keys-0009.txt ] || fail "$call $nth: $(ls K/publish)"
		verified K
		nth=$((nth + 1))
	done
done

step "all epochs are over: the reply key is replaced all the same"
rm -rf K && cp -a stolen K
reply=$(tail -n 1 K/reply.pub)
says "another one" on 2030-01-01 "$keys" revoke K --all --passphrase-file pass
[ "$(tail -n 1 K/reply.pub)" != "$reply" ] || fail "the reply key"
verified K

step "a schedule that couldn't be revoked isn't made; retired epochs take what was revoked of them along"
rm -rf K && cp -a stolen K
count=$(ls K/epochs | wc -l)
refused 1 "--epochs N" on $day "$keys" schedule K --epochs 506 --passphrase-file pass
[ "$(ls K/epochs | wc -l)" -eq "$count" ] || fail "keys were made"
revoked | grep -q "^tips 2 " || fail "not what was meant"
rm K/epochs/tips-[12].* # as retire does
says "Signed" on 2026-04-03 "$keys" schedule K --epochs 6 --passphrase-file pass
! revoked | grep -q "^tips 2 " && revoked | grep -q "^tips 3 " || fail "revoked lines"
verified K

step "a desk revokes its own key by an offer"
rm -rf K
says "is ready" "$keys" init K --instance "$onion" --passphrase-file pass
says "is ready" "$keys" init desk --without-root --instance "$onion" --passphrase-file pass
cheap K
cheap desk
make_offer() {
	rm -f offer.txt offer.txt.minisig
	says "tested" on $day "$keys" offer desk K/publish/keys.txt --root K/root.pub --inbox tips \
		--passphrase-file pass "$@" offer.txt
}
on $day "$keys" schedule K --inbox tips=Tips --epochs 3 --passphrase-file pass >/dev/null
make_offer
cp offer.txt first.txt && cp offer.txt.minisig first.txt.minisig
says "3 keys of other desks added" on $day "$keys" schedule K --epochs 3 --with offer.txt \
	--desk "$(tail -n 1 desk/reply.pub)" --passphrase-file pass
ours=$(recipients tips 2 | head -n 1)
theirs=$(recipients tips 2 | tail -n 1)
count=$(ls desk/epochs | wc -l)
for _ in 1 2; do
	refused 1 "exists already" on $day "$keys" offer desk K/publish/keys.txt --root K/root.pub --inbox tips \
		--passphrase-file pass --revoke 2- offer.txt
done
[ "$(ls desk/epochs | wc -l)" -eq "$count" ] || fail "a refused offer left keys"
make_offer --revoke 2-
[ "$(grep -c '^revoked: ' offer.txt)" -eq 2 ] || fail "revoked lines of the offer"
says "2 keys of other desks replaced" on $day "$keys" schedule K --epochs 3 --with offer.txt --passphrase-file pass
verified K
[ "$(recipients tips 2 | head -n 1)" = "$ours" ] || fail "our own key changed"
[ "$(recipients tips 2 | tail -n 1)" != "$theirs" ] || fail "their key didn't change"
revoked | grep -q "tips 2 $theirs" || fail "their key isn't revoked"
says "Nothing was missing" on $day "$keys" schedule K --epochs 3 --with offer.txt --passphrase-file pass
refused 1 "revoked recipient" on $day "$keys" schedule K --epochs 3 --with first.txt --passphrase-file pass
echo ok
