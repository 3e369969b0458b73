# The systemd units: systemd itself accepts them, and finds (almost) nothing left to forbid.
# time limit: 60
set -eu
[ $# -eq 1 ] || { echo "usage: sh $0 BUILD" >&2; exit 2; }
build=$(cd "$1" && pwd)
units=$(cd "$(dirname "$0")/../../../server/systemd" && pwd)
command -v systemd-analyze >/dev/null || { echo 'no systemd-analyze'; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp "$build/server/sealslot.service" "$units/sealslot.socket" "$scratch"
service=$build/server/sealslot.service
# The program isn't installed here.
sed -i "s|^ExecStart=[^ ]*/sealslotd|ExecStart=$build/server/sealslotd|; /^Exec.*Paths=/d" "$scratch/sealslot.service"

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

echo '== nothing that systemd does not understand'
# What it says of manuals and users is about this machine.
systemd-analyze verify --man=no "$scratch/sealslot.service" "$scratch/sealslot.socket" >"$scratch/said" 2>&1 || :
grep -E 'sealslot\.(service|socket):' "$scratch/said" | grep -vE 'User|Group|not executable' && fail "the units"

echo '== an exposure of at most 1.0'
systemd-analyze security --offline=yes --threshold=10 --no-pager "$service" >"$scratch/score" ||
	fail "$(tail -n 3 "$scratch/score")"
grep 'exposure level' "$scratch/score"

echo '== and the test can fail'
sed '/^\(NoNewPrivileges\|CapabilityBoundingSet\|ProtectSystem\|PrivateNetwork\|SystemCallFilter\|RestrictAddressFamilies\)=/d' \
	"$service" >"$scratch/weak.service"
! systemd-analyze security --offline=yes --threshold=10 --no-pager "$scratch/weak.service" >/dev/null || fail 'a weak unit passes'

echo '== what must stand there'
for line in PrivateNetwork=yes LimitMEMLOCK=infinity RestrictAddressFamilies=AF_UNIX 'CapabilityBoundingSet=' MemorySwapMax=0; do
	grep -qx "$line" "$service" || fail "$line is missing"
done
for line in 'HiddenServiceSingleHopMode 0' 'HiddenServicePoWDefensesEnabled 1' 'HiddenServiceExportCircuitID haproxy'; do
	grep -qx "$line" "$units/torrc.example" || fail "torrc.example: $line"
done
grep -q '^ListenStream=/run/sealslot/http.sock' "$units/sealslot.socket" || fail 'the socket'
grep -q 'unix:/run/sealslot/http.sock' "$units/torrc.example" || fail "tor's side of the socket"
echo ok
