# SPDX-License-Identifier: BSD-3-Clause
"""Processes of one DPDK application, on hugepages, which secondary processes of DPDK need."""
import os
import subprocess

import pytest

PAGES = 96  # of 2 MB
# Without address space randomisation: what they share is at one address in all of them.
FIXED = ["setarch", "-R"]


class Application:
    """The processes of one DPDK application: what they share is in its temporary folder."""

    def __init__(self, installed, hugepages, runtime):
        self.runtime = runtime
        cpus = os.sched_getaffinity(0)
        self.env = dict(installed.env, XDG_RUNTIME_DIR=str(runtime), RUNTIME_DIRECTORY=str(runtime))
        self.prefix = f"mext-{os.getpid()}"
        self.options = [f"--huge-dir={hugepages}", f"--file-prefix={self.prefix}", "--no-pci",
                        "--no-telemetry"]
        # DPDK's tools take 0.
        self.lcores = [["--lcores", f"6@{min(cpus)}"], ["--lcores", f"7@{max(cpus)}"]]

    def start_primary(self, program, *eal, how=tuple(FIXED)):
        command = [*how, program, *self.lcores[0], *self.options, "--proc-type=primary", "-m", "64",
                   *eal]
        process = self._start(command)
        lines = []
        for line in process.stdout:
            if line == "ready\n":
                return process
            lines.append(line)
        pytest.fail(f"primary: status {process.wait()}\n" + "".join(lines), pytrace=False)

    def run_secondary(self, program, *eal, how=tuple(FIXED)):
        command = [*how, program, *self.lcores[1], *self.options, "--proc-type=secondary", *eal]
        return self._run(command)

    def start_secondary(self, program, *eal, how=tuple(FIXED)):
        return self._start([*how, program, *self.lcores[1], *self.options, "--proc-type=secondary",
                            *eal])

    def run_tool(self, tool, *args):
        """Run a tool of DPDK's that is a secondary process by itself."""
        return self._run([*FIXED, tool, *args])

    def _start(self, command):
        return subprocess.Popen([str(c) for c in command], env=self.env, text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)

    def _run(self, command):
        return subprocess.run([str(c) for c in command], env=self.env, text=True, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


def finish(primary):
    """Let the primary count and end. Returns what it printed."""
    out, _ = primary.communicate("\n", timeout=60)
    assert primary.returncode == 0, out
    return out
