# The passphrase from the terminal.
. "$(dirname "$0")/common"

new_vault
pass=$(cat pass)
cat >ask.exp <<-EXP
	set timeout 20
	spawn -noecho $review list V
	expect {
		"Passphrase of the key store*KEYS: " { send "[lindex \$argv 0]\r" }
		timeout { exit 9 }
	}
	expect eof
	catch wait result
	exit [lindex \$result 3]
EXP
expect ask.exp -- "$pass" >out || fail "the right passphrase: $(cat out)"
grep -q "0 submissions" out || fail "$(cat out)"
! grep -q "correct horse" out || fail "the passphrase was shown"
code=0
expect ask.exp -- wrong >out || code=$?
[ $code = 1 ] || fail "the wrong passphrase: exit $code"
grep -q "wrong passphrase" out || fail "$(cat out)"
