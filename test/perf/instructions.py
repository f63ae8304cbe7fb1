#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Instructions that the verbs take for each mbuf, beside those of stock DPDK, counted by callgrind.

Times are noisy, counts are not: the same programs on the same libraries give the same ones.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

EAL = ["--no-huge", "-m", "512", "--no-pci", "--no-shconf", "--no-telemetry", "--log-level=4"]
# Functions of mext-bench: what to count in, and those at whose end a row's one round is over.
COUNTED = ["bed_work*", "sharers_work*", "window_run"]
ROUND = ["bed_run", "run_alone", "window_run"]
# What a row of mext-bench does, the row, and the one of stock DPDK to set beside it.
VERBS = [
    ("header and storage: allocate, attach, free", "attach/hot/mext", "stock"),
    ("packet: allocate, free", "packet/hot/packet", "plain"),
    ("packet: allocate, then freed by DPDK", "packet/hot/packet, one by one",
     "pinned, one by one"),
    ("hold, attach, then freed by DPDK", "sharers/1lcore/plain", None),
    ("take of a spread, attach, then freed by DPDK", "sharers/1lcore/spread", None),
    ("hold 32, attach, free", "sharers/1lcore/plain, bulk", None),
    ("fan-out to 32, free; direct", "fanout/direct/mext", "clone"),
    ("fan-out to 32, free; storage", "fanout/storage/mext", "clone"),
    ("fan-out to 32, free; 3 segments on storages", "fanout/storage3/mext", "clone"),
    ("fan-out to 32 with own headers, free; storage", "private/storage/mext",
     "header and clone"),
    ("share, free; direct", "share/direct/mext", "clone"),
    ("share, free; storage", "share/storage/mext", "clone"),
    ("split, free both; storage", "split/storage/mext", "clone"),
    ("is it writable; direct", "writable/direct/mext", "stock"),
    ("is it writable; storage", "writable/storage/mext", "stock"),
    ("write 14 bytes; storage, not shared", "write/own-storage/mext", "stock"),
    ("write 14 of 1,500 bytes, free; direct, shared", "write/direct/1500/mext", "copy"),
    ("write 14 of 1,500 bytes, free; storage, shared", "write/storage/1500/mext", "copy"),
]


def chosen(args):
    """The verbs asked for."""
    verbs = [verb for verb in VERBS if args.words in verb[0]]
    if not verbs:
        sys.exit(f"instructions: {args.words}: in the words of no verb, which stand in a run of all")
    return verbs


def callgrind(args, rows, folder):
    """One round of each row. @return their JSON, and how many instructions each took."""
    bench = os.path.join(args.build, "test/perf/mext-bench")
    cpu = str(min(os.sched_getaffinity(0)))
    command = ["valgrind", "--tool=callgrind", "--quiet", "--collect-atstart=no",
               f"--callgrind-out-file={folder}/out",
               *[f"--toggle-collect={name}" for name in COUNTED],
               *[f"--dump-after={name}" for name in ROUND],
               bench, "-l", cpu, *EAL, "--", "--rounds", "1", "--json", f"{folder}/json", *rows]
    # The dynamic linker finds every function at the start, not at its first call.
    done = subprocess.run(command, env={**os.environ, "LD_BIND_NOW": "1"}, check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        sys.exit(f"{done.stdout}instructions: {bench} ended with status {done.returncode}")
    measured = json.loads(pathlib.Path(folder, "json").read_text(encoding="utf-8"))["rows"]
    # A file a round, in their order, and one of what comes after.
    parts = [pathlib.Path(folder, f"out.{i + 1}") for i in range(len(measured))]
    totals = [re.search(r"^totals: (\d+)", part.read_text(encoding="utf-8"), re.M)
              for part in parts]
    return measured, [int(total.group(1)) for total in totals]


def counts_of(args):
    """Instructions an mbuf of each row, by table/row."""
    rows = []
    for _, ours, peer in chosen(args):
        rows.append(ours)
        if peer is not None:
            rows.append(f"{os.path.dirname(ours)}/{peer}")
    with tempfile.TemporaryDirectory(prefix="mext-instructions-") as folder:
        measured, totals = callgrind(args, rows, folder)
    return {f"{row['table']}/{row['row']}": total / row["objects"]
            for row, total in zip(measured, totals)}


def lines(args, counts):
    """Of the output: words, ours, the peer's, ratio."""
    for words, ours, peer in chosen(args):
        stock = counts.get(f"{os.path.dirname(ours)}/{peer}")
        yield (words, f"{counts[ours]:.1f}", "" if stock is None else f"{stock:.1f}",
               "" if stock is None else f"{counts[ours] / stock:.2f}")


def rst(args, counts):
    text = [".. Made by test/perf/instructions.py --rst.", "",
            ".. list-table:: Instructions an mbuf", "   :header-rows: 1",
            "   :widths: 55 15 15 15", ""]
    for line in [("what", "mext", "stock DPDK", "ratio"), *lines(args, counts)]:
        text += [f"   {'*' if i == 0 else ' '} - {cell}".rstrip() for i, cell in enumerate(line)]
    return "\n".join(text) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", default="build", help="build folder (default: %(default)s)")
    parser.add_argument("--rst", type=pathlib.Path, help="file to write as a table of the guide")
    parser.add_argument("words", nargs="?", default="", help="only verbs with these words in them")
    args = parser.parse_args()
    if shutil.which("valgrind") is None:
        sys.exit("instructions: no valgrind (Debian: valgrind)")
    counts = counts_of(args)
    print(f"{'mext':>8} {'stock':>8} {'ratio':>6}  instructions an mbuf")
    for words, ours, stock, ratio in lines(args, counts):
        print(f"{ours:>8} {stock:>8} {ratio:>6}  {words}")
    if args.rst is not None:
        args.rst.write_text(rst(args, counts), encoding="utf-8")


if __name__ == "__main__":
    main()
