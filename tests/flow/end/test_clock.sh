#!/bin/sh
# The clock that tests move: a release build doesn't know it, and a build that does can't be installed.
# builds: release sanitize
set -eu
[ $# -eq 1 ] || { echo "usage: sh $0 BUILD" >&2; exit 2; }
build=$(cd "$1" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/sealslot-clock.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
fail() {
	printf 'FAILED: %s\n' "$*" >&2
	exit 1
}
is_testing() {
	meson introspect --buildoptions "$build" |
		python3 -c 'import json, sys; sys.exit(not next(o["value"] for o in json.load(sys.stdin) if o["name"] == "testing"))'
}

# A shift of ten years to come.
python3 -c 'import struct; open("shift", "wb").write(struct.pack("=q", 3650 * 86400))'
(umask 077 && echo 'upper case snow, seven trams' >pass)
SEALSLOT_TEST_CLOCK=$scratch/shift
export SEALSLOT_TEST_CLOCK
"$build/keys/sealslot-keys" init K --instance sealslotsealslotsealslotsealslotsealslotsealslotsealslad.onion \
	--passphrase-file pass >/dev/null
"$build/keys/sealslot-keys" schedule K --inbox tips=Tips --epochs 1 --passphrase-file pass >/dev/null
issued=$(sed -n 's/^issued: \(....\).*/\1/p' K/publish/keys.txt)
ahead=$((issued - $(date -u +%Y)))

if is_testing; then
	[ "$ahead" -ge 9 ] || fail "the test build ignores the clock: $issued"
	if meson install -C "$build" --no-rebuild --destdir "$scratch/root" >out 2>&1; then
		fail 'a test build was installed'
	fi
	grep -q 'never installed' out || { cat out; fail 'nobody says why'; }
	for name in sealslotd sealslotd-store sealslotd-front sealslotd-mailbox sealslot-keys sealslot-review; do
		[ -z "$(find root -name "$name" 2>/dev/null)" ] || fail "$name was installed"
	done
else
	[ "$ahead" -le 1 ] || fail "the release build follows the clock of tests: $issued"
	for program in keys/sealslot-keys client/sealslot-review server/sealslotd server/sealslotd-store \
		server/mailbox/sealslotd-mailbox server/front/sealslotd-front; do
		[ -x "$build/$program" ] || fail "no $program"
		if strings -a "$build/$program" | grep -q SEALSLOT_TEST_CLOCK; then
			fail "$program knows it"
		fi
	done
	meson install -C "$build" --no-rebuild --destdir "$scratch/root" >out 2>&1 || { cat out; fail 'meson install'; }
	[ -n "$(find root -name sealslotd-store)" ] || fail 'it isn'"'"'t installed'
fi
echo ok
