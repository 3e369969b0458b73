#!/bin/sh
# A medium that can't be read or written, wherever that happens: the reason and the file are told, and what to do.
. "$(dirname "$0")/common"

"$make" bundle one.tar --items 1 --files 1 --size 6000000
new_vault
r import V one.tar >out
id=$("$make" ids 0 1)
item=$PWD/V/items/$id.age

# failing CALLS FILE WHEN VERB ARGUMENT...: those calls on FILE fail from the WHENth on, in each thread.
failing() {
	calls=$1 file=$2 when=$3
	shift 3
	strace -f -qq -o trace -P "$(realpath "$file")" -e trace="$calls" -e inject="$calls:error=EIO:when=$when+" \
		"$review" "$@" --passphrase-file pass
}

# told COMMAND...: it fails and says why, and no other reason.
told() {
	refused 1 "Input/output error" "$@"
}

step "one submission"
told failing pread64 "$item" 1 show V "$id"
grep -q "import a bundle that has it again" err || fail "no next step"
told failing pread64 "$item" 10 extract V "$id" --to D
[ ! -e D ] || fail "a failed extract left its folder"
told failing pread64 "$item" 30 keep V "$id"
grep -q "It was not kept" err || fail "what became of it"
[ -z "$(ls -A V/kept 2>/dev/null)" ] || fail "something was kept"

step "a backup of the vault names the file that it can't read"
told failing read "$item" 2 backup V backup
grep -q "items/$id.age: this file of the vault can't be read" err && [ ! -e backup ] || fail "the file"
refused 1 "use another. No backup was made" strace -f -qq -o trace -e trace=write -e inject=write:error=EIO:when=3 \
	"$review" backup V backup --passphrase-file pass
# The last sync is that of its folder, when it has its name.
told strace -f -qq -o trace -P "$PWD" -e trace=fsync -e inject=fsync:error=EIO "$review" backup V backup --passphrase-file pass
[ ! -e backup ] || fail "it says that no backup was made, and there is one"
says "was read back" r backup V backup

step "a vault from its backup"
told failing pread64 backup 20 restore R backup --keys KEYS
grep -q "backup: Input/output error" err && grep -q "Nothing was restored" err || fail "the file"
told strace -f -qq -o trace -e trace=write -e inject=write:error=EIO:when=10 "$review" restore R backup --keys KEYS --passphrase-file pass
grep -q "R/" err || fail "the file"
told strace -f -qq -o trace -e trace=fsync -e inject=fsync:error=EIO:when=8 "$review" restore R backup --keys KEYS --passphrase-file pass
grep -q "R/" err || fail "the file"
cp backup bent
printf XXXXXXXX | dd of=bent bs=1 seek=3000000 conv=notrunc status=none
refused 1 "bent: the backup is damaged. Take another one" r restore R bent --keys KEYS
[ ! -e R ] || fail "something was restored"
says "The vault is back, with 1 submission" r restore R backup --keys KEYS

step "a vault that can't be made, or has lost a part"
told strace -f -qq -o trace -e trace=write -e inject=write:error=EIO:when=1 "$review" init N --keys KEYS --passphrase-file pass
[ ! -e N ] || fail "half a vault"
last=$(ls R/ledger | tail -1)
cp R/ledger/"$last" last
head -c 100 last >R/ledger/"$last"
refused 1 "missing, or cut off" r list R
cp last R/ledger/"$last"
mv R/schedules gone
refused 1 "R/schedules: this folder of the vault is gone. Restore" r list R
mv gone R/schedules

step "a key schedule that can't be read now isn't one that was never seen"
"$make" bundle two.tar --items 1 --first 1 --serial 2 --previous one.tar
rm -rf late && cp -a R late
told failing read late/schedules/0012.age 1 import late two.tar
told failing read R/schedules/0012.age 1 show R "$id"
says "1 submission listed, 1 new" r import late two.tar
r list late --json | python3 -c "import json, sys; sys.exit(any(i['flags'] for i in json.load(sys.stdin)['items']))" ||
	fail "flagged for good"

step "the ledger can't be written after it was found that a submission is missing"
head -c 6000 one.tar >cut
new_vault
told failing fsync V/ledger 2 import V cut
grep -q "the import stopped" err || fail "what became of it"
refused 1 "$id: is in the server's list, but on no medium so far" r import V cut

step "what had no key, and can't be read, ends no import"
mv KEYS/epochs KEYS/away && mkdir -m 700 KEYS/epochs
new_vault
says "can't be opened" r import V one.tar
rmdir KEYS/epochs && mv KEYS/away KEYS/epochs
says "1 submission listed, 0 new" failing pread64 "$item" 1 import V one.tar
says "1 older submission can be opened now" r import V one.tar

step "what an import that was killed left, and can't be read, comes again"
new_vault
cp R/items/"$id".age V/items/
says "1 submission listed, 1 new" failing read "$item" 1 import V one.tar
says "1 verified" r verify V
echo ok
