# SPDX-License-Identifier: BSD-3-Clause
"""Forwarding programs in processes of their own: start them, read what they say, end them.

Every wait has an end: what does not come in time is a Failure, with the last lines that the program
has printed.
"""
import functools
import os
import queue
import re
import shutil
import signal
import subprocess
import threading
import time

PATIENCE = 20  # seconds for what should come at once


class Failure(Exception):
    """A program that did not do what it was run for, with its last words."""


class Process:
    """One that runs: its output line by line, and commands to it by its standard input."""

    def __init__(self, command, namespace=None):
        inside = ["ip", "netns", "exec", namespace] if namespace else []
        self.command = [str(word) for word in command]
        self.text, self.lines = [], queue.Queue()
        # Without stdbuf testpmd keeps its output to itself until it ends; without setpriv a program
        # would outlive a script that is killed.
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *inside, "stdbuf", "-oL", *self.command],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace")
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.text.append(line.rstrip("\n"))
            self.lines.put(self.text[-1])
        self.lines.put(None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def tell(self, command):
        try:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise self.failure("ended too early") from None

    def failure(self, what):
        return Failure("\n".join([*self.text[-12:], f"{' '.join(self.command)}: {what}"]))

    def wait_for(self, pattern, patience=PATIENCE):
        """The next line that has the pattern in it: the match."""
        end = time.monotonic() + patience
        while True:
            try:
                line = self.lines.get(timeout=max(end - time.monotonic(), 0))
            except queue.Empty:
                raise self.failure(f"no '{pattern}' in {patience:g} s") from None
            if line is None:
                raise self.failure(f"ended without '{pattern}'")
            match = re.search(pattern, line)
            if match:
                return match

    def end(self, patience=PATIENCE):
        """Ask it to end, see that it does. @return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            status = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.reader.join()
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                pipe.close()
            except BrokenPipeError:
                pass
        return status


class Program:
    """What can be run: its name, where it is, more options of it and of EAL."""

    def __init__(self, name, path, own=(), eal=()):
        self.name, self.path, self.own, self.eal = name, str(path), list(own), list(eal)

    def missing(self):
        """Why it can't be run, None if it can."""
        if shutil.which(self.path) is None:
            return f"{self.path} is missing: {self.HOW_TO_GET}"
        return None

    @functools.cached_property
    def help(self):
        return subprocess.run([self.path, *self.HELP], stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.DEVNULL, check=False).stdout

    @functools.cached_property
    def options(self):
        """The names of its options."""
        return set(re.findall(r"^\s+(?:-\w, )?--([\w-]+)", self.help, re.M))


class Fwd(Program):
    HOW_TO_GET = "build it: meson setup build && ninja -C build app/fwd/mext-fwd, or set --build"
    HELP = ["--help"]

    def __init__(self, build, own=()):
        super().__init__("mext-fwd", os.path.join(build, "app/fwd/mext-fwd"), own)

    @functools.cached_property
    def modes(self):
        return set(re.findall(r"^  (\w+)", self.help.split("\nModes:\n")[-1], re.M))


class Testpmd(Program):
    HOW_TO_GET = "sudo devtools/install-packages.sh bench (Debian: dpdk-dev), or set --testpmd"
    HELP = ["--no-huge", "-m", "64", "--no-pci", "--no-shconf", "--no-telemetry", "--log-level=1",
            "--", "--help"]

    def __init__(self, path="dpdk-testpmd", name="testpmd", own=(), eal=()):
        super().__init__(name, path, own, eal)

    @functools.cached_property
    def modes(self):
        modes = re.search(r"--forward-mode=N.*?\(N: ([\w|]+)\)", self.help, re.S)
        return set(modes[1].split("|")) if modes else set()
