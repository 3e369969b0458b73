#!/bin/sh
# Measures Sealslot beside its peers, on this machine, in one go of about 20 minutes, and writes the tables of
# BENCHMARKS.md:
#
#   sh tests/bench/run.sh [--json FILE] [--only SCENE] [--quick] [--minutes N] [--runs N] [--disk DIR]
#
# SCENE is one of footprint, upload, many, opening, login, growth; and, by hand, sizes (1 MiB to 64 GiB).
# --only measures that scene alone, and puts its tables and its figures among the targets: a scene that failed is
# run again so. With fewer --minutes there are fewer rounds, and what doesn't fit is cut, and named. --quick tries
# the bench itself: tiny sizes, one round, BENCHMARKS.md is left alone. --disk is a folder on a real file system
# (/var/tmp) with 30 GB free.
# Installs what it needs (packages.txt) and builds a release; with BUILD=FOLDER in the environment, which is one,
# neither.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
[ -z "${BUILD:-}" ] || exec python3 "$root/tests/bench/bench.py" --build "$BUILD" --write "$root/BENCHMARKS.md" "$@"
sh "$root/tools/packages.sh" build bench
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
chmod 755 "$work"
echo "building" >&2
if ! { meson setup "$work/build" "$root" -Dtests=true && meson compile -C "$work/build"; } >"$work/log" 2>&1; then
	tail -n 30 "$work/log" >&2
	echo "The build failed; its last lines stand above." >&2
	exit 1
fi
python3 "$root/tests/bench/bench.py" --build "$work/build" --write "$root/BENCHMARKS.md" "$@"
