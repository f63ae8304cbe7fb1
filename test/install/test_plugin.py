# SPDX-License-Identifier: BSD-3-Clause
"""The mempool handler mext_depot in programs that know nothing of mext, and in those that do."""
import shlex

import pytest
from conftest import ROOT, eal, need
from test_install import dynamic

SOURCE = ROOT / "test/install/depot.c"
OPS = "--mbuf-pool-ops-name=mext_depot"
# DPDK's own tests that make mempools of the default handler, and take some seconds at most.
DPDK_TESTS = ["mempool_autotest", "mbuf_autotest", "reorder_autotest", "pdump_autotest", "ipfrag_autotest",
              "eventdev_selftest_sw", "link_bonding_autotest", "latencystats_autotest"]


def handlers(out):
    return [line for line in out.splitlines() if line.startswith("handlers")]


def test_testpmd_with_plugin_forwards_on_the_handler(installed, plugin):
    need("dpdk-testpmd")
    command = shlex.join(map(str, [
        "dpdk-testpmd", *eal(lcores=2, memory=512), "-d", plugin, OPS, "--vdev=net_null0",
        "--vdev=net_null1", "--", "-i", "--total-num-mbufs=8192"]))
    out = installed.run("sh", "-c", f"(echo start; sleep 1; echo stop; echo quit) | {command}").stdout
    assert "preferred mempool ops selected: mext_depot" in out
    total = out[out.index("Accumulated forward statistics for all ports"):]
    sent = int(total.split("TX-packets:")[1].split()[0])
    assert sent > 0


@pytest.mark.parametrize("name", DPDK_TESTS)
def test_dpdks_own_test_with_plugin_passes(installed, plugin, name):
    need("dpdk-test")
    command = shlex.join(map(str, ["dpdk-test", *eal(lcores=2, memory=512), "-d", plugin, OPS]))
    out = installed.run("sh", "-c", f"DPDK_TEST={name} {command} </dev/null").stdout
    assert "Test OK" in out


def test_program_linked_with_libmext_registers_once(installed, tmp_path, link):
    libs = ["--static", "--libs"] if link == "static" else ["--libs"]
    program = installed.compile(tmp_path / "depot", SOURCE, libs=libs)
    out = installed.run(program, *eal()).stdout
    assert handlers(out) == ["handlers before: 0", "handlers: 1"]


@pytest.mark.parametrize("libs", [["--libs"], ["--static", "--libs"]], ids=["shared", "archive"])
def test_plugin_after_libmext_registers_once(installed, plugin, tmp_path, libs):
    program = installed.compile(tmp_path / "depot", SOURCE, packages=["libmext"], libs=libs)
    out = installed.run(program, *eal(), "-d", plugin).stdout
    assert handlers(out) == ["handlers before: 1", "handlers: 1"]


def test_plugin_before_libmext_registers_once(installed, plugin, tmp_path):
    program = installed.compile(tmp_path / "depot", "-DLATE", f"-I{installed.include}",
                                SOURCE, "-ldl", packages=["libdpdk"])
    out = installed.run(program, *eal(), "-d", plugin).stdout
    assert handlers(out) == ["handlers before: 1", "handlers: 1"]


def test_plugin_for_another_dpdk_is_not_registered(installed, plugin, tmp_path):
    (tmp_path / "version.c").write_text('const char *rte_version(void);\n'
                                        'const char *rte_version(void) { return "DPDK 19.11.2"; }\n')
    installed.run("cc", "-shared", "-fPIC", tmp_path / "version.c", "-o", tmp_path / "version.so")
    program = installed.compile(tmp_path / "depot", "-DNAMED", SOURCE, packages=["libdpdk"])
    out = installed.run("env", f"LD_PRELOAD={tmp_path}/version.so", program, *eal(), "-d", plugin,
                        check=False).stdout
    assert "this program has DPDK 19.11.2: not registered" in out
    assert handlers(out) == ["handlers before: 0"]


def test_plugin_needs_no_library_of_dpdk(installed):
    """It uses the program's DPDK, wherever that is; another one would come with these."""
    assert not [n for n in dynamic(installed.lib / "mext/mext_depot.so", "NEEDED") if "rte" in n]


def test_plugin_exports_nothing(installed):
    out = installed.run("nm", "-D", "--defined-only", installed.lib / "mext/mext_depot.so").stdout
    assert not out.strip()
