# SPDX-License-Identifier: BSD-3-Clause
"""The highest rate at which a forwarder loses no frame (RFC 2544, 26.1), by halving.

A generator, the forwarder and a sink are processes, each on ports of its own; a frame is lost if
the generator has sent it and the sink has not got it. Rates are what the generator has sent by the time
it took, not what it was asked for.
"""
import json
import os
import re
import tempfile
import time

from programs import PATIENCE, Failure, Process

OFFERED = 0.99  # of the rate asked for, at least
TOO_SLOW = "generator too slow"


class Place:
    """Where a port is: [NAMESPACE=]PORT, the port a --vdev of EAL's or a PCI address."""

    def __init__(self, text):
        match = re.fullmatch(r"(?:([\w.-]+)=)?(net_.+|[0-9a-fA-F]+:[0-9a-fA-F:.]+)", text)
        if match is None:
            raise ValueError(f"{text}: a port is a vdev (net_...) or a PCI address, "
                             "in a network namespace as NAMESPACE=PORT")
        self.namespace, self.port = match.groups()

    def eal(self):
        """EAL's options for it."""
        if self.port.startswith("net_"):
            return [f"--vdev={self.port}"]
        return ["-a", self.port]


def search(trial, highest, resolution):
    """Halve between what loses and what does not, until both are that near.

    trial(pps) asks for that rate: (sent, received, seconds). resolution is a part of highest. One in which
    less than OFFERED of the rate was sent says nothing of it: it is marked, and a lower one is tried.
    @return the highest rate sent without a loss, 0 if there is none; and all trials, in their order.
    """
    trials = []

    def passes(pps):
        sent, received, seconds = trial(pps)
        offered = sent / seconds if seconds > 0 else 0
        trials.append({"pps": pps, "sent": sent, "received": received, "seconds": seconds,
                       "offered": round(offered), "lost": max(sent - received, 0)})
        if offered < OFFERED * pps:
            trials[-1]["invalid"] = TOO_SLOW
        return "invalid" not in trials[-1] and received >= sent

    low, high = 0, highest
    if passes(highest):
        low = highest
    while high - low > max(resolution * highest, 1):
        middle = (low + high) // 2
        if passes(middle):
            low = middle
        else:
            high = middle
    return max((t["offered"] for t in trials if t["pps"] == low), default=0), trials


def limit(trials):
    """What kept the search from a higher rate, None: a loss, or that none higher was asked for."""
    passed = [t["pps"] for t in trials if "invalid" not in t and not t["lost"]]
    above = [t for t in trials if t["pps"] > max(passed, default=0)]
    lowest = min(above, key=lambda t: t["pps"], default={})
    return lowest.get("invalid")


def start(fwd, place, cpu, own, folder, name):
    """mext-fwd on one port, all of it on one CPU."""
    return Process([fwd.path, "--lcores", f"0@{cpu},1@{cpu}", "--no-huge", "-m", "256",
                    "--no-telemetry", "--log-level=4",
                    f"--file-prefix={os.path.basename(folder)}-{name}", *place.eal(),
                    *([] if "-a" in place.eal() else ["--no-pci"]), "--",
                    "--total-num-mbufs=16384", f"--json={report_of(folder, name)}", *own],
                   namespace=place.namespace)


def report_of(folder, name):
    return os.path.join(folder, f"{name}.json")


def told(folder, name):
    """The report of a mext-fwd that has ended: packets received and sent, seconds."""
    with open(report_of(folder, name), encoding="utf-8") as file:
        report = json.load(file)
    return report["total"]["rx_packets"], report["total"]["tx_packets"], report["elapsed_seconds"]


def one_trial(rig, length, pps):
    """Offer frames at a rate for as long as a trial lasts: (sent, received, seconds)."""
    with tempfile.TemporaryDirectory(prefix="mext-trial-") as folder, \
            start(rig.fwd, rig.sink, rig.cpus[0], ["--forward-mode=rxonly", "--stats-period=0.2"],
                  folder, "sink") as sink:
        sink.wait_for("^forwarding: ")
        own = ["--forward-mode=txonly", f"--txpkts={length}", f"--tx-pps={pps}",
               f"--duration={rig.seconds}"]
        with start(rig.fwd, rig.generator, rig.cpus[0], own, folder, "source") as source:
            source.wait_for(r"^buffers outstanding", PATIENCE + rig.seconds)
            source.end()  # it writes its report after that line
        # What is on its way comes within a few lines; one without a frame comes after it.
        sink.lines.queue.clear()
        end = time.monotonic() + PATIENCE
        while int(sink.wait_for(r"^port \d+: rx (\d+) pps")[1]) > 0:
            if time.monotonic() > end:
                raise sink.failure("frames come without end: something else sends to this port")
        sink.end()
        _, sent, seconds = told(folder, "source")
        return sent, told(folder, "sink")[0], seconds


def measure(rig, program, command, size):
    """The search with one program that forwards: the best rate, and all trials."""
    with Process(command, namespace=rig.namespace) as device:
        device.wait_for(r"^port \d+: rx|Port statistics")
        try:
            best, trials = search(lambda pps: one_trial(rig, size - 4, pps), rig.highest,
                                  rig.resolution)
        except Failure as failure:
            raise device.failure(f"it was measured with a failure: {failure}") from None
    return {"program": program.name, "size": size, "pps": best, "limit": limit(trials),
            "trials": trials}
