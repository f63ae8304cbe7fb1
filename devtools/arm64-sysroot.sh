#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Unpack the arm64 packages of [arm64-sysroot] in packages.txt, and all they depend on, below FOLDER,
# with a Meson cross file: meson setup --cross-file FOLDER/cross.ini. Nothing is done if that is up
# to date. The machine's own packages are left alone: beside those for its own architecture most
# of these can't be installed.
# usage: devtools/arm64-sysroot.sh FOLDER
set -euo pipefail

# shellcheck source=devtools/packages.sh
. "$(dirname "$0")/packages.sh"

# What FOLDER must have been made from: this script, and the packages as new as the machine's own.
wanted()
{
	sha256sum <"${BASH_SOURCE[0]}"
	dpkg-query -W -f '${Package} ${Version}\n' "${packages[@]}" 2>/dev/null ||
		echo "not all of ${packages[*]} are installed here"
}

# apt-get on this machine's sources and keys, with lists and downloads of its own.
private_apt()
{
	mkdir -p "$apt/lists/partial" "$apt/archives/partial"
	: >"$apt/status" # as if nothing were installed
	apt-get -q -y -o APT::Architecture=arm64 -o APT::Architectures::=arm64 \
		-o Dir::State="$apt" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt" \
		"$@" </dev/null
}

write_cross_file()
{
	cat >"$1" <<-END
		# Written by devtools/arm64-sysroot.sh
		[constants]
		sysroot = '$sysroot'

		[binaries]
		c = 'aarch64-linux-gnu-gcc'
		ar = 'aarch64-linux-gnu-gcc-ar'
		strip = 'aarch64-linux-gnu-strip'
		pkgconfig = 'pkg-config'
		exe_wrapper = ['qemu-aarch64', '-L', sysroot]

		[built-in options]
		c_args = ['--sysroot=' + sysroot]
		c_link_args = c_args

		[properties]
		sys_root = sysroot
		# The second is where meson install --destdir SYSROOT puts its files.
		pkg_config_libdir = [sysroot + '/usr/lib/aarch64-linux-gnu/pkgconfig',
		                     sysroot + '/usr/local/lib/pkgconfig']

		[host_machine]
		system = 'linux'
		cpu_family = 'aarch64'
		cpu = 'aarch64'
		endian = 'little'
	END
}

fail()
{
	echo "arm64-sysroot: $*" >&2
	exit 1
}

[ $# -eq 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
folder=$(realpath -m "$1")
sysroot=$folder/sysroot
apt=$folder/apt
mapfile -t packages < <(packages_of arm64-sysroot)
[ ${#packages[@]} -gt 0 ] || exit 2

if [ -e "$folder/made-from" ] && [ "$(<"$folder/made-from")" = "$(wanted)" ]; then
	echo "arm64-sysroot: up to date"
	exit 0
fi

rm -rf "$sysroot" "$apt" "$folder/made-from"
# What could not be fetched is named by the second command.
private_apt update || echo "arm64-sysroot: apt-get update failed, going on" >&2
private_apt install --no-install-recommends --download-only "${packages[@]}" ||
	fail "no arm64 packages for: ${packages[*]}; apt said above what is missing"
mkdir "$sysroot"
for file in "$apt"/archives/*.deb; do
	dpkg -x "$file" "$sysroot" || fail "$file could not be unpacked"
done
# Programs are of no use here, and some are setuid.
rm -rf "$apt" "${sysroot:?}"/{,usr/}{bin,sbin}
write_cross_file "$folder/cross.ini"
wanted >"$folder/made-from"
echo "arm64-sysroot: made $sysroot, use $folder/cross.ini"
