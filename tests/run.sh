#!/bin/sh
# Builds everything and runs every test; the last line is "N passed, N failed, N skipped".
#
#   sh tests/run.sh [--only SUITE]... [--list] [--work DIR] [--fuzz-seconds N] [WORD]...
#
# SUITE is one of: build unit interop fuzz flow browser tor. A WORD picks the
# tests whose line contains it. --work keeps builds and logs in DIR, so that the
# next run with it is quick; otherwise everything lives in a scratch folder.
# --fuzz-seconds: how long each fuzz target gets new input; a few otherwise.
set -eu
cd "$(dirname "$0")/.."

give_up() {
	echo "$1" >&2
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
}

sh tools/packages.sh build test || give_up "The tools for building and testing are not there."
exec python3 tests/lib/run.py "$@"
