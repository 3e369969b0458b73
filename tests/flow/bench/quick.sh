# The bench itself: a scene runs to its end, says its figures, and leaves BENCHMARKS.md alone.
# time limit: 180
set -eu
[ $# -eq 1 ] || { echo "usage: sh $0 BUILD" >&2; exit 2; }
root=$(cd "$(dirname "$0")/../../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM HUP
build=$(cd "$1" && pwd)
cp "$root/BENCHMARKS.md" "$scratch/before"

BUILD="$build" sh "$root/tests/bench/run.sh" --quick --only footprint --disk "$scratch" --json "$scratch/json" >"$scratch/out"
cmp "$scratch/before" "$root/BENCHMARKS.md"
grep -q '^| front | .*libmicrohttpd' "$scratch/out"
# shellcheck disable=SC2016  # Python's text, not the shell's
python3 - "$scratch/json" <<'PY'
import json
import sys

with open(sys.argv[1], encoding="utf-8") as f:
    found = json.load(f)
assert found["failures"] == [] and found["cut"] == [], found
assert set(found["targets"]) == {"start to first page, ms", "idle memory of all processes, MiB"}, found["targets"]
assert found["targets"]["start to first page, ms"]["median"] > 0
tables = {t["title"]: t["rows"] for t in found["tables"]}
assert len(tables) == 4 and all(tables.values()), tables
roles = {row["process"] for row in tables["Processes when idle"]}
assert roles == {"parent", "front", "store", "mailbox", "all"}, roles
PY

# What can't be measured is said, and the exit status says it, too.
if BUILD="$scratch" sh "$root/tests/bench/run.sh" --quick --only footprint --disk "$scratch" >"$scratch/out" 2>"$scratch/err"; then
	echo "a bench without programs says that all is well" >&2
	exit 1
fi
grep -q '^FAILED: footprint: running' "$scratch/err"
echo "the footprint scene: 4 tables, 2 targets; a build folder without programs is a failure"
