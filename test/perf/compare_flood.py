#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Mode flood of mext-fwd, to three ports: sharing against rte_pktmbuf_clone() and rte_pktmbuf_copy().

Four net_null ports, of which only the first receives. Each round runs every way in turn; its ratios
are of frames a second of CPU time of the forwarding thread, which other programs on the machine
disturb less than frames a second. Beside the median ratio stands the interval that holds the true one
(paired.interval).
"""
import os
import pathlib
import re
import signal
import statistics
import sys
import time

import paired
from programs import Failure, Fwd, Process

WAYS = ["share", "fanout", "clone", "copy"]
OUTPUTS = 3


def cpu_seconds(task):
    return int((task / "schedstat").read_text(encoding="utf-8").split()[0]) / 1e9


def thread_of(process, lcore):
    """The forwarding thread: EAL names it after its lcore."""
    for task in pathlib.Path(f"/proc/{process.process.pid}/task").iterdir():
        name = (task / "comm").read_text(encoding="utf-8").strip()
        if re.fullmatch(rf"(rte|lcore|dpdk)-worker-?0*{lcore}", name):
            return task
    raise process.failure(f"no thread of lcore {lcore}")


def rates(fwd, way, size, copy, args):
    """Frames received a second of the clock, and of the thread's CPU time."""
    null = f",size={size},copy={copy}"
    eal = ["-l", args.lcores, *args.memory.split(), "--no-pci", "--no-shconf", "--no-telemetry",
           f"--vdev=net_null0{null}",
           *[f"--vdev=net_null{port}{null},no-rx=1" for port in range(1, 1 + OUTPUTS)]]
    own = ["--forward-mode=flood", f"--flood-by={way}", f"--burst={args.burst}", "--nb-cores=1"]
    with Process([fwd.path, *eal, "--", *own]) as process:
        process.wait_for("^forwarding:")
        task = thread_of(process, args.cpus[1])
        time.sleep(args.seconds)
        process.process.send_signal(signal.SIGINT)
        # It waits when it has done its work, and before: all its time is of that.
        while process.process.poll() is None:
            try:
                cpu = cpu_seconds(task)
            except (OSError, IndexError):
                break
            time.sleep(0.002)
        if process.end() != 0:
            raise process.failure("ended with an error")
        text = "\n".join(process.text)
    total = re.search(r"Accumulated.*?RX-packets: (\d+).*?average: rx (\d+)", text, re.S)
    return int(total[2]), int(total[1]) / cpu


def measure(fwd, size, copy, args):
    found = {way: [] for way in WAYS}
    for i in range(args.rounds):
        for way in WAYS if i % 2 == 0 else WAYS[::-1]:
            found[way].append(rates(fwd, way, size, copy, args))
    print(f"{size} bytes, net_null copy={copy}:")
    for way in WAYS:
        clock, cpu = (statistics.median(column) for column in zip(*found[way]))
        line = f"  {way:7} {clock / 1e6:6.2f} M/s, {cpu / 1e6:6.2f} M/CPU-s"
        for ours in WAYS[:2]:
            if way in WAYS[2:]:
                ratios = [a[1] / b[1] for a, b in zip(found[ours], found[way])]
                low, high, _ = paired.interval(ratios)
                line += (f"; {ours} {statistics.median(ratios):.2f} times that "
                         f"({low:.2f} to {high:.2f})")
        print(line, flush=True)


def main():
    parser = paired.arguments(__doc__)
    parser.add_argument("--build", default="build", help="build folder [%(default)s]")
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 1518],
                        help="bytes of frames [64 1518]")
    parser.add_argument("--copy", type=int, nargs="+", choices=[0, 1], default=[0],
                        help="1: net_null copies every frame in and out [0]")
    args = paired.parse(parser)
    fwd = Fwd(args.build)
    if fwd.missing():
        sys.exit(f"compare_flood: {fwd.missing()}")
    print(f"{OUTPUTS} outputs, burst {args.burst}, {args.rounds} rounds of {args.seconds} s, "
          f"load {os.getloadavg()[0]:.1f}")
    try:
        for copy in args.copy:
            for size in args.sizes:
                measure(fwd, size, copy, args)
    except Failure as failure:
        sys.exit(f"compare_flood: {failure}")


if __name__ == "__main__":
    main()
