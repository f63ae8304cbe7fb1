#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""mext-fwd against dpdk-testpmd: packets a second in every common mode, on ports without a NIC.

Rounds go through all cells of the table, so that an interrupted run has a little of each; with
--json it goes on where it was. In each cell both run in turn, whoever was second in one round first
in the next. The median ratio stands beside the interval that holds the true one (paired.interval).
The exit status is 0 where every cell asked for was measured or is known not to be.
"""
import json
import pathlib
import signal
import statistics
import sys

import beds
import machine
import paired
from programs import Failure, Fwd, Testpmd

START = 3.5  # seconds that a run takes before and after what is measured, about
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


def one_round(cell, programs, args):
    """Both programs once; a failure is kept, and said."""
    bed, name = beds.BEDS[cell["bed"]], f"{cell['bed']} {cell['mode']} {cell['queues']}"
    rates = {}
    turns = len(cell["rounds"]) + len(cell["failures"])
    try:
        for program in programs[::-1] if turns % 2 == 0 else programs:
            rates[program.name] = beds.rate(program, bed, cell["mode"], cell["queues"], args)
    except Failure as failure:
        cell["failures"].append(str(failure))
        print(f"{failure}\n{name}: this round is lost", file=sys.stderr, flush=True)
        return
    cell["rounds"].append(rates)
    summarize(cell)
    print(f"{name} round {len(cell['rounds'])}: " +
          ", ".join(f"{p.name} {rates[p.name] / 1e6:.2f} Mpps" for p in programs) +
          f", ratio {rates['mext-fwd'] / rates['testpmd']:.3f}", flush=True)


def measure(results, cells, programs, args):
    """All rounds that are missing. A cell with twice as many failures as it may have is given up."""
    def missing(cell):
        return len(cell["rounds"]) < args.rounds and len(cell["failures"]) < args.rounds

    left = sum(args.rounds - len(cell["rounds"]) for cell in cells)
    print(f"{len(cells)} cells, {left} rounds: about "
          f"{left * 2 * (args.seconds + 1 + START) / 60:.0f} minutes", flush=True)
    while any(missing(cell) for cell in cells):
        fewest = min(len(c["rounds"]) + len(c["failures"]) for c in cells if missing(c))
        for cell in cells:
            if missing(cell) and len(cell["rounds"]) + len(cell["failures"]) == fewest:
                one_round(cell, programs, args)
                results.save()


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
    parser = paired.arguments(__doc__)
    parser.add_argument("--build", default="build", help="build folder [%(default)s]")
    parser.add_argument("--bed", default="null", help=f"of {','.join(ALL['bed'])} [%(default)s]")
    parser.add_argument("--modes", default="io", help=f"of {','.join(ALL['modes'])} [%(default)s]")
    parser.add_argument("--queues", default="1", help="1, 2 or 1,2 [%(default)s]")
    parser.add_argument("--all", action="store_true", help="every bed, every mode, 1 and 2 queues")
    parser.add_argument("--json", metavar="FILE", help="results, to which missing ones are added")
    parser.add_argument("--peer-options", default="", metavar="OPTIONS",
                        help="more of testpmd's, for example --tx-offloads=0 [none]")
    args = paired.parse(parser, least=1)
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
                  "memory": args.memory, "peer_options": args.peer_options}
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
