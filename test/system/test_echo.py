# SPDX-License-Identifier: BSD-3-Clause
"""Mode icmpecho: what is answered as a host does, byte by byte, and what no host answers."""

import random

from scapy.layers.inet import ICMP, IP, UDP, IPOption_LSRR, IPOption_Router_Alert
from scapy.layers.inet6 import (HAO, ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS,
                                ICMPv6NDOptDstLLAddr, ICMPv6NDOptSrcLLAddr, IPv6, IPv6ExtHdrDestOpt,
                                IPv6ExtHdrRouting)
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Padding

import frames
from test_frames import raw, send_and_compare
from test_parsing import (HERE, IP6_HERE, IP6_THERE, IP_HERE, IP_THERE, PAYLOAD, THERE, driver, ether, ipv4, ipv6,
                          pairs)

__all__ = ["driver"]  # the fixture


def answers(own):
    """[(name, request, answer)], of a port with that address."""
    link = Ether(src=HERE, dst="ff:ff:ff:ff:ff:ff")
    back = Ether(src=own, dst=HERE)
    asked = {"hwsrc": HERE, "psrc": IP_HERE, "pdst": IP_THERE}
    reply = {"op": 2, "hwsrc": own, "psrc": IP_THERE, "hwdst": HERE, "pdst": IP_HERE}
    there = IP(src=IP_THERE, dst=IP_HERE, ttl=64)
    there6 = IPv6(src=IP6_THERE, dst=IP6_HERE, hlim=64)
    ping = {"id": 5, "seq": 6}
    mac = raw(own)
    local = "fe80::" + bytes([mac[0] ^ 2, *mac[1:3], 0xff, 0xfe, *mac[3:]]).hex(":", 2)
    solicit = {"src": IP6_HERE, "dst": "ff02::1:ff03:4d", "hlim": 255}
    rows = [
        ("ARP", link / ARP(**asked), back / ARP(**reply)),
        ("ARP in a VLAN", link / Dot1Q(vlan=9) / ARP(**asked), back / Dot1Q(vlan=9) / ARP(**reply)),
        ("ARP with padding", link / ARP(**asked) / bytes(18), back / ARP(**reply) / bytes(18)),
    ]
    swapped = Ether(src=THERE, dst=HERE)
    options = {"options": [IPOption_Router_Alert()]}
    for length in (0, 1, 56, 1400):
        data = random.Random(length).randbytes(length)
        for name, here, back4 in [("", ether() / ipv4(), swapped / there),
                                  ("in a VLAN ", ether(9) / ipv4(),
                                   swapped / Dot1Q(vlan=9, prio=3) / there),
                                  ("options ", ether() / ipv4(**options),
                                   swapped / IP(src=IP_THERE, dst=IP_HERE, ttl=64, **options))]:
            rows.append((f"echo {name}of {length}", here / ICMP(**ping) / data,
                         back4 / ICMP(type=0, **ping) / data))
        rows.append((f"echo6 of {length}", ether() / ipv6() / ICMPv6EchoRequest(**ping, data=data),
                     swapped / there6 / ICMPv6EchoReply(**ping, data=data)))
    for group, mac_group in (("224.0.0.1", "01:00:5e:00:00:01"),
                             ("255.255.255.255", "ff:ff:ff:ff:ff:ff")):
        rows.append((f"echo to {group}", Ether(src=HERE, dst=mac_group) /
                     IP(src=IP_HERE, dst=group) / ICMP(**ping) / PAYLOAD,
                     Ether(src=own, dst=HERE) / IP(src="198.18.0.10", dst=IP_HERE) /
                     ICMP(type=0, **ping) / PAYLOAD))
    over = IP(src=IP_HERE, dst=IP_THERE, ttl=1), IPv6(src=IP6_HERE, dst=IP6_THERE, hlim=1)
    rows += [
        ("echo of zeros, TTL 1", ether() / over[0] / ICMP(id=0, seq=0) / bytes(9),
         swapped / there / ICMP(type=0, id=0, seq=0, chksum=0xffff) / bytes(9)),
        ("echo with padding", ether() / ipv4() / ICMP(**ping) / b"odd" / Padding(b"\xff" * 15),
         swapped / there / ICMP(type=0, **ping) / b"odd" / Padding(b"\xff" * 15)),
        ("echo6, hop limit 1", ether() / over[1] / ICMPv6EchoRequest(**ping, data=PAYLOAD),
         swapped / there6 / ICMPv6EchoReply(**ping, data=PAYLOAD)),
        ("echo6 to all", Ether(src=HERE, dst="33:33:00:00:00:01") / IPv6(src=IP6_HERE, dst="ff02::1")
         / ICMPv6EchoRequest(**ping, data=PAYLOAD), back / IPv6(src=local, dst=IP6_HERE)
         / ICMPv6EchoReply(**ping, data=PAYLOAD)),
        ("solicitation", Ether(src=HERE, dst="33:33:ff:03:00:4d") / IPv6(**solicit)
         / ICMPv6ND_NS(tgt=IP6_THERE) / ICMPv6NDOptSrcLLAddr(lladdr=HERE),
         back / IPv6(src=IP6_THERE, dst=IP6_HERE, hlim=255)
         / ICMPv6ND_NA(tgt=IP6_THERE, R=0, S=1, O=1) / ICMPv6NDOptDstLLAddr(lladdr=own)),
        ("solicitation to the known", Ether(src=HERE, dst=THERE)
         / IPv6(src=IP6_HERE, dst=IP6_THERE, hlim=255) / ICMPv6ND_NS(tgt=IP6_THERE),
         back / IPv6(src=IP6_THERE, dst=IP6_HERE, hlim=255)
         / ICMPv6ND_NA(tgt=IP6_THERE, R=0, S=1, O=1)),
    ]
    return rows


