# Bundles in several volumes, cut off, and late: what is missing is named, what is whole is kept.
# builds: release sanitize
. "$(dirname "$0")/common"

"$make" bundle v --items 7 --volumes 3

step "one volume at a time, in any order"
new_vault
says "Still to come of bundle 1: volume 1, 3 of 3." r import V v.2
says "2 submissions; 5 never arrived" r list V
says "Still to come of bundle 1: volume 3 of 3." r import V v.1
says "7 submissions listed, 2 new, 5 already here" r import V v.3
! grep -q "Still to come" out || fail "nothing is to come any more"
says "7 submissions." r list V
! grep -q "never arrived" out || fail "all have arrived"
says "0 new, 7 already here" r import V v.2

step "all in one command"
new_vault
says "2 new, 5 already here" r import V v.1 v.2 v.3
! grep -q "Still to come" out || fail "nothing is to come any more"
says "7 verified" r verify V

step "a volume that was cut off"
new_vault
head -c 400000 v.1 >cut
refused 1 "the bundle ends here" r import V v.2 v.3 cut
code=0
r import V v.2 v.3 cut >out 2>err || code=$?
[ $code = 1 ] || fail "exit $code"
[ "$(grep -c "is in the server's list, but on no medium so far" err)" = 2 ] || { cat err; fail "which are missing?"; }
grep -q "2 submissions are missing" err || { cat err; fail "how many are missing?"; }
for id in $(sed -n "s/.*: \([0-9a-f]*\): is in the server's list.*/\1/p" err); do
	r list V | grep -q "^$(printf %.8s "$id").*never arrived" || fail "$id isn't listed as missing"
	refused 1 "never arrived" r show V "$id"
done
says "2 new, 5 already here" r import V v.1
says "7 submissions." r list V

step "another bundle brings what one lacked"
new_vault
"$make" bundle one.tar --items 3
head -c 500000 one.tar >cut
refused 1 "submissions are missing" r import V cut
refused 1 "the bundle ends here" r import V cut one.tar # one of the two is no good, whatever came of it
! grep -q missing err || fail "nothing is missing any more"
says "3 submissions." r list V
