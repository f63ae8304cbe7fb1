# SPDX-License-Identifier: BSD-3-Clause
"""Run mext-fwd and read what it says."""

import contextlib
import os
import pathlib
import queue
import re
import signal
import subprocess
import tempfile
import threading
import time

from network import PATIENCE, ROOT

BUILD = pathlib.Path(os.environ.get("MEXT_BUILD", "build"))
BINARY = (ROOT / BUILD).resolve() / "app" / "fwd" / "mext-fwd"

# af_xdp gives veth one queue: it asks for "combined" channels, which veth does not have.
DRIVERS = {
    "af_packet": "net_af_packet{port},iface=port{port},qpairs={queues}",
    "af_xdp": "net_af_xdp{port},iface=port{port},busy_budget=0",
}


def lcores(number):
    """EAL's option for that many lcores: the main one on the first CPU, workers from the last."""
    cpus = sorted(os.sched_getaffinity(0))
    places = [f"0@{cpus[0]}"] + [f"{i}@{cpus[-i % len(cpus)]}" for i in range(1, number)]
    return ["--lcores", ",".join(places)]


def vdevs(driver, queues=1, ports=2):
    """EAL's options for the ports of a Network."""
    return [f"--vdev={DRIVERS[driver].format(port=port, queues=queues)}" for port in range(ports)]


def free_hugepages():
    with open("/proc/meminfo", encoding="ascii") as meminfo:
        return int(re.search(r"^HugePages_Free: *(\d+)", meminfo.read(), re.M)[1])


# Runs everywhere, and touches no NIC.
WITHOUT_HUGEPAGES = ("--no-huge", "-m", "512", "--no-pci")


class Forwarder:
    """mext-fwd."""

    def __init__(self, *options, eal=(), memory=WITHOUT_HUGEPAGES, workers=1, namespace=None,
                 telemetry=False, stdin=subprocess.DEVNULL, environment=None, before=()):
        self.scratch = tempfile.TemporaryDirectory(prefix="mext-test-")
        command = ["ip", "netns", "exec", namespace] if namespace else []
        command += [*before, BINARY, *lcores(workers + 1), *memory,
                    *([] if telemetry else ["--no-telemetry"]), *eal, "--", *options]
        self.output = []  # lines
        self.text = ""  # the same, with a last line that has not ended
        self.new_output = queue.Queue()
        self.closing = False
        # A file, so that a long error output never blocks the process.
        self.errors = open(os.path.join(self.scratch.name, "stderr"), "w+")
        self.process = subprocess.Popen(
            command, stdin=stdin, stdout=subprocess.PIPE, stderr=self.errors,
            text=True,
            env={**os.environ, "RUNTIME_DIRECTORY": self.scratch.name, **(environment or {})})
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        part = ""
        while got := os.read(self.process.stdout.fileno(), 1 << 16):
            self.text += got.decode(errors="replace")
            *lines, part = (part + got.decode(errors="replace")).split("\n")
            for line in lines:
                self.output.append(line)
                self.new_output.put(line)
            if self.closing:
                self.process.stdout.close()
                break
        if part:
            self.output.append(part)
            self.new_output.put(part)
        self.new_output.put(None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        if self.process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
        self.errors.close()
        self.scratch.cleanup()

    def close_output(self):
        """Read no more of it: it gets SIGPIPE for what it prints. It must be printing."""
        self.closing = True
        self.reader.join()

    def type(self, *commands):
        """Give commands to its prompt, where it was started with stdin=PIPE."""
        for command in commands:
            self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def said(self):
        """All of stdout and stderr so far, for messages."""
        return "\n".join(self.output) + "\n--- stderr\n" + "\n".join(self.error_lines())

    def error_lines(self):
        self.errors.flush()
        with open(self.errors.name, errors="replace") as file:
            return file.read().splitlines()

    def own_error_lines(self):
        return [line for line in self.error_lines() if re.match(r"\S*mext-fwd: ", line)]

    def wait_for(self, pattern, timeout=PATIENCE):
        """Wait for a new line of output that matches from its beginning: the match."""
        end = time.monotonic() + timeout
        while True:
            try:
                line = self.new_output.get(timeout=max(end - time.monotonic(), 0))
            except queue.Empty:
                line = None
            assert line is not None, f"no line '{pattern}' in:\n{self.said()}"
            match = re.match(pattern, line)
            if match:
                return match

    def wait_for_error(self, pattern, timeout=PATIENCE):
        """Wait for a line of stderr with the pattern in it."""
        end = time.monotonic() + timeout
        while not any(re.search(pattern, line) for line in self.error_lines()):
            assert time.monotonic() < end and self.process.poll() is None, \
                f"no error '{pattern}' in:\n{self.said()}"
            time.sleep(0.01)

    def wait_until_forwarding(self):
        self.wait_for("forwarding:")
        return self

    def wait_for_exit(self, timeout=60):
        status = self.process.wait(timeout)
        self.reader.join()
        return status

    def stop(self, with_signal=signal.SIGINT):
        """End it and check that it leaves nothing: the final statistics."""
        self.process.send_signal(with_signal)
        return self.check_end()

    def check_end(self):
        status = self.wait_for_exit()
        assert "buffers outstanding: 0" in self.output, self.said()
        final = self.statistics()
        # 2: it says itself that nothing was forwarded, and that must be so.
        said = [line for line in self.own_error_lines() if "mext-fwd: nothing was " in line]
        assert status == (2 if said else 0), f"exit status {status}\n{self.said()}"
        assert not said or final["all"]["TX-packets"] == 0, self.said()
        return final

    def streams(self):
        """{(rx port, rx queue): received}, where a port has several."""
        found = re.findall(r"^port (\d+) queue (\d+) -> port \d+ queue \d+: rx (\d+)",
                           "\n".join(self.output), re.M)
        return {(int(port), int(number)): int(rx) for port, number, rx in found}

    def statistics(self):
        """{port: {"RX-packets": n, ...}}, the sum under "all"."""
        blocks, block = {}, None
        for line in self.output:
            title = re.search(r"orward statistics for (?:port (\d+)|(all) ports)", line)
            if title:
                block = blocks.setdefault(int(title[1]) if title[1] else "all", {})
            elif block is not None:
                for name, value in re.findall(r"([RT]X-\w+): *(\d+)", line):
                    block[name] = int(value)
        return blocks
