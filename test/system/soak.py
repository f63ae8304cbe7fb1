#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""mext-fwd under mixed traffic for long: does any level creep?

Four hosts in namespaces send TCP, frames of every length and malformed ones, through every mode in turn,
while links go down and up. After each round nothing is on its way, and the levels of the pool and the
memory of the process are read: those of the last third must not lie above those of the first. The exit
status is 0 if they do not, every round moved packets, and no buffer is outstanding at the end.
"""
import argparse
import contextlib
import hashlib
import json
import os
import pathlib
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

import frames
import fuzz
from forwarder import BINARY, Forwarder, vdevs
from network import ROOT, Network
from telemetry import Telemetry
from traffic import Traffic

HOSTS = 4
SERVED = 3 << 20
SERVER = "198.18.0.9"
CLIENT = ROOT / "examples" / "serve-client" / "serve_client.py"
GROUP = "239.1.1.1"
# What runs in each round, one after the other.
MODES = ["io", "mac", "macswap", "5tswap", "csum", "icmpecho", "flood", "mirror", "multicast", "noisy",
         "pipeline", "rxonly", "txonly", "flowgen", "serve"]
# Modes through which the hosts' own frames come as they are.
THROUGH = {"io", "noisy", "mirror"}
# What the C library keeps of memory differs from round to round.
SLACK = {"rss_kib": 1024}


def rising(series, slack=0):
    """Whether the median of the last third of a series lies above that of the first, by more than slack."""
    third = max(len(series) // 3, 1)
    return statistics.median(series[-third:]) > statistics.median(series[:third]) + slack


def judge(samples):
    """What is wrong with the samples [{name: level}], as sentences."""
    wrong = []
    for name in samples[0]:
        series = [sample[name] for sample in samples]
        if rising(series, SLACK.get(name, 0)):
            wrong.append(f"{name} rises: {series}")
    return wrong


class Crowd(Traffic):
    """What the hosts send: malformed frames, frames of every length, and a group's."""

    def __init__(self, network, seed):
        super().__init__()
        every = [frame for _, frame in frames.every_kind(seed, "af_packet")]
        group = [bytes(Ether(dst="01:00:5e:01:01:01") / IP(src="198.18.0.3", dst=GROUP) / UDP() /
                       Raw(bytes(length))) for length in range(0, 1400, 7)]
        self.volleys = [fuzz.Volley(some) for some in
                        (fuzz.frames(5000, seed), every, group, fuzz.frames(5000, seed + 1))]
        self.wires, self.sent = network.wires, 0

    def send_some(self):
        for wire, volley in zip(self.wires, self.volleys):
            with contextlib.suppress(OSError):  # its link is down
                self.sent += volley.send(wire, 256)
        time.sleep(0.01)


