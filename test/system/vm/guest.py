# SPDX-License-Identifier: BSD-3-Clause
"""Run checks inside nicvm's guest; a line of JSON for each: name, whether it passed, what it says.

usage: guest.py RUN:CHECK...
"""

import contextlib
import json
import pathlib
import sys
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import checks  # noqa: E402 the folder of what it imports is known only now
from world import World  # noqa: E402


def tell(name, passed, said):
    print(json.dumps({"check": name, "passed": passed, "said": said}), flush=True)


def run(name, wanted):
    """Those checks of a run that are wanted, on one start of mext-fwd if the run has ports."""
    what = checks.RUNS[name]
    try:
        what.before()
        with (World(what.ports, *what.options, workers=what.workers, eal=what.eal) if what.ports
              else contextlib.nullcontext()) as world:
            for check in what.checks:
                label = f"{name}:{check.__name__}"
                if label not in wanted:
                    continue
                try:
                    tell(label, True, check(world))
                except Exception:
                    tell(label, False, traceback.format_exc() +
                         (world.forwarder.said() if world else ""))
                wanted.remove(label)
    except Exception:
        for label in [label for label in wanted if label.startswith(f"{name}:")]:
            tell(label, False, traceback.format_exc())


def main():
    wanted = sys.argv[1:]
    for name in checks.RUNS:
        if any(label.startswith(f"{name}:") for label in wanted):
            run(name, wanted)


main()
