# SPDX-License-Identifier: BSD-3-Clause
"""Which ways to link mext and DPDK work, what the others say, and that linking changes no handler."""
import pytest
from conftest import ROOT, eal
from test_install import dynamic

SOURCE = ROOT / "test/install/depot.c"
STATIC = ["--static", "--libs"]


def order(done, when=""):
    """The handlers that a program has seen, by their numbers."""
    assert done.returncode == 0, done.stdout
    lines = [line for line in done.stdout.splitlines() if line.startswith(f"order{when}: ")]
    return lines[0].split()[1 + bool(when):]


@pytest.fixture
def stock(installed, link, tmp_path):
    """A program that knows nothing of mext, and names its handler."""
    return installed.compile(tmp_path / "stock", "-DNAMED", SOURCE, packages=["libdpdk"],
                             libs=STATIC if link == "static" else ["--libs"])


def test_linking_leaves_all_handlers_their_numbers(installed, link, stock, tmp_path):
    linked = installed.compile(tmp_path / "linked", SOURCE,
                               libs=STATIC if link == "static" else ["--libs"])
    done = installed.run(linked, *eal())
    dpdks = installed.run(stock, *eal(), check=False).stdout
    assert f"order before: {' '.join(order(done, ' before'))}\n" in dpdks
    assert order(done) == order(done, " before") + ["mext_depot"]


def test_program_that_only_names_the_handler_needs_the_plugin(installed, link, plugin, tmp_path):
    program = installed.compile(tmp_path / "named", "-DNAMED", SOURCE,
                                libs=STATIC if link == "static" else ["--libs"])
    assert not [n for n in dynamic(program, "NEEDED") if "mext" in n]
    done = installed.run(program, *eal(), check=False)
    assert done.returncode == 1
    assert "no mempool on mext_depot" in done.stdout
    installed.run(program, *eal(), "-d", plugin)


def test_plugin_comes_behind_dpdks_handlers(installed, plugin, stock):
    done = installed.run(stock, *eal(), "-d", plugin)
    dpdks = installed.run(stock, *eal(), check=False).stdout
    assert f"order before: {' '.join(order(done)[:-1])}\n" in dpdks
    assert order(done)[-1] == "mext_depot"


def build_by_hand(installed, output, *flags):
    installed.run("cc", "-O3", SOURCE, *installed.pkg_config("--cflags", "libmext", "libdpdk"),
                  "-o", output, *flags)
    return output


def test_plugin_in_static_program_that_exports_nothing_says_so(installed, static_dpdk, plugin, tmp_path):
    flags = [f for f in installed.pkg_config(*STATIC, "libdpdk") if "export-dynamic" not in f]
    program = build_by_hand(installed, tmp_path / "closed", "-DNAMED", *flags)
    done = installed.run(program, *eal(), "-d", plugin, check=False)
    assert done.returncode == 1
    assert "mext_depot.so: undefined symbol: rte_" in done.stdout


@pytest.mark.parametrize("exports", [True, False])
@pytest.mark.parametrize("packages", [
    [["--libs", "libmext"], [*STATIC, "libdpdk"]],
    [[*STATIC, "libdpdk"], ["--libs", "libmext"]],
    [[*STATIC, "libmext"], [*STATIC, "libdpdk"]]], ids=["first", "last", "apart"])
def test_dpdk_twice_in_a_program_says_so(installed, static_dpdk, packages, exports, tmp_path):
    """Shared libraries of DPDK, for the shared libmext or by mistake, beside DPDK in the program."""
    flags = [f for args in packages for f in installed.pkg_config(*args)
             if exports or "export-dynamic" not in f]
    program = build_by_hand(installed, tmp_path / "twice", *flags)
    done = installed.run(program, *eal(), check=False)
    assert done.returncode == 1
    assert done.stdout.startswith("mext: DPDK is in this process twice, as ")
    assert "pkg-config --static --libs libmext libdpdk" in done.stdout
    assert "PANIC" not in done.stdout


def test_function_of_dpdks_that_the_program_has_itself_is_no_second_dpdk(installed, tmp_path):
    source = tmp_path / "own.c"
    source.write_text("""
        #include <rte_eal.h>
        #include <rte_memzone.h>
        #include <mext.h>
        /* Before DPDK's, as a tool that traces calls has it. */
        int rte_memzone_free(const struct rte_memzone *mz) { return mz == NULL ? -1 : 0; }
        int main(int argc, char **argv)
        {
                struct mext_pool *pool;
                if (rte_eal_init(argc, argv) < 0)
                        return 1;
                return mext_pool_lookup("none", &pool) == -ENOENT ? 0 : 2;
        }
    """)
    program = installed.compile(tmp_path / "own", source)
    installed.run(program, *eal())


def test_library_stays_when_it_is_closed(installed):
    """DPDK keeps pointers to what is registered with it."""
    done = installed.run("python3", "-c", f"""
import _ctypes, ctypes
library = ctypes.CDLL("{installed.lib}/libmext.so")
_ctypes.dlclose(library._handle)
print("libmext.so" in open("/proc/self/maps").read())
""")
    assert done.stdout.splitlines()[-1] == "True"
