# SPDX-License-Identifier: BSD-3-Clause
"""Two programs that do the same, run in turn and compared in pairs.

Each round gives one ratio of packets a second. The median ratio stands beside the interval that
holds the true median with the probability given: order statistics, so no assumption about the
distribution.
"""
import argparse
import math
import statistics

LEAST = 6  # rounds, fewer have no interval


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


def cpus(text):
    """The numbers in a list as EAL's -l takes it: 0-2,4."""
    numbers = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


def arguments(doc, memory="--no-huge -m 1024", memory_is="%(default)s"):
    """A parser with the options that every comparison has."""
    parser = argparse.ArgumentParser(description=doc.split("\n")[0],
                                     epilog="Defaults stand in brackets.")
    parser.add_argument("--testpmd", default="dpdk-testpmd", help="path of testpmd [%(default)s]")
    parser.add_argument("--rounds", type=int, default=15, help="6 or more have an interval [%(default)s]")
    parser.add_argument("--seconds", type=float, default=0.5,
                        help="of a turn, 0.1 or more [%(default)s]")
    parser.add_argument("--burst", type=int, default=32, help="packets a burst [%(default)s]")
    parser.add_argument("--lcores", default="0-1",
                        help="the main one and the forwarding one [%(default)s]")
    parser.add_argument("--memory", default=memory,
                        help=f"EAL options for memory [{memory_is}]")
    return parser


def parse(parser, least=LEAST):
    """Check them; lcores become a list of numbers, args.cpus."""
    args = parser.parse_args()
    if args.rounds < least:
        parser.error(f"--rounds: {least} or more, fewer than {LEAST} have no interval")
    if args.seconds < 0.1:
        parser.error("--seconds: 0.1 or more")
    try:
        args.cpus = cpus(args.lcores)
    except ValueError:
        args.cpus = []
    if len(args.cpus) != 2:
        parser.error(f"--lcores {args.lcores}: two of them, as 0-1 or 2,4")
    return args


def compare(ours, peer, args, rate):
    """Run both in turn, the first one first in every other round, and print what comes out."""
    ratios = []
    for i in range(args.rounds):
        rates = {}
        for program in (peer, ours) if i % 2 == 0 else (ours, peer):
            rates[program] = rate(program)
        ratios.append(rates[ours] / rates[peer])
        print(f"round {i + 1}: {peer.name} {rates[peer] / 1e6:.2f} Mpps, "
              f"{ours.name} {rates[ours] / 1e6:.2f} Mpps, ratio {ratios[-1]:.3f}", flush=True)
    low, high, probability = interval(ratios)
    print(f"median ratio {statistics.median(ratios):.3f}, {100 * probability:.1f} % interval "
          f"{low:.3f} to {high:.3f}, {args.rounds} rounds, burst {args.burst}")
