#!/bin/sh
# What we seal, opened by other people's programs: age, bsdtar (as a file and as a stream, in two
# locales), unzip, 7z, python's zipfile. All of them must list and extract the same members, bit for
# bit, without a warning; and no upload can forge a member in any of them.
#
#   zip_age.sh DIR [sizes|hostile|foreign]...    DIR: where seal_file and open_file were built
#
# A program that isn't there is a failure.
set -eu

bin=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
peers='bsdtar_file bsdtar_file_utf8 bsdtar_pipe bsdtar_pipe_utf8 unzip 7z python'

fail() {
	echo "zip_age: $1" >&2
	shift
	for log; do
		sed 's/^/    /' "$log" >&2
	done
	exit 1
}

for tool in age age-keygen bsdtar unzip 7z python3 zip sha256sum cmp "$bin/seal_file" "$bin/open_file"; do
	command -v "$tool" >/dev/null || fail "$tool isn't there"
done

# ---- the peers: list PEER and extract PEER DIR read a.zip (the pipes: a.age)

opened() {
	age -d -i key1 a.age
}

list() {
	case $1 in
	bsdtar_file) LC_ALL=C bsdtar -tf a.zip ;;
	bsdtar_file_utf8) LC_ALL=C.UTF-8 bsdtar -tf a.zip ;;
	bsdtar_pipe) opened | LC_ALL=C bsdtar -tf - ;;
	bsdtar_pipe_utf8) opened | LC_ALL=C.UTF-8 bsdtar -tf - ;;
	unzip) unzip -Z1 a.zip ;;
	7z) 7z l -ba -slt a.zip | sed -n 's/^Path = //p' ;;
	python) python3 -W error -c 'import zipfile; print(*zipfile.ZipFile("a.zip").namelist(), sep="\n")' ;;
	esac
}

extract() {
	case $1 in
	bsdtar_file) LC_ALL=C bsdtar -xf a.zip -C "$2" ;;
	bsdtar_file_utf8) LC_ALL=C.UTF-8 bsdtar -xf a.zip -C "$2" ;;
	bsdtar_pipe) opened | LC_ALL=C bsdtar -xf - -C "$2" ;;
	bsdtar_pipe_utf8) opened | LC_ALL=C.UTF-8 bsdtar -xf - -C "$2" ;;
	unzip) unzip -qo a.zip -d "$2" ;;
	7z) 7z x -bd -y -bso0 -o"$2" a.zip ;;
	python) python3 -W error -m zipfile -e a.zip "$2" ;;
	esac
}

# Exit status 0, nothing on standard error, no word of a warning.
quietly() {
	"$@" >out 2>err || fail "$*: exit status $?" err
	[ ! -s err ] || fail "$*: complains" err
	! grep -qiE 'warning|error' out || fail "$*: warns" out
}

# ---- one submission

