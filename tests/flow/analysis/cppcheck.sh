# cppcheck over the product: no finding that isn't explained here.
# time limit: 300
# alone
set -eu
[ $# -eq 1 ] || { echo "usage: sh $0 BUILD" >&2; exit 2; }
source=$(cd "$(dirname "$0")/../../.." && pwd)
command -v cppcheck >/dev/null || { echo 'no cppcheck'; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$source"
check() {
	cppcheck --enable=warning,performance,portability --std=c11 -j "$(nproc)" -q -D_GNU_SOURCE -I keys -I server \
		--error-exitcode=1 --template='{file}:{line}: {id}: {message}' --suppressions-list=tests/flow/analysis/cppcheck.txt "$@"
}
check keys server client && echo 'no finding'
printf '#include <stdlib.h>\nint f(void);\nint f(void) { int *p = malloc(4); if (p == NULL) return *p; free(p); return *p; }\n' >"$scratch/bad.c"
! check "$scratch/bad.c" >/dev/null 2>&1 || { echo 'it finds nothing at all' >&2; exit 1; }
