# Days pass: the epoch switches at midnight, a clock that jumps stops uploads until an admin says so.
# builds: sanitize
. "$(dirname "$0")/common"
SEALSLOT_TEST_CLOCK=$scratch/shift
export SEALSLOT_TEST_CLOCK
# set_day DAYS: so many days from today, at noon or later.
set_day() {
	python3 -c 'import struct, sys
f = open("shift", "r+b"); f.write(struct.pack("=q", int(sys.argv[1]) * 86400)); f.close()' "$1"
}
day() {
	date -u -d "$today $1 days" +%F
}
printf '\0\0\0\0\0\0\0\0' >shift
chmod 644 shift
"$make_keys" keys 1 "$today" "$today" 4 14
verb init >/dev/null
verb publish keys/publish/keys.txt >/dev/null
serve

step days pass in a running server
answers "keys 1 today $today" state
answers stored 'upload 1000'
set_day 20
wait_for 5 answers "today $(day 20)" state
answers stored 'upload 1000'
says '"keys_days":36,' verb status --json
code=0
set_day 40
wait_for 5 answers "today $(day 40)" state
verb status --json >out || code=$?
[ "$code" -eq 3 ] && grep -q '"keys_days":16,' out || { cat out; fail 'the warning'; }
set_day 56
wait_for 5 answers "today $(day 56)" state
answers 'refused no valid key' 'upload 1000'
bsdtar --version >/dev/null
verb export days.tar 2>/dev/null
bsdtar -xOf days.tar index.txt | grep '^item: ' | cut -d' ' -f3 | sort >days
printf '%s\n%s\n' "$today" "$(day 20)" | cmp - days || fail 'the days of the items'

step a day back is nothing, two are
"$make_keys" keys 2 "$(day 50)" "$today" 20 14
verb publish keys/publish/keys.txt >/dev/null
answers stored 'upload 1000'
set_day 55
wait_for 5 answers "keys 2 today $(day 55)" state
answers stored 'upload 1000'
set_day 54
wait_for 5 answers "keys the clock can't be trusted" state
answers refused 'upload 1000'
code=0
verb status >out || code=$?
[ "$code" -eq 3 ] && grep -q 'warning: The date jumped' out || { cat out; fail 'status'; }
set_day 56
wait_for 5 answers 'keys 2' state

step thirty days ahead is a long holiday, thirty-one a wrong clock
set_day 87
wait_for 5 answers "keys the clock can't be trusted" state
stop
step it stays wrong over a restart, until an admin says otherwise
serve
wait_for 5 answers "keys the clock can't be trusted" state
says "$(day 87) counts as the right day" verb clock-ok
wait_for 5 answers 'keys 2' state
answers stored 'upload 1000'
says '"clock_oks":1' verb status --json
stop
set_day 116
serve
wait_for 5 answers 'keys 2' state
stop

step a schedule from a clock that is ahead
"$make_keys" keys 3 "$(day 118)" "$today" 30 14
says 'lies before the schedule' verb publish keys/publish/keys.txt
serve
wait_for 5 answers "keys the clock can't be trusted" state
verb clock-ok >/dev/null
wait_for 5 answers 'keys 3' state
stop
echo ok
