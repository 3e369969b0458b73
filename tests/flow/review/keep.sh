# done, keep and needs: wrong uses, and kill -9 at every step of keep and of needs.
# time limit: 300
. "$(dirname "$0")/common"

step "help and wrong uses"
for verb in done keep needs; do
	says "usage: sealslot-review $verb" "$review" $verb --help
	refused 2 "which vault?" "$review" $verb
done
"$make" bundle one.tar --serial 1 --items 2 --files 1 --size 5000
new_vault
r import V one.tar >out
one=$("$make" ids 0 1) two=$("$make" ids 1 1)
refused 2 "something is missing" r done V
refused 2 "something is missing" r keep V
refused 2 "doesn't have" r keep V "$one" --undo
refused 1 "no submission in this vault" r done V ffffffff
refused 2 "isn't an ID" r keep V xyz
says "not reviewed" r needs V
says "No bundle with a complete list" r needs V
refused 1 "reply key" r needs V needs.txt # this key store has none
[ ! -e needs.txt ] && [ ! -e needs.txt.minisig ] || fail "something was written"

step "all of them are marked, or none"
refused 1 "no submission in this vault" r done V "$one" ffffffff
[ "$(field '[i["reviewed"] for i in v["items"]]')" = "[False, False]" ] || fail "half was marked"
says "2 reviewed." r done V "$one" "$two"
says "done" r list V
says "2 to be reviewed again." r done V "$two" "$one" --undo
says "1 reviewed; nothing to change for 1." r done V "$one" "$one" # named twice
[ "$(field 'sorted(i["reviewed"] for i in v["items"])')" = "[False, True]" ] || fail "undo"

step "a damaged file isn't kept"
cp -a V good
printf XXXXXXXX | dd of=V/items/$one.age bs=1 seek=200000 conv=notrunc 2>/dev/null
refused 1 "not kept" r keep V "$one"
[ ! -e V/kept/$one.age ] || fail "it was kept"
rm -rf V && mv good V

step "killed at every step, run again: one copy, whole, and one row"
cp -a V template
killed=0
for call in write linkat fsync unlinkat renameat renameat2 mkdirat rename; do
	n=1
	while :; do
		rm -rf V && cp -a template V
		code=0
		strace -f -qq -o /dev/null -e trace=$call -e inject=$call:signal=KILL:when=$n \
			"$review" keep V "$one" --passphrase-file pass >out 2>err || code=$?
		[ $code -eq 137 ] || break
		killed=$((killed + 1))
		r verify V >out || { cat out; fail "$call $n: the vault isn't whole"; }
		says "kept; SHA-256" r keep V "$one"
		[ "$(ls -A V/kept)" = "$one.age" ] || { ls -A V/kept; fail "$call $n: leftovers"; }
		[ "$(field 'sorted(i["kept"] for i in v["items"])')" = "[False, True]" ] || fail "$call $n: the rows"
		n=$((n + 1))
	done
	[ $code -eq 0 ] || { cat err; fail "$call: exit $code"; }
done
echo "killed $killed times"
[ $killed -ge 8 ] || fail "only $killed kills: strace's injection doesn't work here"
sha256sum <V/items/$one.age | cut -d' ' -f1 >sha
grep -qF "$(cat sha)" out || r show V "$one" | grep -qF "$(cat sha)" || fail "the original's hash"

step "a copy that is damaged is noticed, and made again, as long as the key is there"
printf XXXXXXXX | dd of=V/kept/$one.age bs=1 seek=200000 conv=notrunc 2>/dev/null
refused 1 "the copy that was kept of it can't be trusted" r verify V
says "kept; SHA-256" r keep V "$one"
says "2 verified to the last byte" r verify V
rm V/kept/$one.age
refused 1 "the copy that was kept of it is gone" r verify V
says "kept; SHA-256" r keep V "$one"
says "2 verified to the last byte" r verify V

step "what was kept opens without its key"
rm KEYS/epochs/*
says "A message." r show V "$one"
refused 1 "was retired, and this wasn't kept" r show V "$two"
refused 1 "was retired, and this wasn't kept" r done V "$two" --undo
refused 1 "would have no effect" r done V "$one" --undo
says "1 verified to the last byte, 1 without a key, 0 bad" r verify V
printf XXXXXXXX | dd of=V/kept/$one.age bs=1 seek=200000 conv=notrunc 2>/dev/null
refused 1 "can't be trusted" r verify V
refused 1 "Restore a backup of the vault" r keep V "$one"
echo ok
