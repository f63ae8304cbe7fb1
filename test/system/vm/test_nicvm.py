# SPDX-License-Identifier: BSD-3-Clause
"""nicvm itself: what it tells the caller, and that it leaves nothing behind."""

import os
import pathlib
import signal
import subprocess
import time

import pytest

from machines import NICVM, end, nicvms

STRAY = pathlib.Path(__file__).with_name("stray_dma.py")
PROC = pathlib.Path("/proc")


def test_status_and_output_of_the_command_come_out(nicvm, tmp_path):
    run = nicvm(["--topology", "none", "--rw", tmp_path], [
        "sh", "-c", f"echo out; echo err >&2; echo kept >{tmp_path}/file; echo x >{STRAY}; exit 7"])
    assert run.status == 7, run.said()
    assert run.output == "out\n" and "err\n" in run.errors
    assert (tmp_path / "file").read_text() == "kept\n"
    assert "SPDX" in STRAY.read_text(), "the guest changed a file of the host's"


def test_time_limit_ends_it(nicvm):
    begin = time.monotonic()
    run = nicvm(["--topology", "none"], ["sleep", "1000"], timeout=12)
    assert run.status == 124, run.said()
    assert time.monotonic() - begin < 60


def test_stray_dma_is_found(nicvm):
    run = nicvm(["--nic", "e1000e"], ["/usr/bin/python3", STRAY])
    assert run.status == 123, run.said()
    assert "fault addr 0xdead0000" in run.errors, run.said()


def test_expected_faults_are_expected(nicvm):
    run = nicvm(["--nic", "e1000", "--expect-faults"], ["/usr/bin/python3", STRAY])
    assert run.status == 0, run.said()
    run = nicvm(["--nic", "e1000", "--expect-faults"], ["true"])
    assert run.status == 123, run.said()


@pytest.mark.parametrize("options,message", [
    (["--nic", "ne2000"], "ne2000"), (["--queues", "2"], "--queues=2"), (["--numa", "5"], "--numa=5"),
    (["--mem", "much"], "much"), (["--bogus", "1"], "--bogus"), (["--topology"], "needs a value")])
def test_wrong_options_are_refused(options, message, nicvm):
    run = subprocess.run([NICVM, *options, "--", "true"], check=False, capture_output=True, text=True)
    assert run.returncode == 126 and message in run.stderr, run


def mentioning(word):
    """Processes whose environment has a word."""
    found = []
    for environ in PROC.glob("[0-9]*/environ"):
        try:
            if word in environ.read_text(errors="replace"):
                found.append(environ.parent.name)
        except OSError:
            pass
    return found


@pytest.mark.parametrize("number,status", [
    (signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_leaves_nothing(nicvm, tmp_path, number, status):
    mark = f"MEXT_TEST_MARK={os.getpid()}-{number}"
    name, value = mark.split("=")
    # Who is started in the background by a shell ignores SIGINT, and so would what it starts.
    process = subprocess.Popen(
        ["env", "--default-signal", NICVM, "--nic", "virtio", "--queues", "2", "--", "sleep", "1000"],
        env={**os.environ, "TMPDIR": str(tmp_path), name: value}, stdin=subprocess.DEVNULL)
    nicvms.add(process)
    try:
        time.sleep(6)
        assert mentioning(mark) and list(tmp_path.iterdir()), "it has not started"
        process.send_signal(number)
        assert process.wait(30) == status
    finally:
        end(process)
        nicvms.discard(process)
    assert not mentioning(mark)
    assert not list(tmp_path.iterdir())
