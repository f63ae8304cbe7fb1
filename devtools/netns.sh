#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Two hosts in network namespaces, each with a veth pair to a third namespace for the forwarder:
#
#   NAME-a [host0] <-> [port0] NAME-fwd [port1] <-> [host0] NAME-b
#
# The forwarder has a namespace of its own so that nothing on this machine (DHCP clients, network
# managers, neighbour discovery) touches its ports, and so that removing the namespaces removes all.
#
# usage: devtools/netns.sh up NAME [HOSTS]   make them; up to 4 hosts, NAME-c [host0] <-> [port2] and so on
#        devtools/netns.sh down NAME         end what runs in them, remove them
# or source it and call netns_up and netns_down.

netns_up()
{
	local name=$1 ns port letters=(a b c d)

	letters=("${letters[@]:0:${2:-2}}")
	for ns in "${letters[@]/#/$name-}" "$name-fwd"; do
		ip netns add "$ns"
		# Autoconfiguration sends frames of its own; before the links come, so that it never starts.
		ip netns exec "$ns" sh -c 'cd /proc/sys/net/ipv6/conf 2>/dev/null || exit 0
			echo 1 >all/disable_ipv6
			echo 1 >default/disable_ipv6'
	done
	for port in "${!letters[@]}"; do
		ns=$name-${letters[port]}
		ip -n "$ns" link add host0 type veth peer name "port$port" netns "$name-fwd"
		# What veth puts off for the receiver to do must be done before mext-fwd gets the frame:
		# checksums, cutting TCP streams into frames (follows from tx off) and VLAN tags. And
		# nothing may put frames together again on the way to mext-fwd.
		ip netns exec "$ns" ethtool -K host0 tx off txvlan off >/dev/null
		ip netns exec "$name-fwd" ethtool -K "port$port" gro off >/dev/null
		ip -n "$ns" address add "198.18.0.$((port + 1))/24" dev host0
		ip -n "$ns" link set host0 up
		ip -n "$name-fwd" link set "port$port" up
	done
}

# End the processes in namespace $1: first asked to, killed after 5 seconds.
netns_end_processes()
{
	local signal=TERM try pids

	for try in {1..100}; do
		pids=$(ip netns pids "$1" 2>/dev/null) || return 0
		[ -n "$pids" ] || return 0
		[ "$try" -lt 50 ] || signal=KILL
		if [ "$try" -eq 1 ] || [ "$try" -eq 50 ]; then
			# shellcheck disable=SC2086 # a list of numbers
			kill -s "$signal" $pids 2>/dev/null || :
		fi
		sleep 0.1
	done
}

# Links go with their namespaces. Status 1 and a line for each thing that could not be removed.
netns_down()
{
	local name=$1 ns pids status=0

	for ns in "$name"-{a,b,c,d,fwd}; do
		[ -e "/run/netns/$ns" ] || continue
		netns_end_processes "$ns"
		pids=$(ip netns pids "$ns" 2>/dev/null | xargs) || pids=
		if [ -n "$pids" ]; then
			echo "netns: left over in $ns: processes $pids" >&2
			status=1
		fi
		ip netns delete "$ns" || status=1
	done
	return "$status"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	set -euo pipefail
	case ${1:-} in
	up) netns_up "$2" "${3:-2}" ;;
	down) netns_down "$2" ;;
	*) sed -n 's/^# \(usage: \| \{7\}\)/\1/p' "$0" >&2 && exit 2 ;;
	esac
fi
