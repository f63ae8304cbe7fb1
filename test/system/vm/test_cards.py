# SPDX-License-Identifier: BSD-3-Clause
"""mext-fwd on PCI cards, in nicvm's guest; checks.py says what each case looks at."""

import pytest

from machines import facts, machine_cases


@pytest.mark.parametrize("machine,check", machine_cases())
def test_card(boots, machine, check):
    results, run = boots(machine)
    if check == "faults":
        # Whatever the checks said, the guest came to its end and the IOMMU had nothing to object to.
        assert run.status == 0, run.said()
        return
    assert check in results, f"no result\n{run.said()}"
    assert results[check]["passed"], results[check]["said"]
    facts.append(f"{machine} {check}: {results[check]['said']}")
