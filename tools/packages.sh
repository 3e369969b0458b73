#!/bin/sh
# Installs what is missing of the Debian packages in packages.txt.
#
#   sh tools/packages.sh KIND...        kinds: build test
#
# Needs nothing but a POSIX shell and apt. Says nothing, asks for nothing and
# touches nothing when everything is there already.
set -eu

list=$(dirname "$0")/../packages.txt

# The packages of the given kinds, one per line.
wanted() {
	while read -r kind package _; do
		for k in "$@"; do
			[ "$kind" != "$k" ] || echo "$package"
		done
	done <"$list"
}

# What is installed, and what an installed package provides (npm may come with nodejs).
present() {
	# shellcheck disable=SC2016  # dpkg's fields, not the shell's
	dpkg-query -W -f '${db:Status-Status} ${Package} ${Provides}\n' |
		sed -n '/^installed /{s|[, ][, ]*|\n|g;p}'
}

missing() {
	have=$(present)
	wanted "$@" | while read -r package; do
		case "
$have
" in
		*"
$package
"*) ;;
		*) echo "$package" ;;
		esac
	done
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

refuse() {
	cat >&2 <<EOF
Sealslot needs Debian packages that are missing here, and installing them takes
root or sudo. Ask somebody who may to run this, then try again:

  apt-get install --no-install-recommends $1
EOF
	exit 1
}

may_install() {
	[ "$(id -u)" -eq 0 ] || { command -v sudo >/dev/null && sudo -v; }
}

apt_get() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" </dev/null
}

# apt-get update knows no lock time-out: another apt may be at work for a moment.
update() {
	for wait in 5 15 30; do
		! apt_get update || return 0
		sleep "$wait"
	done
	apt_get update
}

command -v apt-get >/dev/null || {
	echo "Sealslot's scripts install their tools with apt-get, which this system doesn't have." >&2
	exit 1
}
need=$(missing "$@" | xargs)
[ -n "$need" ] || exit 0
may_install || refuse "$need"
echo "Installing: $need"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Left unquoted on purpose: one word per package.
# shellcheck disable=SC2086
if ! { update && apt_get install --no-install-recommends $need; } >"$log" 2>&1; then
	tail -n 30 "$log" >&2
	echo "Installing packages failed; the last lines of apt-get stand above." >&2
	exit 1
fi
