# SPDX-License-Identifier: BSD-3-Clause
"""Modes that make packets, hold them back, or hand them from lcore to lcore: txonly, flowgen, noisy,
pipeline, and --tx-first."""

import itertools
import re
import struct

import pytest

import frames
from forwarder import Forwarder, vdevs
from network import Network
from test_frames import send_and_compare
from test_options import check_refusal, run

SEQUENCE = 42


@pytest.fixture(scope="module", name="network")
def one_network():
    with Network() as made:
        yield made


@pytest.fixture(autouse=True)
def nothing_left(network):
    yield
    network.drain()


def start_on_af_packet(network, *options, **more):
    """mext-fwd on the network, on the driver that takes frames of several segments."""
    return Forwarder(*options, eal=vdevs("af_packet"), namespace=network.fwd, **more)


def sequence_of(frame):
    return struct.unpack_from("!Q", frame, SEQUENCE)[0]


def check_generated(network, number, addresses_of=None, **layout):
    """Every byte is what the number says, and numbers rise: this socket may miss frames, never see wrong ones."""
    for port, wire in enumerate(network.wires):
        source, last = network.port_mac(port), -1
        for frame in wire.receive_many(number):
            sequence = sequence_of(frame)
            if addresses_of:
                layout["addresses"] = addresses_of(sequence)
            assert frame.hex() == frames.generated(source, frames.peer_mac(port), sequence,
                                                   **layout).hex()
            assert sequence > last
            last = sequence
        assert last >= number - 1, f"only {last + 1} frames on port {port}"


# options, layout of the frames
LAYOUTS = [
    (["--txpkts=50"], {"lengths": [50]}),
    (["--txpkts=64", "--tx-udp=1000"], {"lengths": [64], "ports": (1000, 1000)}),
    (["--txpkts=1514", "--tx-ip=10.1.2.3,192.168.255.254", "--tx-udp=65535,0"],
     {"lengths": [1514], "addresses": ("10.1.2.3", "192.168.255.254"), "ports": (65535, 0)}),
    (["--txpkts=64,512,924"], {"lengths": [64, 512, 924]}),
    (["--txpkts=1000,1,300,7", "--burst=64"], {"lengths": [1000, 1, 300, 7]}),
]


CASES = [("txonly", *row) for row in LAYOUTS] + [("flowgen", *row) for row in LAYOUTS[2:4]]


@pytest.mark.parametrize("mode, options, layout", CASES,
                         ids=[" ".join([row[0], *row[1]]) for row in CASES])
def test_frames_have_the_bytes_that_options_say(network, mode, options, layout):
    flows = ["--flowgen-flows=1"] if mode == "flowgen" else []
    with start_on_af_packet(network, f"--forward-mode={mode}", *flows, *options) as forwarder:
        check_generated(network, 400, **layout)
        final = forwarder.stop()
    assert min(final[port]["TX-packets"] for port in (0, 1)) >= 400


def test_chains_go_as_they_are_where_the_driver_takes_them():
    """net_null sends them, and does not say so before DPDK 26."""
    with Forwarder("--forward-mode=txonly", "--txpkts=64,100", "--duration=0.1",
                   eal=["--vdev=net_null0"]) as forwarder:
        final = forwarder.check_end()
        assert final[0]["TX-packets"] > 0 and forwarder.own_error_lines() == [], forwarder.said()


# A port that does not offer to send segments, as one below it does not; the other one shows what is sent.
NO_SEGMENTS = ["--vdev=net_null0", "--vdev=net_af_packet0,iface=port0",
               "--vdev=net_bonding0,mode=3,slave=net_null0,slave=net_af_packet0"]


def test_chains_are_copied_for_a_port_that_sends_none(network):
    with Forwarder("--portmask=4", "--forward-mode=txonly", "--txpkts=64,100,30", "--tx-pps=20000",
                   eal=NO_SEGMENTS, namespace=network.fwd) as forwarder:
        got = network.wires[0].receive_many(1000)
        layout = {"lengths": [64, 100, 30]}
        assert len(got) == 1000, forwarder.said()
        for frame in got:
            # A bond has the address of its first member, which is net_null's.
            source = frame[6:12].hex(":")
            expected = frames.generated(source, frames.peer_mac(2), sequence_of(frame), **layout)
            assert source != "00:00:00:00:00:00" and frame.hex() == expected.hex()
        forwarder.stop()
        assert "port 2 (net_bonding) sends no packets of several segments" in forwarder.own_error_lines()[0]


