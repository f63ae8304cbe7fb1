# SPDX-License-Identifier: BSD-3-Clause
"""devtools/throughput.sh: what it writes, and how it searches; never how fast anything is."""
import html.parser
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

SCRIPTS = pathlib.Path(__file__).parent
sys.path.insert(0, str(SCRIPTS))
import page  # noqa: E402 - where it is has just been said
import throughput  # noqa: E402
import zero_loss  # noqa: E402

ROOT = SCRIPTS.parents[1]
BUILD = os.environ.get("MEXT_BUILD", "build")
CPUS = sorted(os.sched_getaffinity(0))
SANITIZED = os.environ.get("MEXT_SANITIZE", "none") not in ("", "none")
SVG = "{http://www.w3.org/2000/svg}svg"


def run(*args, timeout=None):
    return subprocess.run([ROOT / "devtools/throughput.sh", "--build", BUILD, *args], text=True,
                          check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=timeout)


class Device:
    """Forwards so many packets a second, and loses what is more; a generator sends it no more than that."""

    def __init__(self, capacity, seconds=10, generator=10**10):
        self.capacity, self.seconds, self.asked = capacity, seconds, []
        self.generator = generator

    def trial(self, pps):
        self.asked.append(pps)
        sent = min(pps, self.generator)
        return sent * self.seconds, min(sent, self.capacity) * self.seconds, self.seconds


class Search(unittest.TestCase):
    def test_threshold_is_found_to_the_resolution(self):
        for capacity in (1, 777, 123456, 500000, 999999):
            for resolution in (0.1, 0.01, 0.001):
                device = Device(capacity)
                best, trials = zero_loss.search(device.trial, 1000000, resolution)
                self.assertLessEqual(best, capacity)
                self.assertGreaterEqual(best, capacity - resolution * 1000000)
                self.assertEqual([t["pps"] for t in trials], device.asked)
                self.assertEqual(best, max([t["pps"] for t in trials if not t["lost"]] + [0]))
                self.assertLess(len(trials), 16)

    def test_who_never_loses_is_asked_once(self):
        device = Device(10**9)
        self.assertEqual(zero_loss.search(device.trial, 1000, 0.01)[0], 1000)
        self.assertEqual(device.asked, [1000])

    def test_who_always_loses_has_no_rate(self):
        best, trials = zero_loss.search(lambda pps: (pps, pps - 1, 1), 1000, 0.01)
        self.assertEqual(best, 0)
        self.assertEqual({t["lost"] for t in trials}, {1})

    def test_trial_in_which_nothing_was_sent_does_not_pass(self):
        self.assertEqual(zero_loss.search(lambda _: (0, 0, 1), 1000, 0.5)[0], 0)

    def test_search_ends_where_the_resolution_is_less_than_a_packet(self):
        device = Device(3)
        self.assertEqual(zero_loss.search(device.trial, 10, 0.0001)[0], 3)

    def test_rate_that_the_generator_does_not_reach_is_not_reported(self):
        device = Device(10**9, generator=100000)
        best, trials = zero_loss.search(device.trial, 1000000, 0.01)
        self.assertLessEqual(best, 100000)
        self.assertGreaterEqual(best, 90000)
        self.assertEqual(zero_loss.limit(trials), "generator too slow")
        for trial in trials:
            self.assertEqual("invalid" in trial, trial["pps"] * 0.99 > 100000, trial)

    def test_rate_reported_is_the_one_sent(self):
        def trial(pps):
            return pps * 995 // 1000, pps * 995 // 1000, 1
        self.assertEqual(zero_loss.search(trial, 100000, 0.01)[0], 99500)

    def test_loss_is_the_limit_where_the_generator_is_fast_enough(self):
        _, trials = zero_loss.search(Device(5000, generator=800000).trial, 1000000, 0.01)
        self.assertIsNone(zero_loss.limit(trials))
        self.assertIn("invalid", trials[0])

    def test_port_is_a_vdev_or_an_address_in_a_namespace_or_not(self):
        place = zero_loss.Place("left=net_af_packet0,iface=host0")
        self.assertEqual((place.namespace, place.port), ("left", "net_af_packet0,iface=host0"))
        self.assertEqual(zero_loss.Place("0000:03:00.1").eal(), ["-a", "0000:03:00.1"])
        self.assertRaises(ValueError, zero_loss.Place, "eth0")


class Figures(unittest.TestCase):
    def test_ratio_is_the_median_of_pairs(self):
        found = throughput.summary({"mext-fwd": [2, 9, 4], "testpmd": [1, 3, 4]})
        self.assertEqual((found["ratio"], found["pps"]["mext-fwd"]), (2, 4))
        self.assertNotIn("low", found)  # three rounds have none
        found = throughput.summary({"mext-fwd": list(range(1, 7)), "testpmd": [1] * 6})
        self.assertEqual((found["low"], found["high"]), (1, 6))
        self.assertNotIn("ratio", throughput.summary({"mext-fwd": [2]}))

    def test_rate_on_the_wire_counts_preamble_and_gap(self):
        self.assertAlmostEqual(page.gigabits(14880952, "64"), 10, places=5)
        self.assertAlmostEqual(page.gigabits(812744, "1518"), 10, places=4)


