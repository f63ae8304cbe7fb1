# SPDX-License-Identifier: BSD-3-Clause
"""Links of cards that go down and come up while mext-fwd forwards, as the emulated machine is told to."""

import json
import os
import signal
import socket
import subprocess

import pytest

from forwarder import BINARY
from machines import CARDS, LIMIT, NICVM, TOLERATED, end, nicvms

COMMAND = (f"exec {BINARY} -l 0-1 -m 256 -a $NICVM_PORT0 -a $NICVM_PORT1 --no-telemetry -- "
           "--duration=600 --total-num-mbufs=8192")


class Machine:
    """What qemu can be told (its machine protocol, QMP)."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(os.fspath(path))
        self.lines = self.socket.makefile("rw", encoding="utf-8")
        self.lines.readline()
        self.tell("qmp_capabilities")

    def tell(self, command, **arguments):
        self.lines.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.lines.flush()
        while "event" in (answer := json.loads(self.lines.readline())):
            pass
        assert "return" in answer, answer

    def close(self):
        self.lines.close()
        self.socket.close()


def wait_for(process, pattern, said):
    for line in process.stdout:
        said.append(line)
        if line.startswith(pattern):
            return
    raise AssertionError(f"no '{pattern}' in:\n{''.join(said)}")


@pytest.mark.parametrize("card", CARDS)
def test_every_change_of_a_link_is_told(nicvm, tmp_path, card):
    assert nicvm
    path, said = tmp_path / "qmp", []
    process = subprocess.Popen(
        [NICVM, "--nic", card, "--timeout", str(LIMIT), *TOLERATED.get(card, ()), "--qemu-arg", "-qmp",
         "--qemu-arg", f"unix:{path},server=on,wait=off", "--", "sh", "-c", COMMAND],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    nicvms.add(process)
    try:
        wait_for(process, "forwarding:", said)
        if card.startswith("e1000"):  # they need a second
            wait_for(process, "port 0: link up", said)
        machine = Machine(path)
        for _ in range(4):
            machine.tell("set_link", name="p0", up=False)
            wait_for(process, "port 0: link down", said)
            machine.tell("set_link", name="p0", up=True)
            wait_for(process, "port 0: link up", said)
        machine.close()
    finally:
        process.send_signal(signal.SIGTERM)
        end(process)
        nicvms.discard(process)
