# SPDX-License-Identifier: BSD-3-Clause
"""Checks in nicvm's guest of the modes whose packets share storage: flood, multicast, serve."""

import concurrent.futures
import hashlib
import os
import pathlib
import random
import re
import struct
import sys

from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Raw

import frames
from compare import SEED, every_size, pass_on, told
from network import ROOT

PEERS = (1, 2, 3)  # opposite ports 0, 1 and 2

CLIENT = ROOT / "examples" / "serve-client" / "serve_client.py"
SERVER = "192.0.2.9"
# Each length is no whole number of pages, or of packets: one that takes hugepages, and one that takes
# ordinary pages, of which DPDK has room for 256 (mext_region.h).
FILES = {pathlib.Path("/tmp/served-large"): 6 * (1 << 20) + 12345,
         pathlib.Path("/tmp/served-small"): 700001}
SERVE = ("--forward-mode=serve", f"--serve-ip={SERVER}", *[f"--serve-file={path}" for path in FILES])
SERVE_LARGE = SERVE[:3]

GROUPS = pathlib.Path("/tmp/groups")
MULTICAST = ("--forward-mode=multicast", f"--multicast-groups={GROUPS}", "--multicast-ttl")
# Group: its members, (port, VLAN). A port is not sent what came by it.
TABLE = {"239.1.1.1": [(0, None), (1, 10), (1, 20), (2, None)],
         "ff05::7": [(0, 4094), (1, None), (2, 30)]}
ADDRESSES = {"239.1.1.1": "01:00:5e:01:01:01", "ff05::7": "33:33:00:00:00:07"}
# mext_fanout_private() copies up to 512 bytes behind the headers, and shares more.
LENGTHS = (70, 300, 545, 546, 547, 600, 1000, 1499, 1514)


def quieten(world):
    """Forget what qemu kept for the third port while it was closed."""
    for peer in PEERS:
        world.wire(peer)
    world.drain(quiet=0.5)


def flood(world):
    """The frames of each peer arrive at both others."""
    quieten(world)
    return told([pass_on(world, sender, every_size(SEED),
                         {peer: lambda frame: [frame] for peer in PEERS if peer != sender})
                 for sender in PEERS])


def write_groups():
    GROUPS.write_text("".join(
        f"{group} port={port}" + (f" vlan={vlan}" if vlan else "") + "\n"
        for group, members in TABLE.items() for port, vlan in members))


def to_group(rng, group, length, ttl, tag):
    header = Ether(src=frames.FROM, dst=ADDRESSES[group])
    if tag:
        header /= Dot1Q(vlan=tag)
    header /= (IPv6(src="fd00::1", dst=group, hlim=ttl) if ":" in group
               else IP(src="198.18.0.9", dst=group, ttl=ttl, id=rng.randrange(1 << 16)))
    header = bytes(header / UDP(sport=5, dport=6))
    return bytes(Ether(header) / Raw(rng.randbytes(length - len(header))))


def for_members(world, frame, port):
    """What the members at a port get of a frame."""
    packet = Ether(frame)
    ip = packet[IPv6] if IPv6 in packet else packet[IP]
    if IP in packet:
        ip.ttl -= 1
        del ip.chksum
    else:
        ip.hlim -= 1
    header = Ether(src=world.macs[port], dst=packet.dst)
    return [bytes(header / Dot1Q(vlan=vlan) / ip if vlan else header / ip)
            for member, vlan in TABLE[ip.dst] if member == port]


def multicast(world):
    """Each member gets each frame behind a header of its own."""
    quieten(world)
    rng, went = random.Random(SEED), []
    for sender in PEERS:
        sent = [to_group(rng, group, length, ttl, tag) for group in TABLE for length in LENGTHS
                for ttl, tag in ((2, None), (64, 77))]
        went.append(pass_on(world, sender, sent, {
            peer: lambda frame, port=peer - 1: for_members(world, frame, port)
            for peer in PEERS if peer != sender}))
    return told(went)


def write_files():
    rng = random.Random(SEED)
    for path, length in FILES.items():
        path.write_bytes(rng.randbytes(length))


def scatter():
    """
    Have single free pages, which the kernel gives away before it takes larger pieces apart: of two files in
    memory that are written in turn one goes, the other stays until this process ends.
    """
    page, (kept, gone) = bytes(os.sysconf("SC_PAGESIZE")), map(os.memfd_create, ("kept", "gone"))
    for _ in range((64 << 20) // len(page)):
        os.write(kept, page)
        os.write(gone, page)
    os.close(gone)


def write_files_scattered():
    write_files()
    scatter()


def fetch(world, number, path):
    """Two peers get an object at the same time, each by its port: what one of them says."""
    right = hashlib.sha256(path.read_bytes()).hexdigest()
    command = [sys.executable, CLIENT, f"--object={number}", "--patience=60", SERVER]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        said = list(pool.map(lambda peer: world.run_in(peer, *command), (1, 2)))
    for text in said:
        assert re.findall(r"^SHA-256 (\w+)$", text, re.M) == [right], f"{path}: {text}"
    return said[0].splitlines()[0]


def fetch_all(world, files):
    lines = [fetch(world, number, path) for number, path in enumerate(files)]
    world.stop()
    said = "\n".join(world.forwarder.output)
    by_reference, copied = map(int, re.search(r"(\d+) bytes by reference, (\d+) bytes copied",
                                              said).groups())
    assert copied == 0 and by_reference >= 2 * sum(FILES[path] for path in files), said
    return f"{', '.join(lines)}; {by_reference} bytes by reference, none copied, SHA-256 equal"


def serve(world):
    """A file in hugepages, by virtual IO addresses."""
    return fetch_all(world, list(FILES)[:1])


def pieces(process):
    """How many pieces of physical memory each region of a process is in: {bytes mapped: pieces}."""
    page, found = os.sysconf("SC_PAGESIZE"), {}
    for line in pathlib.Path(f"/proc/{process}/maps").read_text().splitlines():
        if "memfd:mext-region" not in line:
            continue
        begin, end = (int(word, 16) for word in line.split()[0].split("-"))
        with open(f"/proc/{process}/pagemap", "rb") as map_of_pages:
            map_of_pages.seek(begin // page * 8)
            read = map_of_pages.read((end - begin) // page * 8)
        frames_of = [word & (1 << 55) - 1 for word, in struct.iter_unpack("=Q", read)]
        found[end - begin] = 1 + sum(b != a + 1 for a, b in zip(frames_of, frames_of[1:]))
    return found


def serve_scattered(world):
    """Files in pages that are apart, by physical IO addresses: packets are chains over them."""
    log = "\n".join(world.forwarder.error_lines() + world.forwarder.output)
    assert "Selected IOVA mode 'PA'" in log, log
    found = pieces(world.forwarder.process.pid)
    # Hugepages may follow each other, and so may some of the 171 ordinary pages of the small file: 20 pieces cut
    # packets enough.
    assert len(found) == len(FILES) and found[min(found)] > 20, found
    return f"{fetch_all(world, FILES)}; pieces of memory {list(found.values())}"
