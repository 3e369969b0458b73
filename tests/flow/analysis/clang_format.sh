# clang-format has nothing to change.
# time limit: 60
set -eu
[ $# -eq 1 ] || { echo "usage: sh $0 BUILD" >&2; exit 2; }
source=$(cd "$(dirname "$0")/../../.." && pwd)
command -v clang-format >/dev/null || { echo 'no clang-format'; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$source"
find keys server client tests -name node_modules -prune -o \( -name '*.c' -o -name '*.h' \) -print >"$scratch/files"
[ "$(wc -l <"$scratch/files")" -gt 300 ] || { echo 'where are the sources?' >&2; exit 1; }
xargs clang-format --dry-run -Werror <"$scratch/files" 2>"$scratch/said" || { grep error: "$scratch/said" >&2; exit 1; }
echo "as .clang-format has it: $(wc -l <"$scratch/files") files"
# And it can fail.
cp .clang-format "$scratch"
printf 'int  f( void ){return 0;}\n' >"$scratch/bad.c"
! clang-format --dry-run -Werror "$scratch/bad.c" 2>/dev/null || { echo 'it finds nothing at all' >&2; exit 1; }
