#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Instructions that mext-fwd and dpdk-testpmd take to forward a packet, between two ports without a NIC.

Counted by callgrind, in the forwarding thread alone: what a busy machine does not change. The exit
status is 1 where mext-fwd takes more.
"""
import argparse
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

EAL = ["-l", "{lcores}", "--no-huge", "-m", "512", "--no-pci", "--no-shconf", "--no-telemetry",
       "--log-level=4"]
# Ports, and how packets get into them: a ring gives back what it is sent.
BEDS = {"null": (["--vdev=net_null0{null}", "--vdev=net_null1{null}"], []),
        "ring": (["--vdev=net_ring0", "--vdev=net_ring1"], ["--tx-first", "--port-topology=loop"])}
MODES = ["io", "macswap"]
# Both print these, of all ports, in the end. What only makes packets receives none.
PACKETS = r"Accumulated forward statistics.*?RX-packets: (\d+).*?TX-packets: (\d+)"


def instructions(folder):
    """Of the thread that took the most: the forwarding one, which never waits. Not the first: it prepares."""
    totals = [re.search(r"^totals: (\d+)", part.read_text(encoding="utf-8"), re.M)
              for part in pathlib.Path(folder).glob("out-*") if part.name != "out-01"]
    return max(int(total.group(1)) for total in totals if total)


def a_packet(args, name, program, own):
    """Instructions a packet of one run, which a signal ends."""
    ports = BEDS[args.bed][0]
    eal = [o.format(lcores=args.lcores, null=args.null) for o in EAL + ports]
    with tempfile.TemporaryDirectory(prefix="mext-instructions-") as folder:
        command = ["valgrind", "--tool=callgrind", "--quiet", "--separate-threads=yes",
                   f"--callgrind-out-file={folder}/out", program, *eal, "--", *own]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT,
                              env={**os.environ, "LD_BIND_NOW": "1"}) as process:
            try:
                # It can't be asked how far it is: testpmd keeps its output to itself until it ends.
                process.wait(args.seconds)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGINT)
            text = process.communicate()[0]
        counts = re.search(PACKETS, text, re.S)
        packets = max(int(count) for count in counts.groups()) if counts else 0
        if packets < 10000:
            sys.exit(f"{text}compare_instructions: {name} forwarded too little in {args.seconds} s")
        return instructions(folder) / packets


def compare(args, mode):
    """Both programs in one mode: instructions a packet of each."""
    own = [f"--forward-mode={mode}", f"--burst={args.burst}", "--nb-cores=1",
           "--total-num-mbufs=16384", *BEDS[args.bed][1]]
    fwd = os.path.join(args.build, "app/fwd/mext-fwd")
    return a_packet(args, "mext-fwd", fwd, own), a_packet(args, "testpmd", args.testpmd, own)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", default="build", help="build folder [%(default)s]")
    parser.add_argument("--testpmd", default="dpdk-testpmd", help="path of testpmd [%(default)s]")
    parser.add_argument("--burst", type=int, default=32, help="packets a burst [%(default)s]")
    parser.add_argument("--seconds", type=int, default=15, help="of each run [%(default)s]")
    parser.add_argument("--lcores", default="0-1",
                        help="the main one and the forwarding one [%(default)s]")
    parser.add_argument("--bed", choices=BEDS, default="null", help="ports [%(default)s]")
    parser.add_argument("--null", default=",size=64,copy=1",
                        help="arguments of the net_null ports [%(default)s]")
    parser.add_argument("modes", nargs="*", default=MODES, help=f"[{' '.join(MODES)}]")
    args = parser.parse_args()
    for tool in ("valgrind", args.testpmd):
        if shutil.which(tool) is None:
            sys.exit(f"compare_instructions: no {tool} (Debian: valgrind, dpdk-dev)")
    more = False
    for mode in args.modes:
        ours, peer = compare(args, mode)
        more |= ours > peer
        print(f"{mode}: mext-fwd {ours:.1f}, testpmd {peer:.1f} instructions a packet, "
              f"ratio {ours / peer:.3f}", flush=True)
    sys.exit(more)


if __name__ == "__main__":
    main()
