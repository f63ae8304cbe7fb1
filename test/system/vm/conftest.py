# SPDX-License-Identifier: BSD-3-Clause
"""Boot nicvm once for each machine, run there all checks that were asked for, keep the results."""

import json
import os
import pathlib
import shutil

import pytest

from forwarder import BUILD
from machines import GUEST, MACHINES, SHORT, Nicvm, end, facts, nicvms


def is_short(item):
    params = getattr(item, "callspec", None)
    return params is not None and (params.params.get("machine"), params.params.get("check")) in SHORT


def pytest_collection_modifyitems(config, items):
    if os.environ.get("MEXT_VM") == "all":
        return
    here = pathlib.Path(__file__).parent
    left_out = [item for item in items if item.path.parent == here and not is_short(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter):
    for line in facts:
        terminalreporter.write_line(line)


def pytest_unconfigure():
    # Interrupted while a guest ran: nicvm cleans up behind itself, if it is told.
    for process in list(nicvms):
        end(process)


@pytest.fixture(scope="session")
def nicvm():
    """nicvm(options, command): run it."""
    if not shutil.which("qemu-system-x86_64"):
        pytest.skip("qemu-system-x86_64 is not installed (devtools/install-packages.sh run vm)")
    return Nicvm


@pytest.fixture(scope="session")
def boots(request, nicvm):
    """boots(machine): what the checks said there, {name: {"passed":, "said":}}, and the Nicvm."""
    done = {}

    def boot(machine):
        if machine not in done:
            params = [item.callspec.params for item in request.session.items
                      if hasattr(item, "callspec")]
            wanted = [p["check"] for p in params
                      if p.get("machine") == machine and p["check"] != "faults"]
            run = nicvm(MACHINES[machine].options, [
                "env", f"MEXT_BUILD={BUILD}", f"MEXT_SEED={os.environ.get('MEXT_SEED', 1)}",
                "MEXT_PATIENCE=60", "PYTHONDONTWRITEBYTECODE=1", "/usr/bin/python3", GUEST, *wanted])
            told = [json.loads(line) for line in run.output.splitlines() if line.startswith("{")]
            done[machine] = {one["check"]: one for one in told}, run
        return done[machine]

    return boot
