# SPDX-License-Identifier: BSD-3-Clause
"""What is checked in nicvm's guest. A check gets a World, returns what is worth telling, or raises."""

import collections
import json
import pathlib
import random
import re
import struct
import subprocess
import time

import frames
import programs
import sharing
from compare import QUIET, SEED, WINDOW, every_size, pass_on, same, sha, told
from world import PCI, ports

HOST = "192.0.2.2"
HOSTS = {1: "192.0.2.1", 2: HOST}
# nicvm's distances for three nodes.
DISTANCES = [[10, 15, 30], [17, 10, 20], [32, 22, 10]]


def swapped(frame):
    return frame[6:12] + frame[:6] + frame[12:]


def iommu(world):
    """DPDK drives the ports through the IOMMU, by virtual addresses."""
    groups = []
    for address in world.addresses:
        assert (PCI / address / "driver").resolve().name == "vfio-pci", address
        groups.append((PCI / address / "iommu_group").resolve().name)
    log = "\n".join(world.forwarder.error_lines() + world.forwarder.output)
    for line in ("Using IOMMU type 1", "Selected IOVA mode 'VA'"):
        assert line in log, f"no '{line}' in:\n{log}"
    drivers = set(re.findall(r"^port \d+: (\w+)", log, re.M))
    return f"{', '.join(drivers)} in IOMMU groups {', '.join(groups)}"


def keep_neighbours():
    """The peers need not ask again for each other's addresses, in between frames that are counted."""
    for host, other in ((1, 2), (2, 1)):
        subprocess.run(["ip", "-n", f"ns{host}", "neighbour", "replace", HOSTS[other], "lladdr",
                        f"52:54:00:00:01:{other:02x}", "nud", "permanent", "dev", f"peer{host}"],
                       check=True)


def ping(world):
    """No ping is lost, once the hosts know each other's addresses."""
    for _ in range(20):
        warm = subprocess.run(["ip", "netns", "exec", "ns1", "ping", "-c1", "-W1", HOST],
                              stdout=subprocess.DEVNULL, check=False)
        if warm.returncode == 0:
            break
    keep_neighbours()
    said = world.run_in(1, "ping", "-q", "-c", "100", "-i", "0.02", "-W", "5", HOST)
    assert " 100 received, 0% packet loss" in said, said
    return said.strip().splitlines()[-1]


