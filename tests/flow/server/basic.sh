# init, publish, serve, status, export: an empty store, a filled one, a running server and none.
# builds: release sanitize
. "$(dirname "$0")/common"
"$make_keys" keys 1 "$today" "$today" 26 14

step help and wrong usage
says 'usage:' "$sealslotd" --help
for v in init publish serve export status clock-ok; do
	says "usage: sealslotd $v" "$sealslotd" "$v" --help
	refused 2 usage "$sealslotd" "$v" --colour
done
refused 2 usage "$sealslotd"
refused 2 'no such verb' "$sealslotd" frobnicate
refused 2 usage verb export
refused 2 usage verb export a b
refused 2 usage verb export a.tar --all --since 2026-01-01
refused 2 'wants a day' verb export a.tar --since yesterday
refused 2 'wants a day' verb export a.tar --until tomorrow
refused 2 'nothing lies between' verb export a.tar --since 2026-03-10 --until 2026-03-01
refused 2 usage verb export a.tar --all --until 2026-01-01
refused 2 'wants a size' verb export a.tar --volume-size big

step before init nothing works, and says so
for v in status clock-ok; do
	refused 1 'sealslotd init' verb $v
done
refused 1 'sealslotd init' verb export a.tar

step init
says 'The store is made' verb init
[ "$(stat -c %a store)" = 700 ] || fail 'mode of the store'
[ -z "$user_line" ] || [ "$(stat -c %U store store/state store/index.db | sort -u)" = nobody ] || fail 'owner'
refused 1 'is a store already' verb init
cp -a store store.made

step an empty store
code=0
verb status >out || code=$?
[ "$code" -eq 3 ] || fail "status says $code without keys"
grep -q 'Keys:        none' out && grep -q 'Submissions: 0 (0 bytes)' out || { cat out; fail 'empty status'; }
verb export empty.tar
bsdtar -tf empty.tar >list
printf 'index.txt\nindex.txt.minisig\ntransfer.pub\n' | cmp - list || fail 'an empty bundle'
bsdtar -xOf empty.tar index.txt | grep -qx 'count: 0' || fail 'its index'

step publish
says 'Schedule 1 is active' verb publish keys/publish/keys.txt
says '"keys_days":364' verb status --json
verb status --json | python3 -m json.tool >/dev/null

step a running server
serve
answers 'keys 1 ' state
says 'Server:      running' verb status
answers 'stored' 'upload 300000'
answers 'stored' 'upload 1'
answers 'stored' 'upload 5000000'
answers 'refused' 'upload 99999999999'
says '"items":3,"bytes":5300001' verb status --json
for f in store/items/*; do
	[ "$(stat -c '%a %h' "$f")" = '400 1' ] || fail "mode of $f"
	case $(stat -c %y "$f") in "$today 00:00:00.000000000 "*) ;; *) fail "time of $f" ;; esac
done

step its bundle
verb export one.tar 2>err
grep -q 'Bundle 2 with 3 submissions is written: one.tar' err || { cat err; fail 'report'; }
refused 1 'exists already, and nothing is overwritten' verb export one.tar
[ "$(stat -c %a one.tar)" = 600 ] || fail 'mode of the bundle'
mkdir x && bsdtar -xf one.tar -C x
minisign -Vm x/index.txt -x x/index.txt.minisig -P "$(sed -n 2p x/transfer.pub)" >out || fail 'signature'
grep -qF 'sealslot-bundle serial:2 instance:abcdef' out || fail 'trusted comment'
minisign -Vm x/keys/keys-0001.txt -P "$(sed -n 2p keys/root.pub)" >/dev/null || fail 'schedule'
[ "$(grep '^previous: ' x/index.txt)" = "previous: $(bsdtar -xOf empty.tar index.txt | b2sum -l 256 | cut -d' ' -f1)" ] ||
	fail 'the chain of bundles'
grep '^item: ' x/index.txt | while read -r _ id day inbox epoch size hash; do
	[ "$day $inbox $epoch" = "$today tips 1" ] || fail "row of $id"
	[ "$(stat -c %s "x/$id.age")" = "$size" ] || fail "size of $id"
	[ "$(b2sum -l 256 <"x/$id.age" | cut -d' ' -f1)" = "$hash" ] || fail "hash of $id"
	cmp "x/$id.age" "store/items/$id.age" || fail "content of $id"
done
[ "$(grep -c '^item: ' x/index.txt)" -eq 3 ] || fail 'three items'

step since, standard output, volumes
verb export - --since "$today" 2>/dev/null | bsdtar -tf - | grep -c '\.age$' | grep -qx 3 || fail 'since today'
verb export - --until "$today" 2>/dev/null | bsdtar -tf - | grep -c '\.age$' | grep -qx 3 || fail 'until today'
verb export - --until 2020-01-01 2>/dev/null | bsdtar -tf - | grep -q '\.age$' && fail 'until 2020'
verb export - --since 2099-01-01 2>/dev/null | bsdtar -tf - | grep -q '\.age$' && fail 'since 2099'
refused 2 "can't be split" verb export - --volume-size 1G
refused 1 'needs a volume of' verb export v.tar --volume-size 1M
[ ! -e v.tar ] || fail 'a volume was left'
verb export v.tar --volume-size 5100K
[ -e v.2.tar ] && [ ! -e v.3.tar ] || fail 'two volumes'
for v in v.tar v.2.tar; do
	[ "$(stat -c %s $v)" -le $((5100 * 1024)) ] || fail "$v is too large"
	bsdtar -xOf $v index.txt | grep -c '^item: ' | grep -qx 3 || fail "index of $v"
done
[ "$( (bsdtar -tf v.tar; bsdtar -tf v.2.tar) | grep -c '\.age$')" -eq 3 ] || fail 'all items are there'
bsdtar -xOf v.tar index.txt | sed 's/^volume: 1 of 2/volume: 2 of 2/' >a
bsdtar -xOf v.2.tar index.txt | cmp - a || fail 'volumes differ in more than their number'
: >w.2.tar
refused 1 'w.2.tar exists already' verb export w.tar --volume-size 5100K
[ ! -e w.tar ] || fail 'half a bundle was left'

step a max_upload that a slow source can not send in time is said
conf_file slow.conf "$store" 'max_upload_hours = 48'
"$sealslotd" check --quick --conf slow.conf | grep -q '10 kB a second 120 hours, and max_upload_hours is 48' || fail 'nothing is said'
verb check --quick | grep -q 'max_upload_hours' && fail 'it is said without a reason'

step a bundle that was not written is not counted
serial=$(verb status --json | sed 's/.*"bundles":\([0-9]*\).*/\1/')
refused 1 'Can' verb export nowhere/x.tar
[ "$(verb status --json | sed 's/.*"bundles":\([0-9]*\).*/\1/')" = "$serial" ] || fail 'it was counted'

