# SPDX-License-Identifier: BSD-3-Clause
"""Stock programs that look into another process find the same in one that links libmext."""
import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest
from application import FIXED, finish
from conftest import ROOT, need, run
from scapy.utils import PcapNgReader

SOURCE = ROOT / "test/install/beside.c"
# Of a primary: whether it links libmext, whether it loads the plugin, its argument.
PRIMARIES = {"stock": (False, False, "-"), "linked": (True, False, "-"), "pool": (True, False, "pool"),
             "plugin": (False, True, "-"), "all": (True, True, "pool")}


@pytest.fixture(scope="module")
def programs(installed, tmp_path_factory):
    """The same program, with libmext and without."""
    top = tmp_path_factory.mktemp("beside")
    how = ["-std=gnu11", "-DALLOW_EXPERIMENTAL_API"]
    return {False: installed.compile(top / "stock", *how, SOURCE, packages=["libdpdk"]),
            True: installed.compile(top / "linked", *how, "-DLINKED", SOURCE)}


@pytest.fixture
def start(application, programs, request):
    """Start a primary process by its name in the table."""
    started = []

    def start_one(name):
        linked, loads, argument = PRIMARIES[name]
        plugin = ["-d", request.getfixturevalue("plugin")] if loads else []
        started.append(application.start_primary(programs[linked], "--vdev=net_null0", *plugin, "--",
                                                 argument))
        return started[-1]

    yield start_one
    for process in started:
        with process:
            if process.poll() is None:
                process.kill()


@pytest.fixture(params=PRIMARIES)
def primary(start, request):
    return start(request.param)


def mempool_of(done):
    """Of dpdk-proc-info: free objects, those in use, number and name of the handler."""
    assert done.returncode == 0, done.stdout
    count = re.search(r"avail \((\d+)\), in use \((\d+)\)", done.stdout)
    handler = re.search(r"ops_index (\d+) ops_name (\w*)", done.stdout)
    return int(count[1]), int(count[2]), handler[2]


def show_mempool(application, name, *options):
    need("dpdk-proc-info")
    return application.run_tool("dpdk-proc-info", *application.options, *options, "--",
                                f"--show-mempool={name}")


def test_stock_secondary_shares_a_mempool(application, programs, primary):
    done = application.run_secondary(programs[False])
    assert done.returncode == 0, done.stdout
    handler = re.search(r"secondary: (handler \d+ ring_mp_mc), owned twice 0\n", done.stdout)
    assert handler, done.stdout
    assert f"primary: {handler[1]}, owned twice 0, missing 0\n" in finish(primary)


def test_proc_info_counts_a_mempool(application, primary):
    assert mempool_of(show_mempool(application, "quiet")) == (1000, 23, "ring_mp_mc")
    finish(primary)


