# SPDX-License-Identifier: BSD-3-Clause
"""Random frames whose checksums are known: what mode csum is to make of them, in any segments."""

import dataclasses
import struct

from scapy.layers.sctp import crc32c
from scapy.utils import checksum

ICMP, TCP, UDP, ICMP6, SCTP = 1, 6, 17, 58, 132
# Length of the shortest header, and where the checksum is in it.
LAYERS4 = {UDP: (8, 6), TCP: (20, 16), SCTP: (12, 8), ICMP: (8, 2), ICMP6: (8, 2)}
HOPOPTS, ROUTING, FRAGMENT, AH, DSTOPTS, HIP, SHIM6 = 0, 43, 44, 51, 60, 139, 140


@dataclasses.dataclass
class Frame:
    """A frame with right checksums, and where all is."""
    data: bytearray
    tags: int
    version: int
    l3: int = 0
    # Ends of what must be in the first segment, one after another, from l3 on.
    headers: list = dataclasses.field(default_factory=list)
    l4: int = 0
    protocol: int = 0
    fragment: str = ""  # "first" or "later"
    addresses: bool = True  # those that checksums cover are known
    lengths: bool = True  # that headers state are right
    spoilt_ip: bool = False
    spoilt_l4: bool = False

    def field(self):
        """Where the checksum of layer 4 is, and its bytes."""
        at = self.l4 + LAYERS4[self.protocol][1]
        return slice(at, at + (4 if self.protocol == SCTP else 2))


def address(rng, version):
    return rng.randbytes(4 if version == 4 else 16)


def detour4(rng, final):
    """A source route, the destination that checksums cover, and whether that is known."""
    stops = [address(rng, 4) for _ in range(rng.randint(1, 3))]
    length, pointer = 3 + 4 * len(stops), rng.choice([4, 8, 12, 16])
    if pointer <= length:
        final = stops[-1]
    option = bytes([rng.choice([0x83, 0x89]), length, pointer]) + b"".join(stops)
    if rng.random() < 0.1:
        return option[:2] + b"\x05" + option[3:], final, False
    return option, final, True


def options4(rng, final):
    """Options of an IPv4 header, the final destination, and whether that is known."""
    text, known, routed = b"", True, False
    for _ in range(rng.randint(0, 3)):
        kind = rng.choice(["nop", "alert", "stamp", "route", "wrong"])
        if kind == "route" and len(text) <= 24:
            option, last, right = detour4(rng, final)
            known &= right and not routed
            final, routed = last, True
        elif kind == "wrong" and rng.random() < 0.1:
            option, known = bytes([0x94, rng.choice([0, 1])]), False
        else:
            option = {"nop": b"\1", "alert": b"\x94\4\0\0"}.get(kind, b"\x44\x08\x05\0" + rng.randbytes(4))
        if len(text) + len(option) > 40:
            break
        text += option
    return text + b"\0" * (-len(text) % 4), final, known


def routing6(rng, final):
    """A routing header behind its first byte, and the destination that checksums cover, None if it is not known."""
    n = rng.randint(1, 3)
    stops = [address(rng, 6) for _ in range(n)]
    kind = rng.choice([0, 2, 4, 4, 3, 253])
    if kind == 2:
        stops, n = stops[:1], 1
    left = rng.choice([0, rng.randint(1, n)])
    head = bytes([2 * n, kind, left]) + (bytes([n - 1]) + rng.randbytes(3) if kind == 4 else bytes(4))
    last = {0: stops[-1], 2: stops[0], 4: stops[0]}.get(kind)
    return head + b"".join(stops), final if left == 0 else last


