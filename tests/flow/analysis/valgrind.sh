# valgrind on unit tests of what strangers reach: nothing uninitialised, nothing out of bounds, nothing lost. Those that take
# it minutes (intake, desk, codename, age_open, keystore, store_db) are left to the sanitizers.
# time limit: 300
# alone
set -eu
[ $# -eq 1 ] || { echo "usage: sh $0 BUILD" >&2; exit 2; }
build=$(cd "$1" && pwd)
command -v valgrind >/dev/null || { echo 'no valgrind'; exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# Two at a time; the slow ones first.
tests="front/multipart front/sealer front/intake_verdicts front/sealer_failures wire/wire conf/conf carry/tar carry/minisign
	store/store_client front/request front/proxy front/circuits front/part_header front/page front/form_token front/receipts
	front/archive front/site front/manifest front/fields front/endings front/replies seal/bech32 seal/zip_record seal/padding
	mailbox/session mailbox/letters open/age_header open/passphrase base/base"
cat >one.sh <<'EOS'
name=$1
test="$build/tests/unit/${name%/*}/test_${name#*/}"
[ -x "$test" ] || { echo "FAILED: $test isn't built" >&2; exit 1; }
said=$(echo "$name" | tr / -)
start=$(date +%s)
valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite "$test" >/dev/null 2>"$said" ||
	{ tail -n 30 "$said" >&2; echo "FAILED: $name" >&2; exit 1; }
echo "$name: $(($(date +%s) - start)) s"
EOS
export build
printf '%s\n' $tests | xargs -n 1 -P 2 sh one.sh
