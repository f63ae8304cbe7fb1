# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures: a network for mext-fwd, and its drivers as far as this machine has them."""

import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess

import pytest

from forwarder import BINARY, Forwarder, vdevs
from network import Network

AF_XDP = 44


def pytest_configure(config):
    # So that fixtures clean up when this is ended, as they do when it is interrupted.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_unconfigure():
    # Where the interruption hit a fixture that was cleaning up, pytest does not go on with it.
    for network in list(Network.existing):
        network.__exit__()


def pytest_collection_modifyitems(items):
    if not BINARY.exists():
        pytest.exit(f"{BINARY} is missing: build first, or set MEXT_BUILD", returncode=3)


def missing_driver(driver):
    """Why ports of a driver cannot be had on this machine, or None."""
    libraries = subprocess.run(["pkg-config", "--variable=libdir", "libdpdk"], check=False,
                               capture_output=True, text=True).stdout.strip()
    folders = list(pathlib.Path(libraries or "/none", "dpdk").glob("pmds-*"))
    if folders and not any(list(folder.glob(f"librte_net_{driver}.so*")) for folder in folders):
        return f"this DPDK has no {driver} driver in {folders[0]}"
    if driver == "af_xdp":
        try:
            socket.socket(AF_XDP, socket.SOCK_RAW).close()
        except OSError as error:
            return f"this kernel has no AF_XDP sockets ({error.strerror})"
    return None


@pytest.fixture(scope="session", autouse=True)
def needs():
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    for program in ("ip", "ethtool"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed (devtools/install-packages.sh run)")


@pytest.fixture(params=["af_packet", "af_xdp"])
def driver(request):
    reason = missing_driver(request.param)
    if reason:
        pytest.skip(reason)
    return request.param


@pytest.fixture
def network():
    with Network() as made:
        yield made


@pytest.fixture
def start(network, driver):
    """start(*options): mext-fwd on the ports of the network, forwarding; ended after the test."""
    running = []

    def start_one(*options, **more):
        one = Forwarder(*options, eal=vdevs(driver), namespace=network.fwd, **more)
        running.append(one)
        return one.wait_until_forwarding()

    yield start_one
    for one in running:
        one.__exit__()


@pytest.fixture
def seed():
    """For random frames; pytest shows it when the test fails."""
    number = int(os.environ.get("MEXT_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"MEXT_SEED={number}")
    return number
