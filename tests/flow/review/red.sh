# A submission whose manifest doesn't fit the key that opened it: red on a terminal, plain marks elsewhere.
# builds: release sanitize
. "$(dirname "$0")/common"

"$make" bundle other.tar --items 1 --stated 31
"$make" bundle right.tar --items 1 --first 1 --serial 2 --previous other.tar
new_vault
other=$("$make" ids 0 1)
right=$("$make" ids 1 1)
refused 1 "something about it doesn't fit" r import V other.tar
says "1 new" r import V right.tar
red=$(printf '\033[1;31m')
mark="!! Inbox or epoch in its manifest aren't those of the key that opened it."

# on_terminal ARGUMENT...: what the tool shows on one, in the file shown.
on_terminal() {
	env -u NO_COLOR TERM=xterm script -qec "$review $* --passphrase-file pass" /dev/null </dev/null >shown || { cat shown; fail "$*"; }
}

on_terminal list V
[ "$(grep -cF "${red}DOESN'T FIT" shown)" = 1 ] || { cat -v shown; fail "list isn't red, for one of two"; }
on_terminal show V "$other"
grep -qF "$red$mark" shown || { cat -v shown; fail "show isn't red"; }
on_terminal show V "$right"
! grep -qF "$red" shown || { cat -v shown; fail "a right one is red"; }

says "DOESN'T FIT" r list V
! grep -qF "$red" out || fail "red where there is no terminal"
says "$mark" r show V "$other"
! grep -qF "$red" out || fail "red where there is no terminal"
[ "$(field '"epoch" in next(i["flags"] for i in v["items"] if i["id"] == "'"$other"'")')" = True ] || fail "the list as JSON"
