# What `meson install` brings: the units name the programs that came along, and docs/install.md names only what is there.
# time limit: 60
set -eu
[ $# -eq 1 ] || { echo "usage: sh $0 BUILD" >&2; exit 2; }
build=$(cd "$1" && pwd)
source=$(cd "$(dirname "$0")/../../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

DESTDIR=$scratch meson install -C "$build" --no-rebuild >"$scratch/said" 2>&1 || { cat "$scratch/said"; fail 'meson install'; }
prefix=/usr/local
unit=$scratch$prefix/lib/systemd/system/sealslot.service

echo '== the units and the programs that they name'
[ -f "${unit%.service}.socket" ] || fail 'no socket unit'
program=$(sed -n 's/^ExecStart=\([^ ]*\) .*/\1/p' "$unit")
[ -x "$scratch$program" ] || fail "the unit starts $program, which isn't installed"
for path in $(sed -n 's/^ExecPaths=//p' "$unit"); do
	case $path in
	*sealslot*) [ -e "$scratch$path" ] || fail "the unit allows $path, which isn't installed" ;;
	esac
done
for name in front store mailbox; do
	[ -x "$scratch$(sed -n 's/^ExecPaths=[^ ]* \([^ ]*\) .*/\1/p' "$unit")/sealslotd-$name" ] || fail "sealslotd-$name"
done
! grep -qE '@(bindir|libexecdir)@' "$unit" || fail 'a placeholder was left'
grep -qx 'u sealslot - .*' "$scratch$prefix/lib/sysusers.d/sealslot.conf" || fail 'the user'

echo '== what the document names'
grep -o '/usr/local/share/[a-z./]*\.[a-z]*' "$source/docs/install.md" | sort -u >"$scratch/named"
[ "$(wc -l <"$scratch/named")" -eq 2 ] || fail 'the examples that the document names'
while read -r path; do
	[ -f "$scratch$path" ] || fail "docs/install.md names $path, which isn't installed"
done <"$scratch/named"
grep -q 'docs/install.md' "$source/README.md" || fail 'the README leads there'
packages=$(awk '$1 == "build" {print $2}' "$source/packages.txt" | wc -l)
[ "$packages" -gt 5 ] || fail 'packages.txt has no packages of kind build'
echo ok
