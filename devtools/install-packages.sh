#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Install the Debian packages of the given sections of packages.txt, as far as they are missing.
# usage: devtools/install-packages.sh SECTION...
set -euo pipefail

# shellcheck source=devtools/packages.sh
. "$(dirname "$0")/packages.sh"

is_installed()
{
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

if [ $# -eq 0 ]; then
	echo "usage: $0 SECTION... (sections: $(sed -n 's/^\[\(.*\)\].*/\1/p' "$packages_list" | xargs))" >&2
	exit 2
fi
if ! command -v dpkg-query >/dev/null; then
	echo "this is no Debian system: install the equivalents of $packages_list by hand" >&2
	exit 1
fi

missing=()
for name in "$@"; do
	packages=$(packages_of "$name") || exit 2
	for package in $packages; do
		is_installed "$package" || missing+=("$package")
	done
done
if [ ${#missing[@]} -eq 0 ]; then
	echo "packages: all installed ($*)"
	exit 0
fi

command="apt-get install --no-install-recommends ${missing[*]}"
if [ "$(id -u)" -ne 0 ]; then
	echo "packages are missing, install them as root: $command" >&2
	exit 1
fi
echo "packages: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
# A fresh machine is often still busy with its first update: wait for the lock.
apt=(apt-get -q -y -o DPkg::Lock::Timeout=300)
# An update that fails is no reason to stop: the package lists may be good enough as they are.
"${apt[@]}" update </dev/null || echo "packages: apt-get update failed, going on" >&2
# What is half installed is in the way of everybody: whoever interrupts this waits for its end.
trap '' HUP INT TERM
if ! "${apt[@]}" install --no-install-recommends "${missing[@]}" </dev/null; then
	echo "packages could not be installed (no network?): $command" >&2
	exit 1
fi
