# SPDX-License-Identifier: BSD-3-Clause
"""mext-bench as its user sees it; never how fast anything is. MEXT_BENCH says where it is."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

CPUS = sorted(os.sched_getaffinity(0))
EAL = ["--no-huge", "-m", "256", "--no-pci", "--no-shconf", "--no-telemetry", "--log-level=4"]
MACHINE = {"cpu", "cpus", "l2_kib", "tsc_ghz", "compiler", "dpdk", "mext", "hugepages"}
PARAMETERS = {"table", "row", "scenario", "handler", "bursts", "burst_min", "burst_max", "cache",
              "threads"}
OUTCOME = {"unit", "higher_is_better", "rounds", "objects", "failures", "min", "median", "max",
           "p99", "values"}
SCRIPTS = pathlib.Path(__file__).parent


def bench(*own, lcores=1):
    cpus = ",".join(map(str, CPUS[:lcores]))
    return subprocess.run([os.environ["MEXT_BENCH"], "-l", cpus, *EAL, "--", *own], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def script(name, *args):
    return subprocess.run([sys.executable, SCRIPTS / name, *args], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


class Results(unittest.TestCase):
    """One short run, and what its JSON says."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="mext-bench-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.path = pathlib.Path(cls.folder.name) / "bench.json"
        cls.done = bench("--rounds", "2", "--json", str(cls.path), "attach/hot/*",
                         "mempool/1lcore/cache32/random/[rsl]*")
        if cls.done.returncode != 0:
            raise AssertionError(cls.done.stdout + cls.done.stderr)
        cls.json = json.loads(cls.path.read_text(encoding="utf-8"))
        cls.rows = {(row["table"], row["row"]): row for row in cls.json["rows"]}

    def of_table(self, name):
        return {row: self.rows[table, row] for table, row in self.rows if table == name}

    def test_machine_is_described(self):
        self.assertEqual(set(self.json["machine"]), MACHINE)
        self.assertIs(self.json["machine"]["hugepages"], False)
        self.assertIn(self.json["machine"]["dpdk"], self.done.stdout)

    def test_rows_asked_for_are_there(self):
        self.assertEqual({table for table, _ in self.rows},
                         {"attach/hot", "mempool/1lcore/cache32/random"})
        self.assertIn("ring_mp_mc", self.of_table("mempool/1lcore/cache32/random"))
        for row in self.json["left_out"]:
            self.assertEqual(set(row), PARAMETERS | {"left_out"})
            self.assertIn(f"{row['row']}: left out, {row['left_out']}", self.done.stdout)

    def test_row_says_how_it_was_measured(self):
        for row in self.json["rows"]:
            self.assertLessEqual(PARAMETERS | OUTCOME, set(row))
        row = self.rows["mempool/1lcore/cache32/random", "stack"]
        self.assertEqual({name: row[name] for name in PARAMETERS - {"table", "row"}},
                         {"scenario": "1lcore", "handler": "stack", "bursts": "random",
                          "burst_min": 32, "burst_max": 1280, "cache": 32, "threads": 1})

    def test_order_statistics_are_those_of_the_rounds(self):
        for row in self.json["rows"]:
            low, high = sorted(row["values"])
            self.assertEqual((row["rounds"], row["min"], row["max"]), (2, low, high))
            self.assertAlmostEqual(row["median"], (low + high) / 2, delta=high / 1e4)
            self.assertEqual(row["p99"], low if row["higher_is_better"] else high)

    def test_ratio_is_of_medians(self):
        compared = [row for row in self.json["rows"] if "against" in row]
        self.assertGreater(len(compared), 3)
        for row in compared:
            peer = self.rows[row["table"], row["against"]]
            self.assertAlmostEqual(row["ratio"], row["median"] / peer["median"],
                                   delta=row["ratio"] / 1e4)

    def test_mext_is_compared_with_stock(self):
        self.assertEqual(self.rows["attach/hot", "mext"]["against"], "stock")
        self.assertNotIn("against", self.rows["attach/hot", "stock"])

    def test_handler_is_compared_with_best_other(self):
        table = self.of_table("mempool/1lcore/cache32/random")
        for name, row in table.items():
            others = [r["median"] for n, r in table.items() if n != name and r["failures"] == 0]
            self.assertEqual(table[row["against"]]["median"], max(others))

    def test_figures_are_the_same_every_time(self):
        drawn = []
        for name in ("one", "two"):
            out = pathlib.Path(self.folder.name) / name
            done = script("figures.py", self.path, "--out", out, "--ours", "stack")
            if "No module named 'matplotlib'" in done.stderr:
                self.skipTest("no matplotlib (Debian: python3-matplotlib)")
            self.assertEqual(done.returncode, 0, done.stderr)
            drawn.append({path.name: path.read_bytes() for path in out.iterdir()})
        self.assertEqual(set(drawn[0]), {"mempool.svg", "mempool-ratio.svg"})
        self.assertEqual(drawn[0], drawn[1])


