# SPDX-License-Identifier: BSD-3-Clause
"""Malformed frames in every mode, ports asked for what they can't, pools that run dry."""

import os
import re
import subprocess

import pytest

import fuzz
from forwarder import BINARY, Forwarder, vdevs
from telemetry import Telemetry
from test_options import PORTS, check_refusal, run

# For all modes together; a million is MEXT_FRAMES=1000000.
FRAMES = int(os.environ.get("MEXT_FRAMES", "20000"))

# As many at a time as fit into the ports' rings: what finds those full is lost before anybody counts it.
WINDOW = 256
GROUPS = f"""
{fuzz.GROUP} port=0
{fuzz.GROUP} port=1 vlan=7
{fuzz.GROUP} port=1
"""


def modes():
    text = subprocess.run([BINARY, "--help"], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^  ([a-z0-9]+) ", text.split("\nModes:\n")[1], re.M)


def check_balance(mode, total, streams):
    """What came in, or was made, has gone out or is counted by its cause: by the forwarder, and by the ports."""
    counted = {name: sum(stream[name] for stream in streams.values())
               for name in ("rx_packets", "made", "tx_packets", "consumed", "rejected", "tx_full", "not_copied")}
    assert counted["rx_packets"] + counted["made"] == sum(
        counted[name] for name in ("tx_packets", "consumed", "rejected", "tx_full", "not_copied")), (mode, counted)
    assert counted["rx_packets"] == total["rx_packets"], (mode, counted, total)
    assert counted["tx_packets"] == total["tx_packets"] + total["tx_errors"], (mode, counted, total)
    for name in ("rejected", "tx_full", "not_copied"):
        assert counted[name] == total["drops"][name], (mode, counted, total)
    return counted


def send_in_windows(wire, volley, number, telemetry):
    """How many the kernel took. Not all come to an af_packet port: not those with a VLAN tag and shorter than 20 bytes,
    nor IPv4 fragments, which the kernel keeps to put them together."""
    def received():
        return telemetry.ask("/mext/fwd/port,0")["rx_packets"]

    taken = 0
    for begin in range(0, number, WINDOW):
        before = received()
        now = volley.send(wire, min(WINDOW, number - begin))
        taken += now
        telemetry.wait_for("/mext/fwd/port,0",
                           lambda port, least=before + now * 0.8: port["rx_packets"] >= least)
    return taken


def test_malformed_frames_harm_nothing_and_are_accounted_for(network, driver, seed, tmp_path):
    """In every mode, one after the other."""
    number = FRAMES // (2 * len(modes()))  # by both drivers
    volley = fuzz.Volley(fuzz.frames(min(number, 50000), seed))
    (tmp_path / "groups").write_text(GROUPS)
    with Forwarder("-i", "--port-topology=paired", "--mirror-port=1", f"--multicast-groups={tmp_path / 'groups'}",
                   f"--serve-file={BINARY}", f"--serve-ip={fuzz.SERVER}", eal=vdevs(driver),
                   namespace=network.fwd, stdin=subprocess.PIPE, telemetry=True) as forwarder:
        for mode in modes():
            forwarder.type(f"set fwd {mode}", "start")
            forwarder.wait_for("forwarding: ")
            with Telemetry(forwarder) as telemetry:
                if mode == "txonly":  # receives nothing
                    taken = volley.send(network.wires[0], number)
                else:
                    taken = send_in_windows(network.wires[0], volley, number, telemetry)
                forwarder.type("stop")
                forwarder.wait_for(".*Accumulated forward statistics")
                streams = telemetry.ask("/mext/fwd/streams")
                del streams["count"]
                counted = check_balance(mode, telemetry.ask("/mext/fwd/total"), streams)
            print(f"{mode}: {taken} of {number} frames sent:", counted)
            assert taken > number * 0.9, f"the kernel took {taken} of {number}"
            assert mode == "txonly" or counted["rx_packets"] > taken * 0.8, counted
        forwarder.type("quit")
        assert forwarder.wait_for_exit() == 0, forwarder.said()
        assert "buffers outstanding: 0" in forwarder.output, forwarder.said()


REFUSED = [
    (["--mtu=67"], r"mtu=67", r"68 to 65535"),
    (["--mtu=9000"], r"frames of 9018 bytes", r"--mbuf-size=9146"),
    (["--mtu=9000", "--enable-scatter"], r"--enable-scatter", r"--mbuf-size=9146"),
    (["--max-pkt-len=85"], r"max-pkt-len=85", r"86 to 65535"),
    (["--mbuf-size=1500"], r"frames of 1518 bytes", r"--mbuf-size=1646"),
    (["--mbuf-size=255"], r"mbuf-size=255", r"256 to 65535"),
    (["--promiscuous=maybe"], r"promiscuous=maybe", r"on or off"),
    (["--portlist=0,3"], r"port 3 does not exist", r""),
    (["--portlist=1-0"], r"portlist=1-0", r"0 to 63"),
    (["--portlist="], r"portlist=", r"0 to 63"),
    (["--portlist=0,"], r"portlist=0,", r"0 to 63"),
    (["--portlist=64"], r"portlist=64", r"0 to 63"),
    (["--rx-offloads=0x4"], r"rx-offloads=0x4", r"UDP_CKSUM"),
    (["--tx-offloads=0x10000", "--forward-mode=txonly"], r"MBUF_FAST_FREE", r"txonly"),
    (["--rxdrop=2"], r"rxdrop=2", r"0 to 1"),
    (["--txpt=256"], r"txpt=256", r"0 to 255"),
]


@pytest.mark.parametrize("options, names, says", REFUSED, ids=[" ".join(r[0]) for r in REFUSED])
def test_setup_that_a_port_can_not_have_is_refused(options, names, says):
    check_refusal(*run(*options, eal=PORTS), names, says)


@pytest.mark.parametrize("options", [
    ["--mtu=9000", "--mbuf-size=9200"], ["--portlist=0-1"], ["--promiscuous=off"],
    ["--txfreet=64", "--txrst=32", "--rxfreet=32"], ["--hot-plug", "--no-lsc-interrupt"]], ids=" ".join)
def test_setup_that_a_port_can_have_forwards(options):
    with Forwarder("--duration=0.1", *options, eal=PORTS) as forwarder:
        assert forwarder.check_end()["all"]["TX-packets"] > 0, forwarder.said()


def test_lcore_without_work_is_warned_of():
    with Forwarder("--duration=0.1", eal=PORTS, workers=3) as forwarder:
        forwarder.check_end()
        lines = [line for line in forwarder.own_error_lines() if "nothing to do" in line]
        assert len(lines) == 1 and "lcore 3" in lines[0], forwarder.said()


# af_xdp takes its MTU from the interface.
@pytest.mark.parametrize("driver", ["af_packet"], indirect=True)
def test_interface_with_longer_frames_than_the_port_is_warned_of(network, start):
    for namespace, link in ((network.hosts[0], "host0"), (network.fwd, "port0")):
        subprocess.run(["ip", "-netns", namespace, "link", "set", link, "mtu", "3000"], check=True)
    forwarder = start()
    forwarder.wait_for_error("port 0 .* has an MTU of 3000, the port of 1500")
    network.wires[0].send(bytes(2990))
    forwarder.stop()


@pytest.mark.parametrize("mode", ["io", "txonly"])
def test_smallest_pool_that_is_allowed_does_not_stall(mode):
    # net_ring keeps what it is sent until it is received: txonly fills it, and then must go without.
    options = [f"--forward-mode={mode}", "--rxd=64", "--txd=64", "--mbcache=0", "--tx-first"]
    eal = ["--vdev=net_ring0", "--vdev=net_ring1"]
    _, refused = run(*options, "--total-num-mbufs=1", eal=eal)
    least = re.search(r"need (\d+)", refused.kept_errors[0])[1]
    with Forwarder(*options, f"--total-num-mbufs={least}", "--duration=0.2", eal=eal) as forwarder:
        assert forwarder.check_end()["all"]["TX-packets"] > 0, forwarder.said()
