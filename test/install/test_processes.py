# SPDX-License-Identifier: BSD-3-Clause
"""One pool in two processes: on hugepages, which secondary processes of DPDK need."""
import pathlib
import random
import time

import pytest
from application import finish
from conftest import ROOT

SOURCE = ROOT / "test/install/processes.c"
REFUSED, NO_EAL = 3, 2


@pytest.fixture(scope="module")
def program(installed, tmp_path_factory):
    return installed.compile(tmp_path_factory.mktemp("processes") / "processes", "-std=gnu11",
                             SOURCE)


@pytest.fixture
def eal():
    """Further options of the primary."""
    return []


@pytest.fixture
def primary(application, program, eal):
    with application.start_primary(program, *eal) as process:
        yield process
        if process.poll() is None:
            process.kill()


def stack_driver(installed):
    libdir = pathlib.Path(installed.pkg_config("--variable=libdir", "libdpdk")[0])
    found = sorted(libdir.glob("dpdk/pmds-*/librte_mempool_stack.so"))
    if not found:
        pytest.skip("DPDK's mempool drivers are not shared libraries here")
    return found[0]


def test_secondary_uses_the_primarys_pool(application, program, primary):
    done = application.run_secondary(program)
    assert done.returncode == 0, done.stdout
    assert "secondary: ok" in done.stdout
    assert "only the primary creates and destroys pools" in done.stdout
    out = finish(primary)
    # Storages and packets: 8 kept, 1 pair, 1 wrapped; 100 rounds of 64 + 64; 4 sent back.
    assert "received 4, allocs 12814," in out
    # Headers: the same without pairs. The wrapped buffer's last reference was the secondary's.
    assert "header_allocs 6413, attaches 6413, bad_releases 0, missed_callbacks 1, called 0" in out
    assert "outstanding: 0" in out


# Another driver first, and DPDK's handlers have other numbers; mext_depot comes behind all of them.
@pytest.mark.parametrize("eal", [["--mbuf-pool-ops-name=ring_mp_mc"]])
def test_secondary_with_other_order_of_handlers_is_refused(installed, application, program, primary):
    done = application.run_secondary(program, "-d", stack_driver(installed))
    assert done.returncode == REFUSED, done.stdout
    assert "refused: Protocol error" in done.stdout
    assert "pool processes: mempool processes." in done.stdout
    assert "register the handlers in the same order" in done.stdout
    assert application.run_secondary(program).returncode == 0
    assert "outstanding: 0" in finish(primary)


def test_secondary_with_other_order_of_dpdks_handlers_finds_mext_depot(installed, application, program,
                                                                       primary):
    done = application.run_secondary(program, "-d", stack_driver(installed))
    assert done.returncode == 0, done.stdout
    assert "outstanding: 0" in finish(primary)


def test_secondary_with_a_handler_of_its_own_before_is_refused(application, program, primary):
    done = application.run_secondary(program, "--", "own")
    assert done.returncode == REFUSED, done.stdout
    assert "has handler 'mext_depot', number" in done.stdout
    assert "in this process that number is 'own'" in done.stdout
    assert application.run_secondary(program).returncode == 0
    assert "outstanding: 0" in finish(primary)


@pytest.mark.parametrize("name", ["primary", "secondary"])
def test_plugin_in_one_process_changes_no_number(application, program, plugin, name):
    options = {"primary": [], "secondary": [], name: ["-d", plugin]}
    with application.start_primary(program, *options["primary"]) as process:
        done = application.run_secondary(program, *options["secondary"])
        assert done.returncode == 0, done.stdout
        assert "outstanding: 0" in finish(process)


def test_secondary_with_library_elsewhere_is_refused(installed, application, program, primary,
                                                      tmp_path):
    other = installed.compile(tmp_path / "other", "-std=gnu11", SOURCE,
                              packages=["libmext"], libs=["--static", "--libs"])
    done = application.run_secondary(other)
    assert done.returncode == REFUSED, done.stdout
    assert "libmext is at another address" in done.stdout and "setarch -R" in done.stdout
    assert application.run_secondary(program).returncode == 0
    assert "outstanding: 0" in finish(primary)


def test_secondary_with_random_addresses_never_crashes(application, program, primary):
    """Where DPDK's memory finds its place, lookup refuses the pool; where not, EAL has given up."""
    for _ in range(5):
        done = application.run_secondary(program, how=())
        assert done.returncode in (REFUSED, NO_EAL), done.stdout
        if done.returncode == REFUSED:
            assert "libmext is at another address" in done.stdout
    assert application.run_secondary(program).returncode == 0
    assert "outstanding: 0" in finish(primary)


def test_secondaries_killed_in_a_lookup_are_in_nobodys_way(application, program, primary):
    """A lock of DPDK's that one leaves behind would stop the primary as it destroys the pool."""
    assert application.run_secondary(program).returncode == 0
    for _ in range(20):
        with application.start_secondary(program, "--", "look") as process:
            assert "looking\n" in iter(process.stdout.readline, "")
            time.sleep(random.random() / 50)
            assert process.poll() is None
            process.kill()
    assert "outstanding: 0" in finish(primary)
