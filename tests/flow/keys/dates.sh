#!/bin/sh
# Dates: leap years, year ends, epochs that end, a pause, a clock that goes back.
# builds: release
# time limit: 240
. "$(dirname "$0")/common"

lines() {
	awk '$1 == "epoch:" {print $3, $4, $5}' K/publish/keys.txt
}

step "over a year end and a leap day"
on 2027-12-20 "$keys" init K --instance "$onion" --passphrase-file pass >/dev/null
on 2027-12-20 "$keys" schedule K --inbox tips=Tips --epochs 6 --passphrase-file pass >/dev/null
lines >got
cat >want <<'END'
1 2027-12-20 2028-01-03
2 2028-01-03 2028-01-17
3 2028-01-17 2028-01-31
4 2028-01-31 2028-02-14
5 2028-02-14 2028-02-28
6 2028-02-28 2028-03-13
END
diff want got || fail "dates"

step "midnight is in UTC"
for at in "2028-01-02 23:59:50:1" "2028-01-03 00:00:05:2"; do
	shown=$(faketime "${at%:*}" "$keys" show K)
	echo "$shown" | grep -q "today epoch ${at##*:}," || fail "epoch at ${at%:*} UTC"
done

step "show says when to do what"
on 2028-02-11 "$keys" show K | grep -q "^Next, by 2028-02-12: " || fail "a day before"
on 2028-02-12 "$keys" show K | grep -q "^Next, now: " || fail "thirty days before the end"
on 2028-02-13 "$keys" show K | grep -q "fewer than 30 days" || fail "warning"
on 2028-03-13 "$keys" show K | grep -q "NO KEY FOR TODAY" || fail "after the end"
on 2028-03-13 "$keys" check K/publish/keys.txt --root K/root.pub | grep -q "no key for today" ||
	fail "check after the end"

step "an extension in time follows without a gap, whatever day it is made"
on 2028-02-29 "$keys" schedule K --epochs 3 --passphrase-file pass >/dev/null
lines | tail -n 2 >got
printf '7 2028-03-13 2028-03-27\n8 2028-03-27 2028-04-10\n' | diff - got || fail "extension"
minisign -Vq -p K/root.pub -m K/publish/keys.txt

step "gap and overlap are refused"
refused 1 "gap" on 2028-03-01 "$keys" schedule K --epochs 9 --from 2028-04-11 --passphrase-file pass
refused 1 "overlap" on 2028-03-01 "$keys" schedule K --epochs 9 --from 2028-04-09 --passphrase-file pass
refused 1 "over already" on 2028-03-01 "$keys" schedule K --inbox x=X --from 2028-02-16 --epochs 3 --passphrase-file pass
refused 2 "real day" "$keys" schedule K --from 2027-02-29 --passphrase-file pass
[ "$(ls K/publish/keys-*.txt | wc -l)" -eq 2 ] || fail "a refused schedule was signed"

step "a clock that went back signs nothing"
refused 1 "before the day" on 2028-02-28 "$keys" schedule K --epochs 20 --passphrase-file pass

step "after a pause: what isn't retired stays, nothing is sealed to the days between, the rest follows"
lines >before
on 2030-01-01 "$keys" schedule K --epochs 2 --days 7 --passphrase-file pass >/dev/null
lines | head -n 8 | diff before - || fail "the epochs before the pause"
lines | tail -n +9 >got
printf '%s\n' '9 2028-04-10 2029-04-11' '10 2029-04-11 2030-01-01' '11 2030-01-01 2030-01-08' '12 2030-01-08 2030-01-15' |
	diff - got || fail "after the pause"
verified K
on 2030-01-01 "$keys" show K | grep -q "today epoch 11," || fail "today's epoch"
on 2030-01-09 "$keys" schedule K --epochs 2 --passphrase-file pass >/dev/null
lines | tail -n 1 | grep -qx "13 2030-01-15 2030-01-22" || fail "the length is remembered"

step "after a pause with everything retired epochs begin anew, numbers go on"
cp -a K R
rm R/epochs/*.age # as retire does
on 2031-01-01 "$keys" schedule R --epochs 1 --passphrase-file pass >/dev/null
awk '$1 == "epoch:" {print $3, $4, $5}' R/publish/keys.txt >got
echo "14 2031-01-01 2031-01-08" | diff - got || fail "after the pause"
verified R

step "a new inbox switches with the others"
on 2030-01-10 "$keys" schedule K --inbox 'arts=Arts' --epochs 2 --passphrase-file pass >/dev/null
awk '$2 == "arts" && $1 == "epoch:" {print $3, $4, $5}' K/publish/keys.txt >got
printf '1 2030-01-08 2030-01-22\n2 2030-01-22 2030-02-05\n' | diff - got || fail "new inbox"

step "the longest epochs, and one day more"
refused 2 "1 to 366" "$keys" schedule K --days 367 --passphrase-file pass
on 2031-06-01 "$keys" schedule K --days 366 --epochs 1 --passphrase-file pass >/dev/null
lines | grep -q " 2031-06-01 2032-06-01" || fail "a year with a leap day"
verified K
echo ok
