#!/bin/sh
# What a cut-off or refused run leaves behind never closes the way to the command that mends it.
# builds: release sanitize
. "$(dirname "$0")/common"

# noise FILE: as a power cut leaves it between being overwritten and being removed.
noise() {
	head -c 300 /dev/urandom >"$1"
	chmod 600 "$1"
}

init K
cheap K
schedule K --inbox tips=Tips --epochs 3
"$keys" backup K before.backup --passphrase-file pass >/dev/null

step "new-root begins nothing when an epoch key can't be tested"
mv K/epochs/tips-2.age kept
refused 1 "tips" "$keys" new-root K --passphrase-file pass
[ ! -e K/next-root.age ] && [ ! -e K/old-root.age ] || fail "a new root key was begun"
[ -z "$(find K/publish -name 'root-*')" ] || fail "a statement was signed"

step "nor does a revoke that is refused leave any of the keys that it made, however often"
ls K K/epochs >before.names
for _ in 1 2; do
	for what in --all "--inbox tips --epoch 1" --reply-key; do
		# One word per argument.
		# shellcheck disable=SC2086
		refused 1 "revoke --lost" "$keys" revoke K $what --passphrase-file pass
	done
done
ls K K/epochs | diff before.names - || fail "revoke: refused, and yet there are other files"

step "the way out"
"$keys" revoke K --lost --passphrase-file pass >/dev/null || fail "revoke --lost doesn't help"
"$keys" new-root K --passphrase-file pass >/dev/null || fail "new-root after revoke --lost"
rm kept

step "half-destroyed next keys are made anew"
noise K/next-root.age
"$keys" new-root K --passphrase-file pass >/dev/null || fail "new-root with noise in next-root.age"
[ ! -e K/next-root.age ] || fail "it is still there"
noise K/next-reply.age
"$keys" revoke K --reply-key --passphrase-file pass >/dev/null || fail "revoke --reply-key with noise in next-reply.age"
[ ! -e K/next-reply.age ] || fail "it is still there"
minisign -Vq -p K/root.pub -m K/publish/keys.txt || fail "minisign refuses the newest schedule"

step "no copy and no backup without the reply key that is listed"
noise K/next-reply.age
for command in "reviewer-copy K C --copy-passphrase-file pass" "backup K after.backup"; do
	# One word per argument.
	# shellcheck disable=SC2086
	refused 1 "schedule KEYS" "$keys" $command --passphrase-file pass
done
[ ! -e C ] && [ ! -e after.backup ] || fail "something was made"
schedule K
"$keys" backup K after.backup --passphrase-file pass >/dev/null || fail "the advice doesn't help"

step "a log of other keys takes nothing from a backup"
cp K/log both
printf '%s retired tips 3\n' "$(date -u +%F)" >>both
refused 1 "isn't the log of this key store" "$keys" restore after.backup R --log both --passphrase-file pass
[ ! -e R/unlock.age ] || fail "something was restored"
echo ok
