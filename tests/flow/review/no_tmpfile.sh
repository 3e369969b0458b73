# On file systems without unnamed files (FAT, exFAT): random names, and the same promises.
. "$(dirname "$0")/common"

"$make" bundle one.tar --items 2 --files 2 --size 100000
LD_PRELOAD=$build/tests/unit/client/libno_tmpfile.so
export LD_PRELOAD
new_vault
says "2 new" r import V one.tar
id=$("$make" ids 0 1)
says "001-file-1.bin" r extract V "$id" --to D
"$make" content 0 100000 | cmp - D/001-file-1.bin
[ "$(ls -A D V/items | grep -c sealslot)" = 0 ] || fail "leftovers"
refused 1 "nothing is ever overwritten" r extract V "$id" --to D
chmod 600 V/items/"$id".age
printf XXXXXXXX | dd of=V/items/"$id".age bs=1 seek=180000 conv=notrunc status=none
refused 1 "Nothing was extracted" r extract V "$id" --to E
[ ! -e E ] || fail "something is left: $(ls -A E)"

step "a killed import leaves a random name, and the next one sweeps it"
"$make" bundle two.tar --serial 2 --previous one.tar --first 2 --items 2
strace -f -o /dev/null -E LD_PRELOAD="$LD_PRELOAD" -e trace=renameat2 -e inject=renameat2:signal=KILL:when=1 \
	"$review" import V two.tar --passphrase-file pass >out 2>err && fail "it wasn't killed"
ls -A V/items | grep -q '^\.sealslot-' || fail "nothing to sweep"
r import V two.tar >out 2>err || fail "$(cat err)"
[ "$(ls -A V/items | grep -c sealslot)" = 0 ] || fail "not swept"
[ "$(ls -A V/items | wc -l)" = 4 ] || fail "not all came in"
