# SPDX-License-Identifier: BSD-3-Clause
"""The examples, built with their own Makefile and meson.build from the installed files alone."""
import shutil
import signal
import subprocess

import pytest
from conftest import ROOT, eal, need
from test_install import dynamic

NULL_PORTS = ["--vdev", "net_null0", "--vdev", "net_null1"]

# folder, program, its own EAL options, its arguments, what it prints
EXAMPLES = [
    ("own-buffer", "own_buffer", [], [], ["callbacks: 1, buffers outstanding: 0"]),
    ("own-buffer", "own_buffer", NULL_PORTS, [], ["callbacks: 1, buffers outstanding: 0"]),
    ("two-port", "two_port", NULL_PORTS, ["1000000"], ["dropped 0", "buffers outstanding: 0"]),
    # Short packets are copied, of long ones the payload is shared.
    ("flood", "flood", [*NULL_PORTS, "--vdev", "net_null2,size=1500"], ["100000"],
     ["flooded 1000", "buffers outstanding: 0"]),
]
BUILDS = [("make", "gcc"), ("make", "clang"), ("meson", "gcc"), ("meson", "clang")]


def build_example(installed, folder, program, tool, compiler, link):
    """Copy an example out of the tree, once for each way, and build it there."""
    need(tool, compiler)
    there = installed.build.parent / "-".join([folder, tool, compiler, link])
    env = dict(installed.env, CC=compiler)
    if tool == "make":
        built = there / (program if link == "shared" else f"{program}-static")
    else:
        built = there / "build" / program
    if built.exists():
        return built
    shutil.copytree(ROOT / "examples" / folder, there)
    if tool == "make":
        commands = [["make", "-C", there, "CFLAGS=-O3 -Wall -Wextra -Werror",
                     "all" if link == "shared" else "static"]]
    else:
        prefer = "true" if link == "static" else "false"
        commands = [["meson", "setup", there / "build", there, "-Dwerror=true",
                     f"-Dprefer_static={prefer}"], ["ninja", "-C", there / "build"]]
    for command in commands:
        subprocess.run(command, env=env, check=True, timeout=300)
    return built


@pytest.fixture(params=BUILDS, ids="-".join)
def build(request, installed, link):
    return lambda folder, program: build_example(installed, folder, program, *request.param, link)


@pytest.mark.parametrize("folder, program, ports, args, prints", EXAMPLES,
                         ids=["own-buffer-ring", "own-buffer-null", "two-port", "flood"])
def test_example_runs(installed, build, link, folder, program, ports, args, prints):
    path = build(folder, program)
    needed = [n for n in dynamic(path, "NEEDED") if n.startswith(("libmext", "librte_"))]
    assert ("libmext.so.1" in needed) if link == "shared" else not needed
    out = installed.run(path, *eal(), *ports, "--", *args, timeout=60).stdout
    for line in prints:
        assert line in out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_two_port_stops_clean_on_signal(installed, number):
    path = build_example(installed, "two-port", "two_port", "make", "gcc", "shared")
    command = [path, *eal(), *NULL_PORTS]
    with subprocess.Popen([str(c) for c in command], env=installed.env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout.readline() == "forwarding between ports 0 and 1\n"
        process.send_signal(number)
        rest, _ = process.communicate(timeout=30)
    assert "buffers outstanding: 0" in rest
    assert process.returncode == 0


def test_two_port_without_ports_says_what_is_missing(installed):
    path = build_example(installed, "two-port", "two_port", "make", "gcc", "shared")
    done = installed.run(path, *eal(), check=False)
    assert done.returncode == 1
    assert "0 ports, 2 are needed" in done.stdout


def test_make_without_mext_says_what_is_missing(installed, tmp_path):
    need("make")
    shutil.copytree(ROOT / "examples/two-port", tmp_path / "two-port")
    env = dict(installed.env, PKG_CONFIG_PATH="", PKG_CONFIG_LIBDIR=str(tmp_path))
    done = subprocess.run(["make", "-C", tmp_path / "two-port"], env=env, text=True,
                          capture_output=True, check=False)
    assert done.returncode != 0
    assert "PKG_CONFIG_PATH" in done.stderr
