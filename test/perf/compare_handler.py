#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""dpdk-testpmd on a mempool handler against itself on its default one, over two net_null ports.

For example: test/perf/compare_handler.py --ops=stack
             test/perf/compare_handler.py --ops=NAME --plugin=build/path/to/handler.so
"""
import contextlib
import os
import sys

import beds
import paired
from programs import Failure, Testpmd


def main():
    parser = paired.arguments(__doc__)
    parser.add_argument("--ops", required=True, help="name of the mempool handler")
    parser.add_argument("--plugin", help="shared object that has it, for EAL's -d")
    parser.add_argument("--mbcache", type=int, help="mbufs in a per-lcore cache, testpmd's option")
    args = paired.parse(parser)
    if args.plugin and not os.path.exists(args.plugin):
        parser.error(f"--plugin: {args.plugin} does not exist")
    if args.mbcache is not None and args.mbcache % 2 != 0:
        parser.error(f"--mbcache {args.mbcache}: give an even number: with odd ones DPDK 26.07 hands out "
                     "mbufs twice")
    own = [] if args.mbcache is None else [f"--mbcache={args.mbcache}"]
    eal = [f"--mbuf-pool-ops-name={args.ops}"]
    if args.plugin:
        # With a slash in it, or the dynamic linker looks elsewhere.
        eal += ["-d", os.path.abspath(args.plugin)]
    handler = Testpmd(args.testpmd, args.ops, own, eal)
    default = Testpmd(args.testpmd, "default", own)
    if default.missing():
        sys.exit(f"compare_handler: {default.missing()}")
    try:
        with contextlib.ExitStack() as stack:
            turns = {program: stack.enter_context(
                beds.standing(program, beds.BEDS["null"], "io", 1, args))
                for program in (handler, default)}
            paired.compare(handler, default, args,
                           lambda program: turns[program].rate(args.seconds))
    except Failure as failure:
        sys.exit(str(failure))


if __name__ == "__main__":
    main()
