# SPDX-License-Identifier: BSD-3-Clause
"""Real hosts through mext-fwd: ping and TCP, as devtools/quickstart.sh does."""

import json
import re
import subprocess

import pytest

from network import Network

# Each way one side sends 64 MiB. iperf3 ends the test when the sender has handed over the last
# byte: what then lies in the sockets' buffers is not counted as received, and Linux lets these grow to
# many megabytes where the way is slow. -w keeps them small.
BUFFERS = "200K"
RECEIVED = 60 << 20


@pytest.fixture
def server(network):
    """iperf3's server on host b, listening."""
    with subprocess.Popen(
            ["ip", "netns", "exec", network.hosts[1], "iperf3", "-s", "--forceflush"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if "Server listening" in line:
                break
        yield process
        process.terminate()


def ping(network, number):
    output = Network.run_in(
        network.hosts[0],
        ["ping", "-q", "-i", "0.01", "-W", "5", "-c", str(number), "198.18.0.2"])
    return int(re.search(r"(\d+) received", output)[1])


def test_ping_loses_nothing(network, start):
    start("--forward-mode=io")
    assert ping(network, 200) == 200


def test_tcp_runs_both_ways(network, start, server):
    forwarder = start("--forward-mode=io")
    for direction in ([], ["--reverse"]):
        report = json.loads(Network.run_in(
            network.hosts[0],
            ["iperf3", "-J", "-c", "198.18.0.2", "-n", "64M", "-w", BUFFERS,
             "--connect-timeout", "20000", *direction]))
        received = report["end"]["sum_received"]
        assert report["end"]["sum_sent"]["bytes"] >= 64 << 20, report
        assert received["bytes"] >= RECEIVED, report
        print(f"TCP {' '.join(direction)}: {received['bits_per_second'] / 1e9:.2f} Gbit/s")
    assert forwarder.stop()["all"]["TX-packets"] > 2 * RECEIVED // 1448
