# SPDX-License-Identifier: BSD-3-Clause
"""The soak run, briefly, and that its judgement finds what creeps."""

import soak


def series(**levels):
    return [dict(zip(levels, values)) for values in zip(*levels.values())]


def test_levels_that_stay_are_flat():
    assert not soak.judge(series(rx=[0, 3, 1, 2, 0, 3, 1, 0, 2], rss_kib=[5000, 5010, 5000] * 3))


def test_one_buffer_lost_in_each_round_is_found():
    wrong = soak.judge(series(rx=[0] * 9, headers=list(range(9))))
    assert len(wrong) == 1 and wrong[0].startswith("headers rises"), wrong


def test_memory_that_grows_is_found():
    wrong = soak.judge(series(rx=[0] * 9, rss_kib=[5000 + 300 * i for i in range(9)]))
    assert len(wrong) == 1 and wrong[0].startswith("rss_kib rises"), wrong


def test_modes_in_turn_leave_no_buffer(seed):
    wrong, said = soak.soak(0, 0.1, "af_packet", seed, ["io", "flood", "multicast", "serve"])
    assert not wrong, f"{wrong}\n{said}"