def not_for_hosts(own):
    """[(name, frame)]: requests that no host answers, be it for who sends them, or for whom."""
    echo, echo6 = ICMP(id=5) / PAYLOAD, ICMPv6EchoRequest(data=PAYLOAD)
    group, everybody = "01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff"
    arp = {"hwsrc": HERE, "psrc": IP_HERE, "pdst": IP_THERE}
    ask = {"src": IP6_HERE, "dst": "ff02::1:ff03:4d", "hlim": 255}
    target, mine = ICMPv6ND_NS(tgt=IP6_THERE), ICMPv6NDOptSrcLLAddr(lladdr=HERE)
    rows = [(f"ARP {name}", Ether(src=HERE, dst=everybody) / ARP(**{**arp, **more})) for name, more in [
        ("probe", {"psrc": "0.0.0.0"}), ("announcement", {"psrc": IP_THERE}),
        ("from a group", {"psrc": "224.0.0.1"}), ("from all", {"psrc": "255.255.255.255"}),
        ("from loopback", {"psrc": "127.0.0.1"}), ("from the MAC of a group", {"hwsrc": group}),
        ("for a group", {"pdst": "224.0.0.9"}), ("for nobody", {"pdst": "0.0.0.0"}),
        ("for all", {"pdst": "255.255.255.255"}), ("for loopback", {"pdst": "127.0.0.1"})]]
    rows += [(f"{name} from MAC {mac}", Ether(src=mac, dst=THERE) / packet)
             for mac in (group, everybody, "00:00:00:00:00:00", own)
             for name, packet in [("ARP", ARP(**arp)), ("echo", ipv4() / echo), ("echo6", ipv6() / echo6),
                                  ("solicitation", IPv6(**ask) / target / mine)]]
    rows += [(f"echo from {source} to {to}", ether() / IP(src=source, dst=to) / echo) for source, to in [
        ("224.0.0.1", IP_THERE), ("255.255.255.255", IP_THERE), ("240.0.0.1", IP_THERE), ("0.0.0.0", IP_THERE),
        ("127.0.0.1", IP_THERE), (IP_THERE, IP_THERE), (IP_HERE, "127.0.0.1"), (IP_HERE, "0.0.0.0")]]
    rows += [(f"echo6 from {source} to {to}", ether() / IPv6(src=source, dst=to) / echo6) for source, to in [
        ("ff02::1", IP6_THERE), ("::", IP6_THERE), ("::1", IP6_THERE), (IP6_THERE, IP6_THERE),
        (IP6_HERE, "::1"), (IP6_HERE, "::")]]
    rows += [
        ("echo to one host in a frame to all", Ether(src=HERE, dst=everybody) / ipv4() / echo),
        ("echo6 to one host in a frame to all", Ether(src=HERE, dst="33:33:00:00:00:01") / ipv6() / echo6),
        ("echo, wrong IP checksum", ether() / ipv4(chksum=0xbad) / echo),
        ("echo, wrong ICMP checksum", ether() / ipv4() / ICMP(id=5, chksum=0xbad) / PAYLOAD),
        ("echo6, wrong checksum", ether() / ipv6() / ICMPv6EchoRequest(cksum=0xbad, data=PAYLOAD)),
        ("echo longer than its frame", ether() / ipv4(len=500) / echo),
        ("echo6 longer than its frame", ether() / ipv6(plen=500) / echo6),
        ("echo of less than its header", ether() / ipv4(len=26) / echo),
        ("echo on its way", ether() / ipv4(options=[IPOption_LSRR(routers=["10.0.0.4"])]) / echo),
        ("echo6 on its way", ether() / ipv6() / IPv6ExtHdrRouting(addresses=["fd00::4"], segleft=1) / echo6),
        ("echo6 from home", ether() / ipv6() / IPv6ExtHdrDestOpt(options=[HAO(hoa="fd00::5")]) / echo6),
        ("solicitation, wrong checksum", ether() / IPv6(**ask) / ICMPv6ND_NS(tgt=IP6_THERE, cksum=0xbad) / mine),
        ("solicitation from its target", ether() / IPv6(**{**ask, "src": IP6_THERE}) / target / mine),
        ("solicitation for nobody", ether() / IPv6(**ask) / ICMPv6ND_NS(tgt="::") / mine),
        ("solicitation by a group", ether() / IPv6(**ask) / target / ICMPv6NDOptSrcLLAddr(lladdr=group)),
    ]
    return [(name, bytes(frame)) for name, frame in rows]


