# SPDX-License-Identifier: BSD-3-Clause
"""Beds: ports without a NIC, between which mext-fwd and testpmd are measured alike.

null, ring and pcap need one process. In memif and vhost a partner has the other end of the port:
always testpmd, always on the CPU of the main lcore, so that the forwarding lcore has the other one
to itself and whoever is measured has the same counterpart. What the partner does depends on the
mode: where frames come back it forwards in circles what it has sent first, fewer than the rings
hold, so that none is lost; they wait at the slower of the two.
"""
import contextlib
import os
import pathlib
import re
import signal
import tempfile
import time

import pcapfile
from alternate import Turns
from programs import PATIENCE, Failure, Process

MODES = ["io", "mac", "macswap", "csum", "5tswap", "rxonly", "txonly", "flowgen", "icmpecho"]
HUGE = 512  # MiB of each program
NO_HUGE = "--no-huge -m 1024"
EAL = ["--no-pci", "--log-level=4"]
# Packets sent count; where a mode sends none, or not all, those received.
BY_RX = {("null", "icmpecho"), ("null", "rxonly"), ("pcap", "rxonly"), ("memif", "rxonly"),
         ("vhost", "rxonly")}
RETURNS = "a ring gives back what it is sent: "
LEFT_OUT = {
    ("ring", "rxonly"): RETURNS + "nobody sends",
    ("ring", "txonly"): RETURNS + "nobody receives",
    ("ring", "icmpecho"): RETURNS + "nobody sends requests",
}
# What the partner does while a mode is measured; in all others it sends back what it gets.
PARTNER = {"rxonly": "txonly", "txonly": "rxonly", "flowgen": "rxonly"}
SENDERS = {"txonly", "flowgen"}  # need nobody who sends first


class Bed:
    """Ports of one process: two, each of them of its own."""

    ports = 2
    huge = True  # takes hugepages: no other process maps its memory
    first = ()  # options with which frames begin to circulate, where they do

    def circles(self, mode):
        """Whether nothing moves before someone has sent a first frame."""
        return bool(self.first) and mode not in SENDERS

    def __init__(self, name, vdevs, topology="paired"):
        self.name, self.vdevs, self.topology = name, vdevs, topology

    def device(self, _mode, queues, folder):
        return [f"--vdev={vdev.format(i=i, queues=queues, folder=folder)}"
                for i, vdev in enumerate(self.vdevs)]

    @contextlib.contextmanager
    def counterpart(self, _mode, _queues, _folder, _args):
        """What runs beside the one who is measured: a function that sets it going, and itself."""
        yield lambda: None, []


class Ring(Bed):
    """Each port sends to itself, from a ring of 1,024."""

    first = ["--tx-first"]

    def __init__(self):
        super().__init__("ring", ["net_ring0", "net_ring1"], "loop")


class Pcap(Bed):
    """Frames with contents from memory, over and over; what is sent is thrown away."""

    def __init__(self):
        super().__init__("pcap", [])

    def device(self, mode, queues, folder):
        return [f"--vdev=net_pcap{i},infinite_rx=1" + queues * f",rx_pcap={frames_for(mode, folder)}"
                for i in range(2)]


class Pair(Bed):
    """One port, with the other end in a partner's process."""

    ports = 1
    huge = False

    def __init__(self, name, vdev, other, bursts):
        super().__init__(name, [vdev], "loop")
        self.other, self.bursts = other, bursts

    def command(self, mode, queues, folder, args):
        cpu = args.cpus[0]
        own = ["-i", f"--rxq={queues}", f"--txq={queues}", "--nb-cores=1", "--burst=64",
               "--total-num-mbufs=32768"]
        eal = [f"--vdev={self.other.format(queues=queues, folder=folder)}"]
        if mode == "icmpecho":  # requests from memory, answers to nowhere
            eal.append("--vdev=net_pcap0,infinite_rx=1" +
                       queues * f",rx_pcap={frames_for(mode, folder)}")
        else:
            own += ["--port-topology=loop", f"--forward-mode={PARTNER.get(mode, 'io')}"]
        return [args.testpmd, "--lcores", f"0@{cpu},1@{cpu}", *memory_of(self, args), *EAL,
                "--no-telemetry", f"--file-prefix={os.path.basename(folder)}-partner", *eal, "--", *own]

    @contextlib.contextmanager
    def counterpart(self, mode, queues, folder, args):
        with Process(self.command(mode, queues, folder, args)) as partner:
            # memif connects only when it starts, to one who listens.
            end = time.monotonic() + PATIENCE
            while not os.path.exists(f"{folder}/{self.name}"):
                if partner.process.poll() is not None or time.monotonic() > end:
                    raise partner.failure("it does not listen")
                time.sleep(0.02)

            def begin():
                partner.wait_for("Done|testpmd> ")
                end = time.monotonic() + PATIENCE
                link = "down"
                while link != "up" and time.monotonic() < end:
                    partner.tell("show port summary all")
                    link = partner.wait_for(r"^0 .* (up|down) ")[1]
                    time.sleep(0.1)  # the CPU is not ours alone
                if link != "up":
                    raise partner.failure("its link does not come up")
                returns = mode not in PARTNER and mode != "icmpecho"
                partner.tell(f"start tx_first {self.bursts // queues}" if returns else "start")
            yield begin, [partner]


