#!/bin/sh
# Archives past 4 GiB in other people's programs. Not run by `meson test`: it needs 5 GiB in TMPDIR
# and some minutes.
#
#   zip64_by_hand.sh DIR     DIR: where seal_file and open_file were built
#
# Three archives: a member of 4 GiB and one byte; three members of 1.4 GiB, of which the last and the
# manifest begin past 4 GiB; and one whose size alone needs zip64, while every number in it is small.
set -eu

bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
	echo "zip64: $1" >&2
	exit 1
}

# Nothing on standard error, no warning.
quietly() {
	"$@" >out 2>err || fail "$*: exit status $?: $(cat err)"
	[ ! -s err ] || fail "$*: $(cat err)"
	! grep -qiE 'warning|error[^s]' out || fail "$*: $(cat out)"
}

try() {
	echo "$1"
	shift
	for f; do
		sha256sum "$f" | sed "s,  ,  files/00$(($(echo "$f" | tr -d a-z)))-,"
	done >want
	"$bin/seal_file" -r "$(age-keygen -y key)" -m message "$@" >a.age
	age -d -i key a.age >a.zip
	rm a.age
	ls -l a.zip
	quietly unzip -t a.zip
	quietly 7z t -bd a.zip
	quietly python3 -W error -m zipfile -t a.zip
	quietly bsdtar -xOf a.zip manifest.json
	grep -q '^{}' out || fail "bsdtar: another manifest"
	"$bin/open_file" a.zip >got || fail "open_file"
	sed -n '/files/p' got | cmp - want || fail "open_file: other contents"
	for f; do
		m="files/00$(($(echo "$f" | tr -d a-z)))-$f"
		cat a.zip | bsdtar -xOf - "$m" | cmp - "$f" || fail "bsdtar from a pipe: $m"
		unzip -p a.zip "$m" | cmp - "$f" || fail "unzip: $m"
		7z e -so -bd a.zip "$m" | cmp - "$f" || fail "7z: $m"
		python3 -c 'import sys, shutil, zipfile
shutil.copyfileobj(zipfile.ZipFile("a.zip").open(sys.argv[1]), sys.stdout.buffer, 1 << 20)' "$m" |
			cmp - "$f" || fail "python: $m"
	done
	rm a.zip
}

age-keygen -o key 2>/dev/null
echo hello >message
truncate -s 4294967297 f1
printf x | dd of=f1 bs=1 seek=4294967290 conv=notrunc status=none
try "one member of 4 GiB + 1" f1
for n in 1 2 3; do
	rm -f f$n
	truncate -s $((1400 * 1024 * 1024 + n)) f$n
	printf x | dd of=f$n bs=1 seek=1400000000 conv=notrunc status=none
done
try "three members of 1.4 GiB" f1 f2 f3
rm f1 f2 f3
truncate -s $((4096 * 1024 * 1024 - 40 * 1024 * 1024)) f1
try "an archive of 4 GiB with a member of less" f1
echo "all agree"