@unittest.skipIf(SANITIZED, "what has a sanitizer is compared with nothing")
@unittest.skipIf(len(CPUS) < 2, "2 CPUs are needed")
class Sweep(unittest.TestCase):
    def test_short_run_writes_all_that_it_should(self):
        with tempfile.TemporaryDirectory(prefix="mext-throughput-") as folder:
            # Without testpmd: half the time, and there is none everywhere.
            done = run("--out", folder, "--sizes", "64,imix", "--modes", "macswap,txonly",
                       "--rounds", "1", "--testpmd", "/none", "--memory=--no-huge -m 512")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("only mext-fwd is measured: /none is missing", done.stderr)
            data = json.loads(pathlib.Path(folder, "results.json").read_text(encoding="utf-8"))
            self.assertEqual([(p["mode"], p["size"]) for p in data["points"]],
                             [("macswap", "64"), ("macswap", "imix"), ("txonly", "64")])
            for point in data["points"]:
                self.assertGreater(point["pps"]["mext-fwd"], 0)
            self.assertEqual([(left["mode"], left["size"]) for left in data["left_out"]],
                             [("txonly", "imix")])
            text = pathlib.Path(folder, "index.html").read_text(encoding="utf-8")
            html.parser.HTMLParser().feed(text)
            for words in (data["machine"]["dpdk"], "--forward-mode=macswap", "Only mext-fwd"):
                self.assertIn(words, text)
            self.assertNotIn("http", text.replace("http://www.w3.org", "").replace(
                "http://purl.org", "").replace("https://matplotlib.org", "").replace(
                "http://creativecommons.org", ""))
            drawn = sorted(path.name for path in pathlib.Path(folder).glob("*.svg"))
            if page.NO_MATPLOTLIB not in done.stderr:
                self.assertEqual(drawn, ["sweep-macswap-1.svg", "sweep-txonly-1.svg"])
                self.assertEqual(text.count("<svg"), 2)
            for name in drawn:
                root = xml.etree.ElementTree.parse(pathlib.Path(folder, name)).getroot()
                self.assertEqual(root.tag, SVG)

    def test_mode_that_is_not_there_is_a_failure(self):
        with tempfile.TemporaryDirectory(prefix="mext-throughput-") as folder:
            done = run("--out", folder, "--sizes", "64", "--modes", "fly", "--testpmd", "/none")
            self.assertEqual(done.returncode, 1)
            self.assertIn("mext-fwd has no mode fly", done.stderr)


class Pace(unittest.TestCase):
    def test_generator_sends_no_more_than_it_is_told(self):
        done = subprocess.run(
            [pathlib.Path(BUILD, "app/fwd/mext-fwd"), "--lcores", f"0@{CPUS[0]},1@{CPUS[-1]}",
             "--no-huge", "-m", "256", "--no-pci", "--no-shconf", "--no-telemetry",
             "--vdev=net_null0", "--", "--forward-mode=txonly", "--txq=2", "--tx-pps=1000",
             "--duration=1"], text=True, check=False, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout)
        sent = int(re.search(r"all ports .*?TX-packets: (\d+)", done.stdout, re.S)[1])
        self.assertGreater(sent, 0)
        # Some more where it ends late; without a pace net_null takes millions.
        self.assertLess(sent, 50000)


class CommandLine(unittest.TestCase):
    def test_mistake_is_named_with_what_is_allowed(self):
        for args, words in [
                (["--sizes", "63"], ["63", "64 to 9600"]),
                (["--sizes", "big"], ["big", "64 to 9600"]),
                (["--cores", "0"], ["0", "1 to 128"]),
                (["--cores", "100"], ["--cores 100", "101 CPUs"]),
                (["--rounds", "0"], ["1 to 1000"]),
                (["--lcores", "x"], ["--lcores x", "0-1"]),
                (["--port", "eth0"], ["eth0", "PCI address"]),
                (["--generator", "net_null0"], ["--generator and --sink"]),
                (["--generator", "net_null0", "--sink", "net_null1"], ["--port"]),
                (["--resolution", "1"], ["0.0001 to 0.5"]),
                (["--build", "/nonexistent"], ["/nonexistent", "missing", "ninja"])]:
            with self.subTest(args=args):
                done = run(*args)
                self.assertNotEqual(done.returncode, 0)
                for word in words:
                    self.assertIn(word, done.stderr)


if __name__ == "__main__":
    unittest.main()
