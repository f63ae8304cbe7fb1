# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what this sets nicvm uses, and what it uses nicvm sets
# The emulated machine, as arguments of qemu. Sourced by nicvm; uses its options and fail.
ports='' nodes='' peers='' # what the guest is told
wrapper=() # what qemu is started by

# plug MODEL BUS-AND-ADDRESS NETDEV MAC [OPTION...]: one card.
plug()
{
	local model=$1 options="bus=$2,netdev=$3,mac=$4,romfile=${5:+,$5}"

	case $model in
	e1000 | e1000e | vmxnet3) machine+=(-device "$model,$options") ;;
	# A virtio card goes past the IOMMU if it is not told to use it.
	virtio) machine+=(-device "virtio-net-pci,disable-legacy=on,iommu_platform=on,$options") ;;
	*) fail 126 "no card model $model: e1000, e1000e, vmxnet3, virtio" ;;
	esac
}

# add_port NUMBER NETDEV: a card for DPDK. A real one is behind a root port, and so are these. Buses
# get their numbers in order, so the addresses are known before the firmware gives them.
add_port()
{
	local i=$1 node=-1 root_bus=pcie.0 slot number options=''

	slot=0x1$i number=$((1 + i))
	if [ "$numa" -gt 0 ]; then
		node=$((i % numa)) slot=$((i / numa))
		root_bus=expander$node number=$((0x20 * (node + 1) + 1 + slot))
	fi
	[ "$queues" -eq 1 ] || options="mq=on,vectors=$((2 * queues + 2)),rss=on,hash=on"
	machine+=(-device "pcie-root-port,id=root$i,bus=$root_bus,addr=$slot,chassis=$((i + 1))")
	plug "$nic" "root$i" "$2" "52:54:00:00:00:0$i" "$options"
	ports+=$(printf ' 0000:%02x:00.0' "$number")
	nodes+=" $node"
}

# add_peer NUMBER NETDEV: a card for the kernel.
add_peer()
{
	local slot=$((0x17 + $1))

	plug "$peer_nic" "pcie.0,addr=$(printf 0x%x $slot)" "$2" "52:54:00:00:01:0$1"
	peers+=$(printf ' %u=0000:00:%02x.0' "$1" $slot)
}

# netdev NAME WIRE: an end of a wire. What an end sends all other ends of the wire get.
netdev()
{
	machine+=(-netdev "hubport,id=$1,hubid=$2")
}

# The only netdevs of qemu with several queues that need no other program are taps, so the wires
# are outside: pairs of taps, in a network namespace that ends with qemu.
tap_bridge()
{
	local i

	wrapper=(unshare --net "$here/taps" 2)
	for i in 0 1; do
		machine+=(-netdev "tap,id=p$i,ifname=port$i,script=no,downscript=no,queues=$queues")
		machine+=(-netdev "tap,id=k$((i + 1)),ifname=peer$i,script=no,downscript=no")
	done
}

add_bridge()
{
	local i

	if [ "$queues" -gt 1 ]; then
		tap_bridge
	else
		for i in 0 1; do
			netdev "p$i" "$((1 + i))"
			netdev "k$((1 + i))" "$((1 + i))"
		done
	fi
	for i in 0 1; do
		add_port "$i" "p$i"
		add_peer "$((1 + i))" "k$((1 + i))"
	done
}

# add_loop FIRST-PORT
add_loop()
{
	local i

	for i in "$1" "$(($1 + 1))"; do
		netdev "p$i" 3
		add_port "$i" "p$i"
	done
	netdev k3 3
	add_peer 3 k3
}

# Print the distance from node $1 to node $2 if none is given: another one on the way back, and a
# third node nearer to one of two than to the other.
default_distance()
{
	if [ "$1" -eq "$2" ]; then
		echo 10
	elif [ "$1" -lt "$2" ]; then
		echo $((15 * ($2 - $1) + 5 * $1))
	else
		echo $((15 * ($1 - $2) + 5 * $2 + 2))
	fi
}

