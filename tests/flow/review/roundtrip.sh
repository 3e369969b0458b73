# From the bundle to the files, bit for bit, and every verb on an empty vault.
# builds: release sanitize
# time limit: 300
. "$(dirname "$0")/common"

step "an empty vault"
new_vault
[ "$(stat -c %a V)" = 700 ] || fail "mode of the vault"
says "0 submissions. No bundle was imported yet." r list V
says "0 verified" r verify V
says "never an alarm" r alarms V
[ "$(field '[len(v["items"]), v["bundle"], len(v["alarms"])]')" = "[0, 0, 0]" ] || fail "empty JSON"

step "import"
printf 'R\303\251sum\303\251 \303\240 N\303\256mes.pdf\0\330\252\331\202\330\261\331\212\330\261.docx\0plain.bin\0' >names
"$make" bundle one.tar --serial 1 --items 4 --files 3 --size 300001 --names names
says "4 submissions listed, 4 new, 0 already here" r import V one.tar
grep -q RWSbDR2fKQ/SM/HvekBTkwzrgDMYCH0RFaRzUyiZvhvM79Vk+jfNB+P7 out || fail "no fingerprint at the first import"
says "0 new, 4 already here" r import V one.tar
! grep -q "First import" out || fail "it is only once the first"
"$make" bundle two.tar --serial 2 --previous one.tar --first 4 --items 1
says "1 new" r import V two.tar
says "never an alarm" r alarms V

step "an alarm stands until it is settled"
"$make" bundle four.tar --serial 4 --first 5 --items 1
code=0
r import V four.tar >out 2>err || code=$?
[ $code = 1 ] && grep -q "1 new" out && grep -q "ALARM 1" out || fail "a gap: exit $code, $(cat out err)"
says "ALARM 1" r list V
says "settled" r alarms V --seen 1
r list V >out
! grep -q ALARM out || fail "a settled alarm still stands"
says "6 submissions." r list V
[ "$(field '[len(v["items"]), v["bundle"], v["schedule"]]')" = "[6, 4, 12]" ] || fail "JSON"
[ "$(field 'set(i["state"] for i in v["items"])')" = "{'opened'}" ] || fail "states"

step "standard input"
mkdir other
"$review" init other/V --keys KEYS --passphrase-file pass >/dev/null
cat one.tar | "$review" import other/V - --passphrase-file pass >out || fail "import from a pipe"
grep -q "4 new" out || fail "import from a pipe"

step "show"
id=$("$make" ids 0 1)
says "A message." r show V "$id"
grep -q 'Résumé à Nîmes.pdf' out || fail "a French name"
grep -q 'تقرير.docx' out || fail "an Arabic name"
grep -q '  | Of two lines.' out || fail "the second line"
says "A message." r show V "$(printf %.8s "$id" | tr a-f A-F)"
LC_ALL=C r show V "$id" >out
grep -q 'R\\u{E9}sum\\u{E9}' out || fail "no escapes in a locale without UTF-8"
! LC_ALL=C grep -q '[^ -~]' out || fail "more than ASCII in a locale without UTF-8"

step "verify"
says "6 verified to the last byte, 0 without a key, 0 bad" r verify V
says "1 verified" r verify V "$id"

step "extract"
says "001-Résumé à Nîmes.pdf" r extract V "$id" --to all
[ "$(ls all | wc -l)" = 5 ] || fail "not all files"
for i in 0 1 2; do
	want=$("$make" content $i 300001 | sha256sum | cut -d' ' -f1)
	got=$(sha256sum all/00$((i + 1))-* | cut -d' ' -f1)
	[ "$want" = "$got" ] || fail "file $i changed"
done
printf 'A message.\r\nOf two lines.' | cmp - all/message.txt
[ "$(stat -c %a all all/* | sort -u | xargs)" = "600 700" ] || fail "modes"
says "003-plain.bin" r extract V "$id" --to some 3 message.txt
says "001-Résumé à Nîmes.pdf" r extract V "$id" --to called "Résumé à Nîmes.pdf" plain.bin
[ "$(ls called | wc -l)" -eq 2 ] && cmp called/003-plain.bin some/003-plain.bin || fail "files by their names"
says "001-Résumé à Nîmes.pdf" r extract V "$id" --to called2 "001-Résumé à Nîmes.pdf"
refused 1 "no such file" r extract V "$id" --to called3 "resume.pdf"
[ "$(ls some | xargs)" = "003-plain.bin message.txt" ] || fail "some of it: $(ls some)"

step "stock tools open what the vault keeps"
pass=$(cat pass)
cat >unlock.exp <<-EXP
	log_user 0
	spawn sh -c "age -d KEYS/unlock.age >unlock.txt"
	expect "passphrase:"
	send "$pass\r"
	expect eof
EXP
expect unlock.exp
age -d -i unlock.txt V/ledger/000001-all.age | grep -q "^instance: sealslot" || fail "the ledger with stock age"
age -d -i unlock.txt KEYS/epochs/tips-30.age >epoch.txt
age -d -i epoch.txt V/items/"$id".age | bsdtar -xOf - files/003-file | cmp - all/003-plain.bin

step "no word of a source, no key and no address stands in the vault in the clear"
for word in "A message" plain.bin sealslotsealslot "AGE-SECRET" Nice facial; do
	! grep -raqF "$word" V || fail "$word stands in the vault"
done

step "no word of a source stands in the ledger at all, which outlives the keys"
for f in V/ledger/*.age; do
	age -d -i unlock.txt "$f"
done >ledger.txt
grep -q "^item: $id" ledger.txt || fail "no row"
for word in "message." plain docx; do
	! grep -qF "$word" ledger.txt || fail "$word stands in the ledger"
done
