#!/bin/sh
# backup killed at every step that changes the disk: it has its name only when it is whole, the one before stays.
# time limit: 240
. "$(dirname "$0")/kills"
. "$(dirname "$0")/common"

# whole FILE: restore makes a key store with all keys of it.
whole() {
	rm -rf R
	says "" "$keys" restore "$1" R --passphrase-file pass
	[ "$(ls R/epochs)" = "$(ls K/epochs)" ] || fail "keys of $1"
}

# others FOLDER: what has no temporary name.
others() {
	find "$1" -mindepth 1 ! -name '.tmp.*' -printf '%f '
}

step "backup"
init K
cheap K
says "" "$keys" schedule K --inbox tips=Tips --epochs 2 --passphrase-file pass
says "a backup of" "$keys" backup K first --passphrase-file pass
sha256sum first >was
cp -a K fresh
mkdir stick
foreign=stick/.tmp.0123456789abcdef0123456789abcdef
echo "of another program" >$foreign
after_backup() {
	where=$1
	shift
	sha256sum --quiet -c was || fail "the backup before: $where"
	left=$(find stick -name '.tmp.*' ! -path $foreign)
	if [ -e stick/second ]; then
		[ -z "$left" ] || fail "$left beside a backup after a kill at $where"
		whole stick/second
		wholes=$((wholes + 1))
		rm stick/second
	elif [ -n "$left" ]; then
		grep -q " backup ${left#stick/.tmp.} " K/log || fail "$left isn't in the log: $where"
		halves=$((halves + 1))
	fi
	[ -z "$(others stick)" ] || fail "$(others stick)after a kill at $where"
	says "a backup of" "$@"
	whole stick/second
	[ "$(find stick -type f | sort | tr '\n' ' ')" = "$foreign stick/second " ] || fail "$(ls -A stick) behind $where"
	[ -z "$left" ] || grep -q " gone ${left#stick/.tmp.}\$" K/log || fail "$left isn't recorded as gone: $where"
	no_leftovers K
}
halves=0 wholes=0 made='stick/second'
try_all fresh after_backup "$keys" backup K stick/second --passphrase-file pass
[ "$count" -gt 5 ] && [ "$halves" -gt 2 ] && [ "$wholes" -gt 0 ] ||
	fail "only $count steps were tried, $halves halves and $wholes backups were left"

step "an id that was called gone by hand is still swept"
rm -rf K stick/second
cp -a fresh K
struck fsync 3 "$keys" backup K stick/second --passphrase-file pass || fail "it wasn't killed"
left=$(find stick -name '.tmp.*' ! -path $foreign)
[ -n "$left" ] || fail "nothing to sweep"
says "" "$keys" retire K --gone "${left#stick/.tmp.}" --passphrase-file pass
says "a backup of" "$keys" backup K stick/second --passphrase-file pass
[ ! -e "$left" ] || fail "$left is still there"
[ "$(grep -c " gone ${left#stick/.tmp.}\$" K/log)" -eq 1 ] || fail "gone twice"

# FAT knows no links and no unnamed files; some file systems can't rename without overwriting either.
for refuses in linkat:error=EPERM renameat2:error=EINVAL; do
	step "where $refuses"
	rm -f stick/second stick/taken
	ln -s nowhere stick/taken # no file yet for whoever only looks
	on_stick() {
		strace -qq -o trace -e trace=linkat,renameat2 -e inject=linkat:error=EPERM -e inject=$refuses "$keys" "$@" --passphrase-file pass
	}
	says "a backup of" on_stick backup K stick/second
	whole stick/second
	cp stick/second kept
	refused 1 "exists already" on_stick backup K stick/second
	refused 1 "exists already" on_stick backup K stick/taken
	cmp kept stick/second && [ "$(readlink stick/taken)" = nowhere ] && [ ! -e stick/nowhere ] || fail "overwritten"
	[ "$(ls -A stick | wc -l)" -eq 3 ] || fail "left behind: $(ls -A stick)"
done
refused 1 "not of a folder" "$keys" backup K none/ --passphrase-file pass
echo ok