# Seals message, manifest and the files given to a.age (for key1 and, if $recipients is 2, key2) and
# writes down what has to come out: names, and sums.
submit() {
	r="-r $(cat pub1)"
	[ "$recipients" = 1 ] || r="$r -r $(cat pub2)"
	# shellcheck disable=SC2086
	"$bin/seal_file" $r -m message -j manifest "$@" >a.age || fail "seal_file $*"
	{
		sum_as message.txt <message
		n=0
		for f; do
			n=$((n + 1))
			sum_as "$(printf 'files/%03d-%s' "$n" "${f##*/}")" <"$f"
		done
		sum_as manifest.json <manifest
	} >want
	sed 's/^[^ ]*  //' want >names
	echo .padding >>names
	opened >a.zip || fail "age can't open it with the first key"
}

sum_as() {
	sha256sum | sed "s,-\$,$1,"
}

# Our own reader, and the second recipient.
check_own() {
	"$bin/open_file" -i key1 a.age >got 2>err || fail "open_file" err
	cmp -s want got || fail "open_file: other members" want got
	[ "$recipients" = 1 ] || age -d -i key2 a.age | cmp - a.zip || fail "the second key opens something else"
}

check_peer() {
	quietly list "$1"
	cmp -s names out || fail "$1 lists other members" names out
	rm -rf x
	mkdir x
	quietly extract "$1" x
	(cd x && sha256sum --quiet -c ../want) >err 2>&1 || fail "$1 extracts something else" err
	(cd x && find . -type f | sed 's,^\./,,' | sort) >got
	sort names | cmp -s - got || fail "$1 extracts other members" got
}

# ---- the parts

sizes() {
	mkdir s
	for size in 0 1 8191 8192 8193 65535 65536 65537 16777216 16777217; do
		head -c "$size" /dev/urandom >s/a.bin
		head -c "$size" /dev/urandom >s/b.bin
		for recipients in 1 2; do
			for files in s/a.bin 's/a.bin s/b.bin s/empty'; do
				: >s/empty
				# shellcheck disable=SC2086
				submit $files
				check_own
				check_peer bsdtar_pipe
			done
		done
		for peer in $peers; do
			check_peer "$peer"
		done
		echo "size $size: 2 x 2 submissions, all peers"
	done
}

# The peers would fall for it if members were stored; see control() in hostile.py.
hostile() {
	mkdir h
	python3 "$here/hostile.py" h
	cat h/control.zip | bsdtar -xOf - manifest.json | grep -q forged ||
		fail "the control shows no attack: the uploads are not hostile to this bsdtar"
	rm h/control.zip
	recipients=1
	for f in h/*; do
		submit "$f" "$f"
		check_own
		for peer in $peers; do
			check_peer "$peer"
		done
		cp "$f" message # the message is a stranger's, too
		submit "$f"
		check_own
		for peer in $peers; do
			check_peer "$peer"
		done
		echo "hello" >message
		echo "hostile ${f##*/}: forges nothing"
	done
}

# An archive of the same members that somebody else wrote isn't ours.
foreign() {
	recipients=1
	head -c 300000 /dev/urandom >a.bin
	submit a.bin
	rm -rf x
	mkdir x
	extract python x
	cd x
	chmod 600 message.txt files/* manifest.json .padding
	set -- message.txt files/001-a.bin manifest.json .padding
	zip -qX ../zip.zip "$@"
	zip -qX0 ../stored.zip "$@"
	cat message.txt | zip -q ../streamed.zip -
	7z a -bd -bso0 -tzip -mx0 ../7z.zip "$@"
	bsdtar -cf ../bsdtar.zip --format zip "$@"
	bsdtar -cf - --format zip --options zip:compression=store "$@" | cat >../bsdtar_stored.zip
	python3 -m zipfile -c ../python.zip "$@"
	cd ..
	# of a size that ours could have, with padding at the end
	python3 - <<-END
		import zipfile
		z = zipfile.ZipFile("bucket.zip", "w")
		z.writestr("message.txt", b"hello")
		z.writestr("manifest.json", b"{}")
		z.writestr(".padding", bytes(262144 - 22 - 3 * 76 - 2 * (11 + 13 + 8) - 7))
		z.close()
	END
	[ "$(wc -c <bucket.zip)" = 262144 ] || fail "bucket.zip has another size"
	cp a.zip commented.zip
	printf 'note' | zip -qz commented.zip >/dev/null
	cp a.zip removed.zip
	zip -qd removed.zip files/001-a.bin
	cp a.zip copied.zip
	zip -qA copied.zip
	for f in zip stored streamed 7z bsdtar bsdtar_stored python bucket commented removed copied; do
		[ -s "$f.zip" ] || fail "$f.zip wasn't made"
		unzip -qt "$f.zip" >/dev/null 2>&1 || fail "$f.zip is no archive"
		if cmp -s "$f.zip" a.zip; then
			echo "foreign $f: the same bytes"
			continue
		fi
		! "$bin/open_file" "$f.zip" >out 2>err || fail "$f.zip was accepted" out
		grep -q 'not written by this software' err || fail "$f.zip: another reason" err
		[ ! -s out ] || fail "$f.zip: something was printed" out
		echo "foreign $f: refused"
	done
}

for k in 1 2; do
	age-keygen -o key$k 2>/dev/null
	age-keygen -y key$k >pub$k
done
echo "hello" >message
echo '{"format":"sealslot 1"}' >manifest
[ $# -gt 0 ] || set -- sizes hostile foreign
for part; do
	"$part"
done
