#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Write what mext-bench --json or compare_testpmd.py --json has measured as tables of the guide, of
reStructuredText.

share-figures.inc has each verb beside stock DPDK, threshold-figures.inc copying beside sharing,
sharers-figures.inc one content that two lcores send. Those whose rows are not there are left out.
testpmd-figures.inc has the forwarder beside testpmd.
"""
import argparse
import json
import pathlib
import sys

import machine as described

VERBS = ["fanout", "free", "share", "split", "private", "writable", "write"]
SHARERS = {
    "own": "a storage for each lcore: nothing is shared",
    "plain": "one storage, one count",
    "list": "one buffer, a list of sharers under a lock",
    "spread": "one spread, a count for each lcore",
    "plain, bulk": "one count, 32 at once: hold, attach, ``mext_free_bulk``",
    "plain, fan-out": "one count, 32 at once: ``mext_fanout``, ``mext_free_bulk``",
    "spread, bulk": "one spread, 32 at once: take, attach, ``mext_free_bulk``",
}


def conditions(machine):
    pages = "hugepages" if machine["hugepages"] else "no hugepages"
    return (f"{machine['cpu']}, {machine['cpus']} CPUs, L2 {machine['l2_kib']} KiB, "
            f"TSC {machine['tsc_ghz']:.2f} GHz; {machine['compiler']}, {machine['dpdk']}, "
            f"mext {machine['mext']}, {pages}.")


def table(title, widths, head, rows):
    text = [f".. list-table:: {title}", "   :header-rows: 1",
            f"   :widths: {' '.join(map(str, widths))}", ""]
    for cells in [head, *rows]:
        text += [f"   {'*' if i == 0 else ' '} - {cell}".rstrip() for i, cell in enumerate(cells)]
    return text


def ratio_of(row):
    return f"{row['ratio']:.2f} of ``{row['against']}``" if "against" in row else ""


def verbs(rows):
    """A line a row; the name of a table stands at its first one."""
    seen, lines = None, []
    for row in rows:
        if row["table"].split("/")[0] in VERBS:
            name = "" if row["table"] == seen else f"``{row['table']}``"
            seen = row["table"]
            lines.append([name, f"``{row['row']}``", f"{row['median']:.1f}", ratio_of(row)])
    return lines and table("Cycles an mbuf, mext and stock DPDK", [28, 26, 16, 30],
                           ["table", "row", "median", "ratio of medians"], lines)


def threshold(rows):
    """A line a length; columns: where the data are, to how many, freed in bulk or one by one."""
    lines, columns = {}, []
    for row in rows:
        if not row["table"].startswith("threshold/") or "against" not in row:
            continue
        _, where, fan, payload = row["table"].split("/")
        column = f"{where}, {fan.replace('to', 'to ')}{row['row'].removeprefix('copy')}"
        if column not in columns:
            columns.append(column)
        lines.setdefault(payload, {})[column] = f"{row['ratio']:.2f}"
    return lines and table("Copying divided by sharing: below 1 a copy costs less",
                           [10] + [90 // len(columns)] * len(columns), ["bytes", *columns],
                           [[payload, *(line.get(column, "") for column in columns)]
                            for payload, line in lines.items()])


def sharers(rows):
    """A line a way: one lcore and two, and the two beside those of one count."""
    median = {row["row"]: row["median"] for row in rows if row["table"] == "sharers/scaling"}
    plain = median.get("plain, 2 lcores")
    lines = []
    for name, words in SHARERS.items():
        one, two = median.get(f"{name}, 1 lcore"), median.get(f"{name}, 2 lcores")
        if one and two:
            lines.append([words, f"{one:.1f}", f"{two:.1f}", f"{two / one:.2f}",
                          f"{two / plain:.2f}" if plain else ""])
    return lines and table("Cycles a packet, of each lcore", [40, 14, 14, 14, 18],
                           ["who shares what", "one lcore", "two", "two : one",
                            "two : one count, two"], lines)


def cell_text(cell):
    """Ratio with its interval, and the two rates."""
    if "ratio" not in cell:
        return "--"
    interval = f" ({cell['low']:.3f} to {cell['high']:.3f})" if "low" in cell else ""
    return (f"{cell['ratio']:.3f}{interval}; {cell['pps']['mext-fwd'] / 1e6:.2f} and "
            f"{cell['pps']['testpmd'] / 1e6:.2f}")


def testpmd(data):
    """A table a bed: a line a mode, a column for each number of queues. Then what was left out."""
    text, reasons = [], {}
    for bed in dict.fromkeys(cell["bed"] for cell in data["cells"]):
        cells = [cell for cell in data["cells"] if cell["bed"] == bed]
        queues = sorted({cell["queues"] for cell in cells})
        lines = {}
        for cell in cells:
            lines.setdefault(cell["mode"], {})[cell["queues"]] = cell_text(cell)
            if "left_out" in cell:
                reasons[f"``{bed}``, ``{cell['mode']}``"] = cell["left_out"]
        heads = [f"{n} queue{'s' if n > 1 else ''}" for n in queues]
        text += table(f"{bed}: ratio (interval); millions of packets a second of both",
                      [16] + [84 // len(queues)] * len(queues), ["mode", *heads],
                      [[f"``{mode}``", *(line.get(n, "") for n in queues)]
                       for mode, line in lines.items()]) + [""]
    text += [f"{where}: left out, {why}.\n" for where, why in reasons.items()]
    rounds = [len(cell["rounds"]) for cell in data["cells"] if cell["rounds"]]
    least = f"{min(rounds)}" if rounds else "no"
    c = data["conditions"]
    more = f", testpmd with {c['peer_options']}" if c["peer_options"] else ""
    return text + [f"{least} rounds or more of {c['seconds']} s each, burst {c['burst']}{more}."]


def write(path, text, sentence):
    path.write_text("\n".join([".. Made by test/perf/tables.py.", "", *text, "", sentence]) +
                    "\n", encoding="utf-8")
    print(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("json", help="what mext-bench or compare_testpmd.py has written")
    parser.add_argument("--out", default=".", type=pathlib.Path, help="folder for the tables")
    args = parser.parse_args()

    try:
        data = json.loads(pathlib.Path(args.json).read_text(encoding="utf-8"))
        rows, machine = data.get("rows", []), data["machine"]
        cells = testpmd(data) if "cells" in data else []
        if not rows and not cells:
            raise KeyError("rows")
    except (OSError, ValueError, KeyError, AttributeError) as error:
        sys.exit(f"tables: {args.json}: not the JSON of mext-bench or compare_testpmd.py: {error!r}")
    args.out.mkdir(parents=True, exist_ok=True)
    if cells:
        write(args.out / "testpmd-figures.inc", cells, f"{described.sentence(machine)}.")
    for name, make in [("share", verbs), ("threshold", threshold), ("sharers", sharers)]:
        text = make(rows)
        if text:
            write(args.out / f"{name}-figures.inc", text, conditions(machine))


if __name__ == "__main__":
    main()
