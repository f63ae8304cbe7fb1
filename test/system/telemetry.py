# SPDX-License-Identifier: BSD-3-Clause
"""DPDK's telemetry of a program that runs."""

import json
import os
import socket
import time

from network import PATIENCE


class Telemetry:
    """A client of the telemetry socket."""

    def __init__(self, forwarder):
        self.runtime = forwarder.scratch.name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(os.path.join(self.runtime, "dpdk", "rte", "dpdk_telemetry.v2"))
        self.socket.recv(1024)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def ask(self, command):
        self.socket.send(command.encode())
        answer = json.loads(self.socket.recv(1 << 16))
        return answer[command.split(",", maxsplit=1)[0]]

    def wait_for(self, command, condition):
        end = time.monotonic() + PATIENCE
        while not condition(answer := self.ask(command)):
            assert time.monotonic() < end, answer
            time.sleep(0.01)
        return answer
