# SPDX-License-Identifier: BSD-3-Clause
"""The live view of mext-fwd on a terminal, and where there must be none."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import time

import pytest

from forwarder import BINARY, WITHOUT_HUGEPAGES, lcores
from network import PATIENCE

FRAME = "\x1b7\x1b[H"  # the beginning of each
PLAIN = r"port 0: rx \d+ pps"


class Terminal:
    """mext-fwd on a pseudo terminal."""

    def __init__(self, scratch, rows=30, columns=100, *, term="xterm", locale="C.UTF-8",
                 options=("--stats-period=0.1",)):
        self.output = ""
        self.master, slave = pty.openpty()
        self.resize(rows, columns)
        command = [BINARY, *lcores(2), *WITHOUT_HUGEPAGES, "--no-telemetry", "--vdev=net_null0",
                   "--vdev=net_null1", "--", *options]
        env = {**os.environ, "TERM": term, "LC_ALL": locale, "RUNTIME_DIRECTORY": str(scratch)}
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=env,
                                        start_new_session=True,
                                        # So that it is told of a new size.
                                        preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0))
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self):
        """Some more output; False at its end."""
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:  # what Linux says when the other end is closed
            data = b""
        self.output += data.decode(errors="replace")
        return bool(data)

    def wait_for(self, pattern, begin=0):
        """Read until the output from there on matches: the match."""
        end = time.monotonic() + PATIENCE
        while not (match := re.compile(pattern, re.S).search(self.output, begin)):
            assert self.read() and time.monotonic() < end, f"no '{pattern}' in:\n{self.output}"
        return match

    def end(self, with_signal=signal.SIGINT):
        self.process.send_signal(with_signal)
        while self.read():
            pass
        assert self.process.wait() == 0, self.output

    def frames(self):
        """The lines of each whole frame."""
        found = re.findall(re.escape(FRAME) + r"(.*?)\x1b8", self.output, re.S)
        return [[line.removesuffix("\x1b[K") for line in re.split(r"\r+\n", frame)]
                for frame in found]


def test_terminal_gets_a_table_that_is_drawn_in_place(tmp_path):
    with Terminal(tmp_path) as terminal:
        terminal.wait_for("(?:" + re.escape(FRAME) + ".*){4}")
        terminal.end()
        frames, output = terminal.frames(), terminal.output
    assert len({len(frame) for frame in frames}) == 1 and len(frames) >= 3
    last = frames[-1]
    assert re.match(r"mext-fwd   mode io, topology paired, burst 32, [\d.]+ s$", last[0])
    for port in (0, 1):
        assert re.match(rf" +{port} up    rx +[1-9]\d* +[\d.-]+ +0  [▁▂▃▄▅▆▇█]{{{len(frames)}}}$",
                        last[2 + 2 * port]), last
        assert re.match(rf" +tx +[1-9]\d* +[\d.-]+ +0  [▁▂▃▄▅▆▇█]{{{len(frames)}}}$",
                        last[3 + 2 * port]), last
    for pattern in (r"drops +rx_missed 0 ", r"lcore 1 +[\d.]+ % of turns busy, [1-9]",
                    r"pool rx +\d+ of 16384 in use  \[#*\.+\]$"):
        assert any(re.match(pattern, line) for line in last), last
    assert not re.search(PLAIN, output)
    # Hidden once, and given back: the whole screen scrolls, and the cursor is seen.
    assert output.count("\x1b[?25l") == output.count("\x1b[?25h") == 1
    assert re.search(r"\x1b\[r\x1b\[30;1H\x1b\[\?25h(?!.*\x1b).*Forward statistics", output, re.S)


@pytest.mark.parametrize("with_signal", [signal.SIGTERM, signal.SIGINT])
def test_small_terminal_gets_lines_and_columns_cut(tmp_path, with_signal):
    with Terminal(tmp_path, rows=8, columns=30) as terminal:
        terminal.wait_for("(?:" + re.escape(FRAME) + ".*){2}")
        terminal.end(with_signal)
        for frame in terminal.frames():
            assert len(frame) == 6
            assert max(map(len, frame)) == 29
        assert terminal.output.rfind("\x1b[?25h") > terminal.output.rfind("\x1b[?25l")


def test_resized_terminal_is_drawn_again_at_once(tmp_path):
    with Terminal(tmp_path, options=("--stats-period=1000",)) as terminal:
        terminal.wait_for("forwarding: ")
        terminal.resize(12, 40)  # nothing is drawn yet, so nothing happens
        terminal.end()
        assert FRAME not in terminal.output
    with Terminal(tmp_path, options=("--stats-period=2",)) as terminal:
        terminal.wait_for(re.escape(FRAME) + r".*?\x1b8")
        terminal.resize(7, 40)
        # The region below the table is lines 6 and 7 now; sparks and numbers are those of before.
        begin = len(terminal.output)
        terminal.wait_for(r"\x1b\[6;7r.*?" + re.escape(FRAME) + r".*?\x1b8", begin)
        terminal.end()
        first, second = terminal.frames()[:2]
    assert [line[:39] for line in first[:5]] == second


def test_without_utf8_sparks_are_ascii(tmp_path):
    with Terminal(tmp_path, locale="C") as terminal:
        terminal.wait_for("(?:" + re.escape(FRAME) + ".*){3}")
        terminal.end()
        assert terminal.output.isascii()
        assert re.search(r"  [_.:=+*#-]+$", terminal.frames()[-1][2])


@pytest.mark.parametrize("term", ["dumb", ""])
def test_terminal_that_knows_no_sequences_gets_lines(tmp_path, term):
    with Terminal(tmp_path, term=term) as terminal:
        terminal.wait_for(PLAIN)
        terminal.end()
        assert "\x1b" not in terminal.output
