# SPDX-License-Identifier: BSD-3-Clause
"""What is sent in nicvm's guest, and whether it is what arrives."""

import hashlib
import itertools
import os
import random

import frames

# Fewer than any ring on the way holds: nothing may be dropped.
WINDOW = 16
# The guest stands still when the host is busy; too short a wait would be a false alarm.
QUIET = 10

SEED = int(os.environ.get("MEXT_SEED", "1"))


def sha(frame):
    return hashlib.sha256(frame).hexdigest()


def every_size(seed):
    """Frames of every kind that has at least the length of the shortest on a real wire."""
    kinds = [frame for _, frame in frames.every_kind(seed, "") if len(frame) >= 60]
    return random.Random(seed).sample(kinds, 220)


def same(arrived, wanted):
    """
    The same frames, each once, by SHA-256, in any order: it seems that qemu's hub lets frames overtake those that
    wait for a full ring, and the peer's kernel those that it tries to merge.
    """
    missing = {sha(frame): frame for frame in wanted}
    for frame in arrived:
        assert sha(frame) in missing, f"nobody sent, or it came twice: {frame.hex()}"
        del missing[sha(frame)]
    lost = [f"{len(frame)} bytes {frame[:24].hex()}..." for frame in missing.values()]
    assert not lost, f"{len(lost)} of {len(wanted)} lost: {lost}"


def pass_on(world, sender, sent, wanted):
    """
    Frames of one peer: each of the others gets, of every frame, what is wanted, wanted[peer](frame), a list,
    and nobody gets more. How many arrived, and their bytes.
    """
    wires = {peer: world.wire(peer) for peer in (sender, *wanted)}
    number = size = 0
    world.drain()
    sent = iter(sent)
    while window := list(itertools.islice(sent, WINDOW)):
        for frame in window:
            wires[sender].send(frame)
        for peer, change in wanted.items():
            right = [changed for frame in window for changed in change(frame)]
            same(wires[peer].receive_many(len(right), timeout=QUIET), right)
            number += len(right)
            size += sum(len(frame) for frame in right)
    for peer, wire in wires.items():
        assert wire.receive(timeout=0.1) is None, f"a frame too many at peer {peer}"
    return number, size


def told(went):
    """What several calls of pass_on() return, in words."""
    number, size = map(sum, zip(*went))
    return f"{number} frames, {size} bytes, SHA-256 equal"
