# SPDX-License-Identifier: BSD-3-Clause
"""Checks in nicvm's guest that are a program each: it says "ok" or "not ok" of what it looks at."""

import os
import pathlib
import re
import subprocess

from forwarder import BINARY
from world import ports

FOLDER = BINARY.parents[2] / "test" / "system"
FILE = pathlib.Path("/tmp/sent")
FILE_LENGTH = 700001  # no whole number of pages, or of frames

SOURCES = ("malloc", "huge", "alloc", "file")


def run(name, *arguments):
    """What a program says, one line; all it says if it fails."""
    done = subprocess.run([FOLDER / name, "--no-telemetry", "--file-prefix", name, *arguments],
                          check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    right = re.findall(r"^ok ", done.stdout, re.M)
    assert done.returncode == 0 and right, f"status {done.returncode}\n{done.stdout}"
    sent = re.findall(r"^\d+ of \d+ bytes arrived", done.stdout, re.M)
    return ", ".join([f"{len(right)} ok", *sent])


def region(source, mode, later):
    """A check that sends a region: what is in it, kind of IO addresses, ports there or later."""
    def check(_):
        FILE.write_bytes(os.urandom(FILE_LENGTH))
        pair = ports()[2:4]  # back to back
        given = [FILE] if source == "file" else []
        # EAL wants some list: without one it takes all ports.
        allowed = ["-a", "0000:00:1f.7"] if later else ["-a", pair[0], "-a", pair[1]]
        return run("send-region", "-l", "0", "-m", "200", f"--iova-mode={mode}", *allowed, "--",
                   source, *given, *(pair if later else []))

    check.__name__ = f"{source}_{mode}" + ("_later" if later else "")
    return check


def numa(_):
    """Pools, regions and the audit on three nodes."""
    return run("numa", "-l", "0-2", "--socket-mem", "64,64,64", "--no-pci")


# On one model all of it, on the others one of each.
REGIONS = [region(source, mode, later) for source in SOURCES for mode in ("va", "pa")
           for later in (False, True)]
SOME_REGIONS = [region("malloc", "va", False), region("file", "pa", False),
                region("huge", "va", True), region("alloc", "pa", True)]
