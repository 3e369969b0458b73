# Showing one submission, and extracting one file of it, reads only the chunks that they need; and
# nothing that was opened is written anywhere but to the named folder.
. "$(dirname "$0")/common"

"$make" bundle big.tar --items 1 --files 3 --size 20000000
new_vault
r import V big.tar >out
id=$("$make" ids 0 1)
item=$(realpath V/items/"$id".age)

# opened COMMAND...: how many bytes it reads from the item; the file touches has how often it opens or maps it.
opened() {
	rm -f trace*
	strace -ff -y -o trace -e trace=open,openat,openat2,read,pread64,readv,preadv,mmap "$@" >out 2>err || { cat err; fail "$*"; }
	cat trace.* | grep -E '^(open|mmap)' | grep -cF "$id" >touches || :
	cat trace.* | grep -E '^(read|pread)' | grep -F "<$item>" | sed -n 's/.* = \([0-9][0-9]*\)$/\1/p' | awk '{ s += $1 } END { print s + 0 }'
}

size=$(stat -c %s "$item")
n=$(opened "$review" show V "$id" --passphrase-file pass)
echo "show: $n of $size bytes"
[ "$n" -gt 0 ] && [ "$n" -lt 1500000 ] || fail "show read $n bytes"
[ "$(cat touches)" -gt 0 ] || fail "the trace shows no opening"
n=$(opened "$review" list V --passphrase-file pass)
[ "$n" -eq 0 ] || fail "list read $n bytes of an item"
[ "$(cat touches)" -eq 0 ] || fail "list opened an item's file"
n=$(opened "$review" extract V "$id" --to D 2 --passphrase-file pass)
echo "extract of one file of three: $n bytes"
[ "$n" -gt 20000000 ] && [ "$n" -lt 22500000 ] || fail "extract read $n bytes"

strace -ff -y -o wrote -e trace=write,pwrite64,writev,pwritev,sendto,sendmsg -s 4000000 \
	"$review" show V "$id" --passphrase-file pass >out || fail show
grep -h 'A message' wrote.* | grep -q '^write(1<' || fail "the trace doesn't show it"
! grep -hv '^write(1<' wrote.* | grep -q 'A message' || fail "show writes plaintext somewhere"
