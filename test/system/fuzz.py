# SPDX-License-Identifier: BSD-3-Clause
"""Frames that nobody should send, many of them, fast."""

import ctypes
import random
import struct

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, GRE, Dot1AD, Dot1Q, Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw, fuzz

from frames import FROM, TO
from network import libc

LONGEST = 1514
# What modes multicast and serve have work with.
GROUP = "239.1.1.1"
SERVER = "198.18.0.9"
MESSAGE = struct.Struct("!IBBHIIQQQ")  # as in examples/serve-client


def layers(rng):
    """Headers on one another as they may come, now and then as they may not."""
    ip = rng.choice([lambda: IP(dst="198.18.0.2"), lambda: IPv6(dst="fd00::2"),
                     lambda: IP(dst=GROUP), lambda: IP(dst=SERVER, src="198.18.0.1"),
                     lambda: fuzz(IP(dst=rng.choice(["198.18.0.2", GROUP, SERVER])))])
    request = MESSAGE.pack(0x4D585351, 1, 0, rng.randrange(2), 1, rng.choice([1, 1400, 65536]),
                           rng.randrange(99), 0, 0)
    top = rng.choice([UDP, TCP, ICMP, lambda: UDP(sport=4000, dport=7411) / Raw(request),
                      lambda: UDP(dport=4789) / VXLAN() / Ether() / IP() / TCP(),
                      lambda: GRE() / IP() / UDP(), lambda: fuzz(UDP()), lambda: fuzz(TCP())])
    frame = Ether(dst=rng.choice([TO, "ff:ff:ff:ff:ff:ff", "01:00:5e:01:01:01"]), src=FROM)
    for _ in range(rng.choice([0, 0, 0, 1, 2, 9])):
        frame /= rng.choice([Dot1Q, Dot1AD])(vlan=rng.randrange(4096))
    if rng.random() < 0.1:
        return frame / ARP(op=rng.randrange(4), pdst=rng.choice(["198.18.0.2", SERVER]))
    return frame / ip() / top() / Raw(rng.randbytes(rng.randrange(64)))


def mutate(frame, rng):
    """Bits flipped, cut short, or made longer."""
    frame = bytearray(frame)
    for _ in range(rng.choice([0, 1, 1, 4, 32])):
        frame[rng.randrange(12, len(frame))] = rng.choice([0, 1, 0x45, 0x7f, 0xff,
                                                           rng.randrange(256)])
    kind = rng.random()
    if kind < 0.3:
        del frame[rng.randrange(14, len(frame) + 1):]
    elif kind < 0.4:
        frame += rng.randbytes(LONGEST - len(frame) if len(frame) < LONGEST else 0)
    return bytes(frame[:LONGEST])


def frames(number, seed):
    """That many mutated frames, made from some hundred by scapy."""
    rng = random.Random(seed)
    random.seed(seed)  # scapy's own
    whole = [bytes(layers(rng)) for _ in range(min(number, 300))]
    return [mutate(rng.choice(whole), rng) for _ in range(number)]


class IoVec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("len", ctypes.c_size_t)]


class MsgHdr(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint32),
                ("iov", ctypes.POINTER(IoVec)), ("iovlen", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t),
                ("flags", ctypes.c_int)]


class MMsgHdr(ctypes.Structure):
    _fields_ = [("hdr", MsgHdr), ("len", ctypes.c_uint32)]


class Volley:
    """Frames made ready for sendmmsg(): 64 with a call."""

    AT_ONCE = 64

    def __init__(self, some):
        self.kept = some
        self.number = len(some)
        self.at = 0  # the next to send
        self.vectors = (IoVec * self.number)(*[IoVec(f, len(f)) for f in some])
        self.messages = (MMsgHdr * self.number)()
        for i in range(self.number):
            self.messages[i].hdr.iov = ctypes.pointer(self.vectors[i])
            self.messages[i].hdr.iovlen = 1

    def send(self, wire, number):
        """Send that many, on from where the last call ended, again and again: how many the kernel took."""
        descriptor = wire.socket.fileno()
        wire.socket.setblocking(True)
        taken = tried = 0
        while tried < number:
            n = min(self.AT_ONCE, self.number - self.at, number - tried)
            sent = libc.sendmmsg(descriptor, ctypes.byref(self.messages[self.at]), n, 0)
            taken += max(sent, 0)
            step = sent if sent > 0 else 1  # what the kernel refuses is left out
            self.at, tried = (self.at + step) % self.number, tried + step
        return taken
