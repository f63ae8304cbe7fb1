# SPDX-License-Identifier: BSD-3-Clause
"""The hosts around mext-fwd, two or more: their namespaces (devtools/netns.sh) and raw sockets in them."""

import contextlib
import ctypes
import json
import os
import pathlib
import socket
import struct
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
NETNS = ROOT / "devtools" / "netns.sh"

# How long to wait for what should come at once: only a guard against waiting for ever.
PATIENCE = float(os.environ.get("MEXT_PATIENCE", "20"))

CLONE_NEWNET = 0x40000000
ETH_P_ALL = 3
SO_RCVBUFFORCE = 33
SOL_PACKET = 263
PACKET_AUXDATA = 8
PACKET_IGNORE_OUTGOING = 23
TP_STATUS_VLAN_VALID = 1 << 4
TP_STATUS_VLAN_TPID_VALID = 1 << 6
AUXDATA = struct.Struct("=IIIHHHH")  # struct tpacket_auxdata

libc = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def inside(namespace):
    """Move this thread into a network namespace and back."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        if libc.setns(there, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {namespace}")
        yield
    finally:
        if libc.setns(home, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns back")
        os.close(home)
        os.close(there)


class Wire:
    """A raw socket on a host's link: sends frames as they are, and sees what the link brings."""

    def __init__(self, namespace, link):
        with inside(namespace):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            self.socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
            self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
            self.socket.bind((link, ETH_P_ALL))

    def close(self):
        self.socket.close()

    def send(self, frame):
        self.socket.send(frame)

    def receive(self, timeout=PATIENCE):
        """The next frame, VLAN tag included; None if none comes."""
        self.socket.settimeout(timeout)
        try:
            frame, control, _, _ = self.socket.recvmsg(1 << 16, socket.CMSG_SPACE(AUXDATA.size))
        except (TimeoutError, BlockingIOError):
            return None
        for level, kind, data in control:
            if level == SOL_PACKET and kind == PACKET_AUXDATA:
                return with_vlan_tag(frame, data)
        return frame

    def forget(self):
        """Forget what has been received so far, however much goes on coming."""
        self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)  # the link was down
        end = time.monotonic() + 0.5
        while time.monotonic() < end and self.receive(timeout=0) is not None:
            pass

    def receive_many(self, number, timeout=PATIENCE):
        """That many frames, or as many as come before none has come for a while."""
        frames = []
        while len(frames) < number:
            frame = self.receive(timeout)
            if frame is None:
                break
            frames.append(frame)
        return frames


def with_vlan_tag(frame, auxdata):
    """The kernel takes the outer VLAN tag out of what it receives; put it back."""
    status, _, _, _, _, tci, tpid = AUXDATA.unpack_from(auxdata)
    if not status & TP_STATUS_VLAN_VALID:
        return frame
    if not status & TP_STATUS_VLAN_TPID_VALID:
        tpid = 0x8100
    return frame[:12] + struct.pack("!HH", tpid, tci) + frame[12:]


class Network:
    """NAME-a [host0] <-> [port0] NAME-fwd [port1] <-> [host0] NAME-b, and up to two hosts more."""

    made = 0
    existing = set()

    def __init__(self, hosts=2):
        Network.made += 1
        self.name = f"mext-test-{os.getpid()}-{Network.made}"
        self.fwd = f"{self.name}-fwd"
        self.hosts = tuple(f"{self.name}-{letter}" for letter in "abcd"[:hosts])
        self.wires = ()

    def __enter__(self):
        Network.existing.add(self)
        try:
            subprocess.run([NETNS, "up", self.name, str(len(self.hosts))], check=True)
            self.wires = tuple(Wire(host, "host0") for host in self.hosts)
            for port, host in enumerate(self.hosts):
                self.wait_for_carrier(host, "host0")
                self.wait_for_carrier(self.fwd, f"port{port}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for wire in self.wires:
            wire.close()
        subprocess.run([NETNS, "down", self.name], check=True)
        Network.existing.discard(self)

    def link(self, namespace, name):
        shown = subprocess.run(
            ["ip", "-json", "-netns", namespace, "link", "show", name],
            check=True, capture_output=True, text=True)
        return json.loads(shown.stdout)[0]

    def wait_for_carrier(self, namespace, name, there=True):
        """Until the kernel says that a link has a carrier, or none: up to a second later than it is so."""
        end = time.monotonic() + PATIENCE
        while (self.link(namespace, name)["operstate"] == "UP") != there:
            assert time.monotonic() < end, f"{name} in {namespace} does not {'come up' if there else 'go down'}"
            time.sleep(0.01)

    def port_mac(self, port):
        return self.link(self.fwd, f"port{port}")["address"]

    def drain(self):
        """Forget what has been received so far."""
        for wire in self.wires:
            while wire.receive(timeout=0) is not None:
                pass

    @staticmethod
    def run_in(namespace, command, timeout=120):
        """Run a command in a namespace to its end; its output."""
        done = subprocess.run(
            ["ip", "netns", "exec", namespace, *command], check=False, timeout=timeout,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}"
        return done.stdout
