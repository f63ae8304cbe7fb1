#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Throughput of mext-fwd, beside dpdk-testpmd where it is installed: a sweep over frame sizes, modes
and numbers of lcores, and a search for the highest rate without a loss. Writes results.json, figures
(SVG) and index.html, which has all of it.

Without --port the ports are two net_pcap ports with frames of each size from memory, so that it
runs anywhere. Sizes count the frame check sequence; imix is 7 frames of 64, 4 of 570, 1 of 1518.
The exit status is 0 only if everything asked for was measured.
"""
import argparse
import json
import os
import pathlib
import signal
import statistics
import sys
import tempfile
import time

import machine
import page
import paired
import pcapfile
import zero_loss
from programs import PATIENCE, Failure, Fwd, Process, Testpmd

SIZES = ["64", "128", "256", "512", "1024", "1280", "1518", "imix"]
IMIX = [64] * 7 + [570] * 4 + [1518]
GENERATE = {"txonly", "flowgen"}


def rate_of_port(process, program):
    """In the next of the lines that both print every second: packets received and sent, of a port."""
    if isinstance(program, Fwd):
        match = process.wait_for(r"^port \d+: rx (\d+) pps.* tx (\d+) pps")
        return int(match[1]), int(match[2])
    return (int(process.wait_for(r"Rx-pps:\s+(\d+)")[1]),
            int(process.wait_for(r"Tx-pps:\s+(\d+)")[1]))


def measured(process, program, ports, by_rx, seconds):
    """Packets a second, once a second: as many as asked for, after the first with packets."""
    seen, end = [], time.monotonic() + PATIENCE
    while len(seen) <= seconds:
        value = sum(rate_of_port(process, program)[0 if by_rx else 1] for _ in range(ports))
        if seen or value > 0:
            seen.append(value)
        elif time.monotonic() > end:
            raise process.failure(f"no packet in {PATIENCE} s")
    return seen[1:]


class Run:
    """What is the same in all that is run: the options, as they are used."""

    def __init__(self, args):
        self.args = args
        self.fwd = Fwd(args.build)
        self.programs = [self.fwd]
        peer = Testpmd(args.testpmd)
        self.note = peer.missing()
        if self.note is None:
            self.programs.append(peer)
        self.commands = []

    def ports(self, size, cores, folder):
        """EAL's options for the ports."""
        if self.args.port:
            words = [word for place in self.args.port for word in place.eal()]
            # No NIC at all, unless one of them is meant.
            return words if "-a" in words else ["--no-pci", *words]
        path = os.path.join(folder, "frames.pcap")
        lengths = [n - 4 for n in (IMIX if size == "imix" else [int(size)])]
        pcapfile.write(path, [pcapfile.UDP], lengths)
        return ["--no-pci"] + [f"--vdev=net_pcap{i},infinite_rx=1" + cores * f",rx_pcap={path}"
                               for i in range(2)]

    def command(self, program, mode, size, cores, folder):
        """The command line of who forwards; kept for the page, once each."""
        own = [f"--forward-mode={mode}", f"--burst={self.args.burst}", f"--nb-cores={cores}",
               f"--rxq={cores}", f"--txq={cores}", "--stats-period=1", "--total-num-mbufs=32768"]
        if mode in GENERATE and size != "imix":
            own.append(f"--txpkts={int(size) - 4}")
        command = [program.path, "-l", ",".join(map(str, self.args.cpus[:cores + 1])),
                   *self.args.memory.split(), "--no-telemetry", "--log-level=4",
                   f"--file-prefix={os.path.basename(folder)}",
                   *self.ports(size, cores, folder), "--", *own]
        text = " ".join(command).replace(folder, "FOLDER").replace(os.path.basename(folder), "NAME")
        if text not in self.commands:
            self.commands.append(text)
        return command

    def rate(self, program, mode, size, cores):
        """Packets a second: sent, or received where a mode sends none."""
        with tempfile.TemporaryDirectory(prefix="mext-throughput-") as folder, \
                Process(self.command(program, mode, size, cores, folder),
                        self.args.namespace) as process:
            seen = measured(process, program, len(self.args.port) or 2, mode == "rxonly",
                                 self.args.seconds)
            status = process.end()
            if status not in (0, -signal.SIGINT):
                raise process.failure(f"ended with status {status}")
        return statistics.median(seen)