def options6(rng, home):
    """Destination or hop-by-hop options behind the first byte."""
    text = b"".join(rng.choice([b"\0", b"\1\2\0\0", b"\x1e\3abc"]) for _ in range(rng.randint(0, 3)))
    text += b"\xc9\x10" + home if home else b""
    text += b"\0" * (-(len(text) + 2) % 8)
    return bytes([(len(text) + 2) // 8 - 1]) + text


def extensions6(rng, frame, source, final):
    """[(type, bytes but the first)] of some extension headers, and both addresses that checksums cover."""
    chain = []
    for _ in range(rng.randint(0, 3)):
        kind = rng.choice([HOPOPTS, ROUTING, ROUTING, FRAGMENT, AH, DSTOPTS, DSTOPTS, HIP, SHIM6])
        if kind == ROUTING:
            rest, final = routing6(rng, final)
            frame.addresses &= final is not None
            final = final or address(rng, 6)
        elif kind == DSTOPTS and rng.random() < 0.5:
            source = address(rng, 6)
            rest = options6(rng, source)
        elif kind in (HOPOPTS, DSTOPTS):
            rest = options6(rng, None)
        elif kind == FRAGMENT:
            if FRAGMENT in [kind for kind, _ in chain]:
                continue
            frame.fragment = rng.choice(["", "", "first", "later"])
            bits = {"": 0, "first": 1, "later": 64}[frame.fragment]
            rest = b"\0" + struct.pack("!H", bits) + rng.randbytes(4)
        elif kind == AH:
            rest = b"\4" + rng.randbytes(22)
        else:
            if rng.random() < 0.7:
                continue
            rest, frame.addresses = b"\1" + rng.randbytes(14), False
        chain.append((kind, rest))
    return chain, source, final


def inner(rng):
    """A packet in a tunnel: its checksums are nobody's business."""
    return b"\x45\0\0\x30" + rng.randbytes(4) + b"\x40\x11\xba\xd0" + rng.randbytes(36)


def layer4(rng, protocol):
    """Header with a checksum of 0, and payload."""
    payload = rng.randbytes(rng.choice([0, 1, 2, 3, 17, 64, rng.randint(0, 300), rng.randint(0, 1200)]))
    if rng.random() < 0.1:
        payload = bytes(len(payload)) if rng.random() < 0.5 else b"\xff" * len(payload)
    if protocol == UDP:
        if rng.random() < 0.2:  # VXLAN
            payload = b"\x08\0\0\0\0\0\1\0" + rng.randbytes(12) + b"\x08\0" + inner(rng)
        return rng.randbytes(4) + struct.pack("!HH", 8 + len(payload), 0) + payload
    if protocol == TCP:
        words = rng.choice([5, 5, 8, 15])
        return (rng.randbytes(12) + bytes([words << 4, 0x10]) + rng.randbytes(2) + b"\0\0" +
                rng.randbytes(2 + 4 * (words - 5)) + payload)
    if protocol == SCTP:
        return rng.randbytes(8) + bytes(4) + payload
    return bytes([rng.choice([0, 8, 128]), 0, 0, 0]) + rng.choice([bytes(4), rng.randbytes(4)]) + payload


def right(protocol, source, final, text):
    """The checksum of layer 4 as scapy computes it."""
    if protocol == SCTP:
        return struct.pack("!I", crc32c(text))
    pseudo = source + final + (struct.pack("!BBH", 0, protocol, len(text)) if len(source) == 4
                               else struct.pack("!II", len(text), protocol))
    value = checksum((b"" if protocol == ICMP else pseudo) + text)
    return struct.pack("!H", value or (0xffff if protocol == UDP else 0))


def ip4(rng, frame, text):
    """An IPv4 packet around layer 4."""
    source, first = address(rng, 4), address(rng, 4)
    options, final, frame.addresses = options4(rng, first)
    frame.fragment = rng.choice([""] * 18 + ["first", "later"])
    length = 20 + len(options)
    header = bytearray(bytes([0x40 | length // 4, 0]) + struct.pack("!H", length + len(text)) + rng.randbytes(2) +
                       {"": b"\x40\0", "first": b"\x20\0", "later": b"\0\x40"}[frame.fragment] +
                       bytes([rng.randrange(256), frame.protocol, 0, 0]) + source + first + options)
    header[10:12] = struct.pack("!H", checksum(bytes(header)))
    frame.headers += [frame.l3 + 20, frame.l3 + length]
    return bytes(header), source, final


def ip6(rng, frame, text):
    """An IPv6 packet around layer 4."""
    source, first = address(rng, 6), address(rng, 6)
    chain, home, final = extensions6(rng, frame, source, first)
    types = [kind for kind, _ in chain] + [frame.protocol]
    extensions, looked_at = b"", True
    frame.headers.append(frame.l3 + 40)
    for (kind, rest), after in zip(chain, types[1:]):
        extensions += bytes([after]) + rest
        if looked_at:
            frame.headers.append(frame.l3 + 40 + len(extensions))
        looked_at &= not (kind == FRAGMENT and frame.fragment == "later")
    header = struct.pack("!IHBB", 6 << 28 | rng.randrange(1 << 28), len(extensions) + len(text), types[0],
                         rng.randrange(256))
    return header + source + first + extensions, home, final


def ether(rng, tags):
    header = rng.randbytes(12)
    for _ in range(tags):
        header += rng.choice([b"\x81\0", b"\x88\xa8"]) + rng.randbytes(2)
    return header


def make(rng):
    """A frame with right checksums."""
    tags = rng.choice([0, 0, 0, 1, 2, rng.randint(3, 40), 28, 29, rng.randint(0, 260)])
    version = rng.choice([4, 6])
    link = ether(rng, tags) + (b"\x08\0" if version == 4 else b"\x86\xdd")
    frame = Frame(bytearray(), tags, version, l3=len(link))
    frame.protocol = rng.choice([UDP, UDP, TCP, TCP, SCTP, ICMP if version == 4 else ICMP6, 4, 41, 47, 99])
    known = frame.protocol in LAYERS4
    text = layer4(rng, frame.protocol) if known else inner(rng)
    ip, source, final = (ip4 if version == 4 else ip6)(rng, frame, text)
    frame.l4 = frame.l3 + len(ip)
    frame.data = bytearray(link + ip + text)
    if known and frame.fragment == "":
        none = frame.protocol == UDP and rng.random() < 0.1
        frame.data[frame.field()] = b"\0\0" if none else right(frame.protocol, source, final, text)
        lie(rng, frame)
    frame.data += rng.choice([b"", b"", rng.randbytes(rng.randint(1, 20))])
    return frame


def lie(rng, frame):
    """Some say that they are longer than they are."""
    if rng.random() > 0.03:
        return
    frame.lengths = False
    at = frame.l3 + (2 if frame.version == 4 else 4)
    frame.data[at:at + 2] = b"\xff\0"
    if frame.version == 4:
        ip = frame.data[frame.l3:frame.headers[-1]]
        ip[10:12] = b"\0\0"
        frame.data[frame.l3 + 10:frame.l3 + 12] = struct.pack("!H", checksum(bytes(ip)))


def spoil(rng, frame):
    """The frame's bytes with wrong checksums, of half of the frames."""
    sent = bytearray(frame.data)
    if frame.version == 4 and rng.random() < 0.5:
        frame.spoilt_ip = True
        sent[frame.l3 + 11] ^= rng.randint(1, 255)
    if frame.protocol in LAYERS4 and rng.random() < 0.5:
        field = frame.field()
        if sent[field] != b"\0\0" or frame.protocol != UDP:
            frame.spoilt_l4 = True
            # Not 0, which means that there is none.
            sent[field] = bytes(b ^ x or x for b, x in zip(sent[field], rng.randbytes(field.stop - field.start)))
            frame.spoilt_l4 = sent[field] != frame.data[field]
    return sent


def cut(rng, frame):
    """Lengths of segments, any."""
    whole = len(frame.data)
    first = rng.choice([whole, whole, rng.randint(0, whole), rng.randint(min(frame.l4 + 20, whole), whole)])
    lengths, left = [first], whole - first
    while left > 0:
        lengths.append(left if len(lengths) > 8 else rng.choice([left, rng.randint(0, left), min(left, 1)]))
        left -= lengths[-1]
    return lengths


def expect(frame, sent, first, pair):
    """(bytes, IP checksums wrong, layer 4's wrong, not computed) of what comes of it: pair is its MAC addresses."""
    got = bytearray(sent)
    if first >= 14:
        got[:12] = pair
    if first < frame.headers[-1]:
        return got, 0, 0, 1
    if frame.version == 4:
        got[frame.l3 + 10:frame.l3 + 12] = frame.data[frame.l3 + 10:frame.l3 + 12]
    bad_ip = int(frame.spoilt_ip)
    if frame.fragment or frame.protocol not in LAYERS4:
        return got, bad_ip, 0, 0
    there = first >= frame.l4 + LAYERS4[frame.protocol][0]
    if there and frame.protocol == UDP and sent[frame.field()] == b"\0\0":
        return got, bad_ip, 0, 0
    addresses = frame.addresses or frame.protocol in (ICMP, SCTP)  # which do not cover them
    if not there or not frame.lengths or not addresses:
        return got, bad_ip, 0, 1
    got[frame.field()] = frame.data[frame.field()]
    return got, bad_ip, int(frame.spoilt_l4), 0
