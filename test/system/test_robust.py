# SPDX-License-Identifier: BSD-3-Clause
"""Malformed frames in every mode, ports asked for what they can't, pools that run dry."""

import os
import re
import subprocess

import pytest

import fuzz
from forwarder import BINARY, Forwarder
from test_options import PORTS, check_refusal, run

# For all modes together; a million is MEXT_FRAMES=1000000.
FRAMES = int(os.environ.get("MEXT_FRAMES", "20000"))

# Modes that do not start without options of their own have tests of their own.
NEEDS = {"serve": None, "mirror": None, "multicast": None}


def modes():
    if not BINARY.exists():
        return []
    text = subprocess.run([BINARY, "--help"], capture_output=True, text=True, check=True).stdout
    names = re.findall(r"^  ([a-z0-9]+) ", text.split("\nModes:\n")[1], re.M)
    return [name for name in names if NEEDS.get(name, {}) is not None]


@pytest.mark.parametrize("mode", modes())
def test_malformed_frames_harm_nothing(network, start, seed, mode):
    number = FRAMES // (2 * len(modes()))  # by both drivers
    volley = fuzz.Volley(fuzz.frames(min(number, 10000), seed))
    forwarder = start(f"--forward-mode={mode}", "--port-topology=paired")
    taken = volley.send(network.wires[0], number)
    assert taken > number * 0.9, f"the kernel took {taken} of {number}"
    final = forwarder.stop()
    if mode != "txonly":
        assert final[0]["RX-packets"] > 0, forwarder.said()


REFUSED = [
    (["--mtu=67"], r"mtu=67", r"68 to 65535"),
    (["--mtu=9000"], r"frames of 9018 bytes", r"--mbuf-size=9146"),
    (["--mtu=9000", "--enable-scatter"], r"--enable-scatter", r"--mbuf-size=9146"),
    (["--max-pkt-len=85"], r"max-pkt-len=85", r"86 to 65535"),
    (["--mbuf-size=1500"], r"frames of 1518 bytes", r"--mbuf-size=1646"),
    (["--mbuf-size=255"], r"mbuf-size=255", r"256 to 65535"),
    (["--promiscuous=maybe"], r"promiscuous=maybe", r"on or off"),
    (["--portlist=0,3"], r"port 3 does not exist", r""),
    (["--portlist=1-0"], r"portlist=1-0", r"0 to 63"),
    (["--portlist="], r"portlist=", r"0 to 63"),
    (["--portlist=0,"], r"portlist=0,", r"0 to 63"),
    (["--portlist=64"], r"portlist=64", r"0 to 63"),
    (["--rx-offloads=0x4"], r"rx-offloads=0x4", r"UDP_CKSUM"),
    (["--tx-offloads=0x10000", "--forward-mode=txonly"], r"MBUF_FAST_FREE", r"txonly"),
    (["--rxdrop=2"], r"rxdrop=2", r"0 to 1"),
    (["--txpt=256"], r"txpt=256", r"0 to 255"),
]


@pytest.mark.parametrize("options, names, says", REFUSED, ids=[" ".join(r[0]) for r in REFUSED])
def test_setup_that_a_port_can_not_have_is_refused(options, names, says):
    check_refusal(*run(*options, eal=PORTS), names, says)


@pytest.mark.parametrize("options", [
    ["--mtu=9000", "--mbuf-size=9200"], ["--portlist=0-1"], ["--promiscuous=off"],
    ["--txfreet=64", "--txrst=32", "--rxfreet=32"]], ids=" ".join)
def test_setup_that_a_port_can_have_forwards(options):
    with Forwarder("--duration=0.1", *options, eal=PORTS) as forwarder:
        assert forwarder.check_end()["all"]["TX-packets"] > 0, forwarder.said()


def test_lcore_without_work_is_warned_of():
    with Forwarder("--duration=0.1", eal=PORTS, workers=3) as forwarder:
        forwarder.check_end()
        lines = [line for line in forwarder.own_error_lines() if "nothing to do" in line]
        assert len(lines) == 1 and "lcore 3" in lines[0], forwarder.said()


# af_xdp takes its MTU from the interface.
@pytest.mark.parametrize("driver", ["af_packet"], indirect=True)
def test_interface_with_longer_frames_than_the_port_is_warned_of(network, start):
    for namespace, link in ((network.hosts[0], "host0"), (network.fwd, "port0")):
        subprocess.run(["ip", "-netns", namespace, "link", "set", link, "mtu", "3000"], check=True)
    forwarder = start()
    forwarder.wait_for_error("port 0 .* has an MTU of 3000, the port of 1500")
    network.wires[0].send(bytes(2990))
    forwarder.stop()


@pytest.mark.parametrize("mode", ["io", "txonly"])
def test_smallest_pool_that_is_allowed_does_not_stall(mode):
    # net_ring keeps what it is sent until it is received: txonly fills it, and then must go without.
    options = [f"--forward-mode={mode}", "--rxd=64", "--txd=64", "--mbcache=0", "--tx-first"]
    eal = ["--vdev=net_ring0", "--vdev=net_ring1"]
    _, refused = run(*options, "--total-num-mbufs=1", eal=eal)
    least = re.search(r"need (\d+)", refused.kept_errors[0])[1]
    with Forwarder(*options, f"--total-num-mbufs={least}", "--duration=0.2", eal=eal) as forwarder:
        assert forwarder.check_end()["all"]["TX-packets"] > 0, forwarder.said()