def capture(application, primary, file, tool, *args):
    """Run a tool that captures while packets come, until there is something in its file."""
    need(tool)
    with subprocess.Popen([str(c) for c in [*FIXED, tool, *args]], env=application.env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline and not (
                file.exists() and file.stat().st_size > 1000):
            primary.stdin.write("r")
            primary.stdin.flush()
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 0, out
    return out


def test_dumpcap_captures(application, primary, tmp_path):
    file = tmp_path / "packets.pcapng"
    out = capture(application, primary, file, "dpdk-dumpcap",
                  f"--file-prefix={application.prefix}", "-i", "0", "-w", file)
    assert int(re.search(r"received/dropped on interface .*: (\d+)/", out)[1]) > 0, out
    assert file.stat().st_size > 1000
    finish(primary)


def test_pdump_captures(application, primary):
    file = application.runtime / "packets"  # not pytest's folder: pdump takes about 50 characters
    out = capture(application, primary, file, "dpdk-pdump", "-l", "0", *application.options, "--",
                  "--pdump", f"port=0,queue=*,rx-dev={file}")
    assert int(re.search(r"packets dequeued:\s+(\d+)", out)[1]) > 0, out
    finish(primary)


@pytest.mark.parametrize("name", ["pool", "all"])
def test_proc_info_with_plugin_counts_a_mempool_of_mext(application, plugin, start, name):
    primary = start(name)
    done = show_mempool(application, "beside.0hd", "-d", plugin)
    assert mempool_of(done) == (500, 0, "mext_depot")
    finish(primary)


@pytest.fixture
def testpmd(application):
    """Start dpdk-testpmd, which links some drivers of DPDK, as far as its prompt."""
    need("dpdk-testpmd")
    started = []

    def start_testpmd(*options):
        command = [*FIXED, "stdbuf", "-oL", "dpdk-testpmd", *application.options, "-m", "64",
                   f"--lcores=(5,6)@{min(os.sched_getaffinity(0))}",
                   "--vdev=net_null0", *options, "--", "-i", "--total-num-mbufs=2048"]
        started.append(subprocess.Popen([str(c) for c in command], env=application.env, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT))
        lines = []
        for line in started[0].stdout:
            lines.append(line)
            if line == "Done\n":
                return
        pytest.fail("testpmd: " + "".join(lines), pytrace=False)

    yield start_testpmd
    for process in started:
        with process:
            process.communicate("quit\n", timeout=60)


@pytest.mark.parametrize("how", ["-d", "preload"])
def test_proc_info_with_testpmds_drivers_has_its_handlers(application, testpmd, how):
    need("dpdk-proc-info")
    testpmd()
    linked = sorted(set(re.findall(r"(librte_mempool_\S+) =>", run("ldd", shutil.which("dpdk-testpmd"))
                                   .stdout)))
    options = [option for driver in linked for option in ("-d", driver)] if how == "-d" else []
    preload = ["env", f"LD_PRELOAD={' '.join(linked)}"] if how == "preload" else []
    done = application.run_tool(*preload, "dpdk-proc-info", *application.options, *options, "--",
                                "--show-mempool=mb_pool_0")
    assert mempool_of(done)[2] == "ring_mp_mc"


def test_proc_info_with_plugin_has_testpmds_mext_depot(application, plugin, testpmd):
    testpmd("-d", plugin, "--mbuf-pool-ops-name=mext_depot")
    assert mempool_of(show_mempool(application, "mb_pool_0", "-d", plugin))[2] == "mext_depot"


def forward(application, installed, report, during):
    """Run mext-fwd that sends paced frames, and something beside it. Returns its report."""
    command = [*FIXED, installed.prefix / "bin/mext-fwd", "--lcores", "0@0,1@0", *application.options,
               "-m", "64", "--vdev=net_null0,no-rx=1", "--", "--forward-mode=txonly", "--tx-pps=1000",
               "--total-num-mbufs=4096", f"--json={report}"]
    with subprocess.Popen([str(c) for c in command], env=application.env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        for line in process.stdout:
            if line.startswith("forwarding: mode"):
                break
        during()
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out
    return json.loads(report.read_text())


def test_dumpcap_beside_mext_fwd_changes_no_count(application, installed, tmp_path):
    file = tmp_path / "packets.pcapng"
    need("dpdk-dumpcap")

    def capture_some():
        done = application.run_tool("dpdk-dumpcap", f"--file-prefix={application.prefix}", "-i", "0",
                                    "-c", "200", "-w", file)
        assert done.returncode == 0, done.stdout

    for during in (lambda: time.sleep(1), capture_some):
        report = forward(application, installed, tmp_path / "report.json", during)
        port, total = report["ports"][0], report["total"]
        assert port["tx_packets"] == total["tx_packets"] == report["streams"][0]["made"] > 200
        assert sum(port["drops"].values()) == 0
        assert report["buffers_outstanding"] == 0
    assert sum(1 for _ in PcapNgReader(str(file))) >= 200
