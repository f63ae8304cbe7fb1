# SPDX-License-Identifier: BSD-3-Clause
"""Ports that change while they forward: links that flap, ports that vanish."""

import itertools
import subprocess

import pytest

import frames
from forwarder import Forwarder
from traffic import Traffic


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class Sender(Traffic):
    """Frames sent into one end of a network again and again."""

    def __init__(self, wire, seed):
        super().__init__()
        self.wire, self.frames = wire, itertools.cycle(frames.flows(50, seed))

    def send_some(self):
        self.wire.send(next(self.frames))


def wait_for_frames(wire):
    """Until frames come out, behind those that have come out already."""
    wire.forget()
    assert len(wire.receive_many(20)) == 20, "nothing is forwarded"


def vdev(driver, port):
    extra = "" if driver == "af_packet" else ",busy_budget=0"
    return f"--vdev=net_{driver}{port},iface=port{port}{extra}"


@pytest.mark.parametrize("mode", ["io", "txonly"])
def test_veth_that_is_deleted_while_forwarding_is_told_and_the_others_go_on(
        network, start, seed, mode):
    # Each port answers itself, so that the other one has something to go on with.
    forwarder = start(f"--forward-mode={mode}", "--port-topology=loop", "--stats-period=0.2")
    with Sender(network.wires[0], seed), Sender(network.wires[1], seed):
        wait_for_frames(network.wires[0])
        wait_for_frames(network.wires[1])
        ip("-netns", network.fwd, "link", "delete", "port1")
        forwarder.wait_for_error(r"port 1 \(net_af_\w+\) has vanished")
        wait_for_frames(network.wires[0])
    final = forwarder.stop()
    assert final[1]["TX-packets"] > 0, forwarder.said()
    assert final["all"]["TX-packets"] == final[0]["TX-packets"] + final[1]["TX-packets"]


def test_what_is_for_a_vanished_port_is_dropped_and_counted(network, start, seed):
    forwarder = start("--stats-period=0.1")
    with Sender(network.wires[0], seed):
        wait_for_frames(network.wires[1])
        ip("-netns", network.fwd, "link", "delete", "port1")
        forwarder.wait_for_error("port 1 .* has vanished")
        forwarder.wait_for("port 0: rx [1-9]")
        forwarder.wait_for("port 0: rx [1-9]")
    final = forwarder.stop()
    assert final[1]["TX-dropped"] > 0, forwarder.said()


def test_run_whose_last_port_vanishes_ends_as_a_failure(network, start):
    forwarder = start()
    for port in ("port0", "port1"):
        ip("-netns", network.fwd, "link", "delete", port)
    assert forwarder.wait_for_exit() == 1, forwarder.said()
    assert "mext-fwd: no port is left" in forwarder.error_lines(), forwarder.said()
    assert "buffers outstanding: 0" in forwarder.output, forwarder.said()


def test_link_that_flaps_is_told_and_forwarding_goes_on(network, start, seed):
    forwarder = start()
    with Sender(network.wires[0], seed):
        for _ in range(2):
            wait_for_frames(network.wires[1])
            ip("-netns", network.hosts[1], "link", "set", "host0", "down")
            forwarder.wait_for("port 1: link down")
            ip("-netns", network.hosts[1], "link", "set", "host0", "up")
            forwarder.wait_for(r"port 1: link up, \S+")
        wait_for_frames(network.wires[1])
    forwarder.stop()


def test_link_that_is_down_at_the_start_is_warned_of(network, driver):
    ip("-netns", network.hosts[0], "link", "set", "host0", "down")
    network.wait_for_carrier(network.fwd, "port0", there=False)
    eal = [vdev(driver, port) for port in (0, 1)]
    with Forwarder("--duration=0.1", eal=eal, namespace=network.fwd) as forwarder:
        forwarder.check_end()
        warnings = [line for line in forwarder.own_error_lines() if "link is down" in line]
        assert len(warnings) == 1 and "port 0" in warnings[0], forwarder.said()
