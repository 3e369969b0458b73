#!/bin/sh
# By hand, as root: the two commands of the README in a fresh Debian 12 that has git, a shell and nothing else.
#
#   sh tests/fresh.sh [--user] [--no-tests]
#
# --user runs them as a normal user who may use sudo. --no-tests runs only the
# quickstart. What is tested is a clone of the last commit, not the working tree.
# Needs mmdebstrap; takes some 3 GB in ${TMPDIR:-/tmp} and leaves nothing there.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
user=root
tests=yes
include=git
for arg in "$@"; do
	case $arg in
	--user)
		user=somebody
		include=git,sudo
		;;
	--no-tests) tests=no ;;
	*)
		sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
		exit 2
		;;
	esac
done
[ "$(id -u)" -eq 0 ] || { echo "fresh.sh: making a root file system takes root" >&2; exit 1; }
command -v mmdebstrap >/dev/null || { echo "fresh.sh: apt-get install mmdebstrap" >&2; exit 1; }

scratch=$(mktemp -d)
trap 'rm -rf --one-file-system "$scratch"' EXIT
trap 'exit 1' INT TERM HUP
root=$scratch/root

# The machine's own sources of Debian 12, wherever they point; without any, mmdebstrap's.
sources() {
	for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
		! grep -Eqs '^[^#]*[ ]bookworm([ ]|$)' "$f" || echo "$f"
	done
}

# What this machine trusts and how it finds names, so that the new root can fetch packages as it does.
furnish() {
	cp -L /etc/resolv.conf "$root/etc/resolv.conf"
	echo "127.0.0.1 localhost $(hostname)" >"$root/etc/hosts"
	mkdir -p "$root/usr/local/share/ca-certificates"
	find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$root/usr/local/share/ca-certificates/" \;
	if [ "$user" != root ]; then
		chroot "$root" useradd --create-home "$user"
		echo "$user ALL=(ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/$user"
	fi
	git clone -q --no-hardlinks "$top" "$root/srv/sealslot"
	chroot "$root" chown -R "$user" /srv/sealslot
}

# Runs a command in the new root, in namespaces of its own: nothing that it starts outlives it.
inside() {
	# shellcheck disable=SC2016  # expands in there
	unshare --mount --pid --fork --kill-child sh -c '
		root=$1 user=$2
		shift 2
		mount --bind "$root" "$root" # tests that mount need a root that is a mount point
		mount -t proc proc "$root/proc"
		mount --rbind /dev "$root/dev"
		mount --rbind /sys "$root/sys"
		mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
		mount -t tmpfs tmpfs "$root/run"
		exec chroot "$root" /usr/bin/env -i TERM=dumb PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			su "$user" -c "cd /srv/sealslot && $*"' sh "$root" "$user" "$@"
}

echo "== a fresh Debian 12"
# One word per file.
# shellcheck disable=SC2046
mmdebstrap --quiet --variant=minbase --include="$include" bookworm "$root" $(sources)
furnish
for command in "sh server/quickstart.sh --once" "sh tests/run.sh"; do
	[ "$tests" = yes ] || [ "$command" != "sh tests/run.sh" ] || continue
	echo "== $user: $command"
	inside "$command"
	echo "== exit 0"
done
