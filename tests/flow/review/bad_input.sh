# Everything that can be wrong, each with its exit code and words that help.
# builds: release sanitize
# time limit: 300
. "$(dirname "$0")/common"

step "usage"
refused 2 "usage:" "$review"
refused 2 "usage:" "$review" frobnicate V
refused 2 "which vault?" "$review" list
refused 2 "something is missing" "$review" import V
refused 2 "something is missing" "$review" show V
refused 2 "more than it takes" "$review" show V 1234 5678
refused 2 "an option" "$review" list V --to D
refused 2 "an option" "$review" list V --frob
refused 2 "--to DIR" "$review" extract V 1234
refused 2 "--keys KEYS" "$review" init V
for verb in init import list show verify extract alarms; do
	says "usage: sealslot-review $verb" "$review" $verb --help
	grep -q -- --passphrase-file out || fail "$verb --help doesn't name the passphrase"
	says "$verb" "$review" --help
done

step "init"
refused 1 "nowhere" r init V --keys nowhere
refused 1 "there is no key store" r init V --keys .
new_vault
refused 1 "something in it already" r init V --keys KEYS
printf 'wrong\n' >wrong && chmod 600 wrong
refused 1 "wrong passphrase" "$review" init W --keys KEYS --passphrase-file wrong
[ ! -e W ] || fail "a failed init left its folder"

step "passphrase"
refused 1 "wrong passphrase" "$review" list V --passphrase-file wrong
refused 1 "no terminal" setsid -w "$review" list V
refused 1 "not found" "$review" list V --passphrase-file nowhere
cp pass open && chmod 644 open
refused 1 "chmod 600" "$review" list V --passphrase-file open
: >empty && chmod 600 empty
refused 1 "first line" "$review" list V --passphrase-file empty

step "vaults that are none"
refused 1 "there is no such folder" r list nowhere
mkdir -m 700 folder
refused 1 "isn't a vault" r list folder
ln -s V link
refused 1 "no link" r list link
chmod 750 V
refused 1 "mode 0700" r list V
chmod 700 V
mv KEYS MOVED
refused 1 "add --keys" r list V
says "0 submissions" r list V --keys MOVED
mv MOVED KEYS

step "bundles that are none"
refused 1 "nowhere.tar" r import V nowhere.tar
refused 1 "this is a folder" r import V folder
refused 1 "isn't a bundle" r import V "$review"
: >empty.tar
refused 1 "Copy it again" r import V empty.tar
mkdir packed && echo x >packed/x && tar -cf packed.tar packed
refused 1 "isn't a bundle" r import V packed.tar
printf 'evil\033[2Jname' >"$(printf 'evil\033[2Jname')"
refused 1 'evil\u{1B}[2Jname' r import V "$(printf 'evil\033[2Jname')"
[ "$(field 'len(v["items"])')" = 0 ] || fail "something was imported"

step "foreign members"
"$make" bundle foreign.tar --items 1 --foreign autorun.inf
refused 1 "autorun.inf: doesn't belong in a bundle" r import V foreign.tar
"$make" bundle foreign.tar --items 0 --foreign 00000000000000000000000000000000.age --serial 2 --previous foreign.tar
refused 1 "isn't in the server's signed list" r import V foreign.tar
says "1 submission." r list V
[ "$(ls V/items | wc -l)" = 1 ] || fail "a foreign file came in"

step "another server"
"$make" bundle evil.tar --serial 3 --items 1 --first 5 --evil
refused 1 "another transfer key" r import V evil.tar
says "ALARM 1" r list V
says "1 submission." r list V
refused 1 "no alarm of this number" r alarms V --seen 2
refused 2 "isn't the number" r alarms V --seen x
says "settled" r alarms V --seen 1

step "IDs"
"$make" bundle many.tar --serial 1 --items 300
new_vault
r import V many.tar >out
# Three hundred ids: some share their first digit, none their first eight.
refused 2 "this isn't an ID" r show V abc
refused 2 "this isn't an ID" r show V xyzw
refused 1 "no submission in this vault begins" r show V 0000000000000000
id=$("$make" ids 0 1)
two=$("$make" ids 0 300 | cut -c1-4 | sort | uniq -d | head -1)
[ -z "$two" ] || refused 1 "more than one submission" r show V "$two"

step "no key"
new_vault
"$make" bundle stranger.tar --items 1 --stranger
says "1 of the new ones can't be opened: the key store has no key for it" r import V stranger.tar
says "the key store has no key for it" r list V
refused 1 "no key for epoch 30" r show V "$id"
refused 1 "no key for epoch 30" r extract V "$id" --to D
[ ! -e D ] || fail "a failed extract left its folder"
says "0 verified to the last byte, 1 without a key, 0 bad" r verify V