def test_multi_flow_varies_the_source_address(network):
    with start_on_af_packet(network, "--forward-mode=txonly", "--txonly-multi-flow") as forwarder:
        check_generated(network, 600, lambda n: (f"198.18.{n % 256}.1", "198.18.0.2"))
        forwarder.stop()


def test_flowgen_varies_the_destination_address(network):
    with start_on_af_packet(network, "--forward-mode=flowgen", "--flowgen-flows=300",
                            "--tx-ip=10.0.0.1,10.0.0.0") as forwarder:
        check_generated(network, 700, lambda n: ("10.0.0.1", f"10.0.{n % 300 >> 8}.{n % 300 & 255}"))
        forwarder.stop()


def test_flowgen_receives_and_sends_clones(network):
    """The frames of one port are what the other receives: all are counted, none comes out."""
    with start_on_af_packet(network, "--forward-mode=flowgen", "--flowgen-clones=3", "--burst=6",
                            "--txpkts=100,200") as forwarder:
        forwarder.wait_until_forwarding()
        for _ in range(50):
            network.wires[0].send(frames.flows(1, 1)[0])
        got = [sequence_of(frame) for frame in network.wires[0].receive_many(1200)]
        final = forwarder.stop()
    assert final[0]["RX-packets"] == 50
    # Of six in a burst, four are the same, and two. The socket misses some when it is late.
    counts = [len(list(group)) for _, group in itertools.groupby(got[:600])]
    assert counts == [4, 2] * 100


@pytest.mark.parametrize("mode", ["io", "rxonly", "flowgen"])
@pytest.mark.parametrize("bursts", ["", "=3"])
def test_tx_first_sends_bursts_and_then_does_what_the_mode_does(mode, bursts):
    """On net_ring, where what a port has sent comes back to it."""
    number = 32 * (3 if bursts else 1)
    with Forwarder(f"--forward-mode={mode}", f"--tx-first{bursts}", "--port-topology=loop",
                   "--txpkts=64,100", "--stats-period=0.1",
                   eal=["--vdev=net_ring0", "--vdev=net_ring1"]) as forwarder:
        forwarder.wait_for(r"port 1: rx [1-9]")
        final = forwarder.stop()
    for port in (0, 1):
        sent, received = final[port]["TX-packets"], final[port]["RX-packets"]
        if mode == "rxonly":
            assert sent == received == number
        else:
            # They go round until the end.
            assert received > number and 0 <= sent - received <= 1024


def test_tx_first_frames_are_those_of_txonly(network):
    with start_on_af_packet(network, "--tx-first=2", "--burst=20", "--txpkts=70,300") as forwarder:
        got = [wire.receive_many(40) for wire in network.wires]
        assert [sequence_of(frame) for frame in got[0]] == list(range(40))
        for port in (0, 1):
            assert got[port] == [frames.generated(network.port_mac(port), frames.peer_mac(port),
                                                  n, [70, 300]) for n in range(40)]
        final = forwarder.stop()
    assert final[0]["TX-packets"] == final[1]["TX-packets"] == 40


def rejected(forwarder):
    """Packets of all ports that the mode dropped."""
    return [int(number) for number in
            re.findall(r"drops by cause:.* rejected (\d+)", forwarder.said())][-1]


def swapped(frame):
    return frame[6:12] + frame[:6] + frame[12:]


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_pipeline_hands_frames_from_lcore_to_lcore_in_order(network, seed, workers):
    kinds = frames.every_kind(seed, "af_packet")[:200]
    with start_on_af_packet(network, "--forward-mode=pipeline", "--pipeline-work=100",
                            workers=workers) as forwarder:
        forwarder.wait_until_forwarding()
        for sender, receiver in (network.wires, network.wires[::-1]):
            send_and_compare(sender, receiver, kinds, swapped)
        final = forwarder.stop()
        assert rejected(forwarder) == 0
        stages = re.findall(r"^port \d queue 0 -> port \d queue 0, stage (\d) on lcore (\d+): "
                            r"handled (\d+)", forwarder.said(), re.M)
    for port in (0, 1):
        assert final[port]["RX-packets"] == final[port]["TX-packets"] == len(kinds)
    assert len(stages) == 6 and {handled for *_, handled in stages} == {str(len(kinds))}
    assert len({lcore for _, lcore, _ in stages}) == workers
    # Stages of one queue are apart where there are lcores for it.
    assert len({lcore for _, lcore, _ in stages[:3]}) == workers


