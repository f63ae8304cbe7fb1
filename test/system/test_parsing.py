# SPDX-License-Identifier: BSD-3-Clause
"""The modes that look into packets: every byte that leaves, of whole, cut and wrong packets."""

import itertools
import random
import re

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_Router_Alert
from scapy.layers.inet6 import (ICMPv6EchoRequest, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment,
                                IPv6ExtHdrHopByHop)
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.layers.sctp import SCTP, SCTPChunkData
from scapy.packet import Raw

import frames
from conftest import missing_driver
from forwarder import Forwarder
from network import Wire
from test_frames import WINDOW, raw, send_and_compare

HERE, THERE = frames.FROM, frames.TO
IP_HERE, IP_THERE = "198.18.0.9", "198.19.3.77"
IP6_HERE, IP6_THERE = "2001:2::9", "2001:2:0:5::3:4d"
PAYLOAD = bytes(range(7, 40))


@pytest.fixture(params=["af_packet"])
def driver(request):
    """One is enough: what happens to packets is not its doing. Fragments of IPv4 need the other."""
    reason = missing_driver(request.param)
    if reason:
        pytest.skip(reason)
    return request.param


# The kernel puts these together again, if it can, before the af_packet driver sees them.
fragments = pytest.mark.parametrize("driver", ["af_xdp"], indirect=True)


def ether(*tags):
    header = Ether(src=HERE, dst=THERE)
    for tag in tags:
        header /= Dot1Q(vlan=tag, prio=3)
    return header


def ipv4(**more):
    return IP(src=IP_HERE, dst=IP_THERE, ttl=9, **more)


def ipv6(**more):
    return IPv6(src=IP6_HERE, dst=IP6_THERE, hlim=9, **more)


def spots(frame, *places):
    """The frame with neighbours swapped: (offset of the first, length of each)."""
    frame = bytearray(frame)
    for off, n in places:
        frame[off:off + 2 * n] = frame[off + n:off + 2 * n] + frame[off:off + n]
    return bytes(frame)


MAC, PORTS4, PORTS6 = (0, 6), (34, 2), (54, 2)
ADDRESSES4, ADDRESSES6 = (26, 4), (22, 16)


def moved(by, *places):
    return [MAC] + [(off + by, n) for off, n in places]


def flows():
    """[(name, frame, what 5tswap swaps in it)]"""
    udp, tcp = UDP(sport=1111, dport=2222) / PAYLOAD, TCP(sport=3333, dport=4444) / PAYLOAD
    options = [IPOption_Router_Alert()] * 3
    jump = IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt()
    v4, v6 = (ADDRESSES4, PORTS4), (ADDRESSES6, PORTS6)
    return [
        ("UDP", ether() / ipv4() / udp, moved(0, *v4)),
        ("TCP", ether() / ipv4() / tcp, moved(0, *v4)),
        ("UDP6", ether() / ipv6() / udp, moved(0, *v6)),
        ("TCP6", ether() / ipv6() / tcp, moved(0, *v6)),
        ("VLAN UDP", ether(5) / ipv4() / udp, moved(4, *v4)),
        ("VLAN UDP6", ether(5) / ipv6() / udp, moved(4, *v6)),
        ("QinQ TCP", ether(5, 6) / ipv4() / tcp, moved(8, *v4)),
        ("three tags", ether(5, 6, 7) / ipv4() / tcp, moved(12, *v4)),
        ("options", ether() / ipv4(options=options) / udp, [MAC, ADDRESSES4, (46, 2)]),
        ("extensions", ether() / ipv6() / jump / tcp, [MAC, ADDRESSES6, (70, 2)]),
        ("no UDP checksum", ether() / ipv4() / UDP(sport=1, dport=2, chksum=0), moved(0, *v4)),
        ("first fragment 6", ether() / ipv6() / IPv6ExtHdrFragment(m=1) / udp,
         [MAC, ADDRESSES6, (62, 2)]),
        ("later fragment 6", ether() / ipv6() / IPv6ExtHdrFragment(offset=9, nh=17) / PAYLOAD,
         [MAC, ADDRESSES6]),
        ("ICMP", ether() / ipv4() / ICMP() / PAYLOAD, [MAC, ADDRESSES4]),
        ("SCTP", ether() / ipv4() / SCTP() / SCTPChunkData(data=PAYLOAD), [MAC, ADDRESSES4]),
        ("ARP", ether() / ARP(pdst=IP_THERE, psrc=IP_HERE), [MAC]),
        ("not IP", frames.plain(60, random.Random(1)), [MAC]),
        ("IPv5", ether() / ipv4(version=5) / udp, [MAC]),
        ("IPv4 header of 16 bytes", ether() / ipv4(ihl=4) / udp, [MAC]),
        ("IPv6 as IPv4", Ether(src=HERE, dst=THERE, type=0x86dd) / ipv4() / udp / PAYLOAD, [MAC]),
        ("total length 0", ether() / ipv4(len=0) / udp, moved(0, *v4)),
        ("total length too long", ether() / ipv4(len=1400) / udp, moved(0, *v4)),
    ]


