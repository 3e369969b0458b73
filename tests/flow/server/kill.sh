# kill -9 of the store process in the middle of commits, again and again: whatever was answered
# "stored" is there and whole, nothing partial ever has a name, and each file gets its row.
# time limit: 240
. "$(dirname "$0")/common"
"$make_keys" keys 1 "$today" "$today" 26 14
verb init >/dev/null
verb publish keys/publish/keys.txt >/dev/null
serve

cat >load.py <<'P'
import random, socket, sys, threading, time
stop = time.monotonic() + 20
stored, lock = [], threading.Lock()
def client(seed):
    r = random.Random(seed)
    while time.monotonic() < stop:
        size = r.choice([1, 4096, 70000, 300000])
        try:
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(30)
            s.connect("run/http.sock")
            s.sendall(b"upload %d\n" % size)
            answer = s.recv(200).decode().split()
            s.close()
        except OSError:
            continue
        if answer[:1] == ["stored"]:
            with lock:
                stored.append((answer[1], size))
        else:
            time.sleep(0.01)
threads = [threading.Thread(target=client, args=(i,)) for i in range(6)]
[t.start() for t in threads]
[t.join() for t in threads]
with open("stored", "w") as f:
    f.writelines(f"{i} {n}\n" for i, n in stored)
P
python3 load.py &
load=$!
kills=0
lives=0
# A store that dies again and again is waited for longer and longer: a new server begins afresh.
while kill -0 "$load" 2>/dev/null; do
	lives=$((lives + 1))
	for round in 1 2 3; do
		sleep "0.$((lives * 3 % 7 + round))"
		pid=$(pid_of store) && kill -9 "$pid" 2>/dev/null && kills=$((kills + 1))
	done
	stop
	serve
done
wait "$load"
echo "$kills kills, $(wc -l <stored) stored"
[ "$kills" -ge 20 ] || fail "only $kills kills"
[ "$(wc -l <stored)" -ge 20 ] || fail "hardly anything was stored"

# Every answered upload is there, and no file is anything else than a whole upload.
check() {
	stat -c '%n %s %a %h' store/items/* | sed 's|store/items/||; s|\.age | |' | sort >have
	sort stored | sed 's/$/ 400 1/' | comm -23 - have >lost
	[ ! -s lost ] || { cat lost; fail 'answered, and not there whole'; }
	grep -vE '^[0-9a-f]{32} (1|4096|70000|300000) 400 1$' have && fail 'a partial file has a name'
	return 0
}
wait_for 15 verb status --json
check
stop
serve
check
files=$(ls store/items | wc -l)
says "\"items\":$files," verb status --json
stop
[ "$(sort stored | uniq -d | wc -l)" -eq 0 ] || fail 'an id twice'
verb export all.tar 2>/dev/null
[ "$(bsdtar -tf all.tar | grep -c '\.age$')" -eq "$files" ] || fail 'the bundle'
echo ok