def unanswered():
    """[(name, frame)]"""
    request = ARP(hwsrc=HERE, psrc=IP_HERE, pdst=IP_THERE)
    echo = ICMP(id=5) / PAYLOAD
    arp = bytes(ether() / request)
    rows = [
        ("ARP answer", ether() / ARP(op=2, psrc=IP_HERE, pdst=IP_THERE)),
        ("ARP of another kind", ether() / ARP(hwtype=6, psrc=IP_HERE, pdst=IP_THERE)),
        *[(f"ARP cut to {n}", arp[:n]) for n in range(14, 42)],
        *[(f"echo cut to {n}", bytes(ether() / ipv4() / echo)[:n]) for n in range(14, 42)],
        ("echo answer", ether() / ipv4() / ICMP(type=0) / PAYLOAD),
        ("timestamp", ether() / ipv4() / ICMP(type=13) / PAYLOAD),
        ("echo with a code", ether() / ipv4() / ICMP(code=1) / PAYLOAD),
        ("UDP", ether() / ipv4() / UDP() / PAYLOAD),
        ("not IP", frames.plain(60, random.Random(1))),
        ("is this address free", ether() / IPv6(src="::", dst="ff02::1:ff03:4d", hlim=255)
         / ICMPv6ND_NS(tgt=IP6_THERE)),
        ("solicitation from afar", ether() / IPv6(src=IP6_HERE, dst="ff02::1:ff03:4d", hlim=254)
         / ICMPv6ND_NS(tgt=IP6_THERE) / ICMPv6NDOptSrcLLAddr(lladdr=HERE)),
        ("echo6 answer", ether() / ipv6() / ICMPv6EchoReply()),
    ]
    return [(name, bytes(frame)) for name, frame in rows]


def test_icmpecho_answers_requests_and_nothing_else(network, start):
    forwarder = start("--forward-mode=icmpecho")
    for port, wire in enumerate(network.wires):
        wrong = unanswered() + not_for_hosts(network.port_mac(port))
        for _, frame in wrong:
            wire.send(frame)
        kinds, change = pairs(answers(network.port_mac(port)))
        send_and_compare(wire, wire, kinds, change)
    final = forwarder.stop()
    for port in (0, 1):
        assert final[port]["RX-packets"] == len(kinds) + len(wrong)
        assert final[port]["TX-packets"] == len(kinds)


def test_icmpecho_answers_the_kernel(network, start):
    start("--forward-mode=icmpecho")
    ping = ["ping", "-c", "5", "-i", "0.01", "-W", "10", "-s", "1001"]
    assert " 0% packet loss" in network.run_in(network.hosts[0], [*ping, "198.18.0.77"])
    network.run_in(network.hosts[0], ["sysctl", "-q", "net.ipv6.conf.host0.disable_ipv6=0"])
    network.run_in(network.hosts[0],
                   ["ip", "address", "add", "2001:2::1/64", "dev", "host0", "nodad"])
    assert " 0% packet loss" in network.run_in(network.hosts[0], [*ping, "-6", "2001:2::77"])