def summary(rates):
    """Of the rates of each program: medians, and their ratio with its interval where there is one."""
    result = {"rates": rates, "pps": {name: statistics.median(r) for name, r in rates.items()}}
    if len(rates) == 2:
        ratios = [ours / peer for ours, peer in zip(rates["mext-fwd"], rates["testpmd"])]
        result["ratio"] = statistics.median(ratios)
        if len(ratios) >= paired.LEAST:
            result["low"], result["high"], result["probability"] = paired.interval(ratios)
    return result


def sweep(run, points, left_out):
    """Every mode with every size and number of lcores: points, and what could not be measured."""
    for mode in run.args.modes:
        for cores in run.args.cores:
            for size in run.args.sizes:
                where = {"mode": mode, "cores": cores, "size": size}
                missing = [p.name for p in run.programs if mode not in p.modes]
                if missing or (mode in GENERATE and size == "imix"):
                    why = f"{missing[0]} has no mode {mode}" if missing else \
                        f"{mode} makes frames of one size"
                    left_out.append({**where, "reason": why, "failed": bool(missing)})
                    continue
                rates = {program.name: [] for program in run.programs}
                try:
                    for i in range(run.args.rounds):
                        for program in run.programs[::1 if i % 2 else -1]:
                            rates[program.name].append(run.rate(program, mode, size, cores))
                except Failure as failure:
                    print(failure, file=sys.stderr)
                    left_out.append({**where, "reason": str(failure).splitlines()[-1],
                                     "failed": True})
                    continue
                points.append({**where, **summary(rates)})
                print(f"{mode}, {cores} lcores, {size} bytes: " + ", ".join(
                    f"{name} {pps / 1e6:.3f} Mpps" for name, pps in points[-1]["pps"].items()),
                    flush=True)


class Rig:
    """Who offers and who counts, for the search."""

    def __init__(self, run):
        args = run.args
        self.fwd, self.cpus, self.namespace = run.fwd, args.cpus, args.namespace
        self.generator, self.sink = args.generator, args.sink
        self.highest, self.resolution, self.seconds = args.highest, args.resolution, args.trial


def searches(run, found, left_out):
    """The highest rate without a loss of each mode, size and program."""
    for mode in run.args.modes:
        for size in run.args.sizes:
            for program in run.programs:
                where = {"mode": mode, "size": size, "program": program.name}
                if size == "imix" or mode in GENERATE | {"rxonly"}:
                    left_out.append({**where, "failed": False,
                                     "reason": "the search offers frames of one size to a mode "
                                     "that forwards them"})
                    continue
                try:
                    with tempfile.TemporaryDirectory(prefix="mext-throughput-") as folder:
                        command = run.command(program, mode, size, 1, folder)
                        found.append({"mode": mode, **zero_loss.measure(
                            Rig(run), program, command, int(size))})
                except Failure as failure:
                    print(failure, file=sys.stderr)
                    left_out.append({**where, "reason": str(failure).splitlines()[-1],
                                     "failed": True})
                    continue
                print(f"{mode}, {size} bytes, no loss: {program.name} {found[-1]['pps']} pps in "
                      f"{len(found[-1]['trials'])} trials"
                      + (f": {found[-1]['limit']}" if found[-1]["limit"] else ""), flush=True)


