#!/bin/sh
# Sealslot on this machine in one command: build, throw-away keys, a server on
# loopback, and one round trip from an upload to the opened document.
#
#   sh server/quickstart.sh [--once] [--port N]
#
# Then it serves until Ctrl-C; with --once it ends after the round trip. Everything
# but build/ lies in a scratch folder, which is deleted at the end. For trying out,
# never for real sources: the keys of a real slot are made on a machine without a network.
set -eu
cd "$(dirname "$0")/.."

usage() {
	echo "usage: sh server/quickstart.sh [--once] [--port N]" >&2
	exit 2
}

once=no
port=
while [ $# -gt 0 ]; do
	case $1 in
	--once) once=yes ;;
	--port)
		[ $# -ge 2 ] || usage
		shift
		port=$1
		;;
	*) usage ;;
	esac
	shift
done

scratch=
server=

cleanup() {
	if [ -n "$server" ]; then
		kill "$server" 2>/dev/null || :
		wait "$server" || :
	fi
	[ -z "$scratch" ] || rm -rf "$scratch"
}

# Runs a step quietly; what it said is shown when it fails.
quietly() {
	"$@" >"$scratch/said" 2>&1 </dev/null || {
		status=$?
		tail -n 40 "$scratch/said" >&2
		die "failed with exit status $status: $*"
	}
}

die() {
	echo "quickstart: $*" >&2
	exit 1
}

step() {
	printf '  %-9s %s\n' "$1" "$2"
}

is_free() {
	status=0
	curl -s -o "$scratch/said" --max-time 2 "http://127.0.0.1:$1/" || status=$?
	[ "$status" -eq 7 ] # nobody listens
}

# The usual port, or the first free one of a few drawn at random.
choose_port() {
	for candidate in 8480 $(shuf -n 20 -i 20000-32000); do
		if is_free "$candidate"; then
			port=$candidate
			return
		fi
	done
	die "found no free port; name one with --port"
}

build() {
	[ -e build/build.ninja ] || quietly meson setup build
	quietly meson compile -C build
	step build "the three programs, below build/"
}

make_keys() {
	od -An -N16 -tx1 /dev/urandom | tr -d ' ' >"$pass"
	quietly "$keys_tool" init "$keys" --instance "$instance" --passphrase-file "$pass"
	quietly "$keys_tool" schedule "$keys" --inbox 'tips=Investigations desk' --passphrase-file "$pass"
	step keys "made, signed and tested; in a real slot this happens offline"
}

configure() {
	# The server never runs as root.
	user=
	[ "$(id -u)" -ne 0 ] || user='user = nobody'
	chmod 711 "$scratch"
	cat >"$conf" <<-EOF
		[server]
		instance = $instance
		listen = 127.0.0.1:$port
		name = Quickstart
		$user
		[store]
		path = $scratch/store
		max_upload = 1G
		reserve = 16M
		[keys]
		root = $keys/root.pub
	EOF
	quietly "$sealslotd" init --conf "$conf"
	quietly "$sealslotd" publish --conf "$conf" "$keys/publish/keys.txt"
}

start() {
	"$sealslotd" serve --conf "$conf" </dev/null >"$scratch/server.log" 2>&1 &
	server=$!
	tries=0
	until curl -sf -o "$scratch/form" "$url"; do
		tries=$((tries + 1))
		if [ "$tries" -gt 100 ] || ! kill -0 "$server" 2>/dev/null; then
			cat "$scratch/server.log" >&2
			die "the server didn't start"
		fi
		sleep 0.1
	done
	step server "$url"
}

upload() {
	cp keys/FORMATS.md "$scratch/document.md"
	token=$(sed -n 's/.*name="token" value="\([^"]*\)".*/\1/p' "$scratch/form")
	field=$(sed -n 's/.*type="file".* name="\([^"]*\)".*/\1/p' "$scratch/form" | head -n 1)
	action=$(sed -n 's/.*<form.* action="\/\([^"]*\)".*/\1/p' "$scratch/form")
	quietly curl -sSf -L -c "$scratch/cookies" -b "$scratch/cookies" --form-string "token=$token" \
		--form-string "message=$message" -F "$field=@$scratch/document.md" "$url$action"
	grep -q '<h1>' "$scratch/said" || die "the server showed no receipt"
	step upload "a message and a document, as a browser sends them"
	! grep -rqF "$message" "$scratch/store" || die "the store holds plaintext"
	step stored "$("$sealslotd" status --conf "$conf" | sed -n 's/^ *sealed items[: ]*/sealed items: /p')nothing readable"
}

carry() {
	quietly "$sealslotd" export --conf "$conf" "$scratch/out.tar"
	step export "one ciphertext bundle, for the USB stick"
	quietly "$review" init "$scratch/vault" --keys "$keys" --passphrase-file "$pass"
	quietly "$review" import "$scratch/vault" "$scratch/out.tar" --passphrase-file "$pass"
	step import "into the reviewers' vault, on the machine without a network"
}

open_and_compare() {
	quietly "$review" list "$scratch/vault" --json --passphrase-file "$pass"
	id=$(sed 's/[,{]/\n/g' "$scratch/said" | sed -n 's/.*"id": *"\([0-9a-f]*\)".*/\1/p')
	quietly "$review" extract "$scratch/vault" "$id" --to "$scratch/opened" --passphrase-file "$pass"
	want=$(sha256sum <"$scratch/document.md")
	got=$(cat "$scratch"/opened/*document.md | sha256sum)
	[ "$want" = "$got" ] || die "the document that came out isn't the one that went in"
	grep -qxF "$message" "$scratch"/opened/*message.txt || die "the message that came out isn't the one that went in"
	step open "message and document are what went in; SHA-256 ${want%% *}"
}

trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

sh tools/packages.sh build
scratch=$(mktemp -d)
pass=$scratch/passphrase
keys=$scratch/keys
conf=$scratch/sealslotd.conf
keys_tool=build/keys/sealslot-keys
sealslotd=build/server/sealslotd
review=build/client/sealslot-review
instance=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaad.onion
message="Look at the second page. $(od -An -N8 -tx1 /dev/urandom | tr -d ' ')"

echo "Sealslot, a throw-away one on this machine:"
build
umask 077
make_keys
[ -n "$port" ] || choose_port
url=http://127.0.0.1:$port/
configure
start
upload
carry
open_and_compare
[ "$once" = no ] || exit 0
cat <<EOF

Open $url and send something yourself. Ctrl-C ends it and deletes everything.
EOF
wait "$server"
