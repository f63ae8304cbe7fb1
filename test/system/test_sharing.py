# SPDX-License-Identifier: BSD-3-Clause
"""Modes that send one storage by several ports: who gets which bytes, and that nothing is left over."""

import random

import pytest

import frames
from forwarder import Forwarder, vdevs
from network import Network
from test_options import check_refusal, run

NULLS = [f"--vdev=net_null{i}" for i in range(3)]


@pytest.fixture(scope="module")
def hosts():
    """Four hosts, for all tests here."""
    with Network(4) as network:
        yield network


@pytest.fixture
def start(hosts, driver):
    """start(*options, ports=4): mext-fwd between the hosts."""
    running = []

    def start_one(*options, ports=4, **more):
        hosts.drain()
        one = Forwarder(*options, eal=vdevs(driver, ports=ports), namespace=hosts.fwd, **more)
        running.append(one)
        return one.wait_until_forwarding()

    yield start_one
    for one in running:
        one.__exit__()


def some(rng, sender, number=20):
    """Frames from a host, of every sort of length; the last one is the end of them."""
    lengths = [14, 60, 61, 1513, 1514] + [rng.randint(15, 1514) for _ in range(number - 5)]
    made = [frames.plain(length, rng) for length in lengths]
    return [frame[:6] + bytes([2, 0, 0, 0, 1, sender]) + frame[12:] for frame in made]


def exchange(hosts, sent, want):
    """Send each host's frames: each host gets those that are wanted, in any order, and no more."""
    for wire, batch in zip(hosts.wires, sent):
        for frame in batch:
            wire.send(frame)
    for host, (wire, frames_wanted) in enumerate(zip(hosts.wires, want)):
        got = wire.receive_many(len(frames_wanted))
        assert sorted(got) == sorted(frames_wanted), f"host {host}: {len(got)} of {len(frames_wanted)}"
    # A frame too many has come by now: it was sent before the last of those that have.
    assert [wire.receive(timeout=0.02) for wire in hosts.wires] == [None] * len(hosts.wires)


@pytest.mark.parametrize("driver, way", [("af_packet", "share"), ("af_xdp", "share"),
                                         ("af_packet", "clone"), ("af_packet", "copy")],
                         indirect=["driver"])
def test_flood_reaches_all_others_unchanged_and_once(hosts, start, seed, way):
    forwarder = start("--forward-mode=flood", f"--flood-by={way}")
    rng = random.Random(seed)
    sent = [some(rng, host) for host in range(4)]
    exchange(hosts, sent, [[frame for other in range(4) if other != host for frame in sent[other]]
                           for host in range(4)])
    final = forwarder.stop()
    for port in range(4):
        assert final[port]["RX-packets"] == 20
        assert final[port]["TX-packets"] == 60
    assert final["all"]["TX-dropped"] == 0


def test_flood_with_a_single_port_sends_nothing_and_counts(hosts, start, seed):
    forwarder = start("--forward-mode=flood", "--stats-period=0.1", ports=1)
    for frame in some(random.Random(seed), 0):
        hosts.wires[0].send(frame)
    forwarder.wait_for(r"port 0: rx [1-9]")
    assert hosts.wires[0].receive(timeout=0.1) is None
    final = forwarder.stop()
    assert final[0]["TX-packets"] == 0
    assert final[0]["RX-packets"] > 0


def test_mirror_sends_to_peer_and_monitor_and_takes_nothing_from_it(hosts, start, seed):
    forwarder = start("--forward-mode=mirror", "--mirror-port=1", ports=3)
    rng = random.Random(seed)
    sent = [some(rng, 0), some(rng, 1), some(rng, 2), []]
    exchange(hosts, sent, [sent[2], sent[0] + sent[2], sent[0], []])
    final = forwarder.stop()
    assert [final[port]["TX-packets"] for port in range(3)] == [20, 40, 20]
    assert final["all"]["TX-dropped"] == 0


@pytest.mark.parametrize("options, says", [
    (["flood", "--flood-by=fax"], r"flood-by=fax.*share, clone or copy"),
    (["mirror"], r"--mirror-port"),
    (["mirror", "--mirror-port=7"], r"mirror-port=7.*3 ports"),
    (["mirror", "--mirror-port=1", "--portmask=0x5"], r"mirror-port=1.*2 ports"),
    (["mirror", "--mirror-port=0", "--portmask=0x1"], r"mirror-port=0.*one more"),
    (["mirror", "--mirror-port=x"], r"mirror-port=x.*0 to"),
], ids=str)
def test_wrong_option_is_refused(options, says):
    check_refusal(*run(f"--forward-mode={options[0]}", *options[1:], eal=NULLS), says)