step an item that the disk damaged is not carried
f=$(ls store/items/* | head -1)
chmod 600 "$f" && printf X | dd of="$f" bs=1 conv=notrunc status=none && chmod 400 "$f"
verb export damaged.tar 2>/dev/null || fail 'unhashed items are hashed as they are'
truncate -s +1 "$f" 2>/dev/null || { chmod 600 "$f"; truncate -s +1 "$f"; }
refused 1 "isn't as long as the index says" verb export damaged2.tar
truncate -s -1 "$f"
if [ "$(id -u)" -eq 0 ]; then
	chown daemon "$f"
	refused 1 "isn't the store's own" verb export damaged3.tar
	chown nobody "$f"
	mv "$f" aside && ln -s /etc/passwd "$f"
	refused 1 "Can't open submission" verb export damaged3.tar
	rm "$f" && mv aside "$f"
fi
mv "$f" aside
refused 1 "has gone since the list was made" verb export damaged4.tar
mv aside "$f"

step a server that goes away in the middle takes the uncounted bundle with it
mkfifo held
serial=$(verb status --json | sed 's/.*"bundles":\([0-9]*\).*/\1/')
# Standard output that is read only after the store is another one.
{ sleep 1; kill -9 "$(pid_of store)"; sleep 1; cat; } <held >piped.tar &
reader=$!
code=0
verb export - >held 2>err || code=$?
wait "$reader"
[ "$code" -eq 1 ] && grep -q "The store doesn't answer" err || { cat err; fail 'the export was counted'; }
wait_for 10 is_said 'store works again'
[ "$(verb status --json | sed 's/.*"bundles":\([0-9]*\).*/\1/')" = "$serial" ] || fail 'it was counted'

step SIGHUP: the store looks for its schedules again, and nobody is restarted
children_now() { pgrep -P "$server" | sort; }
serves_keys() { ask state | grep -q "keys $1"; }
before=$(children_now)
mkdir aside
mv store/keys/* aside/
kill -HUP "$server"
wait_for 10 serves_keys '[^0-9]'
answers 'refused' 'upload 1000'
mv aside/* store/keys/
kill -HUP "$server"
wait_for 10 serves_keys '1 '
[ "$(children_now)" = "$before" ] || fail 'a process was restarted'
answers 'stored' 'upload 1000'

step the end
stop
says '"serving":false' verb status --json
verb export after.tar
bsdtar -tf after.tar | grep -c '\.age$' | grep -qx 4 || fail 'without a server'

step a copy of the store as init made it
rm -rf store && mv store.made store
says 'Schedule 1 is active' verb publish keys/publish/keys.txt
echo ok
