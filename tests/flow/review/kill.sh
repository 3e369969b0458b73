# kill -9 at every step of an import that changes anything: afterwards the vault is sound, and the
# same command finishes the work.
# time limit: 900
. "$(dirname "$0")/common"

"$make" bundle one.tar --serial 1 --items 3
"$make" bundle two.tar --serial 2 --previous one.tar --first 3 --items 3
new_vault
r import V one.tar >out
cp -a V template

# check WHERE: what is listed is whole, what is named is listed or a whole file, and a second run finishes.
check() {
	r list V --json >list.json 2>err || { cat err; fail "$1: the vault can't be listed"; }
	r verify V >out 2>err || { cat out err; fail "$1: something listed isn't whole"; }
	for f in V/items/*.age; do
		[ "$(stat -c %s "$f")" = "$(stat -c %s template/items/"$(ls template/items | head -1)")" ] ||
			fail "$1: $f isn't whole"
	done
	r import V two.tar >out 2>err || { cat out err; fail "$1: the second run"; }
	r verify V >out || fail "$1: after the second run"
	grep -q "^6 verified to the last byte, 0 without a key, 0 bad" out || { cat out; fail "$1: not all came in"; }
	[ "$(ls -A V/items | wc -l)" = 6 ] || { ls -A V/items; fail "$1: leftovers"; }
	! ls -A V/ledger | grep -q tmp || fail "$1: leftovers in the ledger"
	python3 - list.json <<-PY || fail "$1: the list"
		import json, sys
		states = [i["state"] for i in json.load(open(sys.argv[1]))["items"]]
		assert states.count("opened") >= 3, states
	PY
}

killed=0
for call in openat write linkat renameat fsync syncfs unlinkat close; do
	n=1
	while :; do
		rm -rf V && cp -a template V
		code=0
		strace -f -o /dev/null -e trace=$call -e inject=$call:signal=KILL:when=$n \
			"$review" import V two.tar --passphrase-file pass >out 2>err || code=$?
		[ $code -eq 137 ] || break # it came to its end
		killed=$((killed + 1))
		check "killed at $call $n"
		# Closes and opens before the import begins are many and all alike.
		case $call in openat | close) n=$((n + 3)) ;; *) n=$((n + 1)) ;; esac
	done
done
echo "killed $killed times"
[ $killed -ge 40 ] || fail "only $killed kills: strace's injection doesn't work here"
