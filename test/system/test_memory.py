# SPDX-License-Identifier: BSD-3-Clause
"""--mp-alloc and --mbuf-size: frames on memory of every kind, and what ports receive into."""

import re
import subprocess

import pytest

import frames
from forwarder import BINARY, Forwarder, free_hugepages
from test_frames import send_and_compare
from test_options import PORTS, check_refusal, run
from test_report import read_report

FAKE_PORT = BINARY.parents[2] / "test" / "system" / "libfake_port.so"
# io sends what came; flood references to it, from the pool's headers and storages.
CASES = [("anon", "io"), ("xmem", "flood"), ("xmemhuge", "flood"), ("xbuf", "io"), ("xbuf", "flood")]


@pytest.mark.parametrize("kind, mode", CASES)
def test_memory_of_every_kind_carries_frames(network, start, driver, seed, tmp_path, kind, mode):
    if kind == "xmemhuge" and free_hugepages() < 128:
        pytest.skip("no 128 hugepages are free")
    file = tmp_path / "report.json"
    forwarder = start(f"--mp-alloc={kind}", f"--forward-mode={mode}", f"--json={file}",
                      "--total-num-mbufs=24000")
    kinds = frames.every_kind(seed, driver)
    sent = kinds[:200] + kinds[-11:]  # the last ones have VLAN tags
    for sender, receiver in (network.wires, network.wires[::-1]):
        send_and_compare(sender, receiver, sent)
    final = forwarder.stop()
    assert final["all"]["RX-packets"] == final["all"]["TX-packets"] == 2 * len(sent)
    said = f"pool fwd: mbufs of 2176 bytes, --mp-alloc={kind}"
    assert forwarder.output.count(said) == 2, forwarder.said()  # at the start and at the end
    report = read_report(file)
    assert report["configuration"]["mp_alloc"] == kind
    pages = {audit["page_size"] for audit in report["pool"]["audit"]}
    assert (max(pages) > 4096) == (kind == "xmemhuge"), pages
    mempool = "fwd.0pk" if kind == "xbuf" else "fwd.0rx"
    assert {port["mempool"] for port in report["ports"]} == {mempool}


REFUSED = [
    (["--mp-alloc=heap"], r"mp-alloc=heap", r"native, anon, xmem, xmemhuge or xbuf"),
    (["--mp-alloc=xbuf", "--mbuf-size=2176,4096"], r"mp-alloc=xbuf", r"give one --mbuf-size"),
    (["--mp-alloc=xbuf", "--tx-offloads=0x10000"], r"MBUF_FAST_FREE", r"mp-alloc=xbuf"),
    (["--mp-alloc=xmemhuge", "--total-num-mbufs=10000000"], r"mp-alloc=xmemhuge",
     r"reserve hugepages.*mp-alloc=xmem$"),
    (["--mp-alloc=xmem", "--total-num-mbufs=15000000"], r"mp-alloc=xmem", r"mp-alloc=native$"),
    (["--mbuf-size=2176,"], r"mbuf-size=2176,", r"1 to 4 numbers from 256 to 65535"),
    (["--mbuf-size=,2176"], r"mbuf-size=,2176", r"1 to 4 numbers"),
    (["--mbuf-size=2176,255"], r"mbuf-size=2176,255", r"from 256 to 65535"),
    (["--mbuf-size=2176,300,400,500,600"], r"mbuf-size=2176,300", r"1 to 4 numbers"),
    (["--mbuf-size=300,1600"], r"frames of 1518 bytes", r"room for 1472.*mbuf-size=1646"),
    # Without FAKE_PORT no port has it.
    (["--mbuf-size=300,2176", "--rx-offloads=0x100000"], r"rx-offloads=0x100000",
     r"BUFFER_SPLIT"),
]


@pytest.mark.parametrize("options, names, says", REFUSED, ids=[" ".join(row[0]) for row in REFUSED])
def test_memory_that_can_not_be_had_is_refused(options, names, says):
    check_refusal(*run(*options, eal=PORTS), names, says)