def cuts():
    """Frames that end anywhere: what is there whole is swapped."""
    for name, frame, places in flows()[:10]:
        frame = bytes(frame)
        # Linux drops frames that end in their outer tag.
        for length in range(20 if "VLAN" in name or "tags" in name or "QinQ" in name else 14,
                            len(frame)):
            there = [(off, n) for off, n in places if off + 2 * n <= length]
            # Addresses count as there with the whole fixed header, as ports do behind them.
            if name == "TCP6" or name.endswith("UDP6") or name == "extensions":
                there = [p for p in there if p[1] != 16 or p[0] + 32 <= length]
            yield f"{name} cut to {length}", frame[:length], spots(frame[:length], *there)


def pairs(rows):
    """For send_and_compare(): the frames, and a function from each to what must come of it."""
    table = {}
    for name, frame, expected in rows:
        assert table.setdefault(bytes(frame), bytes(expected)) == bytes(expected), name
    return [(name, bytes(frame)) for name, frame, _ in rows], lambda frame: table[frame]


def test_5tswap_swaps_what_is_there(network, start):
    forwarder = start("--forward-mode=5tswap")
    rows = [(name, frame, spots(bytes(frame), *places)) for name, frame, places in flows()]
    kinds, change = pairs(rows)
    send_and_compare(*network.wires[::-1], kinds, change)
    more, change = pairs([*rows, *cuts()])
    send_and_compare(*network.wires, more, change)
    final = forwarder.stop()
    assert final["all"]["TX-packets"] == len(kinds) + len(more)


def fragments4():
    """[(name, frame, what 5tswap swaps in it)]: of IPv4, the first and a later one."""
    udp = UDP(sport=1111, dport=2222) / PAYLOAD
    return [
        ("first fragment", ether() / ipv4(flags="MF") / udp, [MAC, ADDRESSES4, PORTS4]),
        ("later fragment", ether() / ipv4(frag=7, proto=17) / PAYLOAD, [MAC, ADDRESSES4]),
    ]


@fragments
def test_5tswap_leaves_later_fragments_their_bytes(network, start):
    start("--forward-mode=5tswap")
    rows = [(name, frame, spots(bytes(frame), *places)) for name, frame, places in fragments4()]
    send_and_compare(*network.wires, *pairs(rows))


@fragments
def test_csum_rights_fragments_in_ip_alone(network, start):
    start("--forward-mode=csum")
    addresses = raw(frames.peer_mac(1)) + raw(network.port_mac(1))
    bad = UDP(sport=5, dport=6, chksum=0xbad) / PAYLOAD
    rows = []
    for name, more in (("first", {"flags": "MF"}), ("later", {"frag": 7, "proto": 17})):
        rows.append((name, ether() / ipv4(chksum=0xbad, **more) / bad,
                     addresses + bytes(ether() / ipv4(**more) / bad)[12:]))
    send_and_compare(*network.wires, *pairs(rows))


def wrong_sums():
    """[(name, frame with wrong checksums, right frame, of these wrong: IP's, layer 4's)]"""
    rows = []
    shells = [("", ether(), {}), ("VLAN ", ether(5), {}), ("QinQ ", ether(5, 6), {}),
              ("options ", ether(), {"options": [IPOption_Router_Alert()] * 2})]
    kinds = [("UDP", UDP, {"sport": 5, "dport": 6}), ("TCP", TCP, {"sport": 5, "dport": 6}),
             ("SCTP", SCTP, {"sport": 5, "dport": 6}), ("ICMP", ICMP, {"id": 7})]
    for name, kind, more in kinds:
        for length in (0, 1, 2, 3, 17, 18, 22, 1000, 1001, 1452):
            data = random.Random(length).randbytes(length)
            if kind is SCTP:
                data = SCTPChunkData(data=data)
            data = Raw(bytes(data))
            field = {"chksum": 0xbad}
            for shell, link, given in shells:
                if length > 1400 and shell:
                    continue
                rows.append((f"{shell}{name} of {length}",
                             link / ipv4(chksum=0xbad, **given) / kind(**more, **field) / data,
                             link / ipv4(**given) / kind(**more) / data, 1, 1))
            if kind is ICMP:
                kind, more, field = ICMPv6EchoRequest, {"id": 7}, {"cksum": 0xbad}
            for shell, jump in (("", None), ("extensions ", IPv6ExtHdrHopByHop())):
                link = ether() / ipv6() / jump if jump else ether() / ipv6()
                if kind is not SCTP and length <= 1400:  # scapy leaves SCTP over IPv6 alone
                    rows.append((f"{shell}{name}6 of {length}", link / kind(**more, **field) / data,
                                 link / kind(**more) / data, 0, 1))
            if kind is ICMPv6EchoRequest:
                kind, more = ICMP, {"id": 7}
    return rows


