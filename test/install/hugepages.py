# SPDX-License-Identifier: BSD-3-Clause
"""Hugepages for a test that needs real ones. Others on the machine may have some: only ever add."""
import contextlib
import pathlib
import subprocess

SIZE_MB = 2
NUMBER = pathlib.Path(f"/sys/kernel/mm/hugepages/hugepages-{SIZE_MB << 10}kB/nr_hugepages")


def add(pages):
    """Add that many, fewer or, below 0, take away. Returns by how many the number changed."""
    before = int(NUMBER.read_text())
    NUMBER.write_text(str(max(before + pages, 0)))
    return int(NUMBER.read_text()) - before


@contextlib.contextmanager
def reserved(pages, directory):
    """Pages beside those there are, and a hugetlbfs in that directory; all gone afterwards.

    OSError where this host or user can't.
    """
    added = add(pages)
    try:
        if added < pages:
            raise OSError(f"{added} of {pages} hugepages could be reserved")
        done = subprocess.run(["mount", "-t", "hugetlbfs", "-o", f"pagesize={SIZE_MB}M", "mext-test",
                               directory], text=True, capture_output=True, check=False)
        if done.returncode != 0:
            raise OSError(f"no hugetlbfs: {done.stderr.strip()}")
        try:
            yield directory
        finally:
            subprocess.run(["umount", directory], check=True)
    finally:
        add(-max(added, 0))
