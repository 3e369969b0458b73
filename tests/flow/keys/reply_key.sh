#!/bin/sh
# A desk's reply key is replaced, or listed no more; killed at every step.
# builds: release sanitize
# time limit: 300
. "$(dirname "$0")/common"

# A sanitizer can't search for leaks under strace.
ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
export ASAN_OPTIONS

listed() {
	awk '$1 == "replykey:" {print $2}' "$1/publish/keys.txt"
}
reply() {
	tail -n 1 "$1/reply.pub"
}

init K
cheap K
schedule K --inbox tips=Tips --epochs 2
[ "$(listed K)" = "$(reply K)" ] || fail "the first one"

step "wrong uses"
refused 2 "need nothing else" "$keys" revoke K --reply-key --all --passphrase-file pass
refused 2 "need nothing else" "$keys" revoke K --reply-key --inbox tips --passphrase-file pass
refused 2 "RW..." "$keys" revoke K --desk RWnonsense --passphrase-file pass
refused 1 "the reply key of this desk" "$keys" revoke K --desk "$(reply K)" --passphrase-file pass
says "is ready" "$keys" init other --without-root --instance "$onion" --passphrase-file pass
refused 1 "no desk has that reply key" "$keys" revoke K --desk "$(reply other)" --passphrase-file pass

step "another one takes its place; a copy follows"
"$keys" reviewer-copy K copy --passphrase-file pass --copy-passphrase-file pass >/dev/null
cp -a K before
old=$(reply K)
epochs=$(grep ^epoch: K/publish/keys.txt)
says "reply key of this desk is another one" "$keys" revoke K --reply-key --passphrase-file pass
verified K
[ "$(reply K)" != "$old" ] && [ "$(listed K)" = "$(reply K)" ] || fail "the reply key"
[ "$epochs" = "$(grep ^epoch: K/publish/keys.txt)" ] || fail "epochs changed"
[ ! -e K/next-reply.age ] || fail "the next one is left"
unlocked K
echo "$(age -d -i id K/reply.age)" | grep -q . || fail "reply.age"
"$keys" reviewer-copy K copy --passphrase-file pass --copy-passphrase-file pass >/dev/null
[ "$(reply copy)" = "$(reply K)" ] || fail "the copy's reply.pub"
mv id id.K
unlocked copy
[ "$(age -d -i id copy/reply.age)" = "$(age -d -i id.K K/reply.age)" ] || fail "the copy's reply.age"
says "Nothing was missing" "$keys" schedule K --epochs 2 --passphrase-file pass

step "--all replaces it, too; --desk drops another one"
old=$(reply K)
says "another one" "$keys" revoke K --all --passphrase-file pass
[ "$(reply K)" != "$old" ] && [ "$(listed K)" = "$(reply K)" ] || fail "the reply key"
cp K/publish/keys.txt K/publish/keys.txt.minisig .
says "" "$keys" offer other keys.txt --root K/root.pub --inbox tips --passphrase-file pass offer.txt
schedule K --epochs 2 --with offer.txt --desk "$(reply other)"
[ "$(listed K | wc -l)" -eq 2 ] || fail "two desks"
says "Signed" "$keys" revoke K --desk "$(reply other)" --passphrase-file pass
[ "$(listed K)" = "$(reply K)" ] || fail "it is still listed"
verified K

step "a restored backup doesn't bring a revoked one back, and the lost one is listed no more"
rm -rf K && cp -a before K
stolen=$(reply K)
says "a backup" "$keys" backup K one-desk --passphrase-file pass
says "another one" "$keys" revoke K --all --passphrase-file pass
lost=$(reply K)
says "restored" "$keys" restore one-desk R --schedule K/publish/keys.txt --passphrase-file pass
[ "$(reply R)" = "$stolen" ] || fail "not what was meant"
says "keys replaced" "$keys" revoke R --lost --passphrase-file pass
[ "$(listed R)" = "$(reply R)" ] && [ "$(reply R)" != "$stolen" ] && [ "$(reply R)" != "$lost" ] ||
	fail "listed: $(listed R)"
! grep -q "may be this desk's" out || fail "there is only one desk"
verified R
says "Nothing was missing" "$keys" schedule R --epochs 2 --passphrase-file pass

step "with two desks it says that one is still listed, and the admin drops it"
rm -rf K R && cp -a before K
schedule K --epochs 2 --with offer.txt --desk "$(reply other)"
says "another one" "$keys" revoke K --reply-key --passphrase-file pass
lost=$(reply K)
says "restored" "$keys" restore one-desk R --schedule K/publish/keys.txt --passphrase-file pass
says "may be this desk's" "$keys" schedule R --epochs 2 --passphrase-file pass
! listed R | grep -qxF "$stolen" || fail "the stolen one is listed again"
says "Signed" "$keys" revoke R --desk "$lost" --passphrase-file pass
[ "$(listed R | sort)" = "$(printf '%s\n' "$(reply R)" "$(reply other)" | sort)" ] || fail "listed: $(listed R)"

step "killed at every step, then any other run finishes it"
old=$(reply before)
count=0
for call in write fsync linkat renameat renameat2 rename unlinkat; do
	nth=1
	while :; do
		rm -rf K && cp -a before K
		rc=0
		strace -qq -o trace -e trace=$call -e inject=$call:signal=KILL:when=$nth \
			"$keys" revoke K --reply-key --passphrase-file pass >out 2>err </dev/null || rc=$?
		[ $rc -ne 0 ] || break
		[ $rc -eq 137 ] || { cat err; fail "exit $rc"; }
		schedule K --epochs 2
		# Either nothing had begun, or there is exactly one other key.
		[ ! -e K/next-reply.age ] || fail "next-reply.age after $call $nth"
		[ "$(listed K)" = "$(reply K)" ] || fail "listed after $call $nth"
		verified K
		count=$((count + 1))
		nth=$((nth + 1))
	done
done
[ $count -gt 12 ] || fail "only $count steps were tried"
echo "$count steps"
echo ok