def left_alone():
    """[(name, frame, right frame, IP checksums wrong, frames not computed)]: layer 4 stays."""
    bad = UDP(sport=5, dport=6, chksum=0xbad) / PAYLOAD
    none = UDP(sport=5, dport=6, chksum=0) / PAYLOAD
    rows = [
        ("no checksum", ether() / ipv4() / none, 0),
        ("no checksum 6", ether() / ipv6() / none, 0),
        ("first fragment 6", ether() / ipv6() / IPv6ExtHdrFragment(m=1) / bad, 0),
        ("later fragment 6", ether() / ipv6() / IPv6ExtHdrFragment(offset=9, nh=17) / bad, 0),
        ("other protocol", ether() / ipv4(proto=99) / PAYLOAD, 0),
        ("not IP", ether() / Raw(PAYLOAD), 0),
        ("IPv4 header of 16 bytes", ether() / ipv4(ihl=4, chksum=0xbad) / bad, 1),
        ("IPv5", ether() / ipv4(version=5, chksum=0xbad) / bad, 1),
        ("cut in IPv4", bytes(ether() / ipv4() / bad)[:30], 1),
        ("cut in IPv6", bytes(ether() / ipv6() / bad)[:50], 1),
        ("cut in an extension", bytes(ether() / ipv6() / IPv6ExtHdrHopByHop() / bad)[:60], 1),
        ("cut in the second tag", bytes(ether(5, 6) / ipv4() / bad)[:20], 1),
        ("options cut off", bytes(ether() / ipv4(ihl=15, chksum=0xbad) / bad)[:60], 1),
        ("total length 0", ether() / ipv4(len=0) / bad, 1),
        ("total length short", ether() / ipv4(len=27) / bad, 1),
        ("total length long", ether() / ipv4(len=1400) / bad, 1),
        ("payload length long", ether() / ipv6(plen=1400) / bad, 1),
        ("UDP length short", ether() / ipv4() / UDP(len=7, chksum=0xbad) / PAYLOAD, 1),
        ("UDP length long", ether() / ipv4() / UDP(len=900, chksum=0xbad) / PAYLOAD, 1),
        ("cut in UDP", bytes(ether() / ipv4() / bad)[:40], 1),
        ("cut in TCP", bytes(ether() / ipv4() / TCP() / PAYLOAD)[:50], 1),
    ]
    return [(name, frame, frame, 0, skipped) for name, frame, skipped in rows]


def check_csum(network, sender, receiver, out):
    addresses = raw(frames.peer_mac(out)) + raw(network.port_mac(out))
    wrong, alone = wrong_sums(), left_alone()
    # Bytes behind what the lengths cover: padding, which no checksum covers.
    short = ether() / ipv4(chksum=0xbad) / UDP(sport=5, dport=6, chksum=0xbad) / b"abc"
    fine = bytes(ether() / ipv4() / UDP(sport=5, dport=6) / b"abc")
    wrong.append(("padded", bytes(short) + b"\xee" * 15, fine + b"\xee" * 15, 1, 1))
    good = [(name, right, right, 0, 0) for name, _, right, _, _ in wrong]
    kinds, change = pairs([(name, frame, addresses + bytes(right)[12:])
                           for name, frame, right, _, _ in wrong + alone + good])
    send_and_compare(sender, receiver, kinds, change)
    return sum(row[3] for row in wrong), sum(row[4] for row in wrong), sum(row[4] for row in alone)


def check_counts(forwarder, ip, layer4, skipped):
    said = re.search(r"^csum: (\d+) bad ip checksums, (\d+) bad l4 checksums, (\d+) not computed",
                     forwarder.said(), re.M)
    assert said and [int(n) for n in said.groups()] == [ip, layer4, skipped], forwarder.said()


def test_csum_in_software_rights_and_counts(network, start):
    forwarder = start("--forward-mode=csum")
    expected = check_csum(network, *network.wires, 1)
    forwarder.stop()
    check_counts(forwarder, *expected)


