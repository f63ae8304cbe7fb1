# SPDX-License-Identifier: BSD-3-Clause
"""Numbers of mext-fwd where drivers count less than it: counters that start anew, losses that only the kernel counts."""

import re
import signal
import subprocess
import time

import pytest

import frames
from forwarder import BINARY, Forwarder, vdevs
from network import PATIENCE
from telemetry import Telemetry
from test_report import NULLS, RING, read_report, same_where_both_have_it

FAKE_RESTART = BINARY.parents[2] / "test" / "system" / "libfake_restart.so"
# The ring of an af_packet port has 512 frames.
RING_FRAMES = 512
# So many at once are not too many for it.
WINDOW = 100
# Not 0 where there are packets.
BITS = r"(-|(?!0\.000)[\d.]+)"


class Restarts:
    """Counters of the ports that can be told to start anew."""

    def __init__(self, folder):
        self.file = folder / "restart"
        self.environment = {"LD_PRELOAD": str(FAKE_RESTART), "FAKE_RESTART": str(self.file)}

    def start_anew(self):
        self.file.touch()
        end = time.monotonic() + PATIENCE
        while self.file.exists():
            assert time.monotonic() < end, "counters do not start anew"
            time.sleep(0.001)


@pytest.fixture
def restarts(tmp_path):
    return Restarts(tmp_path)


def send(network, number, seed):
    """Frames in at one end, as many as come out at the other."""
    came = 0
    for i, frame in enumerate(frames.flows(number, seed), 1):
        network.wires[0].send(frame)
        if i % WINDOW == 0 or i == number:
            came += len(network.wires[1].receive_many(i - came))
    return came


def kernel(network, port, counter):
    return int(network.run_in(network.fwd, ["cat", f"/sys/class/net/port{port}/statistics/{counter}"]))


def test_totals_are_one_where_counters_start_anew_and_the_peer_leaves(
        network, restarts, tmp_path, seed):
    file, before = tmp_path / "report.json", kernel(network, 0, "rx_packets")
    with Forwarder(f"--json={file}", "--stats-period=0.1", "--display-xstats=rx_good_packets",
                   eal=vdevs("af_packet"), namespace=network.fwd, telemetry=True,
                   environment=restarts.environment) as forwarder:
        forwarder.wait_until_forwarding()
        # The third is more than was there before: what the counters grew is not seen by their values.
        peer = 0
        octets = 0
        for number in (300, 100, 700):
            peer += send(network, number, seed)
            octets += sum(map(len, frames.flows(number, seed)))
            with Telemetry(forwarder) as telemetry:
                told = telemetry.ask("/mext/fwd/total")
                assert told["rx_packets"] == told["tx_packets"] == peer, told
            if number != 700:
                restarts.start_anew()
        forwarder.wait_for_error("port 1 .* counters started anew")
        subprocess.run(["ip", "-netns", network.hosts[1], "link", "delete", "host0"], check=True)
        forwarder.wait_for_error("port 1 .* has vanished")
        with Telemetry(forwarder) as telemetry:
            told = telemetry.ask("/mext/fwd/total")
        kernels = kernel(network, 0, "rx_packets") - before
        final = forwarder.stop()
    total = read_report(file)["total"]
    assert kernels == peer == 1100
    assert final["all"]["RX-packets"] == final["all"]["TX-packets"] == peer
    assert total["rx_packets"] == total["tx_packets"] == peer
    same_where_both_have_it(told, total)
    assert total["counter_restarts"] >= 2
    assert total["tx_bytes"] in (octets, None)  # None: what was not read in time nobody knows
    rates = re.findall(r"(\d+) pps", "\n".join(forwarder.output))
    assert rates and max(map(int, rates)) < 1e9, rates
    shown = [int(line.split()[1]) for line in forwarder.output if "rx_good_packets" in line]
    assert shown and max(shown) <= peer, shown


def test_restart_between_two_readings_loses_no_packet(network, restarts, seed):
    with Forwarder(eal=vdevs("af_packet"), namespace=network.fwd,
                   environment=restarts.environment) as forwarder:
        forwarder.wait_until_forwarding()
        assert send(network, 30, seed) == 30
        restarts.start_anew()
        assert send(network, 200, seed) == 200
        final = forwarder.stop()
    assert final[0]["RX-packets"] == final[1]["TX-packets"] == 230, final


