# SPDX-License-Identifier: BSD-3-Clause
"""A thousand processes that are killed inside mext_depot: what is missing then, and what is told."""
import pytest
from conftest import ROOT, eal

SOURCE = ROOT / "test/install/killed.c"


@pytest.fixture(scope="module")
def killed(installed, tmp_path_factory):
    return installed.compile(tmp_path_factory.mktemp("killed") / "killed", "-std=gnu11", SOURCE)


@pytest.mark.parametrize("objects", [512, 2047, 8191])
def test_killed_processes_withhold_what_they_had(installed, killed, objects):
    out = installed.run(killed, *eal(lcores=1), "--", objects, 1000, timeout=1800).stdout
    print(out)
    assert "killed: ok: 1000 in the middle of a call" in out
    # Of all processes together one says so.
    lost = out.count("mempool killed: objects are lost: no magazine is empty")
    assert lost == (0 if "refused 0\n" in out else 1)
