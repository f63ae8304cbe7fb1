# SPDX-License-Identifier: BSD-3-Clause
"""devtools/quickstart.sh: it passes, and leaves nothing, wherever it is interrupted."""

import os
import re
import signal
import subprocess

import pytest

from forwarder import BINARY
from network import ROOT


def default_signals():
    """What a shell can't undo: signals ignored at its start (nohup, background jobs) stay so."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def left_over(pid):
    """Namespaces, and processes of this session, that a quickstart has left."""
    namespaces = subprocess.run(["ip", "netns", "list"], check=True, capture_output=True,
                                text=True).stdout
    processes = subprocess.run(["ps", "-o", "pid=,stat=,args=", "--sid", str(pid)], check=False,
                               capture_output=True, text=True).stdout
    return (re.findall(rf"^mext-{pid}-\S+", namespaces, re.M) +
            [line for line in processes.splitlines() if not re.match(r"\s*\d+ Z", line)])


@pytest.fixture
def quickstart():
    """quickstart(*options): start it, in a session of its own."""
    running = []

    def start_one(*options):
        process = subprocess.Popen(
            [ROOT / "devtools" / "quickstart.sh", *options], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
            preexec_fn=default_signals,
            env={**os.environ, "MEXT_BUILD": str(BINARY.parents[2])})
        running.append(process)
        return process

    yield start_one
    for process in running:
        if process.poll() is None:
            process.terminate()
        process.communicate()


def test_quickstart_passes_and_leaves_nothing(quickstart, driver):
    process = quickstart("-t", "1", "-p", driver)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    for pattern in (r"ping +100 sent, 0% lost", r"TCP +a to b [\d.]+ Gbit/s, b to a [\d.]+ Gbit/s",
                    r"forwarded +[1-9]\d* packets", r"buffers +0 outstanding", r"port 0: rx \d+ pps"):
        assert re.search(pattern, output), f"no '{pattern}' in:\n{output}"
    assert not left_over(process.pid)


@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("step", ["building in", "namespaces", "starting mext-fwd", "ping,",
                                  "TCP from a", "stopping"])
def test_interrupted_quickstart_leaves_nothing(quickstart, step, with_signal):
    process = quickstart("-t", "1")
    output = ""
    for line in process.stdout:
        output += line
        if line.startswith(f"quickstart: {step}"):
            break
    process.send_signal(with_signal)
    output += process.stdout.read()
    assert process.wait(timeout=60) == 128 + with_signal, output
    assert not left_over(process.pid)
