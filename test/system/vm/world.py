# SPDX-License-Identifier: BSD-3-Clause
"""In nicvm's guest: mext-fwd on its ports, and the peers at the other ends of the wires."""

import os
import pathlib

from forwarder import Forwarder
from network import Network, Wire

PCI = pathlib.Path("/sys/bus/pci/devices")


def ports():
    """PCI addresses of all DPDK ports."""
    return os.environ["NICVM_PORTS"].split()


class World:
    """mext-fwd on some of the ports, forwarding; a wire to each peer, which is in namespace nsN."""

    def __init__(self, numbers, *options, workers=1, eal=()):
        self.addresses = [ports()[number] for number in numbers]
        self.macs = [f"52:54:00:00:00:{number:02x}" for number in numbers]
        allowed = [word for address in self.addresses for word in ("-a", address)]
        self.forwarder = Forwarder(*options, eal=["--log-level=lib.eal:info", *eal, *allowed],
                                   memory=(), workers=workers)
        self.final = None
        self.wires = {}

    def __enter__(self):
        self.forwarder.wait_until_forwarding()
        return self

    def __exit__(self, *_):
        for wire in self.wires.values():
            wire.close()
        self.forwarder.__exit__()

    def wire(self, peer):
        """A raw socket on a peer's card: 1 is opposite the first port, 2 the second, 3 in the loop."""
        if peer not in self.wires:
            self.wires[peer] = Wire(f"ns{peer}", f"peer{peer}")
        return self.wires[peer]

    def drain(self, quiet=0):
        for wire in self.wires.values():
            while wire.receive(timeout=quiet) is not None:
                pass

    def stop(self):
        """End mext-fwd, if it has not been, check that it has no buffer left: its statistics."""
        if self.final is None:
            self.final = self.forwarder.stop()
        return self.final

    @staticmethod
    def run_in(peer, *command):
        return Network.run_in(f"ns{peer}", command)