add_nodes()
{
	local n to word value
	local -A given=()

	for word in ${distances//,/ }; do
		[[ $word =~ ^([0-3]-[0-3]):([0-9]{2,3})$ ]] || fail 126 "--numa-dist: $word is not FROM-TO:DISTANCE"
		given[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
	done
	for ((n = 0; n < numa; n++)); do
		# CPUs beyond one a node are the last node's.
		machine+=(
			-object "memory-backend-ram,id=mem$n,size=$((mem / numa))M"
			-numa "node,nodeid=$n,memdev=mem$n,cpus=$n$([ $((n + 1)) -lt "$numa" ] || echo "-$((cpus - 1))")"
			-device "pxb-pcie,id=expander$n,bus=pcie.0,addr=0x0$((4 + n)),bus_nr=$((0x20 * (n + 1))),numa_node=$n"
		)
	done
	for ((n = 0; n < numa; n++)); do
		for ((to = 0; to < numa; to++)); do
			value=${given[$n-$to]:-$(default_distance "$n" "$to")}
			machine+=(-numa "dist,src=$n,dst=$to,val=$value")
		done
	done
}

# Print the kernel's option for hugepages.
hugepages()
{
	local n list=''

	if [ "$numa" -eq 0 ]; then
		echo "hugepages=$((huge / 2))"
		return
	fi
	for ((n = 0; n < numa; n++)); do
		list+=,$n:$((huge / 2 / numa))
	done
	echo "hugepages=${list#,}"
}

# share TAG FOLDER [OPTION]: a folder that the guest can mount.
share()
{
	machine+=(
		-fsdev "local,id=$1,path=$2,security_model=none,multidevs=remap${3:+,$3}"
		-device "virtio-9p-pci,bus=pcie.0,fsdev=$1,mount_tag=$1"
	)
}

# add_folder NUMBER FOLDER: one that the guest may write to.
add_folder()
{
	local folder

	folder=$(realpath -e -- "$2")
	[ -d "$folder" ] || fail 126 "--rw: no folder $2"
	case $folder in
	*[[:space:],]*) fail 126 "--rw: a blank or a comma in $folder" ;;
	esac
	share "rw$1" "$folder"
	echo "rw$1 $folder" >>"$run/shares"
}

add_pcap()
{
	local i=0 port

	mkdir -p "$pcap" || fail 126 "cannot make $pcap"
	for port in $ports; do
		machine+=(-object "filter-dump,id=f$i,netdev=p$i,file=$pcap/port$i.pcap")
		i=$((i + 1))
	done
}

# Set $machine, $wrapper, $ports, $nodes, $peers; write $run/shares.
describe_machine()
{
	local folder i=0

	machine=(
		-nodefaults -no-user-config -no-reboot -display none -monitor none
		# Interrupt remapping lets vfio use interrupts without its "unsafe" switch; with 48
		# address bits DPDK can use virtual addresses for DMA.
		-machine q35 -device "intel-iommu,intremap=on,aw-bits=48"
		-accel "tcg,thread=multi" -cpu "$cpu" -smp "$cpus" -m "$mem"
	)
	[ "$numa" -eq 0 ] || add_nodes
	case $topology in
	bridge) add_bridge ;;
	loop) add_loop 0 ;;
	all) add_bridge && add_loop 2 ;;
	none) ;;
	*) fail 126 "no topology $topology: bridge, loop, all, none" ;;
	esac
	: >"$run/shares"
	for folder in ${rw[@]+"${rw[@]}"}; do
		add_folder "$i" "$folder"
		i=$((i + 1))
	done
	[ -z "$pcap" ] || add_pcap
	share nicvmroot / readonly=on
	share nicvmrun "$run"
	machine+=(
		-serial "file:$run/console"
		-chardev "file,id=out,path=$run/out,append=on" -chardev "file,id=err,path=$run/err,append=on"
		-device "virtio-serial-pci,bus=pcie.0,max_ports=4"
		-device "virtserialport,chardev=out,name=nicvm.out"
		-device "virtserialport,chardev=err,name=nicvm.err"
		-kernel "$vmlinuz" -initrd "$initramfs"
		-append "console=ttyS0 panic=-1 quiet loglevel=4 intel_iommu=on iommu=pt nokaslr mitigations=off no_timer_check nowatchdog audit=0 random.trust_cpu=on default_hugepagesz=2M hugepagesz=2M $(hugepages)"
		${qemu_args[@]+"${qemu_args[@]}"}
	)
}