class Packets(unittest.TestCase):
    """A round of every row that does something to packets; what is larger than L2 left out."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="mext-bench-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.path = pathlib.Path(cls.folder.name) / "bench.json"
        cls.done = bench("--rounds", "1", "--json", str(cls.path), "fanout/*[!e]/*", "free/*",
                         "share/*", "split/*", "private/*", "threshold/hot/*", "writable/*",
                         "write/*", "sharers/*", lcores=2)
        if cls.done.returncode != 0:
            raise AssertionError(cls.done.stdout + cls.done.stderr)
        cls.json = json.loads(cls.path.read_text(encoding="utf-8"))
        cls.rows = {f"{row['table']}/{row['row']}": row for row in cls.json["rows"]}

    def test_rows_are_measured_and_bring_every_object_back(self):
        self.assertGreater(len(self.rows), 100)
        for row in self.json["left_out"]:
            self.assertIn("needs 2 lcores", row["left_out"])

    def test_row_is_set_beside_another_way_to_do_the_work(self):
        for row, against in [("fanout/direct/mext", "clone"), ("free/storage/mext", "stock"),
                             ("share/pair/mext", "clone"), ("split/direct/mext", "clone"),
                             ("private/direct/mext", "header and clone"),
                             ("threshold/hot/to2/256/copy", "share"),
                             ("writable/storage/mext", "stock"),
                             ("write/direct/9000/mext", "copy"), ("sharers/1lcore/list", "plain")]:
            self.assertEqual(self.rows[row]["against"], against)

    def test_objects_are_mbufs(self):
        for row, objects in [("fanout/direct/mext", 4096), ("fanout/storage3/mext", 3 * 4096),
                             ("free/direct/stock", 4096), ("share/direct3/clone", 3 * 4096),
                             ("split/storage/mext", 4096), ("sharers/1lcore/list", 4096)]:
            self.assertEqual(self.rows[row]["objects"], objects)

    @unittest.skipIf(len(CPUS) < 2, "2 CPUs are needed")
    def test_row_says_how_many_lcores_share(self):
        for row, threads in [("sharers/1lcore/plain", 1), ("sharers/2lcores/list", 2),
                             ("sharers/scaling/plain, 1 lcore", 1),
                             ("sharers/scaling/plain, 2 lcores", 2)]:
            self.assertEqual(self.rows[row]["threads"], threads)
        self.assertEqual(self.rows["sharers/scaling/spread, 2 lcores"]["against"],
                         "spread, 1 lcore")

    @unittest.skipIf(len(CPUS) < 2, "2 CPUs are needed")
    def test_figure_and_tables_are_the_same_every_time(self):
        made = []
        for name in ("one", "two"):
            out = pathlib.Path(self.folder.name) / name
            done = script("tables.py", self.path, "--out", out)
            self.assertEqual(done.returncode, 0, done.stderr)
            drawn = script("figures.py", self.path, "--out", out)
            if "No module named 'matplotlib'" not in drawn.stderr:
                self.assertEqual(drawn.returncode, 0, drawn.stderr)
            made.append({path.name: path.read_bytes() for path in out.iterdir()})
        self.assertLessEqual({"share-figures.inc", "threshold-figures.inc",
                              "sharers-figures.inc"}, set(made[0]))
        self.assertLessEqual(set(made[0]), {"share-figures.inc", "threshold-figures.inc",
                                            "sharers-figures.inc", "sharers.svg"})
        self.assertEqual(made[0], made[1])


@unittest.skipIf(shutil.which("valgrind") is None, "no valgrind (Debian: valgrind)")
@unittest.skipUnless(os.environ.get("MEXT_SANITIZE", "none") in ("", "none"),
                     "valgrind runs no program with a sanitizer")
class Instructions(unittest.TestCase):
    def test_counts_are_the_same_every_time(self):
        build = pathlib.Path(os.environ["MEXT_BENCH"]).parents[2]
        counted = [script("instructions.py", "--build", build, "; direct") for _ in range(2)]
        self.assertEqual(counted[0].returncode, 0, counted[0].stderr)
        self.assertIn("fan-out to 32, free; direct", counted[0].stdout)
        self.assertEqual(counted[0].stdout, counted[1].stdout)

    def test_words_of_no_verb_are_a_mistake(self):
        done = script("instructions.py", "fan-in")
        self.assertEqual(done.returncode, 1)
        self.assertIn("fan-in", done.stderr)


class CommandLine(unittest.TestCase):
    def test_mistake_is_named_with_what_to_do(self):
        for own, words in [
                (["--fast"], ["--fast", "no such option", "--help"]),
                (["-x"], ["-x", "no such option", "--help"]),
                (["--rounds"], ["--rounds", "value"]),
                (["--rounds", "0"], ["--rounds 0", "1 to 100000"]),
                (["--rounds", "-1"], ["--rounds -1", "1 to 100000"]),
                (["--rounds", "2x"], ["--rounds 2x", "1 to 100000"]),
                (["--json", "/nonexistent/file", "attach/*"], ["/nonexistent/file", "No such"]),
                (["attach/*", "mempool/9lcores/*"], ["mempool/9lcores/*", "no row", "--list"])]:
            with self.subTest(own=own):
                done = bench(*own)
                self.assertEqual(done.returncode, 1)
                self.assertEqual(done.stdout, "")
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
                for word in words:
                    self.assertIn(word, done.stderr)

    def test_list_names_rows_and_runs_none(self):
        done = bench("--list", "packet/*/plain", "mempool/*/cache0/fixed/stack")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stdout.splitlines(), ["packet/hot/plain", "packet/large/plain"] + [
            f"mempool/{scenario}/cache0/fixed/stack"
            for scenario in ("1lcore", "2lcores", "pipeline", "8threads", "large", "large2")])

    def test_help_names_every_option(self):
        done = bench("--help")
        self.assertEqual(done.returncode, 0)
        for option in ("--json", "--rounds", "--list", "--help"):
            self.assertIn(option, done.stdout)

    def test_table_that_needs_more_lcores_is_left_out(self):
        for row in ("mempool/2lcores/cache0/fixed/stack", "sharers/2lcores/list"):
            done = bench(row)
            self.assertIn(f"{row.split('/')[-1]}: left out, needs 2 lcores", done.stdout)
            self.assertEqual(done.returncode, 1)  # nothing was measured

    @unittest.skipIf(len(CPUS) < 2, "2 CPUs are needed")
    def test_scenarios_with_threads_bring_every_object_back(self):
        done = bench("--rounds", "2", *[f"mempool/{scenario}/cache256/random/ring_mp_mc"
                                        for scenario in ("2lcores", "pipeline", "8threads")],
                     lcores=2)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