BEDS = {bed.name: bed for bed in [
    Bed("null", ["net_null{i}"] * 2),
    Ring(),
    Pcap(),
    Pair("memif", "net_memif0,role=client,id=0,rsize=11,socket={folder}/memif,socket-abstract=no",
         "net_memif0,role=server,id=0,rsize=11,socket={folder}/memif,socket-abstract=no", 16),
    Pair("vhost", "net_vhost0,iface={folder}/vhost,client=1,queues={queues}",
         "net_virtio_user0,path={folder}/vhost,server=1,queues={queues},queue_size=1024", 8),
]}


def frames_for(mode, folder):
    """A file with frames that the mode has work with."""
    path = os.path.join(folder, "frames.pcap")
    if not os.path.exists(path):
        pcapfile.write(path, [pcapfile.ICMP] if mode == "icmpecho" else
                       [pcapfile.UDP, pcapfile.TCP])
    return path


def hugepages():
    """Whether there are enough for both programs."""
    text = pathlib.Path("/proc/meminfo").read_text(encoding="utf-8")
    free, kib = (int(re.search(rf"^{name}: *(\d+)", text, re.M)[1]) for name in ("HugePages_Free", "Hugepagesize"))
    return free * kib >= 2 * HUGE << 10


def memory_of(bed, args):
    """EAL's options for memory."""
    return (args.memory or (f"--in-memory -m {HUGE}" if args.huge and bed.huge else NO_HUGE)).split()


def left_out(bed, mode, programs):
    """Why a mode can't be measured there, None if it can."""
    for program in programs:
        if mode not in program.modes:
            return f"{program.name} has no mode {mode}"
    return LEFT_OUT.get((bed.name, mode))


def command_of(program, bed, mode, queues, folder, args):
    """The command line of the one who is measured."""
    own = [f"--forward-mode={mode}", f"--rxq={queues}", f"--txq={queues}",
           f"--burst={args.burst}", "--nb-cores=1", "--stats-period=1", "--total-num-mbufs=32768",
           f"--port-topology={bed.topology}", *program.own]
    if bed.circles(mode):
        own += bed.first
    # testpmd's default; said, as another program may have another one.
    if mode in ("txonly", "flowgen") and "txpkts" in program.options:
        own.append("--txpkts=64")
    return [program.path, "-l", ",".join(map(str, args.cpus)), *memory_of(bed, args), *EAL,
            f"--file-prefix={os.path.basename(folder)}", *program.eal, *bed.device(mode, queues, folder), "--",
            *own]


@contextlib.contextmanager
def standing(program, bed, mode, queues, args):
    """The program and its counterpart started, packets flowing, standing still between turns."""
    with tempfile.TemporaryDirectory(prefix="mext-bed-") as folder, \
            bed.counterpart(mode, queues, folder, args) as (begin, others), \
            Process(command_of(program, bed, mode, queues, folder, args)) as process:
        try:
            begin()
        except Failure as failure:
            raise process.failure(f"its counterpart failed: {failure}") from None
        turns = Turns(process, others, os.path.basename(folder), bed.ports, (bed.name, mode) in BY_RX)
        try:
            yield turns
        finally:
            turns.close()
            status = process.end()
        # mext-fwd's 2: it has forwarded nothing, as it should where only what is received counts.
        if status not in (0, -signal.SIGINT) and not (status == 2 and turns.by_rx):
            raise process.failure(f"ended with status {status}")
