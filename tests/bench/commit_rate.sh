# How many small submissions a second the store takes durably, apart from HTTP and sealing:
#
#   sh tests/bench/commit_rate.sh BUILD [FOLDER]
#
# FOLDER says on which file system (/dev/shm by default). A stand-in for front writes each one (262,800
# bytes, the smallest that there is) and waits for store's answer, 1, 16 and 64 at a time.
set -eu
[ $# -ge 1 ] || { echo "usage: sh $0 BUILD [FOLDER]" >&2; exit 2; }
build=$(cd "$1" && pwd)
scratch=$(mktemp -d "${2:-/dev/shm}/sealslot-rate.XXXXXX")
server=
trap '[ -z "$server" ] || kill "$server" && wait "$server" || :; rm -rf "$scratch"' EXIT
cd "$scratch"
chmod 711 .
mkdir bin run
cp "$build/server/sealslotd" "$build/server/sealslotd-store" "$build/server/mailbox/sealslotd-mailbox" bin/
cp "$build/tests/flow/server/flow_front" bin/sealslotd-front
user=
[ "$(id -u)" -ne 0 ] || { chown nobody run && user='user = nobody'; }
today=$(date -u +%F)
"$build/tests/flow/server/flow_make_keys" keys 1 "$today" "$today" 26 14
cat >conf <<C
[server]
instance = abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwd.onion
listen = unix:$scratch/run/http.sock
drain_seconds = 1
$user
[store]
path = $scratch/store
reserve = 1M
[keys]
root = $scratch/keys/root.pub
C
bin/sealslotd init --conf conf >/dev/null
bin/sealslotd publish --conf conf keys/publish/keys.txt >/dev/null
bin/sealslotd serve --conf conf >log 2>&1 &
server=$!
until grep -q serving log; do kill -0 "$server" || { cat log; exit 1; }; sleep 0.05; done
sleep 5 # the mailbox process derives its first codenames
for width in 1 16 64; do
	python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect("run/http.sock")
s.sendall(b"many 1000 262800 %d\n" % int(sys.argv[1]))
_, rate, failed = s.recv(100).decode().split()
print(f"{sys.argv[1]:>3} at a time: {rate} per second, {failed} failed")' "$width"
done
