# SPDX-License-Identifier: BSD-3-Clause
"""The command line: what is wrong is said in one line, and nothing starts."""

import os
import re

import pytest

from forwarder import Forwarder, free_hugepages

PORTS = ["--vdev=net_null0", "--vdev=net_null1"]

# options, what the line must contain
BAD_OPTIONS = [
    (["--forward-mode=bounce"], r"forward-mode=bounce", r"io.*mac.*macswap.*rxonly.*txonly"),
    (["--port-topology=star"], r"port-topology=star", r"paired.*loop.*chained"),
    (["--portmask=xyz"], r"portmask=xyz", r"hex"),
    (["--portmask=0"], r"portmask=0", r""),
    (["--portmask=-1"], r"portmask=-1", r""),
    (["--portmask=0x4"], r"portmask=0x4", r"port 2"),
    (["--portmask=0x8000000000000000"], r"portmask=0x8000000000000000", r"port 63"),
    (["--portmask=0x10000000000000000"], r"portmask=0x10000000000000000", r""),
    (["--burst=0"], r"burst=0", r"1 to 512"),
    (["--burst=513"], r"burst=513", r"1 to 512"),
    (["--burst=-1"], r"burst=-1", r"1 to 512"),
    (["--burst=32x"], r"burst=32x", r"1 to 512"),
    (["--burst="], r"burst=", r"1 to 512"),
    (["--burst=18446744073709551648"], r"burst=18446744073709551648", r"1 to 512"),
    (["--rxq=0"], r"rxq=0", r"1 to"),
    (["--rxq=two"], r"rxq=two", r"1 to"),
    (["--txq=0"], r"txq=0", r"1 to"),
    (["--rxq=1025", "--txq=1025"], r"rxq=1025", r""),
    (["--rxq=2", "--txq=1"], r"txq=1", r"rxq=2"),
    (["--rxd=0"], r"rxd=0", r"1 to"),
    (["--rxd=65536"], r"rxd=65536", r"1 to 65535"),
    (["--txd=no"], r"txd=no", r"1 to"),
    (["--nb-cores=0"], r"nb-cores=0", r"1 to"),
    (["--nb-cores=2"], r"nb-cores=2", r"-l"),
    (["--mbcache=513"], r"mbcache=513", r"0 to 512"),
    (["--total-num-mbufs=0"], r"total-num-mbufs=0", r"1 to"),
    (["--total-num-mbufs=100"], r"total-num-mbufs=100", r"need \d+"),
    (["--total-num-mbufs=1000000"], r"1000000", r"total-num-mbufs"),
    (["--stats-period=soon"], r"stats-period=soon", r"seconds"),
    (["--stats-period=-1"], r"stats-period=-1", r"seconds"),
    (["--duration=1h"], r"duration=1h", r"seconds"),
    (["--duration=nan"], r"duration=nan", r"seconds"),
    (["--duration=inf"], r"duration=inf", r"seconds"),
    (["--eth-peer=0"], r"eth-peer=0", r"PORT,"),
    (["--eth-peer=0,02:00"], r"eth-peer=0,02:00", r"PORT,"),
    (["--eth-peer=99,02:00:00:00:00:01"], r"eth-peer=99", r"PORT,"),
    (["--eth-peer=7,02:00:00:00:00:01"], r"eth-peer=7", r"no port of that number"),
    (["--portlist=0,1,0"], r"portlist=0,1,0", r"0 once"),
    (["--portlist=1,0-1"], r"portlist=1,0-1", r"1 once"),
    (["--portlist=1,5"], r"portlist=1,5", r"port 5 does not exist"),
    (["--cmdline-file=/tmp"], r"cmdline-file=/tmp", r"[Dd]irectory"),
    (["--forward-mode=multicast", "--multicast-groups=/dev/zero"], r"/dev/zero:1", r"a line has no more"),
    (["--frobnicate"], r"frobnicate", r""),
    (["--burst"], r"burst", r"value|argument"),
    (["stray"], r"stray", r"--help"),
]


def run(*options, **more):
    """Run mext-fwd to its end: exit status and itself."""
    with Forwarder(*options, **more) as forwarder:
        status = forwarder.wait_for_exit()
        forwarder.kept_errors = forwarder.own_error_lines()
        forwarder.kept_said = forwarder.said()
    return status, forwarder


def check_refusal(status, forwarder, *patterns):
    said = forwarder.kept_said
    assert status == 1, said
    assert len(forwarder.kept_errors) == 1, said
    for pattern in patterns:
        assert re.search(pattern, forwarder.kept_errors[0]), f"no '{pattern}' in:\n{said}"
    assert not [line for line in forwarder.output if line.startswith("forwarding")], said


@pytest.mark.parametrize("options, names, says", BAD_OPTIONS,
                         ids=[" ".join(row[0]) for row in BAD_OPTIONS])
def test_bad_option_is_refused_in_one_line(options, names, says):
    check_refusal(*run(*options, eal=PORTS), names, says)


def test_no_port_is_refused():
    check_refusal(*run(), r"no port", r"dpdk-devbind")


def test_single_lcore_is_refused():
    check_refusal(*run(workers=0, eal=PORTS), r"lcore", r"-l")


def test_eal_that_does_not_start_is_an_error():
    status, forwarder = run(eal=["--vdev=net_af_packet0,iface=nowhere"])
    check_refusal(status, forwarder, r"did not start")


def test_hugepages_that_are_not_mounted_are_named():
    if free_hugepages() == 0:
        pytest.skip("no hugepages are free")
    unmount = ["unshare", "--mount", "sh", "-c", 'umount --all --types hugetlbfs; exec "$@"', "sh"]
    check_refusal(*run(eal=PORTS, before=unmount, memory=["-m", "64", "--no-pci"]),
                  rf"{free_hugepages()} hugepages are free", r"no hugetlbfs is mounted", r"--in-memory")


