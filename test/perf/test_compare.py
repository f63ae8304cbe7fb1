# SPDX-License-Identifier: BSD-3-Clause
"""The scripts that run forwarders and compare them; never how fast anything is."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).parent
sys.path.insert(0, str(SCRIPTS))
import beds  # noqa: E402 - where it is has just been said
import paired  # noqa: E402
import pcapfile  # noqa: E402

BUILD = os.environ.get("MEXT_BUILD", "build")
CPUS = sorted(os.sched_getaffinity(0))
NO_TESTPMD = shutil.which("dpdk-testpmd") is None
SANITIZED = os.environ.get("MEXT_SANITIZE", "none") not in ("", "none")


def script(name, *args):
    return subprocess.run([sys.executable, SCRIPTS / name, *args], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


class Arithmetic(unittest.TestCase):
    def test_interval_is_of_order_statistics(self):
        low, high, probability = paired.interval([9, 1, 8, 2, 7, 3, 6, 4, 5, 10, 11])
        self.assertEqual((low, high), (2, 10))
        self.assertAlmostEqual(probability, 1 - 2 * (1 + 11) / 2**11)
        self.assertEqual(paired.interval([3, 1, 2, 6, 5, 4])[:2], (1, 6))

    def test_lists_of_cpus_are_those_of_eal(self):
        self.assertEqual(paired.cpus("0-1"), [0, 1])
        self.assertEqual(paired.cpus("2,4-6"), [2, 4, 5, 6])
        self.assertRaises(ValueError, paired.cpus, "a")

    def test_checksum_of_what_has_its_checksum_is_0(self):
        for kind in (pcapfile.ICMP, pcapfile.TCP, pcapfile.UDP):
            frame = pcapfile.frame(kind, 3, 61)
            self.assertEqual(len(frame), 61)
            self.assertEqual(pcapfile.checksum(frame[14:34]), 0)
            pseudo = b"" if kind == pcapfile.ICMP else frame[26:34] + bytes([0, kind, 0, 27])
            self.assertEqual(pcapfile.checksum(pseudo + frame[34:]), 0)


class Beds(unittest.TestCase):
    class OnlyTwoModes:
        name, modes = "small", {"io", "rxonly"}

    def test_what_can_not_be_measured_has_a_reason(self):
        ring = beds.BEDS["ring"]
        self.assertIsNone(beds.left_out(ring, "io", [self.OnlyTwoModes]))
        self.assertIn("nobody sends", beds.left_out(ring, "rxonly", [self.OnlyTwoModes]))
        self.assertIn("small has no mode mac", beds.left_out(ring, "mac", [self.OnlyTwoModes]))

    def test_frames_circulate_where_nobody_else_sends(self):
        self.assertTrue(beds.BEDS["ring"].circles("io"))
        self.assertFalse(beds.BEDS["ring"].circles("flowgen"))
        self.assertFalse(beds.BEDS["null"].circles("io"))


@unittest.skipIf(SANITIZED, "what has a sanitizer is compared with nothing")
@unittest.skipIf(NO_TESTPMD, "no dpdk-testpmd (Debian: dpdk-dev)")
@unittest.skipIf(len(CPUS) < 2, "2 CPUs are needed")
class Comparison(unittest.TestCase):
    def run_it(self, *args):
        return script("compare_testpmd.py", "--build", BUILD, "--seconds", "0.2", "--rounds", "1",
                      "--lcores", f"{CPUS[0]},{CPUS[1]}", "--memory=--no-huge -m 512", *args)

    def test_run_is_kept_added_to_and_made_a_table(self):
        with tempfile.TemporaryDirectory(prefix="mext-compare-") as folder:
            path = os.path.join(folder, "testpmd.json")
            done = self.run_it("--json", path, "--modes", "io")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            first = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))["cells"]
            done = self.run_it("--json", path, "--modes", "io,rxonly", "--bed", "null,ring")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            cells = {(cell["bed"], cell["mode"]): cell for cell in
                     json.loads(pathlib.Path(path).read_text(encoding="utf-8"))["cells"]}
            self.assertEqual(cells["null", "io"], first[0])
            self.assertIn("left_out", cells["ring", "rxonly"])
            for where in (("null", "rxonly"), ("ring", "io")):
                (rates,) = cells[where]["rounds"]
                self.assertEqual(cells[where]["ratio"], rates["mext-fwd"] / rates["testpmd"])
            done = script("tables.py", path, "--out", folder)
            self.assertEqual(done.returncode, 0, done.stderr)
            text = pathlib.Path(folder, "testpmd-figures.inc").read_text(encoding="utf-8")
            self.assertIn(f"{cells['ring', 'io']['ratio']:.3f}", text)
            done = self.run_it("--json", path, "--burst", "64")
            self.assertEqual(done.returncode, 1)
            self.assertIn("other conditions", done.stderr)


class CommandLine(unittest.TestCase):
    def test_mistake_is_named_with_what_is_allowed(self):
        for args, words in [
                (["--bed", "nul"], ["--bed nul", "null, ring, pcap, memif, vhost"]),
                (["--modes", "io,fly"], ["--modes fly", "macswap"]),
                (["--queues", "3"], ["--queues 3", "1, 2"]),
                (["--rounds", "0"], ["--rounds"]),
                (["--lcores", "0"], ["--lcores 0", "two"]),
                (["--build", "/nonexistent"], ["/nonexistent", "missing", "ninja"]),
                (["--build", BUILD, "--testpmd", "/none"], ["/none", "missing", "install"]),
                (["--build", BUILD, "--json", __file__], [__file__, "not the JSON"])]:
            with self.subTest(args=args):
                if "--json" in args and NO_TESTPMD:
                    continue
                done = script("compare_testpmd.py", *args)
                self.assertNotEqual(done.returncode, 0)
                for word in words:
                    self.assertIn(word, done.stderr)

    def test_odd_cache_of_a_handler_is_refused(self):
        done = script("compare_handler.py", "--ops", "stack", "--mbcache", "31")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("--mbcache 31: give an even number", done.stderr)


if __name__ == "__main__":
    unittest.main()
