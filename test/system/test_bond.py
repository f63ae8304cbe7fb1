# SPDX-License-Identifier: BSD-3-Clause
"""Bonds: their members are left to them, and frames by them have their address."""

import re
import subprocess

import pytest
from scapy.layers.l2 import ARP, Ether

import frames
from forwarder import Forwarder, vdevs
from network import Network
from test_frames import raw
from test_options import check_refusal, run

# Port 3 sends each frame by both of its members.
BOND = [*vdevs("af_packet", ports=3), "--vdev=net_bonding0,mode=3,slave=net_af_packet1,slave=net_af_packet2"]
NULLS = ["--vdev=net_null0", "--vdev=net_null1", "--vdev=net_null2"]


@pytest.fixture
def hosts():
    with Network(hosts=3) as made:
        yield made


@pytest.mark.parametrize("mode", ["mac", "csum", "txonly", "icmpecho"])
def test_frames_by_a_bond_have_its_address(hosts, mode):
    one, first, second = hosts.wires
    with Forwarder(f"--forward-mode={mode}", eal=BOND, namespace=hosts.fwd) as forwarder:
        address = forwarder.wait_for("port 3: net_bonding, ([0-9A-F:]*),")[1].lower()
        forwarder.wait_until_forwarding()
        assert address == hosts.port_mac(1)
        if mode == "icmpecho":
            first.send(bytes(Ether(src=frames.FROM, dst="ff:ff:ff:ff:ff:ff") / ARP(
                hwsrc=frames.FROM, psrc="198.18.0.9", pdst="198.18.0.77")))
        elif mode != "txonly":
            one.send(b"\2" * 12 + b"\x88\xb5" + bytes(46))
        for wire in (first, second):
            got = wire.receive()
            assert got is not None and got[6:12] == raw(address), forwarder.said()
        if mode in ("mac", "csum"):
            first.send(b"\2" * 12 + b"\x88\xb5" + bytes(46))
            assert one.receive()[6:12] == raw(hosts.port_mac(0))
        assert not re.search("^port [12]", "\n".join(forwarder.output), re.M), forwarder.said()
        # A bond's link comes up a while after it has started.
        errors = [line for line in forwarder.own_error_lines() if "its link is down" not in line]
        assert errors == [], forwarder.said()
        forwarder.stop()


def test_member_that_is_asked_for_with_its_bond_is_refused():
    eal = [*NULLS, "--vdev=net_bonding0,mode=1,slave=net_null1,slave=net_null2"]
    check_refusal(*run("--portmask=0xb", eal=eal), r"portmask=0xb: port 1 is a member of a bond")


def test_bond_without_its_members_is_refused():
    eal = [*NULLS, "--vdev=net_bonding0,mode=1,slave=net_null7"]
    check_refusal(*run(eal=eal), r"port 3 \(net_bonding\): the bond does not get its members")


def test_attached_bond_takes_its_members_from_the_ports():
    with Forwarder("-i", eal=NULLS, stdin=subprocess.PIPE) as forwarder:
        forwarder.type("start", "stop", "port attach net_bonding0,mode=1,slave=net_null1,slave=net_null2")
        forwarder.wait_for("port 1: a member of a bond")
        forwarder.wait_for("port 2: a member of a bond")
        forwarder.type("start")
        forwarder.wait_for("port 0: net_null")
        forwarder.wait_for("port 3: net_bonding")
        forwarder.wait_for("forwarding:.* 2 ports")
        forwarder.type("stop", "quit")
        assert forwarder.wait_for_exit() == 0 and "buffers outstanding: 0" in forwarder.output, forwarder.said()
