# SPDX-License-Identifier: BSD-3-Clause
"""Starting, reporting and stopping: by signal under traffic, by --duration; nothing may leak."""

import itertools
import json
import re
import signal
import time

import frames
import pytest
from forwarder import Forwarder, vdevs
from traffic import Traffic

MODES = ("io", "mac", "macswap", "rxonly", "txonly")


class BothEnds(Traffic):
    """Frames sent into both ends of a network as fast as they go."""

    def __init__(self, network, seed):
        super().__init__()
        self.wires = network.wires
        self.frames = itertools.cycle([frame for _, frame in frames.every_kind(seed, "af_packet")][:200])

    def send_some(self):
        frame = next(self.frames)
        for wire in self.wires:
            wire.send(frame)


def rates(line):
    number = r"(\d+(?:\.\d+)?)"
    match = re.fullmatch(
        rf"port (\d+): rx {number} pps {number} Gbit/s, tx {number} pps {number} Gbit/s, "
        rf"dropped (\d+)", line)
    return match and [float(value) for value in match.groups()]


def test_ten_starts_and_stops_under_traffic_leave_no_buffer(network, start, seed):
    with BothEnds(network, seed):
        for with_signal, mode in itertools.product((signal.SIGINT, signal.SIGTERM), MODES):
            network.drain()
            forwarder = start(f"--forward-mode={mode}", "--stats-period=0.1")
            forwarder.wait_for(r"port 0: rx 0 pps .* tx [1-9]" if mode == "txonly"
                               else r"port 0: rx [1-9]")
            final = forwarder.stop(with_signal)
            moved = "TX-packets" if mode == "txonly" else "RX-packets"
            assert final[0][moved] > 0, f"{mode}\n{forwarder.said()}"


def test_signal_before_any_frame_stops_it(start):
    for with_signal in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        final = start().stop(with_signal)
        assert final["all"]["RX-packets"] == final["all"]["TX-packets"] == 0


def test_duration_ends_it(network, start, seed):
    begin = time.monotonic()
    with BothEnds(network, seed):
        forwarder = start("--duration=1")
        final = forwarder.check_end()
    assert time.monotonic() - begin >= 1
    assert final["all"]["TX-packets"] > 0


def test_stats_period_prints_rates_of_each_port(network, start, seed):
    forwarder = start("--stats-period=0.2")
    with BothEnds(network, seed):
        for _ in range(3):
            for port in (0, 1):
                match = forwarder.wait_for(rf"port {port}: rx [1-9]")
                values = rates(match.string)
                assert values and values[0] == port, match.string
    forwarder.stop()


def test_without_stats_period_no_rates_are_printed(network, start, seed):
    with BothEnds(network, seed):
        forwarder = start("--duration=1.5")
        forwarder.check_end()
    assert not [line for line in forwarder.output if " pps " in line]


def test_final_statistics_add_up(network, start, seed):
    forwarder = start("--stats-period=0.1")
    with BothEnds(network, seed):
        forwarder.wait_for(r"port 1: rx [1-9]")
    forwarder.wait_for(r"port 0: rx 0 pps")
    final = forwarder.stop()
    for name in ("RX-packets", "TX-packets", "RX-dropped", "TX-dropped"):
        assert final["all"][name] == final[0][name] + final[1][name]
    for port in (0, 1):
        assert final[port]["TX-packets"] + final[port]["TX-dropped"] == final[1 - port]["RX-packets"]


def test_closed_output_ends_it_with_its_report(tmp_path):
    report = tmp_path / "report.json"
    with Forwarder("--stats-period=0.1", f"--json={report}",
                   eal=["--vdev=net_null0", "--vdev=net_null1"]) as forwarder:
        forwarder.wait_for(r"port 0: rx [1-9]")
        forwarder.close_output()
        assert forwarder.wait_for_exit() == 0
    assert json.loads(report.read_text())["buffers_outstanding"] == 0


def test_ignored_hangup_does_not_end_it():
    with Forwarder("--duration=20", eal=["--vdev=net_null0", "--vdev=net_null1"],
                   before=["nohup"]) as forwarder:
        forwarder.wait_for("forwarding: mode")
        forwarder.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        assert forwarder.process.poll() is None
        forwarder.stop()


@pytest.mark.parametrize("driver", ["af_xdp"], indirect=True)
def test_start_of_ports_that_another_process_has_leaves_no_buffer(network, start, driver):
    """The driver keeps what it took before it found out."""
    first = start()
    with Forwarder(eal=vdevs(driver), namespace=network.fwd) as second:
        assert second.wait_for_exit() == 1
        assert second.output[-1] == "buffers outstanding: 0"
        assert any("does not start" in line for line in second.own_error_lines())
    first.stop()