step "a changed file in the vault"
new_vault
"$make" bundle one.tar --items 1 --files 1 --size 200000
r import V one.tar >out
item=V/items/$id.age
chmod 600 "$item"
printf XXXXXXXX | dd of="$item" bs=1 seek=150000 conv=notrunc status=none
refused 1 "changed or damaged in this vault" r verify V
refused 1 "Nothing was extracted" r extract V "$id" --to D
[ ! -e D ] || fail "a failed extract left its folder"
says "A message" r show V "$id" # of which nothing was touched
cp "$item" damaged
cp one.tar bent.tar
python3 - bent.tar <<'EOF'
import sys
with open(sys.argv[1], "r+b") as f:
    data = f.read()
    f.seek(data.rindex(b".age") + 150000)
    f.write(b"XX")
EOF
refused 1 "was damaged on the way" r import V bent.tar
cmp "$item" damaged || fail "a damaged copy came into the place of a damaged file"
says "$id: its file in the vault was changed or damaged, and is replaced" r import V one.tar
says "1 verified" r verify V
[ "$(ls -A V/items | wc -l)" = 1 ] || fail "something is left behind"
says "0 new, 1 already here" r import V one.tar
! grep -q "replaced" out || fail "a sound file was replaced"
rm "$item"
refused 1 "is gone from the vault" r verify V
refused 1 "is gone from the vault" r show V "$id"
says "1 file is gone" r list V
says "1 new" r import V one.tar
says "1 verified" r verify V

step "a medium that can't be read isn't a damaged submission"
# unread FROM: verify with each read of the item's file failing, in each thread from its FROMth on.
unread() {
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 strace -f -qq -o trace -P "$(realpath "$item")" -e trace=pread64 -e inject=pread64:error=EIO:when=$1+ \
		"$review" verify V --passphrase-file pass
}
refused 1 "can't be read: Input/output error. Verify it again" unread 1
! grep -q "damaged" err || fail "it is called damaged"
# The thread that hashes reads three times: two pieces, and the end.
refused 1 "not all of it could be opened: Input/output error" unread 4
grep -q "0 verified to the last byte, 0 without a key, 1 bad" out || fail "it counts as verified"

step "a stray file"
cp "$item" V/items/00000000000000000000000000000000.age
says "an import was interrupted" r list V
rm V/items/00000000000000000000000000000000.age

step "extract never overwrites, and follows no link"
mkdir -m 700 D
echo mine >D/001-file-1.bin
refused 1 "nothing is ever overwritten" r extract V "$id" --to D
[ "$(cat D/*)" = mine ] || fail "overwritten, or something is left behind"
rm D/*
ln -s "$scratch/target" D/message.txt
refused 1 "nothing is ever overwritten" r extract V "$id" --to D
[ ! -e target ] && [ "$(ls D)" = message.txt ] || fail "a link was followed, or something is left behind"
ln -s D dirlink
refused 1 "a link to one" r extract V "$id" --to dirlink 1
refused 1 "no such file" r extract V "$id" --to E 7
refused 1 "no such file" r extract V "$id" --to E ../../etc/passwd
[ ! -e E ] || fail "a failed extract left its folder"

step "hostile names"
printf '../../evil\0/etc/passwd\0a\033]0;x\007\nb\0\342\200\256fdp.exe\0.bashrc\0-rf\0\0CON\0' >names
"$make" bundle names.tar --items 1 --files 8 --size 10 --names names
new_vault
r import V names.tar >out
r show V "$id" >out
! LC_ALL=C grep -q "$(printf '[\001-\010\013-\037\177]')" out || fail "a control character was shown"
grep -qF 'a\u{1B}]0;x\u{7}\u{A}b' out || fail "no escape shown"
grep -qF '\u{202E}fdp.exe' out || fail "no bidi escape shown"
r extract V "$id" --to N >out
[ "$(ls -A N | sort | tr '\n' ' ')" = "001-_.._evil 002-_etc_passwd 003-a_]0;x__b 004-_fdp.exe 005-bashrc 006--rf 007-file 008-CON manifest.json message.txt " ] ||
	{ ls -A N; fail "names"; }
[ "$(ls -A | grep -c evil)" -le 4 ] && [ ! -e ../evil ] || fail "it left its folder"

step "no room"
"$make" bundle big.tar --items 1 --files 1 --size 3000000
new_vault
r import V big.tar >out
if unshare -rm true 2>/dev/null; then
	unshare -rm sh -c '
		mkdir small && mount -t tmpfs -o size=1m tmpfs small && cd small
		"$1" extract ../V "$2" --to D --passphrase-file ../pass >../out 2>../err
		code=$?
		[ "$code" = 1 ] && [ -z "$(ls -A)" ]
	' sh "$review" "$id" || { cat err; fail "a full disk: exit code, or something is left"; }
	grep -q "there isn't room for it. Nothing was extracted" err || fail "$(cat err)"
	rmdir small
	"$review" init small-template --keys KEYS --passphrase-file pass >/dev/null
	unshare -rm sh -c '
		mkdir small && mount -t tmpfs -o size=1m tmpfs small && cp -a small-template small/V
		"$1" import small/V big.tar --passphrase-file pass >out 2>err
		[ $? = 1 ] && [ -z "$(ls -A small/V/items)" ] &&
		"$1" list small/V --passphrase-file pass >out2 2>&1
	' sh "$review" || { cat err out2; fail "import to a full disk"; }
	grep -q "medium is full" err || { cat err; fail "a full disk isn't named"; }
fi
