# SPDX-License-Identifier: BSD-3-Clause
"""What `meson install` puts where, and that others can compile and link against it."""
import re
import textwrap

import pytest
from conftest import ROOT, eal, need, run

HEADERS = sorted(p.name for p in (ROOT / "lib/mext").glob("mext*.h"))

# Every header alone: compiler, how. DPDK's own headers want POSIX types and functions of C11.
COMPILERS = [
    ("gcc", ["-x", "c", "-std=c11", "-D_GNU_SOURCE"]),
    ("gcc", ["-x", "c", "-std=gnu11"]),
    ("clang", ["-x", "c", "-std=c11", "-D_GNU_SOURCE"]),
    ("clang", ["-x", "c", "-std=gnu11"]),
    ("g++", ["-x", "c++", "-std=c++17"]),
    ("clang++", ["-x", "c++", "-std=c++17"]),
]


def dynamic(path, tag):
    """Entries of a dynamic section, such as SONAME or NEEDED."""
    return re.findall(rf"\({tag}\).*\[(.*)\]", run("readelf", "-dW", path).stdout)


def declared(installed):
    """Functions that the installed headers declare without defining them."""
    text = "\n".join(p.read_text() for p in installed.include.glob("mext*.h"))
    return set(re.findall(r"^[a-z][\w ]*[ *](mext_\w+)\(", text, re.M))


def test_headers_are_all_installed(installed):
    assert sorted(p.name for p in installed.include.iterdir()) == HEADERS


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("compiler, how", COMPILERS, ids=[f"{c}-{h[2][5:]}" for c, h in COMPILERS])
def test_header_alone_compiles(installed, tmp_path, header, compiler, how):
    need(compiler)
    source = tmp_path / "alone"
    source.write_text(f"#include <{header}>\n")
    run(compiler, *how, "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
        *installed.pkg_config("--cflags", "libmext", "libdpdk"), source)


def test_umbrella_header_includes_every_other():
    text = (ROOT / "lib/mext/mext.h").read_text()
    assert sorted(re.findall(r"#include <(mext_\w+\.h)>", text)) == HEADERS[1:]


def test_library_has_soname_and_links(installed):
    real = (installed.lib / "libmext.so").resolve()
    assert dynamic(real, "SONAME") == ["libmext.so.1"]
    assert (installed.lib / "libmext.so.1").resolve() == real
    assert (installed.lib / "libmext.a").is_file()


def test_symbols_are_what_the_headers_declare(installed):
    lines = run("nm", "-D", "--defined-only", installed.lib / "libmext.so").stdout.split("\n")
    names = [line.split()[2] for line in lines if line and not line.endswith(" A MEXT_1")]
    assert {n.partition("@@")[2] for n in names} == {"MEXT_1"}
    assert {n.partition("@@")[0] for n in names} == declared(installed)


def test_archive_has_what_the_headers_declare(installed):
    out = run("nm", "--defined-only", "--extern-only", installed.lib / "libmext.a").stdout
    names = set(re.findall(r"^[0-9a-f]+ \w (\w+)$", out, re.M))
    assert declared(installed) <= names


@pytest.mark.parametrize("packages", [
    ["libmext"], ["libmext", "libdpdk"], ["libdpdk", "libmext"]])
def test_pkg_config_static_names_each_archive_once(installed, packages):
    """Twice within --whole-archive is "multiple definition"; shared before static is not static."""
    flags = installed.pkg_config("--static", "--libs", *packages)
    assert flags.index("-l:libmext.a") < flags.index("-lmext")
    assert flags.count("-l:librte_eal.a") == packages.count("libdpdk")


def test_pkg_config_version_is_the_projects(installed):
    version = re.search(r"version: '([\d.]+)'", (ROOT / "meson.build").read_text())[1]
    assert installed.pkg_config("--modversion", "libmext") == [version]


def test_destdir_is_not_in_installed_files(installed, tmp_path):
    run("meson", "install", "-C", installed.build, "--no-rebuild", "--destdir", tmp_path)
    staged = tmp_path / installed.prefix.relative_to("/")
    pc = (staged / "lib/pkgconfig/libmext.pc").read_text()
    assert (staged / "lib/libmext.so.1").exists()
    assert f"prefix={installed.prefix}\n" in pc


def marked(path, name):
    """The text between /* [name] */ and /* [/name] */."""
    text = path.read_text()
    start = text.index(f"/* [{name}] */\n") + len(f"/* [{name}] */\n")
    return textwrap.dedent(text[start:text.rindex("\n", 0, text.index(f"/* [/{name}] */")) + 1])


# The example of the README: compiler, further arguments
README_BUILDS = [("gcc", []), ("clang", []), ("g++", ["-x", "c++", "-std=c++17"]),
                 ("clang++", ["-x", "c++", "-std=c++17"])]


@pytest.mark.parametrize("compiler, args", README_BUILDS, ids=[b[0] for b in README_BUILDS])
def test_readme_example_runs(installed, tmp_path, compiler, args):
    program = installed.compile(tmp_path / "readme", *args, ROOT / "examples/readme/readme.c",
                                "-x", "none", compiler=compiler)
    assert "readme: ok" in installed.run(program, *eal(memory=256)).stdout


def test_readme_shows_the_example_that_is_compiled():
    readme = ROOT / "README.md"
    if not readme.exists():
        pytest.skip("README.md is not there")
    blocks = re.findall(r"^```c\n(.*?)^```$", readme.read_text(), re.M | re.S)
    assert blocks, "README.md has no ```c block"
    assert blocks[0] == marked(ROOT / "examples/readme/readme.c", "readme")


def test_retire_example_destroys_its_pool_while_the_worker_goes_on(installed, tmp_path):
    program = installed.compile(tmp_path / "retire", "-std=gnu11", ROOT / "examples/retire/retire.c")
    assert "the pool is gone" in installed.run(program, *eal(lcores=2, memory=256)).stdout


def test_archive_links_with_shared_dpdk(installed, tmp_path):
    program = installed.compile(tmp_path / "readme", ROOT / "examples/readme/readme.c",
                                packages=["libmext"], libs=["--static", "--libs"])
    needed = dynamic(program, "NEEDED")
    assert not [n for n in needed if "mext" in n]
    assert [n for n in needed if n.startswith("librte_eal")]
    assert "readme: ok" in installed.run(program, *eal(memory=256)).stdout
