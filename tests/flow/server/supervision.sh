# Children die and come back, servers end in order, sockets and locks are respected.
# builds: release sanitize
. "$(dirname "$0")/common"
"$make_keys" keys 1 "$today" "$today" 26 14
verb init >/dev/null
verb publish keys/publish/keys.txt >/dev/null

step nobody runs as root, and nothing more than needed is open
serve
if [ "$(id -u)" -eq 0 ]; then
	for p in "$server" "$(pid_of store)" "$(pid_of front)"; do
		[ "$(sed -n 's/^[UG]id:\t//p' "/proc/$p/status" | tr '\t' '\n' | sort -u)" = "$(id -u nobody)" ] ||
			fail "process $p: $(grep '^[UG]id' "/proc/$p/status")"
		grep -q '^CapEff:.0000000000000000$' "/proc/$p/status" || fail "capabilities of $p"
	done
fi
[ "$(stat -c %a run/http.sock)" = 660 ] || fail 'mode of the socket'
[ "$(stat -c %a store/admin.sock)" = 600 ] || fail 'mode of the admin socket'

step front dies
answers stored 'upload 1000'
old=$(pid_of front)
ask die || :
wait_for 10 is_said 'front works again'
[ "$(pid_of front)" != "$old" ] || fail 'the same process'
grep -q 'front was ended by signal 9' log || fail 'the log'
wait_for 5 answers 'keys 1' state
answers stored 'upload 1000'

step store dies
old=$(pid_of store)
kill -9 "$old"
wait_for 10 is_said 'store works again'
wait_for 5 answers 'keys 1' state
answers stored 'upload 1000'
says '"items":3' verb status --json

step a front that breaks the rules is replaced
old=$(pid_of front)
# It may be killed before it can pass on the refusal.
case $(ask 'upload 1000 keep' || :) in stored*) fail 'a file with a writer was stored' ;; esac
wait_for 10 sh -c '[ "$(grep -c "front works again" log)" -eq 2 ]'
answers stored 'upload 1000'
case $(ask 'upload 1000 lie' || :) in stored*) fail 'a file of another size was stored' ;; esac
wait_for 10 sh -c '[ "$(grep -c "front works again" log)" -eq 3 ]'
ask garbage >/dev/null
wait_for 20 sh -c '[ "$(grep -c "front works again" log)" -eq 4 ]'
grep -c 'front broke the rules' log | grep -qx 3 || fail 'the log'
answers stored 'upload 1000'
says '"items":5' verb status --json

step a second server
refused 1 'another server answers there' verb serve
sed "s|run/http.sock|run/other.sock|" "$conf" >second.conf
refused 1 "Another server is running on this store" "$sealslotd" serve --conf second.conf
[ ! -e run/other.sock ] || fail 'its socket is left'
answers stored 'upload 1000'

step an upload may end while the server does
python3 - <<'P' &
import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.connect("run/http.sock")
s.sendall(b"upload 400000 hold\n")
assert s.recv(100) == b"held\n"
open("held", "w").close()
time.sleep(1.5)
s.sendall(b"go\n")
answer = s.recv(200).decode()
sys.exit(not answer.startswith("stored"))
P
holder=$!
wait_for 10 test -e held
stop
wait "$holder" || fail 'the upload in flight was lost'
says '"items":7' verb status --json

step one that does not end is not waited for for ever
serve
python3 - <<'P' &
import socket
s = socket.socket(socket.AF_UNIX)
s.connect("run/http.sock")
s.sendall(b"upload 400000 idle\n")
s.recv(100)
open("idle", "w").close()
s.recv(100)
P
holder=$!
wait_for 10 test -e idle
begin=$(date +%s)
stop
took=$(($(date +%s) - begin))
[ "$took" -ge 4 ] && [ "$took" -le 9 ] || fail "it took $took s"
wait "$holder" || :
says '"items":7' verb status --json

step a second signal ends the waiting
serve
rm idle
python3 - <<'P' &
import socket
s = socket.socket(socket.AF_UNIX)
s.connect("run/http.sock")
s.sendall(b"upload 400000 idle\n")
s.recv(100)
open("idle", "w").close()
s.recv(100)
P
holder=$!
wait_for 10 test -e idle
kill -TERM "$server"
sleep 0.5
begin=$(date +%s)
stop
[ $(($(date +%s) - begin)) -le 3 ] || fail 'it waited'
wait "$holder" || :

step no process is left, and no socket
[ ! -e run/http.sock ] || fail 'the socket is left'
[ ! -e store/admin.sock ] || fail 'the admin socket is left'

step the parent is killed: the children end by themselves
serve
store_pid=$(pid_of store) front_pid=$(pid_of front)
kill -9 "$server"
wait "$server" || :
server=
wait_for 10 have_ended "$store_pid" "$front_pid"
[ -S run/http.sock ] || fail 'a stale socket was expected'

step the stale socket is replaced
serve
answers stored 'upload 1000'
stop
: >run/http.sock
refused 1 "it isn't a socket" verb serve
rm run/http.sock

step a socket that systemd hands over
python3 - "$sealslotd" "$conf" >log 2>&1 <<'P' &
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind("run/handed.sock")
os.chmod("run/handed.sock", 0o666)
s.listen()
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[1], ["sealslotd", "serve", "--conf", sys.argv[2]])
P
server=$!
wait_for 10 is_said 'serving on unix:run/handed.sock'
ln -sf handed.sock run/http.sock
answers stored 'upload 1000'
rm run/http.sock
tr '\0' '\n' <"/proc/$(pid_of front)/environ" | grep -q '^LISTEN_' && fail 'front thinks it is handed over to it'
stop
[ -S run/handed.sock ] || fail "systemd's socket was removed"
python3 - "$sealslotd" "$conf" >log 2>&1 <<'P' || :
import os, socket, sys
s = socket.socket()
s.bind(("0.0.0.0", 0))
s.listen()
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[1], ["sealslotd", "serve", "--conf", sys.argv[2]])
P
grep -q 'can be reached from outside' log || { cat log; fail 'a socket for the whole world'; }

step a program is missing
mv bin/sealslotd-front bin/hidden
refused 1 'the installation isn' verb serve
mv bin/hidden bin/sealslotd-front
echo ok
