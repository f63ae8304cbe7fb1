#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Other versions of DPDK than this machine's, to build with and to test on. TARGET is a Debian suite, of
# which a root is made with its DPDK, C library and compilers, or the folder of a DPDK source tree,
# which is built for this machine. Run as root; devtools/check.sh --matrix does.
# usage: devtools/matrix.sh make TARGET            make it, or bring it up to date
#        devtools/matrix.sh run TARGET COMMAND...  run a command with it, in this folder
# What is made is kept in ~/.cache/mext-matrix. A command in a root sees that read-only, and this
# folder as it is; processes and mounts end with it.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source=devtools/packages.sh
. "$here/packages.sh"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/mext-matrix

fail()
{
	echo "matrix: $*" >&2
	exit 1
}

usage()
{
	sed -n 's/^# \(usage: .*\)/\1/p; s/^#  \( *devtools.*\)/ \1/p' "$0" >&2
	exit 2
}

# Run a command as process 1 of namespaces of its own: with it all ends that it has started or mounted.
isolated()
{
	local status=0

	unshare --mount --pid --fork --kill-child "$@" &
	# shellcheck disable=SC2064 # the process of now
	trap "kill -KILL $! 2>/dev/null" EXIT
	trap 'exit 143' HUP INT TERM
	wait $! || status=$?
	trap - EXIT
	return "$status"
}

# What the root must have been made from.
root_from()
{
	sha256sum <"$here/matrix.sh"
	packages_of build
	packages_of matrix-root
}

# Debian changes below a suite's name: older than a month is not up to date.
make_root()
{
	local mirror new=$root.new

	if [ -n "$(find "$root/made-from" -mtime -30 2>/dev/null)" ] &&
			[ "$(<"$root/made-from")" = "$(root_from)" ]; then
		echo "matrix: $root is up to date"
		return
	fi
	# shellcheck disable=SC2016 # a format of apt's
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' |
		head -n 1)
	rm -rf "$new"
	isolated debootstrap --variant=minbase \
		--include="$({ packages_of build && packages_of matrix-root; } | paste -sd ,)" \
		"$target" "$new" "${mirror:-http://deb.debian.org/debian}" ||
		fail "debootstrap of $target failed"
	rm -rf "$new"/var/cache/apt/* "$new"/var/lib/apt/lists/*
	root_from >"$new/made-from"
	rm -rf "$root"
	mv "$new" "$root"
	echo "matrix: made $root"
}

# Process 1 of a root's namespaces. Never called by users.
enter_root()
{
	mount --bind "$root" "$root"
	mount -t proc proc "$root/proc"
	mount --rbind /dev "$root/dev"
	mount --rbind /sys "$root/sys"
	mount -t tmpfs tmpfs "$root/tmp"
	mount -t tmpfs tmpfs "$root/run"
	mkdir -p "$root$PWD"
	mount --bind "$PWD" "$root$PWD"
	mount -o remount,bind,ro "$root"
	unset TMPDIR
	PATH=/usr/sbin:/usr/bin:/sbin:/bin
	exec chroot "$root" env -C "$PWD" "$@"
}

# Only what unit tests and dpdk-testpmd take; for all processors, as Debian's is.
make_source()
{
	[ -e "$target/meson.build" ] || fail "$target is no DPDK source tree"
	# Its build wants Debian's Python: another one on PATH may lack elftools.
	PATH=/usr/sbin:/usr/bin:/sbin:/bin
	[ -e "$root/build/build.ninja" ] || meson setup --prefix "$root/installed" --libdir lib \
		-Dbuildtype=release -Dplatform=generic -Dtests=false -Denable_apps=test-pmd \
		-Denable_libs=gro,gso,bitratestats,bpf,latencystats,metrics \
		-Denable_drivers=bus/pci,bus/vdev,mempool/ring,mempool/stack,net/null,net/pcap,net/ring \
		"$root/build" "$target"
	rm -rf "$root/installed"
	ninja -C "$root/build" install
	echo "matrix: made $root/installed, DPDK $(<"$target/VERSION")"
}

run_source()
{
	export PKG_CONFIG_PATH=$root/installed/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
	export LD_LIBRARY_PATH=$root/installed/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
	export PATH=$root/installed/bin:$PATH
	exec "$@"
}

[ $# -ge 2 ] || usage
verb=$1
target=$2
shift 2
[ "$(id -u)" -eq 0 ] || fail "needs root"
if [[ $target == */* ]]; then
	target=$(realpath "$target")
	root=$cache/dpdk-$(sha256sum <<<"$target" | cut -c 1-16)
else
	root=$cache/$target
fi
mkdir -p "$cache"

case $verb in
make)
	[ $# -eq 0 ] || usage
	# Two first runs at the same time must not both write it.
	exec 9>"$root.lock"
	flock 9
	if [[ $target == */* ]]; then make_source; else make_root; fi
	;;
run)
	[ $# -gt 0 ] || usage
	[ -d "$root" ] || fail "there is no $root: $0 make $target"
	if [[ $target == */* ]]; then run_source "$@"; fi
	isolated "$here/matrix.sh" enter "$target" "$@"
	;;
enter) enter_root "$@" ;;
*) usage ;;
esac
