#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""mext-fwd against dpdk-testpmd: io mode, two net_null ports, one forwarding lcore, same burst.

Both run in turn, round by round; each round gives one ratio of packets a second. Printed are the
median ratio and the interval that holds the true median with the probability given.
"""
import argparse
import math
import os
import re
import signal
import statistics
import subprocess
import sys

EAL = ["-l", "{lcores}", "--no-pci", "--no-shconf", "--no-telemetry",
       "--vdev=net_null0", "--vdev=net_null1", "--log-level=4"]
OWN = ["--forward-mode=io", "--burst={burst}", "--nb-cores=1", "--stats-period=1"]


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
        sys.exit("".join(text) + f"{command[0]} ended with status {status}")
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", default="build", help="build folder")
    parser.add_argument("--testpmd", default="dpdk-testpmd")
    parser.add_argument("--rounds", type=int, default=15, help="at least 6")
    parser.add_argument("--seconds", type=int, default=2, help="measured of each run")
    parser.add_argument("--burst", type=int, default=32)
    parser.add_argument("--lcores", default="0-1", help="the main one and the forwarding one")
    parser.add_argument("--memory", default="--no-huge -m 1024", help="EAL options for memory")
    args = parser.parse_args()
    if args.rounds < 6:
        parser.error("--rounds: 6 or more, fewer have no interval")

    eal = [o.format(lcores=args.lcores) for o in EAL] + args.memory.split()
    own = [o.format(burst=args.burst) for o in OWN]
    ours = [os.path.join(args.build, "app/fwd/mext-fwd"), *eal, "--", *own]
    peer = ["stdbuf", "-oL", args.testpmd, *eal, "--", *own]
    ratios = []
    for i in range(args.rounds):
        theirs = statistics.median(rates(peer, r"Rx-pps:\s+(\d+)", args.seconds))
        mine = statistics.median(rates(ours, r"^port \d+: rx (\d+) pps", args.seconds))
        ratios.append(mine / theirs)
        print(f"round {i + 1}: testpmd {theirs / 1e6:.2f} Mpps, mext-fwd {mine / 1e6:.2f} Mpps, "
              f"ratio {ratios[-1]:.3f}", flush=True)
    low, high, probability = interval(ratios)
    print(f"median ratio {statistics.median(ratios):.3f}, {100 * probability:.1f} % interval "
          f"{low:.3f} to {high:.3f}, {args.rounds} rounds, burst {args.burst}")


if __name__ == "__main__":
    main()
