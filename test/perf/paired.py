# SPDX-License-Identifier: BSD-3-Clause
"""Two programs that forward between net_null ports, run in turn and compared in pairs.

Each round gives one ratio of packets a second. The median ratio stands beside the interval that
holds the true median with the probability given: order statistics, so no assumption about the
distribution.
"""
import argparse
import math
import re
import signal
import statistics
import subprocess
import sys

EAL = ["-l", "{lcores}", "--no-pci", "--no-shconf", "--no-telemetry",
       "--vdev=net_null0", "--vdev=net_null1", "--log-level=4"]
OWN = ["--forward-mode=io", "--burst={burst}", "--nb-cores=1", "--stats-period=1"]
TESTPMD = r"Rx-pps:\s+(\d+)"  # in the output of testpmd
FWD = r"^port \d+: rx (\d+) pps"  # of mext-fwd


class Program:
    """A program to run: its name, how to start it, where the packets a second of a port stand."""

    def __init__(self, name, command, pattern, eal=(), own=()):
        self.name, self.command, self.pattern = name, command, pattern
        self.eal, self.own = list(eal), list(own)

    def rate(self, args):
        """Median of the packets a second of both ports in one run."""
        eal = [o.format(lcores=args.lcores) for o in EAL] + args.memory.split() + self.eal
        own = [o.format(burst=args.burst) for o in OWN] + self.own
        return statistics.median(rates([*self.command, *eal, "--", *own], self.pattern,
                                       args.seconds))


def testpmd(args, name="testpmd", eal=(), own=()):
    # Without stdbuf testpmd keeps its statistics to itself until it ends.
    return Program(name, ["stdbuf", "-oL", args.testpmd], TESTPMD, eal, own)


def rates(command, pattern, seconds):
    """Packets a second over both ports, once a second; the first, incomplete one left out."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    seen, text = [], []
    for line in process.stdout:
        text.append(line)
        match = re.search(pattern, line)
        if match:
            seen.append(float(match.group(1)))
        if len(seen) >= 2 * (seconds + 1):
            process.send_signal(signal.SIGINT)
            break
    for line in process.stdout:  # to the end, or it blocks
        text.append(line)
    status = process.wait()
    if len(seen) < 2 * (seconds + 1) or status not in (0, -signal.SIGINT):
        sys.exit("".join(text) + f"{' '.join(command)} ended with status {status}")
    return [seen[i] + seen[i + 1] for i in range(2, len(seen), 2)]


def interval(values):
    """Two order statistics around the median, and the probability that it lies between."""
    values, n = sorted(values), len(values)
    tail = 0.0
    for k in range(n // 2):
        tail += math.comb(n, k) / 2**n
        if tail > 0.025:
            break
        best = k, 1 - 2 * tail
    return values[best[0]], values[n - 1 - best[0]], best[1]


def arguments(doc):
    """A parser with the options that every comparison has."""
    parser = argparse.ArgumentParser(description=doc.split("\n")[0],
                                     epilog="Defaults stand in brackets.")
    parser.add_argument("--testpmd", default="dpdk-testpmd", help="path of testpmd [%(default)s]")
    parser.add_argument("--rounds", type=int, default=15, help="at least 6 [%(default)s]")
    parser.add_argument("--seconds", type=int, default=2, help="measured of each run [%(default)s]")
    parser.add_argument("--burst", type=int, default=32, help="packets a burst [%(default)s]")
    parser.add_argument("--lcores", default="0-1",
                        help="the main one and the forwarding one [%(default)s]")
    parser.add_argument("--memory", default="--no-huge -m 1024",
                        help="EAL options for memory [%(default)s]")
    return parser


def parse(parser):
    args = parser.parse_args()
    if args.rounds < 6:
        parser.error("--rounds: 6 or more, fewer have no interval")
    if args.seconds < 1:
        parser.error("--seconds: 1 or more")
    return args


def compare(ours, peer, args):
    """Run both in turn, the first one first in every other round, and print what comes out."""
    ratios = []
    for i in range(args.rounds):
        rate = {}
        for program in (peer, ours) if i % 2 == 0 else (ours, peer):
            rate[program] = program.rate(args)
        ratios.append(rate[ours] / rate[peer])
        print(f"round {i + 1}: {peer.name} {rate[peer] / 1e6:.2f} Mpps, "
              f"{ours.name} {rate[ours] / 1e6:.2f} Mpps, ratio {ratios[-1]:.3f}", flush=True)
    low, high, probability = interval(ratios)
    print(f"median ratio {statistics.median(ratios):.3f}, {100 * probability:.1f} % interval "
          f"{low:.3f} to {high:.3f}, {args.rounds} rounds, burst {args.burst}")