@pytest.mark.parametrize("who", ["auto", "sw"])
def test_csum_gives_the_same_bytes_with_and_without_offload(network, who):
    """net_tap has all offloads but SCTP's; it drops what it can't sum, so only what it can."""
    with Forwarder("--forward-mode=csum", f"--csum={who}", namespace=network.fwd,
                   eal=["--vdev=net_tap0,iface=tap0", "--vdev=net_tap1,iface=tap1"]) as forwarder:
        forwarder.wait_until_forwarding()
        wires = [Wire(network.fwd, f"tap{port}") for port in (0, 1)]
        try:
            addresses = raw(frames.peer_mac(1)) + raw(network.link(network.fwd, "tap1")["address"])
            rows = [(name, frame, addresses + bytes(right)[12:])
                    for name, frame, right, _, _ in wrong_sums()]
            send_and_compare_own(*wires, rows)
        finally:
            for wire in wires:
                wire.close()
        forwarder.stop()


def send_and_compare_own(sender, receiver, rows):
    """As send_and_compare(), of frames among others: the kernel sends of its own by a tap."""
    for name, frame, expected in rows:
        sender.send(bytes(frame))
        while (got := receiver.receive()) is not None and got != expected:
            assert got[12:14] != expected[12:14] or got[26:30] != expected[26:30], \
                f"{name}:\n{got.hex()}\n{expected.hex()}"
        assert got is not None, f"{name}: lost"


def test_verbose_tells_of_every_packet(network, start):
    forwarder = start("--forward-mode=rxonly", "--verbose=1")
    mac = f"src={HERE.upper()} - dst={THERE.upper()}"
    for frame, text in [
            (ether() / ipv4() / UDP(sport=7, dport=8) / PAYLOAD,
             rf"{mac} - type=0x0800 - length=75 - nb_segs=1 - IPv4 {IP_HERE}:7 > {IP_THERE}:8 UDP - "
             r".*sw ptype: L2_ETHER L3_IPV4 L4_UDP - l2_len=14 - l3_len=20 - l4_len=8 - ol_flags:"),
            (ether() / ipv6() / TCP(sport=7, dport=8),
             rf"{mac} - type=0x86dd - .* - IPv6 \[{IP6_HERE}\]:7 > \[{IP6_THERE}\]:8 TCP - .*L4_TCP"),
            (ether(5) / Dot1Q(vlan=6) / ipv4() / ICMP() / PAYLOAD,
             rf"{mac} - type=0x0800 - VLAN=5 - VLAN=6 - .* - IPv4 {IP_HERE} > {IP_THERE} ICMP"),
            (ether() / ipv6() / IPv6ExtHdrFragment(offset=9, nh=99) / PAYLOAD,
             r".* protocol 99 fragment - "),
            (frames.plain(14, random.Random(1)), rf"{mac} - type=0x88b5 - length=14 ")]:
        network.wires[0].send(bytes(frame))
        forwarder.wait_for("port 0/queue 0: " + text)
    forwarder.stop()


def mutations(rng, number):
    """Frames with some bytes wrong, cut anywhere."""
    whole = [bytes(frame) for _, frame, *_ in flows()]
    for i in range(number):
        frame = bytearray(rng.choice(whole))
        for _ in range(rng.randint(1, 6)):
            frame[rng.randrange(12, len(frame))] = rng.randrange(256)
        length = rng.randint(18, len(frame)) if rng.random() < 0.5 else len(frame)
        yield f"mutation {i}", bytes(frame[:length])


@pytest.mark.parametrize("mode", ["5tswap", "csum", "icmpecho"])
def test_wrong_packets_do_no_harm(network, start, seed, mode):
    """All are handled and accounted for, and a sound one behind them is answered."""
    forwarder = start(f"--forward-mode={mode}")
    sender, receiver = network.wires[0], network.wires[0 if mode == "icmpecho" else 1]
    wrong = mutations(random.Random(seed), 1000)
    for number in itertools.count():
        window = list(itertools.islice(wrong, WINDOW - 1))
        mark = f"window {number}".encode()
        for _, frame in [*window, ("", ether() / ipv4() / ICMP(id=7) / mark)]:
            sender.send(bytes(frame))
        while (frame := receiver.receive()) is not None and not frame.endswith(mark):
            pass
        assert frame is not None, f"{mark} is lost"
        if not window:
            break
    final = forwarder.stop()
    if mode != "icmpecho":
        assert final["all"]["RX-packets"] == final["all"]["TX-packets"]
