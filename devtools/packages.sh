#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Read packages.txt. Source this; it does nothing by itself.
packages_list=$(dirname "${BASH_SOURCE[0]}")/packages.txt

# Print the packages of section $1.
packages_of()
{
	awk -v wanted="[$1]" '
		/^\[/ { inside = $1 == wanted; found = found || inside; next }
		inside && NF > 0 && !/^#/ { print $1 }
		END { exit !found }' "$packages_list" || {
		echo "$packages_list has no section [$1]" >&2
		return 1
	}
}
