#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Sum up what devtools/check.sh ran, test case by test case.

usage: devtools/sum-results.py STEPS

STEPS has a line for each step: name, exit status, JUnit file or "-", reason; separated by tabs.
A step without a JUnit file is one case: status 0 passed, 77 skipped, else failed. With one, its
test cases are counted, and one failure more if the step failed although no case did.
"""

import json
import pathlib
import sys
import xml.etree.ElementTree as ElementTree

SKIPPED = 77


def first_line(text):
    return ((text or "").strip().splitlines() or [""])[0]


def junit_cases(file):
    """(outcome, name, reason) of each case in a JUnit file."""
    for suite in ElementTree.parse(file).iter("testsuite"):
        for case in suite.iter("testcase"):
            name = f"{case.get('classname', suite.get('name'))}: {case.get('name')}"
            outcome, reason = "passed", ""
            for child in case:
                if child.tag in ("failure", "error"):
                    outcome = "failed"
                elif child.tag == "skipped" and outcome == "passed":
                    outcome = "skipped"
                else:
                    continue
                reason = first_line(child.get("message") or child.text)
            yield outcome, name, reason


def meson_crashes(junit, failed):
    """Tests that failed outside of their cases (a crash, say), which meson's JUnit file may hide."""
    log = pathlib.Path(junit).with_suffix("").with_suffix(".json")
    if not log.exists():
        return
    for line in log.read_text().splitlines():
        test = json.loads(line)
        name = test["name"].split(" / ")[-1]
        if test["result"] in ("OK", "SKIP", "EXPECTEDFAIL"):
            continue
        if not any(f".{name}: " in case or case.endswith(f": {name}") for case in failed):
            yield "failed", name, f"{test['result']}, exit status {test['returncode']}"


def step_cases(name, status, file, reason):
    if file == "-":
        outcome = {0: "passed", SKIPPED: "skipped"}.get(status, "failed")
        return [(outcome, name, reason)]
    if not pathlib.Path(file).exists():
        return [("failed", name, f"exit status {status}, no results")]
    cases = list(junit_cases(file))
    cases += meson_crashes(file, [case for outcome, case, _ in cases if outcome == "failed"])
    if status != 0 and not any(outcome == "failed" for outcome, _, _ in cases):
        cases.append(("failed", "all", f"exit status {status}"))
    if not cases:
        cases.append(("failed", "all", "no test has run"))
    return [(outcome, f"{name}: {case}", reason) for outcome, case, reason in cases]


def main(steps):
    cases = []
    for line in pathlib.Path(steps).read_text().splitlines():
        name, status, file, reason = line.split("\t")
        cases += step_cases(name, int(status), file, reason)
    count = {"passed": 0, "failed": 0, "skipped": 0}
    for outcome, name, reason in cases:
        count[outcome] += 1
        if outcome != "passed":
            print(f"{outcome}: {name}{': ' if reason else ''}{reason}")
    print(", ".join(f"{number} {outcome}" for outcome, number in count.items()))
    return 0 if count["passed"] > 0 and count["failed"] == 0 else 1


if len(sys.argv) != 2:
    sys.exit(__doc__)
sys.exit(main(sys.argv[1]))