def tcp(world, *options, seconds=3):
    server = subprocess.Popen(["ip", "netns", "exec", "ns2", "iperf3", "-s", "-1", "--forceflush"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        for line in server.stdout:
            if "Server listening" in line:
                break
        report = json.loads(world.run_in(1, "iperf3", "-J", "-c", HOST, "-t", str(seconds),
                                         "--connect-timeout", "20000", *options))
    finally:
        server.kill()
        server.communicate()
    received = report["end"]["sum_received"]
    assert received["bytes"] > 1 << 20, report
    return f"{received['bits_per_second'] / 1e6:.0f} Mbit/s"


def tcp_there(world):
    return tcp(world)


def tcp_back(world):
    return tcp(world, "--reverse")


def both_ways(world, change):
    went = [pass_on(world, sender, every_size(SEED), {receiver: lambda frame: [change(frame)]})
            for sender, receiver in ((1, 2), (2, 1))]
    return told(went)


def frames_unchanged(world):
    return both_ways(world, lambda frame: frame)


def frames_swapped(world):
    return both_ways(world, swapped)


def counts(world):
    """rxonly counts every frame, and sends none."""
    wires = world.wire(1), world.wire(2)
    sent = every_size(SEED)
    for i in range(0, len(sent), WINDOW):
        for frame in sent[i:i + WINDOW]:
            wires[0].send(frame)
        time.sleep(0.02)
    world.forwarder.wait_for(r"port 0: rx [1-9]")
    world.forwarder.wait_for(r"port 0: rx 0 pps")
    final = world.stop()
    assert final[0]["RX-packets"] == len(sent), final
    assert final[1]["RX-packets"] == final["all"]["TX-packets"] == 0, final
    assert all(wire.receive(timeout=0) is None for wire in wires)
    return f"{len(sent)} frames"


def hashes(world, number=4000):
    """
    What txonly sends is, frame by frame, what its sequence number says, and comes once. Some may be
    missed.
    """
    lines = []
    for port in (0, 1):
        wire, seen = world.wire(1 + port), set()
        template = frames.txonly(world.macs[port], frames.peer_mac(port), 0)
        end = time.monotonic() + 60
        while len(seen) < number and time.monotonic() < end:
            frame = wire.receive(timeout=QUIET)
            assert frame is not None, f"port {port}: only {len(seen)} frames"
            sequence, = struct.unpack_from("!Q", frame, 42)
            wanted = template[:42] + struct.pack("!Q", sequence) + template[50:]
            assert sha(frame) == sha(wanted), f"frame {sequence}: {frame.hex()}"
            assert sequence not in seen, f"frame {sequence} came twice"
            seen.add(sequence)
        assert len(seen) == number, f"port {port}: only {len(seen)} frames in time"
        lines.append(f"port {port}: {number} of the first {max(seen) + 1}")
    final = world.stop()
    assert min(final[port]["TX-packets"] for port in (0, 1)) >= number, final
    return f"{', '.join(lines)}; SHA-256 equal"


def round_and_round(world, change):
    """Frames go round between two ports that are back to back; the peer in the loop sees them."""
    wire = world.wire(3)
    rng = random.Random(SEED)
    sent = [frames.plain(length, rng) for length in (60, 61, 64, 128, 300, 576, 1000, 1514) * 2]
    seen = collections.Counter()
    right = {sha(frame) for frame in sent} | {sha(change(frame)) for frame in sent}
    begin = time.monotonic()
    for frame in sent:
        wire.send(frame)
    for frame in wire.receive_many(3000, timeout=QUIET):
        assert sha(frame) in right, f"nobody sent {frame.hex()}"
        seen[sha(frame)] += 1
    took = time.monotonic() - begin
    final = world.stop()
    assert sum(seen.values()) == 3000, f"only {sum(seen.values())} frames"
    assert min(final[port]["RX-packets"] for port in (0, 1)) >= 1000, final
    return (f"{final[0]['RX-packets']} and {final[1]['RX-packets']} received in {took:.1f} s or more, "
            f"3000 SHA-256 right, {len(seen)} different")


def goes_round(world):
    return round_and_round(world, lambda frame: frame)


def goes_round_swapped(world):
    return round_and_round(world, swapped)


def nodes(_):
    """Nodes as nicvm --numa 3 makes them: asymmetric distances, hugepages in each, ports on each."""
    found = []
    for number in range(len(DISTANCES)):
        node = pathlib.Path(f"/sys/devices/system/node/node{number}")
        found.append([int(word) for word in (node / "distance").read_text().split()])
        pages = int((node / "hugepages/hugepages-2048kB/nr_hugepages").read_text())
        assert pages > 0, f"node {number} has no hugepages"
        assert (node / "cpulist").read_text().strip() != "", f"node {number} has no CPU"
    assert found == DISTANCES
    places = [int((PCI / address / "numa_node").read_text()) for address in ports()]
    assert places == [i % len(DISTANCES) for i in range(len(places))]
    return f"distances {found}, ports on nodes {places}"


def port_sockets(world):
    """The sockets of ports 0, 1, ... as mext-fwd says, which numbers them as EAL finds them."""
    said = re.findall(r"^port \d+: \w+, [\d:A-F]+:(\d\d), NUMA socket (-?\d+)$",
                      "\n".join(world.forwarder.output), re.M)
    for mac, socket in said:
        assert int(socket) == int(mac) % len(DISTANCES), said
    assert len(said) == len(ports()), said
    return [int(socket) for _, socket in said]


def sockets(world):
    """mext-fwd sees each port's node."""
    return f"ports on sockets {port_sockets(world)}"


def placement(world):
    """The table at the start is right, pages are in place, and what is apart is told."""
    said, seen = "\n".join(world.forwarder.output), port_sockets(world)
    table = re.findall(r"^ *(\d+) +(\d) +(\d)/0 +(\d) +(\d)/0 +(\d) +fwd\.(\d)rx$", said, re.M)
    table = [[int(word) for word in row] for row in table]
    assert sorted(row[2] for row in table) == list(range(len(seen))), said
    for lcore, socket, rx, rx_socket, tx, tx_socket, mbufs in table:
        cpu, = re.findall(rf"{lcore}@(\d+)", " ".join(map(str, world.forwarder.process.args)))
        node, = pathlib.Path(f"/sys/devices/system/cpu/cpu{cpu}").glob("node*")
        assert node.name == f"node{socket}", said
        assert (rx_socket, tx, tx_socket, mbufs) == (seen[rx], rx ^ 1, seen[tx], seen[rx]), said
    # A lcore of its own socket serves a port, if there is one.
    apart = {row[2] for row in table if row[3] not in [other[1] for other in table]}
    assert apart == {row[2] for row in table if row[1] != row[3]} != set(), said
    errors = "\n".join(world.forwarder.error_lines())
    warned = {int(port) for port in re.findall(r"warning: port (\d) is on NUMA socket \d, lcore",
                                               errors)}
    assert warned == apart, errors
    pages = re.findall(r"^pool fwd: socket \d: (\d+) of (\d+) pages in place$", said, re.M)
    assert len(pages) == 3 and all(in_place == every != "0" for in_place, every in pages), said
    return f"{len(table)} streams, warned of ports {sorted(warned)}, pages {pages}"


def spread(world, number=64):
    """Every flow arrives, once, and flows reach at least two queues of each port."""
    flows = frames.flows(number, SEED)
    for sender, receiver in ((1, 2), (2, 1)):
        sender, receiver = world.wire(sender), world.wire(receiver)
        world.drain()
        arrived = []
        for i in range(0, number, WINDOW):
            for frame in flows[i:i + WINDOW]:
                sender.send(frame)
            arrived += receiver.receive_many(WINDOW, timeout=QUIET)
        same(arrived, flows)
    world.stop()
    received = world.forwarder.streams()
    for port in (0, 1):
        busy = [rx for (p, _), rx in received.items() if p == port and rx >= number // 8]
        assert len(busy) >= 2, f"port {port}: {received}"
    return ", ".join(f"port {port} queue {queue}: {rx}" for (port, queue), rx in received.items())


def end(world):
    """Exit status 0, and "buffers outstanding: 0"."""
    final = world.stop()["all"]
    return f"{final['RX-packets']} received, {final['TX-packets']} sent, no buffer outstanding"


Run = collections.namedtuple("Run", "ports options checks workers eal before",
                             defaults=[1, (), lambda: None])

# What one start of mext-fwd is for: ports, its options, the checks in their order; options for EAL, what
# is done before. Without ports: checks that start programs of their own. In their order, too: frames are
# counted before TCP and serve, whose hosts may have something to say for a while afterwards; and ports 2
# and 3 are used together before 2 alone: qemu keeps for 3 what the wire brings while nobody has it open.
RUNS = {
    "macswap": Run((0, 1), ("--forward-mode=macswap",), (frames_swapped, end)),
    "rxonly": Run((0, 1), ("--forward-mode=rxonly", "--stats-period=0.5"), (counts, end)),
    "txonly": Run((0, 1), ("--forward-mode=txonly",), (hashes, end)),
    "loop": Run((2, 3), (), (goes_round, end)),
    "loop-macswap": Run((2, 3), ("--forward-mode=macswap",), (goes_round_swapped, end)),
    "regions": Run((), (), programs.REGIONS),
    "some-regions": Run((), (), programs.SOME_REGIONS),
    "flood": Run((0, 1, 2), ("--forward-mode=flood",), (sharing.flood, end)),
    "flood-fanout": Run((0, 1, 2), ("--forward-mode=flood", "--flood-by=fanout"),
                        (sharing.flood, end)),
    "multicast": Run((0, 1, 2), sharing.MULTICAST, (sharing.multicast, end),
                     before=sharing.write_groups),
    "io": Run((0, 1), (), (iommu, ping, frames_unchanged, tcp_there, tcp_back, end)),
    "numa": Run((0, 1, 2, 3), (), (nodes, sockets, placement, iommu, ping, end), workers=2),
    "nodes": Run((), (), (programs.numa,)),
    "flows": Run((0, 1), ("--rxq=2", "--txq=2"), (spread, end)),
    "queues": Run((0, 1), ("--rxq=2", "--txq=2"), (iommu, ping, tcp_there, end)),
    "serve": Run((0, 1), sharing.SERVE_LARGE, (sharing.serve, end), before=sharing.write_files),
    "serve-pa": Run((0, 1), sharing.SERVE, (sharing.serve_scattered, end), eal=("--iova-mode=pa",),
                    before=sharing.write_files_scattered),
}


def names(run):
    """The checks of a run as they are called outside: RUN:CHECK."""
    return [f"{run}:{check.__name__}" for check in RUNS[run].checks]
