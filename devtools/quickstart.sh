#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Build mext-fwd and send real traffic through it: ping and iperf3 TCP between two network
# namespaces. Removes all it made, also when interrupted. Run as root.
set -euo pipefail

usage()
{
	cat <<-END
		usage: sudo devtools/quickstart.sh [-p af_xdp|af_packet] [-t SECONDS]
		  -p  driver of mext-fwd's ports (af_xdp, and af_packet where af_xdp does not work)
		  -t  seconds of TCP in each direction (5)
		The build folder is \$MEXT_BUILD, or else build/.
	END
}

drivers=(af_xdp af_packet)
seconds=5
while getopts p:t:h option; do
	case $option in
	p) drivers=("$OPTARG") ;;
	t) seconds=$OPTARG ;;
	h) usage && exit 0 ;;
	*) usage >&2 && exit 2 ;;
	esac
done
if ! [[ ${drivers[0]} =~ ^af_(xdp|packet)$ && $seconds =~ ^[1-9][0-9]{0,4}$ && $OPTIND -gt $# ]]; then
	usage >&2
	exit 2
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "quickstart: needs root for network namespaces: sudo $0" >&2
	exit 1
fi

cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH=$PATH:/usr/sbin:/sbin
build=$(realpath -m "${MEXT_BUILD:-build}")
name=mext-$$
pings=100
megabytes=512 # several times what the pools of two ports take
# shellcheck source=devtools/netns.sh
. devtools/netns.sh
scratch=

say()
{
	echo "quickstart: $*"
}

fail()
{
	echo "quickstart: FAILED: $*" >&2
	exit 1
}

# --- Processes. Those that take long run in the background, because bash handles a signal only
# between commands and in "wait".

# Start a command in the background; its id is in $child.
start()
{
	"$@" </dev/null &
	child=$!
}

run()
{
	start "$@"
	wait "$child"
}

# Send signal $1 to child $2 and give it $3 seconds to end, then kill it.
# Exit status: that of the child, or 137.
stop()
{
	local try

	kill -s "$1" "$2" 2>/dev/null || :
	for ((try = 0; try < $3 * 10; try++)); do
		kill -0 "$2" 2>/dev/null || break
		sleep 0.1
	done
	kill -KILL "$2" 2>/dev/null || :
	wait "$2"
}

# shellcheck disable=SC2317 # called by the traps
clean_up()
{
	local status=$? id

	trap '' INT TERM HUP
	trap - EXIT
	for id in $(jobs -p); do
		stop TERM "$id" 10 2>/dev/null || :
	done
	if ! netns_down "$name"; then
		echo "quickstart: FAILED: could not remove namespaces $name-*" >&2
		status=1
	fi
	[ -z "$scratch" ] || rm -rf "$scratch"
	say "removed its namespaces, links and processes"
	exit "$status"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
scratch=$(mktemp -d "${TMPDIR:-/tmp}/mext-quickstart.XXXXXX")

# --- Steps

build()
{
	if [ ! -e "$build/build.ninja" ]; then
		run meson setup "$build" >"$scratch/build" || { cat "$scratch/build" && return 1; }
	fi
	run ninja -C "$build" app/fwd/mext-fwd >"$scratch/build" || { cat "$scratch/build" && return 1; }
	# A build by root must not be in the way of the owner's next one.
	chown -R --reference=. "$build"
}

# Set what all runs have in common, $eal, and the kinds of memory to try, $memories.
choose_eal_options()
{
	local cpus free=0 file size

	# lcore 0 waits and reports, lcore 1 forwards; they share a CPU if there is only one.
	cpus=$(taskset -cp $$ | sed 's/.*: //')
	eal=(--lcores "0@${cpus%%[-,]*},1@${cpus##*[-,]}" --no-pci --no-telemetry)

	for file in /sys/kernel/mm/hugepages/hugepages-*kB/free_hugepages; do
		[ -e "$file" ] || continue
		size=${file##*hugepages-}
		free=$((free + $(<"$file") * ${size%kB/*} / 1024))
	done
	if [ "$free" -lt "$megabytes" ]; then
		memories=("ordinary pages (fewer than $megabytes MB of hugepages are free)")
	else
		memories=(hugepages "ordinary pages")
	fi
}

# Start mext-fwd on ports of driver $1, in memory $2, wait until it says that it forwards: $forwarder.
start_forwarder()
{
	local port try
	local -a ports=() memory=(--in-memory)

	[ "$2" = hugepages ] || memory=(--no-huge -m "$megabytes")
	for port in 0 1; do
		case $1 in
		# The kernel side of veth is driven by interrupts, so busy polling it gains nothing.
		af_xdp) ports+=(--vdev "net_af_xdp$port,iface=port$port,busy_budget=0") ;;
		af_packet) ports+=(--vdev "net_af_packet$port,iface=port$port") ;;
		esac
	done
	# EAL's files go where they are removed with the rest.
	start ip netns exec "$name-fwd" env RUNTIME_DIRECTORY="$scratch" "$build/app/fwd/mext-fwd" \
		"${eal[@]}" "${memory[@]}" "${ports[@]}" -- --forward-mode=io --stats-period=1 \
		>"$scratch/forwarder" 2>"$scratch/forwarder-errors"
	forwarder=$child
	for ((try = 0; try < 300; try++)); do
		! grep -q '^forwarding:' "$scratch/forwarder" || return 0
		kill -0 "$forwarder" 2>/dev/null || break
		sleep 0.1
	done
	stop KILL "$forwarder" 1 || :
	tail -n 5 "$scratch/forwarder-errors" | sed 's/^/    /' >&2
	return 1
}

# Wait for the first answer to a ping. It also makes the hosts know each other's addresses.
reach_other_host()
{
	local try

	for try in {1..20}; do
		! run ip netns exec "$name-a" ping -c 1 -W 1 -q 198.18.0.2 >/dev/null || return 0
	done
	say "no answer to $try pings" >&2
	return 1
}

# Find a driver and a kind of memory that work: $driver, $memory.
start_path()
{
	for driver in "${drivers[@]}"; do
		for memory in "${memories[@]}"; do
			say "starting mext-fwd on net_$driver ports, $memory"
			if start_forwarder "$driver" "$memory"; then
				! reach_other_host || return 0
				stop INT "$forwarder" 10 || :
			fi
			say "net_$driver with ${memory%% (*} does not work here" >&2
		done
	done
	return 1
}

start_server()
{
	local try

	start ip netns exec "$name-b" iperf3 -s --forceflush >"$scratch/server" 2>&1
	for ((try = 0; try < 100; try++)); do
		! grep -q 'Server listening' "$scratch/server" || return 0
		sleep 0.1
	done
	cat "$scratch/server" >&2
	return 1
}

# Send TCP for some seconds, with iperf3's options $2...; print Gbit/s received into file $1.
send_tcp()
{
	local output=$1

	shift
	if ! run timeout $((seconds + 30)) ip netns exec "$name-a" \
		iperf3 -c 198.18.0.2 -t "$seconds" -f m "$@" >"$scratch/tcp" 2>&1; then
		cat "$scratch/tcp" >&2
		return 1
	fi
	awk '/ receiver$/ { printf "%.2f\n", $(NF - 2) / 1000; found = $(NF - 2) > 0 }
		END { exit !found }' "$scratch/tcp" >"$output"
}

# Print value $1 of the forwarder's last block of statistics.
final()
{
	sed -n '/Accumulated forward statistics/,$p' "$scratch/forwarder" |
		sed -n "s/.*$1: *\([0-9]*\).*/\1/p" | head -n 1
}

say "packages"
devtools/install-packages.sh build run
say "building in $build"
build || fail "the build"
choose_eal_options
say "namespaces $name-a, $name-b and $name-fwd, a veth pair from each of the first two to the third"
netns_up "$name"
start_path || fail "no driver forwards"
start tail -n +1 -f --pid="$forwarder" "$scratch/forwarder"
tail=$child

say "ping, $pings times"
run ip netns exec "$name-a" ping -q -c "$pings" -i 0.02 -W 2 198.18.0.2 >"$scratch/ping" || :
loss=$(sed -n 's/.* \([0-9.]*%\) packet loss.*/\1/p' "$scratch/ping")
start_server || fail "iperf3's server does not start"
server=$child
say "TCP from a to b, $seconds s"
send_tcp "$scratch/there" || fail "TCP from a to b"
say "TCP from b to a, $seconds s"
send_tcp "$scratch/back" --reverse || fail "TCP from b to a"
stop TERM "$server" 10 || :

say "stopping mext-fwd"
status=0
stop INT "$forwarder" 30 || status=$?
wait "$tail" || :
outstanding=$(sed -n 's/^buffers outstanding: //p' "$scratch/forwarder")

cat <<END

  ports         net_$driver on veth, MTU 1500, one forwarding core
  memory        $memory
  ping          $pings sent, ${loss:-no answer,} lost
  TCP           a to b $(<"$scratch/there") Gbit/s, b to a $(<"$scratch/back") Gbit/s
  forwarded     $(final TX-packets) packets, $(final TX-dropped) dropped
  buffers       ${outstanding:-unknown} outstanding

END
[ "$loss" = 0% ] || fail "ping: loss"
[ "$outstanding" = 0 ] || fail "mext-fwd: buffers outstanding: ${outstanding:-it did not say}"
[ "$status" -eq 0 ] || fail "mext-fwd: exit status $status"
say "passed"
