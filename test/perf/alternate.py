# SPDX-License-Identifier: BSD-3-Clause
"""Programs that take turns: all are started once, and each stands still while another is measured.

SIGSTOP and SIGCONT switch them, so a turn costs what it measures and not a start of several seconds;
rounds of half a second follow each other so closely that what else the machine does hits both alike.
The packets are ethdev's own count, asked for through DPDK's telemetry, in the same way of everyone.
"""
import contextlib
import json
import os
import signal
import socket
import time

from programs import PATIENCE, Process

SETTLE = 0.05  # seconds from going on to being measured


class Counters:
    """The telemetry of a DPDK program."""

    def __init__(self, prefix):
        path = f"{os.environ.get('RUNTIME_DIRECTORY', '/var/run')}/dpdk/{prefix}/dpdk_telemetry.v2"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(path)
        self.socket.recv(1 << 16)  # its greeting

    def ask(self, command):
        self.socket.send(command.encode())
        return json.loads(self.socket.recv(1 << 16))[command.split(",")[0]]

    def packets(self, ports, by_rx):
        """(time, packets of all ports so far)"""
        begin = time.monotonic()
        stats = [self.ask(f"/ethdev/stats,{port}") for port in range(ports)]
        end = time.monotonic()
        return (begin + end) / 2, sum(s["ipackets" if by_rx else "opackets"] for s in stats)

    def close(self):
        self.socket.close()


class Turns:
    """A program and what it needs beside it, standing still but for its turns."""

    def __init__(self, process, others, prefix, ports, by_rx):
        self.process, self.ports, self.by_rx = process, ports, by_rx
        self.all = [process, *others]
        self.counters = self._connect(prefix)
        try:
            self._wait_for_packets()
        except BaseException:
            self.counters.close()
            raise
        self.signal(signal.SIGSTOP)

    def _connect(self, prefix):
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return Counters(prefix)
            except OSError as error:
                if self.process.process.poll() is not None or time.monotonic() > end:
                    raise self.process.failure(f"no telemetry: {error}") from None
                time.sleep(0.02)

    def _wait_for_packets(self):
        end = time.monotonic() + PATIENCE
        while True:
            before = self.counters.packets(self.ports, self.by_rx)[1]
            time.sleep(0.1)
            if self.counters.packets(self.ports, self.by_rx)[1] > before > 0:
                return
            if self.process.process.poll() is not None or time.monotonic() > end:
                raise self.process.failure(f"no packets in {PATIENCE} s")

    def signal(self, number):
        for process in self.all:
            if process.process.poll() is None:
                process.process.send_signal(number)

    @contextlib.contextmanager
    def turn(self):
        self.signal(signal.SIGCONT)
        try:
            yield
        finally:
            self.signal(signal.SIGSTOP)

    def rate(self, seconds):
        """Packets a second, of one turn."""
        with self.turn():
            time.sleep(SETTLE)
            begin, first = self.counters.packets(self.ports, self.by_rx)
            time.sleep(seconds)
            end, last = self.counters.packets(self.ports, self.by_rx)
        if last == first:
            raise self.process.failure("no packet in a whole turn: what circulated is lost")
        return (last - first) / (end - begin)

    def close(self):
        """Let it go on, so that it can be ended."""
        self.signal(signal.SIGCONT)
        self.counters.close()
