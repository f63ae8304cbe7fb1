# SPDX-License-Identifier: BSD-3-Clause
"""What comes out of mext-fwd on the wire: the bytes of every frame, in every mode that forwards."""

import collections
import itertools
import re
import struct

import pytest

import frames
from forwarder import Forwarder, vdevs
from network import Network

# Fewer than any ring or queue on the way holds: nothing may be dropped.
WINDOW = 32


def raw(mac):
    return bytes.fromhex(mac.replace(":", ""))


def send_and_compare(sender, receiver, kinds, change=lambda frame: frame):
    """Send frames; they must arrive in order, changed as told, and nothing else."""
    kinds = iter(kinds)
    while window := list(itertools.islice(kinds, WINDOW)):
        for _, frame in window:
            sender.send(frame)
        arrived = receiver.receive_many(len(window))
        for (name, frame), got in itertools.zip_longest(window, arrived):
            assert got is not None, f"{name}: lost"
            assert got.hex() == change(frame).hex(), name
    assert receiver.receive(timeout=0) is None, "a frame too many"


def test_io_keeps_every_frame_unchanged(network, start, driver, seed):
    forwarder = start("--forward-mode=io")
    kinds = frames.every_kind(seed, driver)
    for sender, receiver in (network.wires, network.wires[::-1]):
        send_and_compare(sender, receiver, kinds)
        assert sender.receive(timeout=0) is None, "a frame came back"
    final = forwarder.stop()
    for port in (0, 1):
        assert final[port]["RX-packets"] == final[port]["TX-packets"] == len(kinds)
        assert final[port]["RX-dropped"] == final[port]["TX-dropped"] == 0


def test_io_with_burst_of_one_keeps_order(network, start, driver, seed):
    start("--burst=1")
    send_and_compare(*network.wires, frames.every_kind(seed, driver)[:200])


def test_io_in_loop_topology_sends_frames_back(network, start, driver, seed):
    start("--port-topology=loop")
    for wire in network.wires:
        send_and_compare(wire, wire, frames.every_kind(seed, driver)[:200])


def test_io_in_chained_topology_of_two_ports_is_as_paired(network, start, driver, seed):
    start("--port-topology=chained")
    send_and_compare(*network.wires, frames.every_kind(seed, driver)[:200])
    send_and_compare(*network.wires[::-1], frames.every_kind(seed, driver)[:200])


def test_portmask_of_one_port_leaves_the_other_alone(network, start, driver, seed):
    forwarder = start("--portmask=0x1")
    send_and_compare(network.wires[0], network.wires[0], frames.every_kind(seed, driver)[:200])
    assert network.wires[1].receive(timeout=0) is None
    assert set(forwarder.stop()) == {0, "all"}


def test_mac_sets_own_source_and_peer_destination(network, start, driver, seed):
    start("--forward-mode=mac")
    for out, (sender, receiver) in ((1, network.wires), (0, network.wires[::-1])):
        addresses = raw(frames.peer_mac(out)) + raw(network.port_mac(out))
        send_and_compare(sender, receiver, frames.every_kind(seed, driver),
                         lambda frame, addresses=addresses: addresses + frame[12:])


def test_mac_with_eth_peer_sends_to_it(network, start, driver, seed):
    start("--forward-mode=mac", "--eth-peer=1,02:aa:bb:cc:dd:ee")
    for out, peer, (sender, receiver) in (
            (1, "02:aa:bb:cc:dd:ee", network.wires), (0, frames.peer_mac(0), network.wires[::-1])):
        addresses = raw(peer) + raw(network.port_mac(out))
        send_and_compare(sender, receiver, frames.every_kind(seed, driver)[:100],
                         lambda frame, addresses=addresses: addresses + frame[12:])


def test_macswap_swaps_source_and_destination(network, start, driver, seed):
    start("--forward-mode=macswap")
    for sender, receiver in (network.wires, network.wires[::-1]):
        send_and_compare(sender, receiver, frames.every_kind(seed, driver),
                         lambda frame: frame[6:12] + frame[:6] + frame[12:])


def test_rxonly_counts_and_sends_nothing(network, start, driver, seed):
    forwarder = start("--forward-mode=rxonly", "--stats-period=0.1")
    sent = frames.every_kind(seed, driver)[:200]
    for _, frame in sent:
        network.wires[0].send(frame)
    # All are counted once a line says that some came and a later one that none did.
    forwarder.wait_for(r"port 0: rx [1-9]")
    forwarder.wait_for(r"port 0: rx 0 pps")
    final = forwarder.stop()
    assert final[0]["RX-packets"] == len(sent)
    assert final[1]["RX-packets"] == 0
    assert final["all"]["TX-packets"] == 0
    assert network.wires[0].receive(timeout=0) is None
    assert network.wires[1].receive(timeout=0) is None


def check_txonly(wire, source, destination, number=20000):
    """Every byte right, numbers rising: this socket may miss frames, but never see wrong ones."""
    template = frames.txonly(source, destination, 0)
    last = -1
    for frame in wire.receive_many(number):
        assert frame[:42].hex() == template[:42].hex()
        assert frame[50:].hex() == template[50:].hex()
        sequence, = struct.unpack_from("!Q", frame, 42)
        assert sequence > last
        last = sequence
    assert last >= number - 1, f"only {last + 1} frames"


def test_txonly_sends_right_bytes(network, start):
    forwarder = start("--forward-mode=txonly")
    for port, wire in enumerate(network.wires):
        check_txonly(wire, network.port_mac(port), frames.peer_mac(port))
    final = forwarder.stop()
    assert min(final[port]["TX-packets"] for port in (0, 1)) >= 20000


def test_txonly_with_eth_peer_sends_to_it(network, start):
    start("--forward-mode=txonly", "--portmask=0x2", "--eth-peer=1,02:aa:bb:cc:dd:ee")
    check_txonly(network.wires[1], network.port_mac(1), "02:aa:bb:cc:dd:ee", 1000)
    assert network.wires[0].receive(timeout=0) is None


@pytest.mark.parametrize("workers", [1, 2])
def test_two_queues_carry_every_flow(seed, workers):
    """On af_packet, which spreads flows over its sockets; af_xdp has one queue on veth."""
    with Network() as network, Forwarder(
            "--rxq=2", "--txq=2", f"--nb-cores={workers}", workers=workers,
            eal=vdevs("af_packet", queues=2), namespace=network.fwd) as forwarder:
        forwarder.wait_until_forwarding()
        table = re.findall(r"^ *\d+ +\d+ +(\d/\d) +\S+ +(\d/\d) ", "\n".join(forwarder.output),
                           re.M)
        assert sorted(table) == [(f"{port}/{q}", f"{1 - port}/{q}")
                                 for port in (0, 1) for q in (0, 1)]
        for sender, receiver in (network.wires, network.wires[::-1]):
            # Queues may overtake each other: the order counts within a flow, here of one frame.
            sent = frames.flows(WINDOW * 4, seed)
            arrived = []
            for i in range(0, len(sent), WINDOW):
                for frame in sent[i:i + WINDOW]:
                    sender.send(frame)
                arrived += receiver.receive_many(WINDOW)
            assert collections.Counter(arrived) == collections.Counter(sent)
        forwarder.stop()
