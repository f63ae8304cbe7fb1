#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""mext-fwd against dpdk-testpmd: packets a second in every common mode, on ports without a NIC.

In each cell of the table both programs are started once and take turns (alternate.py), whoever was
second in one round first in the next. With --json an interrupted run goes on where it was. The median ratio stands beside the interval that holds the true one (paired.interval).
The exit status is 0 where every cell asked for was measured or is known not to be.
"""
import contextlib
import json
import pathlib
import signal
import statistics
import sys

import alternate
import beds
import machine
import paired
from programs import Failure, Fwd, Testpmd

START = 8  # seconds to start and end both programs of a cell, about
ALL = {"bed": list(beds.BEDS), "modes": beds.MODES, "queues": [1, 2]}


class Results:
    """What is measured so far, and its file, which is always whole."""

    def __init__(self, path, conditions, described):
        self.path = pathlib.Path(path) if path else None
        self.data = {"conditions": conditions, "machine": described, "cells": []}
        if self.path and self.path.exists():
            self.load()

    def load(self):
        try:
            data = json.loads(self.path.read_text(encoding="utf-8"))
            same = data["conditions"] == self.data["conditions"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            sys.exit(f"compare_testpmd: {self.path}: not the JSON of this script: {error!r}")
        if not same:
            sys.exit(f"compare_testpmd: {self.path} has been measured under other conditions "
                     f"({data['conditions']}): give the same options, or another file")
        self.data = data

    def cell(self, bed, mode, queues):
        for cell in self.data["cells"]:
            if (cell["bed"], cell["mode"], cell["queues"]) == (bed, mode, queues):
                return cell
        self.data["cells"].append({"bed": bed, "mode": mode, "queues": queues, "rounds": [],
                                   "failures": []})
        return self.data["cells"][-1]

    def save(self):
        if self.path:
            new = self.path.with_name(self.path.name + ".new")
            new.write_text(json.dumps(self.data, indent=1) + "\n", encoding="utf-8")
            new.replace(self.path)


def summarize(cell):
    """Add to a cell what comes out of its rounds."""
    ratios = [r["mext-fwd"] / r["testpmd"] for r in cell["rounds"]]
    cell["ratio"] = statistics.median(ratios)
    cell["pps"] = {name: statistics.median(r[name] for r in cell["rounds"])
                   for name in ("mext-fwd", "testpmd")}
    if len(ratios) >= paired.LEAST:
        cell["low"], cell["high"], cell["probability"] = paired.interval(ratios)


def measure_cell(results, cell, programs, args):
    """The rounds that a cell lacks, in which both programs take turns."""
    bed, name = beds.BEDS[cell["bed"]], f"{cell['bed']} {cell['mode']} {cell['queues']}"
    with contextlib.ExitStack() as stack:
        turns = {p: stack.enter_context(beds.standing(p, bed, cell["mode"], cell["queues"], args))
                 for p in programs}
        while len(cell["rounds"]) < args.rounds:
            order = programs[::-1] if len(cell["rounds"]) % 2 == 0 else programs
            cell["rounds"].append({p.name: turns[p].rate(args.seconds) for p in order})
            summarize(cell)
            results.save()
    print(f"{name}: " + ", ".join(f"{p.name} {cell['pps'][p.name] / 1e6:.2f} Mpps"
                                  for p in programs) + f", ratio {cell['ratio']:.3f}", flush=True)


def measure(results, cells, programs, args):
    """All rounds that are missing. A cell that fails is tried once more; a failure is kept, and said."""
    cells = [cell for cell in cells if len(cell["rounds"]) < args.rounds]
    left = sum(args.rounds - len(cell["rounds"]) for cell in cells)
    print(f"{len(cells)} cells, {left} rounds: about "
          f"{(len(cells) * START + left * 2 * (args.seconds + alternate.SETTLE)) / 60:.0f} minutes",
          flush=True)
    for cell in cells:
        for _ in range(2):
            try:
                measure_cell(results, cell, programs, args)
                break
            except Failure as failure:
                cell["failures"].append(str(failure))
                results.save()
                print(f"{failure}\n{cell['bed']} {cell['mode']} {cell['queues']}: failed",
                      file=sys.stderr, flush=True)


def show(cells):
    """The table, and what has no line in it."""
    print(f"\n{'bed':8} {'mode':10} {'queues':>6} {'mext-fwd':>9} {'testpmd':>9} {'ratio':>6} "
          f"{'interval':>15} rounds")
    for cell in cells:
        head = f"{cell['bed']:8} {cell['mode']:10} {cell['queues']:>6}"
        if "left_out" in cell:
            print(f"{head} left out: {cell['left_out']}")
        elif not cell["rounds"] and not cell["failures"]:
            print(f"{head} not measured yet")
        elif not cell["rounds"]:
            print(f"{head} failed: {cell['failures'][-1].splitlines()[-1]}")
        else:
            interval = f"{cell['low']:.3f} to {cell['high']:.3f}" if "low" in cell else "-"
            print(f"{head} {cell['pps']['mext-fwd'] / 1e6:9.2f} "
                  f"{cell['pps']['testpmd'] / 1e6:9.2f} {cell['ratio']:6.3f} {interval:>15} "
                  f"{len(cell['rounds'])}")


def words(parser, option, text, known):
    """A list with commas, all of it known."""
    chosen = list(dict.fromkeys(text.split(",")))
    for word in chosen:
        if word not in map(str, known):
            parser.error(f"{option} {word}: there are {', '.join(map(str, known))}")
    return chosen


def parse():
    parser = paired.arguments(__doc__, memory=None, memory_is="hugepages for null, ring and pcap if there are enough, "
                              f"else {beds.NO_HUGE}")
    parser.add_argument("--build", default="build", help="build folder [%(default)s]")
    parser.add_argument("--bed", default="null", help=f"of {','.join(ALL['bed'])} [%(default)s]")
    parser.add_argument("--modes", default="io", help=f"of {','.join(ALL['modes'])} [%(default)s]")
    parser.add_argument("--queues", default="1", help="1, 2 or 1,2 [%(default)s]")
    parser.add_argument("--all", action="store_true", help="every bed, every mode, 1 and 2 queues")
    parser.add_argument("--json", metavar="FILE", help="results, to which missing ones are added")
    parser.add_argument("--peer-options", default="", metavar="OPTIONS",
                        help="more of testpmd's, for example --tx-offloads=0 [none]")
    args = paired.parse(parser, least=1)
    args.huge = beds.hugepages()
    args.beds = words(parser, "--bed", args.bed, ALL["bed"])
    args.modes = words(parser, "--modes", args.modes, ALL["modes"])
    args.queues = [int(n) for n in words(parser, "--queues", args.queues, ALL["queues"])]
    if args.all:
        args.beds, args.modes, args.queues = ALL["bed"], ALL["modes"], ALL["queues"]
    return args


def main():
    args = parse()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what runs is ended
    programs = [Fwd(args.build), Testpmd(args.testpmd, own=args.peer_options.split())]
    for program in programs:
        if program.missing():
            sys.exit(f"compare_testpmd: {program.missing()}")
    conditions = {"seconds": args.seconds, "burst": args.burst, "lcores": args.lcores,
                  "memory": args.memory, "hugepages": args.huge, "peer_options": args.peer_options}
    described = machine.describe(args.build, programs[0].path)
    results = Results(args.json, conditions, described)
    cells = [results.cell(bed, mode, queues) for bed in args.beds for queues in args.queues
             for mode in args.modes]
    for cell in cells:
        why = beds.left_out(beds.BEDS[cell["bed"]], cell["mode"], programs)
        cell.pop("left_out", None)
        if why and not cell["rounds"]:
            cell["left_out"] = why
    try:
        measure(results, [cell for cell in cells if "left_out" not in cell], programs, args)
    except KeyboardInterrupt:
        print("compare_testpmd: interrupted", file=sys.stderr)
        return 1
    finally:
        results.save()
        show(cells)
    return 0 if all("left_out" in c or len(c["rounds"]) >= args.rounds for c in cells) else 1


if __name__ == "__main__":
    sys.exit(main())