def test_external_memory_on_port_that_passes_on_eal_s_is_refused(tmp_path):
    if free_hugepages() < 128:
        pytest.skip("no 128 hugepages are free")
    port = f"--vdev=net_memif0,role=client,zero-copy=yes,socket={tmp_path}/socket," \
        "socket-abstract=no"
    shared = ["--in-memory", "--single-file-segments", "-m", "128", "--no-pci"]
    for kind in ("anon", "xmem"):
        check_refusal(*run(f"--mp-alloc={kind}", eal=[port], memory=shared), rf"mp-alloc={kind}",
                      r"port 0 \(net_memif\) .*--mp-alloc=native or xbuf")


def test_list_of_sizes_is_received_into_the_first_that_fits(network, start, seed, tmp_path):
    file = tmp_path / "report.json"
    forwarder = start("--mbuf-size=256,2176,300,9000", "--total-num-mbufs=24000",
                      f"--json={file}")
    send_and_compare(*network.wires, frames.every_kind(seed, "af_packet")[:100])
    forwarder.stop()
    warnings = forwarder.own_error_lines()
    for port in (0, 1):
        assert any(re.search(rf"--mbuf-size=256,2176,300,9000: port {port} .*those of 2176$", line)
                   for line in warnings), forwarder.said()
    report = read_report(file)
    assert report["configuration"]["mbuf_size"] == "256,2176,300,9000"
    assert {port["mempool"] for port in report["ports"]} == {"fwd.0r1"}
    sizes = {kind["kind"]: kind["size"] for kind in report["pool"]["kinds"]}
    assert sizes == {"rx": 128, "rx1": 2048, "rx2": 172, "rx3": 8872}


def test_port_with_another_mtu_receives_into_another_size():
    with Forwarder("-i", "--mbuf-size=2176,4200", "--mp-alloc=xmem", eal=PORTS,
                   stdin=subprocess.PIPE) as forwarder:
        forwarder.type("start")
        forwarder.wait_for(r" .* 1/0 .*  fwd\.0rx$")
        forwarder.type("stop", "port config mtu 1 4000", "port config mtu 0 9600",
                       "port attach net_null2", "start")
        forwarder.wait_for_error(r"port 0 .* frames of 9618 bytes .*--mbuf-size=9746")
        forwarder.wait_for(r"port 2: attached")
        forwarder.wait_for(r" .* 0/0 .*  fwd\.0rx$")
        forwarder.wait_for(r" .* 1/0 .*  fwd\.0r1$")
        forwarder.type("stop", "quit")
        assert forwarder.wait_for_exit() == 0, forwarder.said()
        assert "buffers outstanding: 0" in forwarder.output, forwarder.said()


# what the port has, options, what the queue is given, what the table says
FAKED = [
    ("mempools", ["--mbuf-size=512,2176"], "mempool fwd.0rx mempool fwd.0r1", "fwd.0rx+fwd.0r1"),
    ("mempools", ["--mbuf-size=512,2176,4096"], "one fwd.0r1", "fwd.0r1"),  # it takes two
    ("split", ["--mbuf-size=256,4096", "--rx-offloads=0x100000"],
     "part 128 fwd.0rx part 3968 fwd.0r1", "fwd.0rx+fwd.0r1"),
    ("split", ["--mbuf-size=256,4096"], "one fwd.0r1", "fwd.0r1"),
    ("scatter", ["--mbuf-size=256,600,512", "--enable-scatter"], "one fwd.0r1", "fwd.0r1"),
]


@pytest.mark.parametrize("has, options, given, shown", FAKED)
def test_list_of_sizes_is_given_to_ports_that_take_it(has, options, given, shown):
    if not FAKE_PORT.exists():
        pytest.skip("built with -Dtests=disabled")
    with Forwarder(*options, eal=PORTS,
                   environment={"LD_PRELOAD": str(FAKE_PORT), "FAKE_PORT": has}) as forwarder:
        forwarder.wait_until_forwarding()
        forwarder.stop()
        for port in (0, 1):
            assert f"fake port {port} queue 0: {given}" in forwarder.output, forwarder.said()
        assert any(line.endswith(f"  {shown}") for line in forwarder.output), forwarder.said()
        warned = [line for line in forwarder.own_error_lines() if "--mbuf-size=" in line]
        assert len(warned) == (2 if given.startswith("one ") else 0), forwarder.said()
