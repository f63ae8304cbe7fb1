# SPDX-License-Identifier: BSD-3-Clause
"""Install mext into a temporary prefix, once, and run programs against that and nothing else."""
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile

import pytest
from application import PAGES, Application
from hugepages import reserved

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Of the environment: enough to find compilers, DPDK and its libraries, and to say where to write.
KEPT = ["HOME", "LANG", "LD_LIBRARY_PATH", "LIBRARY_PATH", "PATH", "PKG_CONFIG_PATH", "TMPDIR",
        "XDG_RUNTIME_DIR"]


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="100 million stress operations, not 2")


def run(*command, check=True, timeout=300, **kwargs):
    """Run a command; its output is in the failure."""
    done = subprocess.run([str(c) for c in command], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=timeout, **kwargs)
    if check and done.returncode != 0:
        pytest.fail(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}",
                    pytrace=False)
    return done


def need(*tools):
    """Skip where one of the tools is not installed."""
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


def eal(lcores=1, memory=128):
    """EAL options for no hugepages, no root, no devices, nothing shared with other processes."""
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < lcores:
        pytest.skip(f"{lcores} CPUs are needed, this process may use {len(cpus)}")
    return ["-l", ",".join(map(str, cpus[:lcores])), "--no-huge", "-m", memory, "--no-pci",
            "--no-shconf", "--no-telemetry"]


class Installed:
    """An installation of mext, and an environment that knows of it."""

    def __init__(self, build, prefix):
        self.build = build
        self.prefix = prefix
        self.lib = prefix / "lib"
        self.include = prefix / "include"
        self.env = {name: os.environ[name] for name in KEPT if name in os.environ}
        self._prepend("PKG_CONFIG_PATH", self.lib / "pkgconfig")
        # DPDK too may be somewhere the dynamic linker does not look.
        self._prepend("LD_LIBRARY_PATH", self.pkg_config("--variable=libdir", "libdpdk")[0])
        self._prepend("LD_LIBRARY_PATH", self.lib)

    def _prepend(self, name, path):
        self.env[name] = os.pathsep.join(filter(None, [str(path), self.env.get(name)]))

    def pkg_config(self, *args):
        return run("pkg-config", *args, env=self.env).stdout.split()

    def compile(self, output, *args, packages=("libmext", "libdpdk"), libs=("--libs",),
                compiler="cc"):
        """Compile and link a program as its user would."""
        need(compiler)
        run(compiler, "-O3", "-Wall", "-Wextra", "-Werror", *args,
            *self.pkg_config("--cflags", *packages), "-o", output,
            *self.pkg_config(*libs, *packages), env=self.env)
        return output

    def run(self, *command, **kwargs):
        return run(*command, env=self.env, **kwargs)


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    need("meson", "ninja", "pkg-config")
    top = tmp_path_factory.mktemp("install")
    build, prefix = top / "build", top / "prefix"
    run("meson", "setup", build, ROOT, f"--prefix={prefix}", "--libdir=lib")
    # What is installed is built, tests are not: they take longer than all else here.
    targets = json.loads(run("meson", "introspect", "--targets", build).stdout)
    run("ninja", "-C", build, *[pathlib.Path(file).relative_to(build) for target in targets
                                if target["installed"] for file in target["filename"]])
    run("meson", "install", "-C", build, "--no-rebuild")
    return Installed(build, prefix)


@pytest.fixture(scope="session")
def static_dpdk(installed, tmp_path_factory):
    """Skip where DPDK's own static libraries do not link, and say what is missing."""
    top = tmp_path_factory.mktemp("static")
    (top / "empty.c").write_text("int main(void) { return 0; }\n")
    done = installed.run("cc", top / "empty.c", "-o", top / "empty",
                         *installed.pkg_config("--static", "--libs", "libdpdk"), check=False)
    missing = sorted(set(re.findall(r"cannot find -l:?(\S+?):? ", done.stdout)))
    if "systemd" in missing:
        missing[missing.index("systemd")] = "systemd (Debian: libsystemd-dev)"
    if done.returncode != 0:
        pytest.skip("static DPDK does not link here, missing: "
                    + (", ".join(missing) or done.stdout[-300:]))


@pytest.fixture(params=["shared", "static"])
def link(request):
    """How to link: on shared libraries, or with DPDK and mext inside."""
    if request.param == "static":
        request.getfixturevalue("static_dpdk")
    return request.param


@pytest.fixture(scope="session")
def hugepages(tmp_path_factory):
    try:
        with reserved(PAGES, tmp_path_factory.mktemp("huge")) as directory:
            yield directory
    except OSError as error:
        pytest.skip(f"no hugepages here: {error}")


@pytest.fixture
def application(installed, hugepages):
    need("setarch")
    # Not pytest's folder: the path of a socket has at most 107 characters.
    with tempfile.TemporaryDirectory(prefix="mext-") as runtime:
        yield Application(installed, hugepages, pathlib.Path(runtime))


def is_safe(folder):
    """Whether EAL loads plugins from there: others may write neither to it nor above."""
    return all(not path.stat().st_mode & stat.S_IWOTH for path in [folder, *folder.parents])


@pytest.fixture(scope="session")
def plugin(installed):
    """The installed plugin, copied to where EAL takes it from: the prefix is below /tmp."""
    places = [pathlib.Path(p) for p in [os.environ.get("XDG_RUNTIME_DIR"), "/run",
                                        pathlib.Path.home()] if p]
    for place in places:
        if place.is_dir() and os.access(place, os.W_OK) and is_safe(place.resolve()):
            break
    else:
        pytest.skip(f"EAL would load a plugin from none of {', '.join(map(str, places))}")
    with tempfile.TemporaryDirectory(prefix="mext-", dir=place) as folder:
        yield shutil.copy(installed.lib / "mext/mext_depot.so", folder)
