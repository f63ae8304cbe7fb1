#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""mext-fwd against dpdk-testpmd: io mode, two net_null ports, one forwarding lcore, same burst."""
import os

import paired


def main():
    parser = paired.arguments(__doc__)
    parser.add_argument("--build", default="build", help="build folder")
    args = paired.parse(parser)
    fwd = paired.Program("mext-fwd", [os.path.join(args.build, "app/fwd/mext-fwd")], paired.FWD)
    paired.compare(fwd, paired.testpmd(args), args)


if __name__ == "__main__":
    main()
