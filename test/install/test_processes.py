# SPDX-License-Identifier: BSD-3-Clause
"""One pool in two processes: on hugepages, which secondary processes of DPDK need."""
import os
import pathlib
import subprocess
import tempfile

import pytest
from conftest import ROOT, need
from hugepages import reserved

SOURCE = ROOT / "test/install/processes.c"
PAGES = 64  # of 2 MB
FIXED = ["setarch", "-R"]
REFUSED, NO_EAL = 3, 2


@pytest.fixture(scope="module")
def hugepages(tmp_path_factory):
    try:
        with reserved(PAGES, tmp_path_factory.mktemp("huge")) as directory:
            yield directory
    except OSError as error:
        pytest.skip(f"no hugepages here: {error}")


@pytest.fixture(scope="module")
def program(installed, tmp_path_factory):
    return installed.compile(tmp_path_factory.mktemp("processes") / "processes", "-std=gnu11",
                             SOURCE)


class Application:
    """The processes of one DPDK application: what they share is in its temporary folder."""

    def __init__(self, installed, hugepages, runtime):
        cpu = min(os.sched_getaffinity(0))
        self.env = dict(installed.env, XDG_RUNTIME_DIR=str(runtime), RUNTIME_DIRECTORY=str(runtime))
        self.options = [f"--huge-dir={hugepages}", f"--file-prefix=mext-{os.getpid()}", "--no-pci",
                        "--no-telemetry"]
        self.lcores = [["--lcores", f"{lcore}@{cpu}"] for lcore in (0, 1)]

    def start_primary(self, program, *eal, how=tuple(FIXED)):
        command = [*how, program, *self.lcores[0], *self.options, "--proc-type=primary", "-m", "64",
                   *eal]
        process = subprocess.Popen([str(c) for c in command], env=self.env, text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        lines = []
        for line in process.stdout:
            if line == "ready\n":
                return process
            lines.append(line)
        pytest.fail(f"primary: status {process.wait()}\n" + "".join(lines), pytrace=False)

    def run_secondary(self, program, *eal, how=tuple(FIXED)):
        command = [*how, program, *self.lcores[1], *self.options, "--proc-type=secondary", *eal]
        return subprocess.run([str(c) for c in command], env=self.env, text=True, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


@pytest.fixture
def application(installed, hugepages):
    need("setarch")
    # Not pytest's folder: the path of a socket has at most 107 characters.
    with tempfile.TemporaryDirectory(prefix="mext-") as runtime:
        yield Application(installed, hugepages, runtime)


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


def finish(primary):
    """Let the primary count and end. Returns what it printed."""
    out, _ = primary.communicate("\n", timeout=60)
    assert primary.returncode == 0, out
    return out


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


# libmext registers mext_depot before EAL loads drivers: its number is the same in all processes.
@pytest.mark.parametrize("eal", [["--mbuf-pool-ops-name=ring_mp_mc"]])
def test_secondary_with_other_order_of_handlers_is_refused(installed, application, program, primary):
    done = application.run_secondary(program, "-d", stack_driver(installed))
    assert done.returncode == REFUSED, done.stdout
    assert "refused: Protocol error" in done.stdout
    assert "pool processes: mempool processes." in done.stdout
    assert "register the handlers in the same order" in done.stdout
    assert application.run_secondary(program).returncode == 0
    assert "outstanding: 0" in finish(primary)


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
