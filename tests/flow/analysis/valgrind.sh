# valgrind on every unit test that the build has: nothing uninitialised, nothing out of bounds, nothing lost. Those in `slow`
# take it longer than 25 seconds of a core each, and are run by hand, after a change to what they test:
#
#   sh tests/flow/analysis/valgrind.sh BUILD all
#
# time limit: 500
# alone
set -eu
[ $# -eq 1 ] || [ "$#:${2:-}" = 2:all ] || { echo "usage: sh $0 BUILD [all]" >&2; exit 2; }
build=$(cd "$1" && pwd)
command -v valgrind >/dev/null || { echo 'no valgrind'; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Argon2id and scrypt, every byte of a bundle or an index, gigabytes.
slow="mailbox_desk mailbox_desk_replies mailbox_desk_sign_in client_import_cut store_db open_zip_large open_keystore_writers front_intake zip_write"
# open_memory reads below its own stack pointer, and what was freed, to see that no secret is left there: just what valgrind
# forbids, and not a finding.
never="open_memory"
# What takes longest goes first.
early="front_intake_traces carry_bundle client_item open_age_open mailbox_codename client_ledger store_settle front_multipart
	open_zip_read client_display front_sealer client_review age_seal"

# Name, program, argument of what meson runs as a unit test; scripts run nothing of ours in their own process.
cat >"$scratch/list.py" <<'EOP'
import json, sys
tests = {t["name"]: t["cmd"] for t in json.load(sys.stdin) if t["suite"][0].endswith("unit")}
programs = {name: cmd for name, cmd in tests.items() if open(cmd[0], "rb").read(4) == b"\x7fELF"}
known, wanted = set(sys.argv[1].split()), sys.argv[2].split()
if not known <= programs.keys():
    sys.exit("no such unit test: " + " ".join(known - programs.keys()))
for name in wanted + sorted(programs.keys() - known):
    print(name, *programs[name])
EOP
wanted=$early
[ $# -eq 1 ] || wanted="$slow $early"
cd "$build"
meson introspect --tests "$build" | python3 "$scratch/list.py" "$slow $never $early" "$wanted" >"$scratch/list"

cat >"$scratch/one.sh" <<'EOS'
name=$1
shift
start=$(date +%s)
valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite "$@" >/dev/null 2>"$scratch/$name" ||
	{ grep -v '^==' "$scratch/$name" | head -n 20; grep '^==' "$scratch/$name" | head -n 20; echo "FAILED: $name"; exit 1; } >&2
echo "$name: $(($(date +%s) - start)) s"
EOS
export scratch
xargs -L 1 -P 2 sh "$scratch/one.sh" <"$scratch/list"