def test_fifo_without_another_end_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    status, forwarder = run(f"--cmdline-file={tmp_path / 'fifo'}", "--duration=0.1", eal=PORTS)
    assert status == 0 and "there is no command in it" in forwarder.kept_said, forwarder.kept_said
    status, forwarder = run(f"--json={tmp_path / 'fifo'}", "--duration=0.1", eal=PORTS)
    assert status == 1 and "can't be written" in forwarder.kept_said, forwarder.kept_said


def test_too_little_memory_is_refused():
    check_refusal(*run("--total-num-mbufs=500000", eal=PORTS), r"500000", r"total-num-mbufs")


@pytest.mark.parametrize("position", ["before", "behind"])
def test_help_names_every_option(position):
    given = {"eal": ["--help"]} if position == "before" else {}
    status, forwarder = run(*([] if given else ["--help"]), **given)
    assert status == 0, forwarder.kept_said
    text = "\n".join(forwarder.output)
    for option in ("portmask", "forward-mode", "burst", "rxq", "txq", "rxd", "txd", "nb-cores",
                   "mbcache", "total-num-mbufs", "stats-period", "duration", "port-topology",
                   "eth-peer", "help", "version"):
        assert f"--{option}" in text


def test_version_is_printed():
    status, forwarder = run("--version")
    assert status == 0, forwarder.kept_said
    assert forwarder.output and forwarder.output[0].startswith("mext-fwd "), forwarder.kept_said
    assert "DPDK" in forwarder.output[0]


def order_of(*options):
    with Forwarder(*options, "--port-topology=chained", "--duration=0.1",
                   eal=[f"--vdev=net_null{i}" for i in range(4)]) as forwarder:
        assert forwarder.wait_for_exit() == 0, forwarder.said()
        return [int(line.split(":")[0].split()[1]) for line in forwarder.output
                if re.match(r"port \d+: net_null", line)]


def test_portlist_keeps_its_order():
    assert order_of() == [0, 1, 2, 3]
    assert order_of("--portlist=0,2,1,3") == [0, 2, 1, 3]
    assert order_of("--portlist=3,1-2") == [3, 1, 2]
    assert order_of("--portlist=3,1", "--portmask=0x6") == [1, 2]


@pytest.mark.parametrize("vdev", ["net_af_packet0,iface=nowhere", "net_pcap0,rx_pcap=/nowhere"])
def test_device_that_does_not_start_is_refused_beside_others(vdev):
    check_refusal(*run(eal=[*PORTS, f"--vdev={vdev}"]), f"--vdev={vdev}", r"did not start")


def test_option_of_another_mode_is_warned_of():
    warning = r"--serve-file is of mode serve, mode io does not look at it"
    status, forwarder = run("--serve-file=/etc/passwd", "--duration=0.1", eal=PORTS)
    assert status == 0 and re.search(warning, "\n".join(forwarder.kept_errors))
    for options in (["--tx-pps=1000", "--tx-first"], ["--txpkts=64", "--forward-mode=flowgen"],
                    ["--serve-file=/etc/passwd", "--cmdline-file=/dev/null"]):
        status, forwarder = run(*options, "--duration=0.1", eal=PORTS)
        assert status == 0 and "does not look" not in "\n".join(forwarder.kept_errors)


def test_secondary_process_is_refused():
    for kind in ("secondary", "auto"):
        with Forwarder("--duration=20", eal=[*PORTS, "--file-prefix=mext-first"]) as first:
            first.wait_for("forwarding: mode")
            environment = {"RUNTIME_DIRECTORY": first.scratch.name}
            check_refusal(*run(eal=[f"--proc-type={kind}", "--file-prefix=mext-first"],
                               environment=environment), r"secondary process", r"--file-prefix")
            check_refusal(*run(eal=["--file-prefix=mext-first"], environment=environment),
                          r"lines above", r"--file-prefix")
            first.stop()


def test_frames_of_net_null_that_do_not_fit_are_refused():
    ports = ["--vdev=net_null0,size=9000,copy=1", "--vdev=net_null1"]
    check_refusal(*run(eal=ports), r"size=9000", r"--mbuf-size=9128")
    check_refusal(*run("--mbuf-size=2176,9128", eal=ports), r"size=9000", r"room for 2048")
    for args in ("net_null0,copy=1,size=64,size=9000", "net_failsafe0,dev(net_null0,size=9000,copy=1)"):
        check_refusal(*run(eal=[f"--vdev={args}"]), r"size=9000", r"--mbuf-size=9128")
    bond = "--vdev=net_bonding0,mode=1,slave=net_null0,slave=net_null1"
    check_refusal(*run(eal=[*ports, bond]), r"port 0.*size=9000")
    status, forwarder = run("--mbuf-size=9128", "--duration=0.2", eal=ports)
    assert status == 0 and "buffers outstanding: 0" in forwarder.output
    check_refusal(*run("--mbuf-size=9127", eal=ports), r"size=9000", r"--mbuf-size=9128")


def test_service_cores_run_no_worker():
    check_refusal(*run(eal=[*PORTS, "-S", "1"]), r"no lcore to forward on", r"service cores")
    status, forwarder = run("--duration=0.2", workers=2, eal=[*PORTS, "-S", "2"])
    assert status == 0 and "buffers outstanding: 0" in forwarder.output
    check_refusal(*run("--nb-cores=2", workers=2, eal=[*PORTS, "-S", "2"]), r"nb-cores=2", r"-l")
