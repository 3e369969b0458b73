# clang-tidy over the product, with the few checks of .clang-tidy: no finding.
# time limit: 300
# alone
set -eu
[ $# -eq 1 ] || { echo "usage: sh $0 BUILD" >&2; exit 2; }
build=$(cd "$1" && pwd)
source=$(cd "$(dirname "$0")/../../.." && pwd)
command -v clang-tidy >/dev/null || { echo 'no clang-tidy'; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$source"
# The compiler that built it may know options that clang doesn't.
sed -E 's/-ftrivial-auto-var-init=[a-z]+//g; s/-fstack-clash-protection//g; s/-fanalyzer//g; s/-Werror//g' \
	"$build/compile_commands.json" >"$scratch/compile_commands.json"
if find keys server client -name '*.c' ! -name '*_gen.c' ! -name '*_san.c' ! -name '*_test.c' ! -path 'server/pages/*' -print0 |
	xargs -0 -P "$(nproc)" -n 8 clang-tidy -p "$scratch" --quiet >"$scratch/said" 2>"$scratch/err"; then
	echo "no finding in $(find keys server client -name '*.c' | wc -l) files"
else
	grep -E '(error|warning):' "$scratch/said" "$scratch/err" || tail -n 20 "$scratch/err"
	exit 1
fi
# And it can fail.
printf '#include <string.h>\nint f(const char *s);\nint f(const char *s) { if (strlen(s) < 0 && s == s) return 1; return 0; }\n' >"$scratch/bad.c"
! clang-tidy --config-file="$source/.clang-tidy" --quiet "$scratch/bad.c" -- >/dev/null 2>&1 || { echo 'it finds nothing at all' >&2; exit 1; }
