# SPDX-License-Identifier: BSD-3-Clause
"""Random operations by two lcores, with the installed library: 2 million, or 100 with --long."""
import pytest
from conftest import ROOT, eal

SOURCES = sorted((ROOT / "test/install").glob("stress*.c"))


@pytest.fixture(params=["gcc", "clang"])
def stress(request, installed, tmp_path):
    return installed.compile(tmp_path / "stress", "-std=gnu11", *SOURCES, compiler=request.param)


def test_stress_leaves_nothing_outstanding(installed, stress, pytestconfig):
    operations = 100_000_000 if pytestconfig.getoption("long") else 2_000_000
    out = installed.run(stress, *eal(lcores=2), "--", operations, timeout=1800).stdout
    print(out)
    assert "buffers outstanding: 0" in out
    assert out.endswith("stress: ok\n")