def test_port_stats_at_the_prompt_go_on_where_counters_start_anew(network, restarts, seed):
    with Forwarder("-i", eal=vdevs("af_packet"), namespace=network.fwd, stdin=subprocess.PIPE,
                   environment=restarts.environment) as forwarder:
        forwarder.type("start", "clear port stats all")
        forwarder.wait_until_forwarding()
        assert send(network, 50, seed) == 50
        forwarder.type("show port stats 1")
        assert forwarder.wait_for(r"  TX-packets: (\d+)")[1] == "50"
        restarts.start_anew()
        assert send(network, 20, seed) == 20
        forwarder.type("show port stats 1")
        assert forwarder.wait_for(r"  TX-packets: (\d+)")[1] == "70"
        assert "-" not in forwarder.wait_for(r"  Tx-pps: +(\S+)")[1]
        forwarder.type("stop", "quit")
        assert forwarder.wait_for_exit() == 0, forwarder.said()


def test_frames_that_the_kernel_drops_for_a_port_are_missed(network, tmp_path, seed):
    file, sent = tmp_path / "report.json", 4 * RING_FRAMES
    with Forwarder("--forward-mode=rxonly", f"--json={file}", eal=vdevs("af_packet"),
                   namespace=network.fwd, telemetry=True) as forwarder:
        forwarder.wait_until_forwarding()
        with Telemetry(forwarder) as telemetry:
            telemetry.wait_for("/mext/fwd/port,0", bool)  # it counts
        forwarder.process.send_signal(signal.SIGSTOP)
        for frame in frames.flows(sent, seed):
            network.wires[0].send(frame)
        forwarder.process.send_signal(signal.SIGCONT)
        with Telemetry(forwarder) as telemetry:
            telemetry.wait_for("/mext/fwd/port,0", lambda port:
                               port["rx_packets"] + port["drops"]["rx_missed"] == sent)
        final = forwarder.stop()
    port = read_report(file)["ports"][0]
    assert port["rx_packets"] == final[0]["RX-packets"] >= RING_FRAMES - 1
    assert port["drops"]["rx_missed"] == port["dropped"] == final[0]["RX-dropped"] == \
        sent - port["rx_packets"] > 0
    assert final[0]["RX-total"] == sent


def test_bytes_that_no_driver_counts_are_unknown(tmp_path):
    file = tmp_path / "report.json"
    with Forwarder("--stats-period=0.1", f"--json={file}", eal=NULLS) as forwarder:
        forwarder.wait_for("port 0: rx")
        forwarder.stop()
    report = read_report(file)
    for counted in (report["total"], *report["ports"], *report["queues"], report["lcores"][0]):
        assert counted["rx_packets"] > 0
        # Before DPDK 25.11 net_null counts none.
        assert counted["rx_bytes"] != 0 and counted["tx_bytes"] != 0 and counted["rx_bps"] != 0
    assert all(port["tx_bps"] != 0 for row in report["samples"]["rows"] for port in row["ports"])
    lines = [line for line in forwarder.output if line.startswith("port 0: rx ")]
    assert lines and all(re.fullmatch(rf"port 0: rx \d+ pps {BITS} Gbit/s, tx \d+ pps {BITS} Gbit/s, dropped \d+",
                                      line) for line in lines), lines
    assert "nan" not in "\n".join(forwarder.output)


def test_last_period_and_what_was_chosen_are_reported(network, tmp_path, seed):
    file, number = tmp_path / "report.json", 64
    with Forwarder("--stats-period=3600", f"--json={file}", eal=vdevs("af_packet"),
                   namespace=network.fwd, workers=3) as forwarder:
        forwarder.wait_until_forwarding()
        assert send(network, number, seed) == number
        forwarder.stop()
    report = read_report(file)
    row, = report["samples"]["rows"]
    assert row["elapsed_seconds"] == report["elapsed_seconds"]
    assert row["ports"][0]["rx_pps"] * row["elapsed_seconds"] == pytest.approx(
        number, abs=row["elapsed_seconds"])  # rates are rounded
    assert report["configuration"]["nb_cores"] == 2  # one a stream, of three
    rx, = [kind for kind in report["pool"]["kinds"] if kind["kind"] == "rx"]
    assert report["configuration"]["total_num_mbufs"] == rx["total"] > 0


def test_pace_that_is_not_reached_is_told():
    def errors(pps):
        with Forwarder("--forward-mode=txonly", f"--tx-pps={pps}", "--duration=0.5",
                       eal=RING) as forwarder:
            sent = forwarder.check_end()["all"]["TX-packets"]
            return sent, forwarder.own_error_lines()

    # A ring takes 1,023 packets, and nobody takes them out.
    sent, lines = errors(100000)
    assert sent == 1023 and len(lines) == 1, lines
    assert re.search(r"warning: --tx-pps=100000: port 0 sent only \d+ packets/s", lines[0]), lines
    assert errors(10)[1] == []  # the first burst is more
