# Schedules and configurations that must not be believed.
. "$(dirname "$0")/common"
day() {
	date -u -d "$today $1 days" +%F
}
"$make_keys" keys 1 "$today" "$today" 26 14
verb init >/dev/null

step a bad configuration
for line in 'colour = red' 'max_upload = lots' 'path = relative'; do
	conf_file bad.conf "$store" "$line"
	refused 1 'bad.conf, line ' "$sealslotd" status --conf bad.conf
done
for verb in init serve; do
	{ cat "$conf" && printf '[server]\nlanguages = en de\n'; } >bad.conf
	refused 1 'line 12: languages names de, but there are no pages in de; there are: en fr' "$sealslotd" $verb --conf bad.conf
done
refused 1 "Can't read the configuration nowhere.conf" "$sealslotd" status --conf nowhere.conf
refused 1 'Copy sealslotd.conf.example there' "$sealslotd" init --conf nowhere.conf
cp "$conf" bad.conf && chmod 666 bad.conf
refused 1 'Others than its owner may write' "$sealslotd" status --conf bad.conf
chmod 644 bad.conf
if [ "$(id -u)" -eq 0 ]; then
	grep -v '^user' "$conf" >bad.conf
	refused 1 'must not belong to root' "$sealslotd" status --conf bad.conf
	sed 's/^user.*/user = root/' "$conf" >bad.conf
	refused 1 'must not be root' "$sealslotd" status --conf bad.conf
	sed 's/^user.*/user = nobody-at-all/' "$conf" >bad.conf
	refused 1 'There is no user nobody-at-all' "$sealslotd" status --conf bad.conf
	sed 's/^user.*/user = daemon/' "$conf" >bad.conf
	refused 1 'it must belong to that user' "$sealslotd" status --conf bad.conf
	chmod 755 bin && chmod 644 "$conf" keys/root.pub && chmod 755 keys
	refused 1 'run this as root, or as that user' setpriv --reuid daemon --clear-groups "$sealslotd" status --conf "$conf"
	setpriv --reuid nobody --clear-groups "$sealslotd" status --conf "$conf" >out || [ $? -eq 3 ] || fail 'the user itself'
fi

step schedules that are not to be believed
"$make_keys" other 1 "$today" "$today" 26 14
refused 1 'signed by another key' verb publish other/publish/keys.txt
"$make_keys" keys 1 "$today" "$today" 26 14 badsig
refused 1 "signature doesn't fit" verb publish keys/publish/keys.txt
"$make_keys" keys 1 "$today" "$today" 26 14 other
refused 1 'for another instance' verb publish keys/publish/keys.txt
"$make_keys" keys 1 "$today" "$today" 26 14 comment
refused 1 "signature doesn't fit" verb publish keys/publish/keys.txt
"$make_keys" keys 1 "$today" "$today" 26 14 large
refused 1 'something follows the end' verb publish keys/publish/keys.txt
"$make_keys" keys 1 "$today" "$today" 26 14 larger
[ "$(stat -c %s keys/publish/keys.txt)" -eq 1048577 ] || fail 'not what was meant'
refused 1 "Can't read keys/publish/keys.txt: " verb publish keys/publish/keys.txt
refused 1 "Can't read" verb publish keys/publish/nothing.txt
refused 1 "Name the file keys.txt" verb publish keys/publish
"$make_keys" keys 1 "$today" "$today" 26 14
cp keys/publish/keys.txt alone.txt
refused 1 "Can't read the signature alone.txt.minisig" verb publish alone.txt
says 'Keys:        none' sh -c '"$1" status --conf "$2" || [ $? -eq 3 ]' sh "$sealslotd" "$conf"

step the first one, and the same again
says 'Schedule 1 is active' verb publish keys/publish/keys.txt
says 'Schedule 1 is active' verb publish keys/publish/keys.txt

step a fork, and a chain that has parted
cp -r keys forked
"$make_keys" forked 1 "$today" "$today" 26 14 fork
refused 1 'two different schedules with serial 1' verb publish forked/publish/keys.txt
"$make_keys" forked 2 "$today" "$today" 26 14 unchained
rm forked/publish/keys-0001.txt*
refused 1 "wasn't made after the schedule 1" verb publish forked/publish/keys.txt

step the chain heals what was skipped
"$make_keys" keys 2 "$today" "$today" 30 14
"$make_keys" keys 3 "$today" "$today" 34 14
"$make_keys" keys 4 "$today" "$today" 38 14
says 'Schedule 4 is active' verb publish keys/publish/keys.txt
grep -q missing out && fail 'nothing was missing'
ls store/keys | grep -c 'txt$' | grep -qx 4 || fail 'all are kept'
"$make_keys" keys 5 "$today" "$today" 38 14
"$make_keys" keys 6 "$today" "$today" 38 14
rm keys/publish/keys-0005.txt*
says 'Between schedule 4 and 6 some are missing' verb publish keys/publish/keys.txt

step no way back
cp keys/publish/keys-0004.txt old.txt && cp keys/publish/keys-0004.txt.minisig old.txt.minisig
refused 1 'serial 4, but 6 is active' verb publish old.txt

step a revoked key that comes back
cp -r keys back
"$make_keys" back 7 "$today" "$today" 38 14 revoked
says 'Schedule 7 is active' verb publish back/publish/keys.txt
"$make_keys" back 8 "$today" "$today" 38 14
refused 1 'brings back a revoked key' verb publish back/publish/keys.txt
says '"schedule":7' sh -c '"$1" status --json --conf "$2" || [ $? -eq 3 ]' sh "$sealslotd" "$conf"

step another root key
mv keys/root.pub root.mine && cp other/root.pub keys/root.pub
for v in status clock-ok serve; do
	refused 1 "isn't the one that this store was made with" verb $v
done
refused 1 "isn't the one that this store was made with" verb publish other/publish/keys.txt
mv root.mine keys/root.pub
serve
mv keys/root.pub root.mine && cp other/root.pub keys/root.pub
refused 1 "isn't the one that the running server uses" verb status
mv root.mine keys/root.pub
stop

step keys that have ended, or have not begun
rm -rf store
verb init >/dev/null
"$make_keys" late 1 "$(day -40)" "$(day -40)" 2 14
sed "s|keys/root.pub|late/root.pub|" "$conf" >late.conf
rm -rf store && "$sealslotd" init --conf late.conf >/dev/null
says 'no key for today' "$sealslotd" publish --conf late.conf late/publish/keys.txt
conf=$scratch/late.conf
serve
answers 'refused no valid key' 'upload 1000'
code=0
verb status >out || code=$?
[ "$code" -eq 3 ] && grep -q 'warning: Some inbox has no key for today' out || { cat out; fail 'status'; }
step a new schedule is used at once
"$make_keys" late 2 "$today" "$(day -40)" 4 14
verb publish late/publish/keys.txt >/dev/null
wait_for 5 sh -c '"$0" status --conf "$1" --json | grep -q "\"schedule\":2"' "$sealslotd" "$conf"
answers 'stored' 'upload 1000'
code=0
verb status >out || code=$?
[ "$code" -eq 3 ] && grep -q 'uploads will be refused: make and publish' out || { cat out; fail 'the warning under 30 days'; }
stop
echo ok
