#!/bin/sh
# Two desks share an inbox: offer, schedule --with, and what goes wrong on the way.
# time limit: 240
. "$(dirname "$0")/common"

make_offer() {
	rm -f offer.txt offer.txt.minisig
	says "tested" "$@" "$keys" offer desk K/publish/keys.txt --root K/root.pub --inbox tips \
		--passphrase-file pass offer.txt
}
recipients() {
	awk -v n="$1" '$1 == "epoch:" && $2 == "tips" && $3 == n {print $6}' K/publish/keys.txt
}

step "both desks make a key store, one has the root key"
on 2026-03-02 "$keys" init K --instance "$onion" --passphrase-file pass >/dev/null
says "is ready" "$keys" init desk --without-root --instance "$onion" --passphrase-file pass
[ ! -e desk/root.age ] || fail "a root key"
cheap K
cheap desk
on 2026-03-02 "$keys" schedule K --inbox tips=Tips --inbox arts=Arts --epochs 3 --passphrase-file pass >/dev/null
refused 1 "no root key" "$keys" schedule desk --inbox x=X --passphrase-file pass
says "offer desk KEYS.TXT --root ROOT.PUB" "$keys" show desk

step "an offer has one new key for each epoch, signed by the reply key"
make_offer on 2026-03-02
grep -q "^3 new epoch keys made, 3 tested" out || fail "keys"
minisign -Vq -p desk/reply.pub -m offer.txt
[ "$(grep -c '^epoch: tips' offer.txt)" -eq 3 ] || fail "epochs"
grep -q arts offer.txt && fail "another inbox"

step "a desk that nobody knows must be named by its key"
refused 1 "doesn't know" on 2026-03-03 "$keys" schedule K --with offer.txt --passphrase-file pass
words=$("$keys" show desk | sed -n '/^this desk/{n;s/^ *//;p}')
grep -qF "$words" err || fail "the words to compare"
refused 1 "doesn't know" on 2026-03-03 "$keys" schedule K --with offer.txt \
	--desk "$(tail -n 1 K/reply.pub)" --passphrase-file pass
[ ! -e K/publish/keys-0002.txt ] || fail "signed"
[ "$(ls K/epochs | wc -l)" -eq 6 ] || fail "keys were made"

step "with it both are recipients of every epoch"
says "3 keys of other desks added" on 2026-03-03 "$keys" schedule K --epochs 3 --with offer.txt \
	--desk "$(tail -n 1 desk/reply.pub)" --passphrase-file pass
verified K
unlocked K && mv id id.K && unlocked desk && mv id id.desk
for n in 1 2 3; do
	set -- $(recipients $n)
	[ $# -eq 2 ] || fail "recipients of epoch $n"
	echo "to both" | age -r "$1" -r "$2" >sealed
	for store in K desk; do
		age -d -i id.$store "$store/epochs/tips-$n.age" >epoch
		age -d -i epoch sealed | grep -qx "to both" || fail "$store, epoch $n"
	done
done
[ "$(grep -c '^replykey: ' K/publish/keys.txt)" -eq 2 ] || fail "reply keys"

step "the same offer again changes nothing, and the known desk needs no naming"
says "Nothing was missing" on 2026-03-03 "$keys" schedule K --epochs 3 --with offer.txt --passphrase-file pass

step "later epochs: show asks for an offer, the offer completes them"
says "from 2026-04-13 on 1 of 2 desks" on 2026-03-20 "$keys" schedule K --epochs 5 --passphrase-file pass
on 2026-03-20 "$keys" show K | grep -q "from 2026-04-13 on 1 of 2 desks" || fail "show"
make_offer on 2026-03-20
grep -q "^3 new epoch keys made, 5 tested" out || fail "new keys"
says "3 keys of other desks" on 2026-03-20 "$keys" schedule K --epochs 5 --with offer.txt --passphrase-file pass
verified K
[ "$(recipients 6 | wc -l)" -eq 2 ] || fail "epoch 6"
[ "$(recipients 1 | wc -l)" -eq 2 ] || fail "epoch 1 is over, and stays as it was"
on 2026-03-20 "$keys" show K | grep -q "ask for an offer" && fail "show"

step "offers that don't fit"
cp offer.txt bad.txt && cp offer.txt.minisig bad.txt.minisig
sed -i '/^epoch: tips 4/{s/age1q/age1p/;t;s/age1./age1q/}' bad.txt
cmp -s offer.txt bad.txt && fail "nothing was changed"
refused 1 "bad.txt" on 2026-03-20 "$keys" schedule K --with bad.txt --passphrase-file pass
cp K/publish/keys.txt bad.txt && cp K/publish/keys.txt.minisig bad.txt.minisig
refused 1 "bad.txt" on 2026-03-20 "$keys" schedule K --with bad.txt --passphrase-file pass
rm bad.txt.minisig
refused 1 "belong together" on 2026-03-20 "$keys" schedule K --with bad.txt --passphrase-file pass
refused 1 "no inbox" on 2026-03-20 "$keys" offer desk K/publish/keys.txt --root K/root.pub --inbox news \
	--passphrase-file pass new.txt
refused 1 "another key" on 2026-03-20 "$keys" offer desk K/publish/keys.txt --root desk/reply.pub --inbox tips \
	--passphrase-file pass new.txt
refused 1 "are over" on 2029-03-20 "$keys" offer desk K/publish/keys.txt --root K/root.pub --inbox tips \
	--passphrase-file pass new.txt
refused 1 "exists already" on 2026-03-20 "$keys" offer desk K/publish/keys.txt --root K/root.pub --inbox tips \
	--passphrase-file pass offer.txt
[ ! -e new.txt ] && [ ! -e new.txt.minisig ] || fail "something was written"
says "is ready" "$keys" init stranger --without-root --instance "$other_onion" --passphrase-file pass
refused 1 "another instance" on 2026-03-20 "$keys" offer stranger K/publish/keys.txt --root K/root.pub \
	--inbox tips --passphrase-file pass new.txt

step "at most four desks"
for n in 3 4 5; do
	says "is ready" "$keys" init desk$n --without-root --instance "$onion" --passphrase-file pass
	on 2026-03-20 "$keys" offer desk$n K/publish/keys.txt --root K/root.pub --inbox tips \
		--passphrase-file pass offer$n.txt >/dev/null
done
says "5 keys of" on 2026-03-20 "$keys" schedule K --epochs 5 --passphrase-file pass --with offer3.txt \
	--desk "$(tail -n 1 desk3/reply.pub)"
says "5 keys of" on 2026-03-20 "$keys" schedule K --epochs 5 --passphrase-file pass --with offer4.txt \
	--desk "$(tail -n 1 desk4/reply.pub)"
refused 1 "too many desks" on 2026-03-20 "$keys" schedule K --epochs 5 --passphrase-file pass --with offer5.txt \
	--desk "$(tail -n 1 desk5/reply.pub)"
verified K
[ "$(recipients 3 | wc -l)" -eq 4 ] || fail "four recipients"
echo ok