def place(text):
    try:
        return zero_loss.Place(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def number(least, most, kind=int):
    def parse(text):
        try:
            value = kind(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text}: allowed is {least} to {most}")
        return value
    return parse


def listed(check):
    return lambda text: [check(word) for word in dict.fromkeys(text.split(","))]


def size_of(text):
    return text if text == "imix" else str(number(64, 9600)(text))


def parser_of():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0],
                                     epilog="Defaults stand in brackets.")
    add = parser.add_argument
    add("--out", type=pathlib.Path, default="throughput", help="folder to write to [%(default)s]")
    add("--build", default="build", help="build folder [%(default)s]")
    add("--testpmd", default="dpdk-testpmd", help="path of testpmd [%(default)s]")
    add("--port", type=place, action="append", default=[], metavar="PORT",
        help="vdev (net_...) or PCI address, once for each port [two of net_pcap]")
    add("--namespace", help="network namespace of the ports")
    add("--sizes", type=listed(size_of), default=SIZES, help="64 to 9600, imix [all of RFC 2544]")
    add("--modes", type=listed(str), default=["io", "macswap"], help="[io,macswap]")
    add("--cores", type=listed(number(1, 128)), default=[1], help="forwarding lcores [1]")
    add("--rounds", type=number(1, 1000), default=3, help="of every point [%(default)s]")
    add("--seconds", type=number(1, 3600), default=1, help="of each run [%(default)s]")
    add("--burst", type=number(1, 512), default=32, help="packets at once [%(default)s]")
    add("--lcores", help="CPUs, the main one first, as 0-1 [all]")
    add("--memory", default="--no-huge -m 1024", help="EAL options for memory [%(default)s]")
    zero = parser.add_argument_group("search for the highest rate without a loss, with --port")
    add = zero.add_argument
    add("--generator", type=place, metavar="[NAMESPACE=]PORT", help="where frames are sent from")
    add("--sink", type=place, metavar="[NAMESPACE=]PORT", help="where they arrive")
    add("--highest", type=number(1, 2**32 - 1), default=1000000,
        help="packets a second to begin with [%(default)s]")
    add("--resolution", type=number(0.0001, 0.5, float), default=0.02,
        help="part of --highest that ends the search [%(default)s]")
    add("--trial", type=number(0.1, 3600, float), default=2, help="seconds of one [%(default)s]")
    return parser


def parse():
    parser = parser_of()
    args = parser.parse_args()
    try:
        args.cpus = paired.cpus(args.lcores) if args.lcores else sorted(os.sched_getaffinity(0))
    except ValueError:
        parser.error(f"--lcores {args.lcores}: numbers, as 0-1 or 2,4")
    if len(args.cpus) <= max(args.cores):
        parser.error(f"--cores {max(args.cores)} needs {max(args.cores) + 1} CPUs, the main one "
                     f"too: there are {len(args.cpus)}")
    if (args.generator is None) != (args.sink is None):
        parser.error("--generator and --sink: both or none")
    if args.generator and len(args.port) != 2:
        parser.error("--generator: give the two ports that forward with --port")
    return args


def main():
    args = parse()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what runs is ended
    run = Run(args)
    if run.fwd.missing():
        sys.exit(f"throughput: {run.fwd.missing()}")
    if run.note:
        print(f"throughput: only mext-fwd is measured: {run.note}", file=sys.stderr)
    args.out.mkdir(parents=True, exist_ok=True)
    data = {"machine": machine.describe(args.build, run.fwd.path), "rounds": args.rounds,
            "seconds": args.seconds, "note": run.note, "points": [], "searches": [],
            "left_out": []}
    try:
        if args.generator:
            searches(run, data["searches"], data["left_out"])
        else:
            sweep(run, data["points"], data["left_out"])
    finally:  # what there is, where it is interrupted
        data["commands"] = run.commands
        (args.out / "results.json").write_text(json.dumps(data, indent=1) + "\n",
                                               encoding="utf-8")
        page.write(data, args.out)
    failed = [left for left in data["left_out"] if left["failed"]]
    for left in failed:
        print(f"throughput: {left['mode']}, {left['size']} bytes: {left['reason']}",
              file=sys.stderr)
    return 1 if failed or not (data["points"] or data["searches"]) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("throughput: interrupted")
