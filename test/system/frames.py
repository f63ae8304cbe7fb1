# SPDX-License-Identifier: BSD-3-Clause
"""Frames to send, as bytes."""

import itertools
import random
import struct

from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether
from scapy.packet import Raw

# "Local experimental" (IEEE 802): no host answers to it.
ETHERTYPE = 0x88B5
TO, FROM = "02:11:22:33:44:55", "02:66:77:88:99:aa"

SHORTEST, LONGEST = 14, 1514


def plain(length, rng):
    return bytes(Ether(dst=TO, src=FROM, type=ETHERTYPE)) + rng.randbytes(length - 14)


def tagged(length, rng, *tags):
    header = Ether(dst=TO, src=FROM)
    for tag in tags:
        header /= tag
    header.lastlayer().type = ETHERTYPE
    header = bytes(header)
    return header + rng.randbytes(length - len(header))


def every_kind(seed, driver):
    """[(name, frame)]: every short length, the limits, VLAN tags, and many of random lengths."""
    rng = random.Random(seed)
    lengths = [*range(SHORTEST, 67), 127, 128, 129, 255, 256, 512, 1024, 1280, 1500, 1513, LONGEST]
    lengths += [rng.randint(SHORTEST, LONGEST) for _ in range(500)]
    kinds = [(f"plain of {length}", plain(length, rng)) for length in lengths]
    # Linux drops frames with less than two bytes behind the type that follows the outer tag.
    for length in (20, 60, 64, 68, 512, 1514, 1518):
        tag = Dot1Q(vlan=rng.randint(1, 4094), prio=rng.randint(0, 7))
        kinds.append((f"VLAN of {length}", tagged(length, rng, tag)))
    # DPDK's af_packet driver gets frames without their outer tag, and puts it back as 802.1Q always.
    outer_tags = [Dot1Q] if driver == "af_packet" else [Dot1Q, Dot1AD]
    for outer, length in itertools.product(outer_tags, (24, 64, 512, 1514)):
        tags = outer(vlan=rng.randint(1, 4094)), Dot1Q(vlan=rng.randint(1, 4094))
        kinds.append((f"{outer.__name__} and Dot1Q of {length}", tagged(length, rng, *tags)))
    return kinds


def flows(number, seed):
    """UDP frames, each of a flow of its own, for hosts and ports that do not exist."""
    rng = random.Random(seed)
    return [bytes(Ether(dst=TO, src=FROM) / IP(src=f"198.19.0.{i % 250 + 1}", dst="198.19.1.1") /
                  UDP(sport=1024 + i, dport=9) / Raw(rng.randbytes(32))) for i in range(number)]


def peer_mac(port):
    """The address that mext-fwd sends to by a port, if not told otherwise."""
    return f"02:00:00:00:00:{port:02x}"


def generated(source, destination, sequence, lengths=(60,), addresses=("198.18.0.1", "198.18.0.2"),
              ports=(9, 9)):
    """What txonly and flowgen send as the frame of that number, its segments of these lengths."""
    header = Ether(src=source, dst=destination) / IP(
        src=addresses[0], dst=addresses[1], ttl=64, id=0, len=sum(lengths) - 14) / UDP(
            sport=ports[0], dport=ports[1], len=sum(lengths) - 34, chksum=0)
    head = bytes(header) + struct.pack("!Q", sequence)
    fill = bytes((i - len(head)) % 256 for i in range(max(lengths)))
    frame = (head + fill[len(head):])[:lengths[0]]
    return frame + b"".join(fill[:length] for length in lengths[1:])


def txonly(source, destination, sequence):
    """What mode txonly sends as its frame of that number, if not told otherwise."""
    return generated(source, destination, sequence)
