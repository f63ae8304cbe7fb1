# SPDX-License-Identifier: BSD-3-Clause
"""Mode csum on random frames in any segments: checksums are those of scapy, and no other byte changes."""

import os
import random
import re
import struct

import pytest
from scapy.layers.inet import IP, TCP, UDP, IPOption_LSRR, IPOption_SSRR
from scapy.layers.inet6 import (HAO, ICMPv6EchoRequest, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrRouting,
                                IPv6ExtHdrSegmentRouting)
from scapy.layers.l2 import Ether

import frames
import sums
from forwarder import BINARY, Forwarder

SUM_PORT = BINARY.parents[2] / "test" / "system" / "libsum_port.so"
NUMBER = int(os.environ.get("MEXT_FRAMES", "10000"))


@pytest.fixture(params=["software", "offloads"])
def csum(request, tmp_path):
    """csum(frames): what becomes of [(bytes, lengths of segments)], the port's address, the mode's counters."""
    def run(given):
        with open(tmp_path / "in", "wb") as file:
            for data, lengths in given:
                file.write(struct.pack(f"<{1 + len(lengths)}H", len(lengths), *lengths) + data)
        environment = {"LD_PRELOAD": str(SUM_PORT), "SUM_PORT_IN": str(tmp_path / "in"),
                       "SUM_PORT_OUT": str(tmp_path / "out")}
        if request.param == "offloads":
            environment["SUM_PORT_OFFLOADS"] = "1"
        with Forwarder("--forward-mode=csum", "--port-topology=loop", "--mbuf-size=4096",
                       eal=["--vdev=net_null0"], environment=environment) as forwarder:
            mac = forwarder.wait_for(r"port 0: net_null, ([0-9A-F:]*),")[1]
            forwarder.wait_until_forwarding()
            forwarder.wait_for(f"sum port: sent {len(given)}$", timeout=120)
            forwarder.stop()
            said = re.search(r"^csum: (\d+) bad ip checksums, (\d+) bad l4 checksums, (\d+) not computed",
                             forwarder.said(), re.M)
        return read_frames(tmp_path / "out"), bytes.fromhex(mac.replace(":", "")), [int(n) for n in said.groups()]

    run.in_software = request.param == "software"
    return run


def read_frames(file):
    data, at, found = file.read_bytes(), 0, []
    while at < len(data):
        length, = struct.unpack_from("<H", data, at)
        found.append(data[at + 2:at + 2 + length])
        at += 2 + length
    return found


def test_sums_of_random_frames_are_those_of_scapy(csum, seed):
    rng = random.Random(seed)
    made = [sums.make(rng) for _ in range(NUMBER)]
    sent = [sums.spoil(rng, frame) for frame in made]
    cuts = [sums.cut(rng, frame) for frame in made]
    got, mac, counts = csum(list(zip(sent, cuts)))
    pair = bytes.fromhex(frames.peer_mac(0).replace(":", "")) + mac
    totals = [0, 0, 0]
    for frame, given, lengths, came in zip(made, sent, cuts, got, strict=True):
        wanted, *more = sums.expect(frame, given, lengths[0], pair)
        assert came == wanted, f"{frame}\nin segments of {lengths}\nsent {given.hex()}\ncame {came.hex()}"
        totals = [total + number for total, number in zip(totals, more)]
    # Where the port computes, what it said of the frames counts, and this one says nothing.
    assert counts[2] == totals[2] > NUMBER / 100
    if csum.in_software:
        assert counts[:2] == totals[:2]


A, B, C, D = "2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4"
V4 = {"src": "10.0.0.1", "dst": "10.0.0.2"}
ROUTE = ["10.0.0.3", "10.0.0.4"]
DETOURS = {
    "routing 0": IPv6(src=A, dst=B) / IPv6ExtHdrRouting(addresses=[C, D], segleft=2),
    "routing 0, over": IPv6(src=A, dst=C) / IPv6ExtHdrRouting(addresses=[B], segleft=0),
    "routing 2": IPv6(src=A, dst=B) / IPv6ExtHdrRouting(type=2, addresses=[C], segleft=1),
    "segments": IPv6(src=A, dst=B) / IPv6ExtHdrSegmentRouting(addresses=[C, B], segleft=1, lastentry=1),
    "segments, the first left out": IPv6(src=A, dst=B) / IPv6ExtHdrSegmentRouting(addresses=[C], segleft=1,
                                                                                lastentry=0),
    "home": IPv6(src=A, dst=B) / IPv6ExtHdrDestOpt(options=[HAO(hoa=C)]),
    "home and segments": IPv6(src=A, dst=B) / IPv6ExtHdrSegmentRouting(addresses=[C, B], segleft=1, lastentry=1) /
                         IPv6ExtHdrDestOpt(options=[HAO(hoa=D)]),
    "loose route": IP(**V4, options=[IPOption_LSRR(routers=ROUTE)]),
    "strict route": IP(**V4, options=[IPOption_SSRR(routers=ROUTE, pointer=8)]),
}


def test_right_sums_over_detours_stay(csum):
    """Whole frames of scapy's, which finds the addresses by itself."""
    rows = []
    for name, ip in DETOURS.items():
        for layer in (UDP(sport=1, dport=2) / b"odd", TCP(sport=1, dport=2) / b"data",
                      ICMPv6EchoRequest(data=b"data")):
            if IPv6 in ip or ICMPv6EchoRequest not in layer:
                frame = bytes(Ether(dst=frames.TO, src=frames.FROM) / ip / layer)
                rows.append((name, frame, [len(frame)]))
    got, _, counts = csum([row[1:] for row in rows])
    assert [(name, frame[12:]) for name, frame, _ in rows] == [
        (name, came[12:]) for (name, _, _), came in zip(rows, got, strict=True)]
    assert counts == [0, 0, 0]