@pytest.mark.parametrize("options", [["--pipeline-ring=1"], ["--pipeline-ring=5000", "--burst=7"],
                                     ["--pipeline-work=20000"]])
def test_pipeline_counts_what_its_rings_have_no_room_for(options):
    """net_null brings more than the rings hold. What is in them at the end comes back, too."""
    with Forwarder("--forward-mode=pipeline", "--duration=0.3", *options, workers=3,
                   eal=["--vdev=net_null0", "--vdev=net_null1"]) as forwarder:
        final = forwarder.check_end()["all"]
        dropped = rejected(forwarder)
    assert dropped > 0 and final["TX-packets"] > 0
    assert final["RX-packets"] == final["TX-packets"] + final["TX-dropped"] + dropped


@pytest.mark.parametrize("flush", [True, False])
def test_noisy_holds_frames_back(network, seed, flush):
    """The last ones leave when the time has come, or are freed and counted at the end."""
    sent = [frame for _, frame in frames.every_kind(seed, "af_packet")[:100]]
    options = ["--noisy-tx-sw-buffer-size=40", "--noisy-lkup-memory=1", "--noisy-lkup-num-reads=5",
               "--noisy-lkup-num-writes=5", "--noisy-lkup-num-reads-writes=5"]
    options += ["--noisy-tx-sw-buffer-flushtime=200"] if flush else []
    held = 0 if flush else 40
    with start_on_af_packet(network, "--forward-mode=noisy", *options) as forwarder:
        forwarder.wait_until_forwarding()
        for frame in sent:
            network.wires[0].send(frame)
        assert network.wires[1].receive_many(100 - held) == sent[:100 - held]
        final = forwarder.stop()
        assert network.wires[1].receive(timeout=0) is None
        assert rejected(forwarder) == held
    assert (final[0]["RX-packets"], final[1]["TX-packets"]) == (100, 100 - held)


# options, ports, what the line must contain
REFUSED = [
    (["--txpkts=41"], "null", r"txpkts=41", r"42"),
    (["--txpkts=64,,64"], "null", r"txpkts=64,,64", r"LENGTH"),
    (["--txpkts=" + ",".join(["64"] * 256)], "null", r"txpkts", r"255 segments"),
    (["--txpkts=60,65500"], "null", r"65535", r""),
    (["--forward-mode=txonly", "--txpkts=1515"], "null", r"1515", r"MTU of 1500"),
    (["--tx-first", "--txpkts=1515"], "null", r"1515", r"MTU of 1500"),
    (["--tx-ip=198.18.0.1"], "null", r"tx-ip", r"two IPv4"),
    (["--tx-ip=198.18.0.1,198.18.0"], "null", r"tx-ip", r"two IPv4"),
    (["--tx-udp=1,65536"], "null", r"tx-udp", r"65535"),
    (["--tx-first=0"], "null", r"tx-first=0", r"1 to"),
    (["--flowgen-flows=0"], "null", r"flowgen-flows=0", r"1 to"),
    (["--flowgen-clones=512"], "null", r"flowgen-clones=512", r"0 to 511"),
    (["--pipeline-ring=0"], "null", r"pipeline-ring=0", r"1 to"),
    (["--forward-mode=pipeline", "--pipeline-ring=100000", "--total-num-mbufs=100000"], "null",
     r"400000 that the mode holds", r"total-num-mbufs=100000"),
    (["--forward-mode=noisy", "--noisy-lkup-num-reads=1"], "null", r"--noisy-lkup-memory=MB", r""),
    (["--forward-mode=noisy", "--noisy-lkup-memory=100000"], "null", r"memory=100000", r"-m"),
    (["--noisy-tx-sw-buffer-size=-1"], "null", r"buffer-size=-1", r"0 to"),
]


@pytest.mark.parametrize("options, driver, names, says", REFUSED,
                         ids=[" ".join(row[0])[:40] for row in REFUSED])
def test_what_no_port_can_send_is_refused(options, driver, names, says):
    check_refusal(*run(*options, eal=[f"--vdev=net_{driver}0", f"--vdev=net_{driver}1"]), names, says)
