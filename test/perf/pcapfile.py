# SPDX-License-Identifier: BSD-3-Clause
"""Files of frames for net_pcap, which gives them again and again: flows of IPv4 with checksums."""
import ipaddress
import math
import pathlib
import struct

FLOWS = 64  # so that hashing and tables see more than one
MACS = bytes.fromhex("020000000001") + bytes.fromhex("020000000002")
IPV4, ICMP, TCP, UDP = 0x0800, 1, 6, 17


def checksum(data):
    """Of the internet (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def layer4(kind, flow, length, addresses):
    """A header with its checksum and bytes behind it, that long together."""
    port = 1024 + flow
    if kind == ICMP:  # echo request
        head, at = struct.pack("!BBHHH", 8, 0, 0, 1, flow), 2
    elif kind == TCP:
        head, at = struct.pack("!HHIIBBHHH", port, 80, 1, 1, 5 << 4, 0x10, 8192, 0, 0), 16
    else:
        head, at = struct.pack("!HHHH", port, 53, length, 0), 6
    data = head + bytes(i & 0xff for i in range(length - len(head)))
    pseudo = b"" if kind == ICMP else addresses + struct.pack("!BBH", 0, kind, length)
    # A UDP checksum of 0 would say that there is none.
    value = checksum(pseudo + data) or (0xffff if kind == UDP else 0)
    return data[:at] + struct.pack("!H", value) + data[at + 2:]


def frame(kind, flow, length):
    """That long, without the frame check sequence."""
    addresses = (ipaddress.ip_address("198.18.0.1") + flow).packed + \
        ipaddress.ip_address("198.19.0.1").packed
    rest = length - 14
    head = struct.pack("!BBHHHBBH", 0x45, 0, rest, flow, 0, 64, kind, 0) + addresses
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return MACS + struct.pack("!H", IPV4) + head + layer4(kind, flow, rest - 20, addresses)


def write(path, kinds, lengths=(60,)):
    """FLOWS frames or a few more, of those kinds and lengths in turn, all as often as given."""
    data = [struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)]
    turn = math.lcm(len(kinds), len(lengths))
    for flow in range(math.ceil(FLOWS / turn) * turn):
        one = frame(kinds[flow % len(kinds)], flow, lengths[flow % len(lengths)])
        data.append(struct.pack("<IIII", 0, 0, len(one), len(one)) + one)
    pathlib.Path(path).write_bytes(b"".join(data))