class Soak:
    """mext-fwd between the hosts, told by its prompt what to do."""

    def __init__(self, network, folder, driver):
        groups, served = pathlib.Path(folder, "groups"), pathlib.Path(folder, "served")
        groups.write_text(f"{GROUP} port=1\n{GROUP} port=2 vlan=7\n{GROUP} port=3\n", encoding="utf-8")
        served.write_bytes(random.Random(1).randbytes(SERVED))
        self.network, self.sha = network, hashlib.sha256(served.read_bytes()).hexdigest()
        self.report = pathlib.Path(folder, "report.json")
        self.forwarder = Forwarder(
            "-i", "--mirror-port=3", f"--multicast-groups={groups}", f"--serve-file={served}",
            f"--serve-ip={SERVER}", f"--json={self.report}", eal=vdevs(driver, ports=HOSTS),
            namespace=network.fwd, stdin=subprocess.PIPE, telemetry=True)
        self.forwarder.type("show config cores")
        self.forwarder.wait_for(".*main lcore")
        self.telemetry = Telemetry(self.forwarder)
        self.tcp_bytes = 0

    def begin(self, mode):
        self.forwarder.type(f"set fwd {mode}", "start")
        self.forwarder.wait_for("forwarding: ")

    def end(self):
        """Packets received and sent since begin()."""
        self.forwarder.type("stop")
        self.forwarder.wait_for(".*Accumulated forward statistics")
        counts = [self.forwarder.wait_for(rf" *{way}X-packets: (\d+)")[1] for way in "RT"]
        return tuple(map(int, counts))

    def levels(self):
        """Of a moment in which nothing is forwarded: what is in use in the pool, and the process's memory."""
        pool = self.telemetry.ask("/mext/fwd/pool")
        told = {name: kind["in_use"] for name, kind in pool.items() if "in_use" in kind}
        status = pathlib.Path(f"/proc/{self.forwarder.process.pid}/status").read_text(encoding="ascii")
        # Not the pool's own: its pages come as they are touched.
        return {**told, "rss_kib": int(re.search(r"RssAnon:\s*(\d+)", status)[1])}

    @staticmethod
    def tcp(hosts, seconds):
        """Bytes that TCP got across beside all else."""
        with subprocess.Popen(["ip", "netns", "exec", hosts[1], "iperf3", "-s", "-1", "--forceflush"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True) as server:
            for line in server.stdout:
                if "Server listening" in line:
                    break
            client = subprocess.run(
                ["ip", "netns", "exec", hosts[0], "iperf3", "-J", "-c", "198.18.0.2", "-t",
                 str(max(1, int(seconds))), "--connect-timeout", "5000"], check=False,
                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds + 60)
            server.terminate()
        # What does not get through in time is not this run's question.
        return json.loads(client.stdout)["end"].get("sum_received", {}).get("bytes", 0)

    def exercise(self, mode, seconds):
        """What hosts do beside the traffic that never pauses."""
        hosts, end = self.network.hosts, time.monotonic() + seconds
        if mode == "serve":
            said = Network.run_in(hosts[0], [sys.executable, CLIENT, SERVER])
            assert self.sha in said, f"not what was served: {said}"
        elif mode in THROUGH:
            self.tcp_bytes += self.tcp(hosts, seconds)
        else:
            for state in ("down", "up"):
                subprocess.run(["ip", "-netns", hosts[2], "link", "set", "host0", state], check=True)
        time.sleep(max(0, end - time.monotonic()))

    def round(self, modes, seconds):
        """Every mode once: the levels after it, and what it moved."""
        moved = {}
        for mode in modes:
            self.begin(mode)
            self.exercise(mode, seconds)
            moved[mode] = self.end()
        return self.levels(), moved

    def quit(self):
        self.telemetry.close()
        self.forwarder.type("quit")
        return self.forwarder.wait_for_exit()


def soak(minutes, seconds, driver, seed, modes=MODES):
    """Rounds until the time is over, three at least: samples, what is wrong, and what came out."""
    samples, wrong, total = [], [], [0, 0]
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mext-soak-") as folder, Network(HOSTS) as network:
        run = Soak(network, folder, driver)
        with run.forwarder, Crowd(network, seed) as traffic:
            while len(samples) < 4 or time.monotonic() - begin < minutes * 60:
                levels, moved = run.round(modes, seconds)
                samples.append(levels)
                wrong += [f"{mode}: nothing moved in round {len(samples)}" for mode, counts in moved.items()
                          if not any(counts)]
                total = [a + sum(b) for a, b in zip(total, zip(*moved.values()))]
                print(f"{(time.monotonic() - begin) / 60:6.1f} min, round {len(samples)}: " +
                      ", ".join(f"{name} {value}" for name, value in levels.items()), flush=True)
            status = run.quit()
            if status != 0 or "buffers outstanding: 0" not in run.forwarder.output:
                wrong.append(f"exit status {status}\n{run.forwarder.said()[-3000:]}")
            if run.tcp_bytes == 0:
                wrong.append("TCP got nothing across")
            report = json.loads(run.report.read_text(encoding="utf-8"))
    # The first round touches what is not touched again.
    return wrong + judge(samples[1:]), (f"{len(samples)} rounds, {traffic.sent} frames from raw sockets, "
                                        f"{run.tcp_bytes >> 20} MiB by TCP, "
                                        f"received {total[0]}, sent {total[1]}, buffers outstanding "
                                        f"{report['buffers_outstanding']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=30, help="[%(default)s]")
    parser.add_argument("--seconds", type=float, default=2, help="of each mode in a round [%(default)s]")
    parser.add_argument("--driver", default="af_packet", help="af_packet or af_xdp [%(default)s]")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32), help="of the frames")
    args = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("soak: needs root for network namespaces: sudo test/system/soak.py")
    if not BINARY.exists():
        sys.exit(f"soak: {BINARY} is missing: build first, or set MEXT_BUILD")
    # Its namespaces go away however it ends.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(f"seed {args.seed}", flush=True)
    wrong, said = soak(args.minutes, args.seconds, args.driver, args.seed)
    print(said)
    for sentence in wrong:
        print(f"soak: {sentence}", file=sys.stderr)
    print("FAILED" if wrong else "ok")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
