# SPDX-License-Identifier: BSD-3-Clause
"""The machines that nicvm is asked for, what is checked in each, and how it is run."""

import collections
import pathlib
import signal
import subprocess

import checks
from network import ROOT

NICVM = ROOT / "test" / "system" / "nicvm" / "nicvm"
GUEST = pathlib.Path(__file__).with_name("guest.py")
CARDS = ("e1000e", "e1000", "vmxnet3", "virtio")
# A boot and all its checks take some minutes, more where others use the CPUs.
LIMIT = 900

# nicvm's options, and which runs are for that machine.
Machine = collections.namedtuple("Machine", "options runs")
EVERY_MODE = ("macswap", "rxonly", "txonly", "loop", "loop-macswap", "io", "serve", "serve-pa", "flood",
              "flood-fanout", "multicast")

# When a vmxnet3 port starts qemu reads address 0, dpdk-testpmd's port alike: it seems that it looks for its
# shared memory before the driver has said where that is.
TOLERATED = {"vmxnet3": ("--tolerate", "DMA Read .* fault addr 0x0 ")}

MACHINES = {
    **{card: Machine(("--nic", card, "--topology", "all", *TOLERATED.get(card, ())),
                     (*EVERY_MODE, "regions" if card == CARDS[0] else "some-regions"))
       for card in CARDS},
    **{f"{card}-numa": Machine(("--nic", card, "--topology", "all", "--numa", "3",
                                *TOLERATED.get(card, ())),
                               ("numa", "nodes") if card == CARDS[0] else ("numa",))
       for card in CARDS},
    "virtio-queues": Machine(("--nic", "virtio", "--queues", "2"), ("flows", "queues")),
}

# Without MEXT_VM=all: one boot.
SHORT = {("e1000e", name) for name in (
    "io:iommu", "io:ping", "io:frames_unchanged", "io:end", "txonly:hashes", "txonly:end",
    "regions:file_va_later", "serve:serve", "serve:end", "flood:flood", "flood:end", "faults")}

facts = []  # what the checks had to tell, for the end of pytest's output
nicvms = set()  # that run


def machine_cases():
    """(machine, check) of all; "faults" is about the whole boot."""
    return [(machine, name) for machine, what in MACHINES.items()
            for name in [*(name for run in what.runs for name in checks.names(run)), "faults"]]


def end(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


class Nicvm:
    """One run of nicvm, to its end: status, output, errors."""

    def __init__(self, options, command, timeout=LIMIT):
        # To get the kernel takes time of its own, once.
        subprocess.run([NICVM, "--setup"], check=True, timeout=1800, stdin=subprocess.DEVNULL)
        process = subprocess.Popen([NICVM, "--timeout", str(timeout), *options, "--", *command],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, cwd=ROOT)
        nicvms.add(process)
        try:
            self.output, self.errors = process.communicate(timeout=timeout + 60)
        except BaseException:
            end(process)
            raise
        finally:
            nicvms.discard(process)
        self.status = process.returncode

    def said(self):
        return f"nicvm's status {self.status}\n{self.output}\n--- stderr\n{self.errors}"
