#!/bin/sh
# The passphrase on the terminal: init offers one and asks for it twice, nothing shows it.
. "$(dirname "$0")/common"
KEYS=$keys ONION=$onion
export KEYS ONION

step "init with the passphrase it offers"
expect -c '
	set timeout 60
	log_user 0
	spawn $env(KEYS) init K --instance $env(ONION)
	expect -re {six words drawn at random:\r\n\r\n +([a-z-]+)\r\n}
	set words $expect_out(1,string)
	expect "Type it: "
	send -- "$words\r"
	expect "Once more: "
	send -- "$words\r"
	expect {
		"is ready" {}
		timeout { exit 1 }
		eof { exit 1 }
	}
	if {[string first $words $expect_out(buffer)] != -1} { puts "the passphrase was echoed"; exit 1 }
	expect eof
	set status [lindex [wait] 3]
	set f [open typed w]
	puts $f $words
	close $f
	exit $status' || fail "init on a terminal"
chmod 600 typed
[ "$(tr '-' '\n' <typed | grep -c '^[a-z]*$')" -eq 6 ] || fail "six words"
says "1 new epoch keys" "$keys" schedule K --inbox tips=Tips --epochs 1 --passphrase-file typed

step "schedule asks for it"
PASS=$(cat typed) expect -c '
	set timeout 60
	log_user 0
	spawn $env(KEYS) schedule K --epochs 2
	expect "Passphrase of the key store: "
	send -- "$env(PASS)\r"
	expect {
		"2 tested" {}
		timeout { exit 1 }
		eof { exit 1 }
	}
	if {[string first $env(PASS) $expect_out(buffer)] != -1} { exit 1 }
	expect eof
	exit [lindex [wait] 3]' || fail "schedule on a terminal"

step "two that differ make nothing"
expect -c '
	set timeout 60
	log_user 0
	spawn $env(KEYS) init N --instance $env(ONION)
	expect "Type it: "
	send -- "one\r"
	expect "Once more: "
	send -- "two\r"
	expect {
		"the two passphrases differ" {}
		timeout { exit 9 }
		eof { exit 9 }
	}
	expect eof
	exit [lindex [wait] 3]' && fail "accepted" || [ $? -eq 1 ] || fail "exit code"
[ ! -e N ] || fail "N was made"

step "a short one makes nothing"
(umask 077; printf 'fifteen bytes..\n' >short; printf 'sixteen bytes...\n' >enough)
refused 1 "too short" "$keys" init N --instance "$onion" --passphrase-file short
grep -q "six words" err || fail "advice"
refused 1 "too short" "$keys" reviewer-copy K N --passphrase-file typed --copy-passphrase-file short
expect -c '
	set timeout 60
	log_user 0
	spawn $env(KEYS) init N --instance $env(ONION)
	expect "at least 16 bytes"
	expect "Type it: "
	send -- "short\r"
	expect "Once more: "
	send -- "short\r"
	expect {
		"too short" {}
		timeout { exit 9 }
		eof { exit 9 }
	}
	expect eof
	exit [lindex [wait] 3]' && fail "accepted" || [ $? -eq 1 ] || fail "exit code"
[ ! -e N ] || fail "N was made"
says "is ready" "$keys" init N --instance "$onion" --passphrase-file enough
rm -r N

step "a wrong one, and none"
for send in 'wrong\r' '\r' '\004'; do
	SEND=$(printf '%b' "$send") expect -c '
		set timeout 60
		log_user 0
		spawn $env(KEYS) schedule K
		expect "Passphrase of the key store: "
		send -- "$env(SEND)\r"
		expect eof
		exit [lindex [wait] 3]' && fail "accepted" || [ $? -eq 1 ] || fail "exit code"
done
echo ok
