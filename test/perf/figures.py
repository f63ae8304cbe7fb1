#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Draw what mext-bench --json has written: mempool.svg and mempool-ratio.svg of mempool handlers,
sharers.svg of one content that two lcores send.

The same file and the same matplotlib give the same figures, byte for byte.
"""
import argparse
import json
import math
import pathlib
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402 - after the choice of the backend
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator  # noqa: E402

# Okabe and Ito's colours, which also those who see few colours tell apart.
COLOURS = ["#d55e00", "#0072b2", "#56b4e9", "#009e73", "#e69f00", "#cc79a7", "#777777", "#000000"]
PER_SCENARIO = 1.75  # inches of height
# Rows of sharers/scaling, and what the figure calls them: sent packet by packet, and in bulk.
SHARERS = [
    ("packet by packet, freed as drivers do",
     {"list": "list under\na lock", "plain": "one count", "spread": "spread",
      "own": "nothing\nshared"}),
    ("32 at once, freed in bulk",
     {"plain, bulk": "one count", "plain, fan-out": "one count,\nfan-out",
      "spread, bulk": "spread"}),
]
LCORES = ["1 lcore", "2 lcores"]
STYLE = {"font.size": 8, "axes.titlesize": 8, "axes.spines.top": False, "axes.spines.right": False,
         "svg.hashsalt": "mext", "svg.fonttype": "none"}


class Results:
    """The rows of a file, and the values that each parameter of mempools takes, as first seen."""

    def __init__(self, path):
        data = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        self.machine = data["machine"]
        self.sharers = {row["row"]: row["median"] for row in data["rows"]
                        if row["table"] == "sharers/scaling"}
        rows = [row for row in data["rows"] if row["table"].startswith("mempool/")]
        self.rows = {self.key(row): row for row in rows}
        self.scenarios = self.seen(rows, "scenario")
        self.bursts = self.seen(rows, "bursts")
        self.caches = sorted(self.seen(rows, "cache"))
        self.handlers = self.seen(rows, "handler")
        self.ranges = {row["bursts"]: (row["burst_min"], row["burst_max"]) for row in rows}

    @staticmethod
    def key(row):
        return row["scenario"], row["bursts"], row["cache"], row["handler"]

    @staticmethod
    def seen(rows, parameter):
        return list(dict.fromkeys(row[parameter] for row in rows))

    def get(self, scenario, bursts, cache, handler, figure):
        """A figure of a row, NaN where it was not measured."""
        row = self.rows.get((scenario, bursts, cache, handler), {})
        return row.get(figure, math.nan)

    def name_of(self, bursts):
        low, high = self.ranges[bursts]
        return f"bursts of {low}" if low == high else f"bursts of {low} to {high}"

    def conditions(self):
        m = self.machine
        pages = "hugepages" if m["hugepages"] else "no hugepages"
        return (f"{m['cpu']}, {m['cpus']} CPUs, L2 {m['l2_kib']} KiB, TSC {m['tsc_ghz']:.2f} GHz; "
                f"{m['compiler']}, {m['dpdk']}, mext {m['mext']}, {pages}")


def legend(figure, axes, columns):
    """One for all panels, above them."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, ncols=columns, loc="lower center", bbox_to_anchor=(0.5, 1),
                  frameon=False)


def finish(figure, results, path):
    figure.text(0.5, 0.0, results.conditions(), ha="center", va="top", fontsize=6)
    # The date would make every run's file another one.
    metadata = {"Date": None} if path.suffix == ".svg" else None
    figure.savefig(path, bbox_inches="tight", dpi=110, metadata=metadata)
    plt.close(figure)
    print(path)


def draw_bars(axes, results, scenario, bursts):
    """One panel: a group for each cache, a bar for each handler."""
    width = 0.85 / len(results.handlers)
    for i, handler in enumerate(results.handlers):
        where = [x + (i - (len(results.handlers) - 1) / 2) * width
                 for x in range(len(results.caches))]
        heights = [results.get(scenario, bursts, cache, handler, "median")
                   for cache in results.caches]
        axes.bar(where, heights, width, label=handler, color=COLOURS[i % len(COLOURS)])
    axes.set_xticks(range(len(results.caches)), [str(cache) for cache in results.caches])
    axes.set_title(f"{scenario}, {results.name_of(bursts)}", loc="left")
    axes.set_ylim(bottom=0)


def throughput(results, path):
    rows, columns = len(results.scenarios), len(results.bursts)
    figure, panels = plt.subplots(rows, columns, squeeze=False, layout="constrained",
                                  figsize=(3.7 * columns, PER_SCENARIO * rows + 0.6))
    for scenario, line in zip(results.scenarios, panels):
        for bursts, axes in zip(results.bursts, line):
            draw_bars(axes, results, scenario, bursts)
        line[0].set_ylabel("Mobjects/s")
    for axes in panels[-1]:
        axes.set_xlabel("objects in a per-lcore cache")
    legend(figure, panels[0][0], 4)
    finish(figure, results, path)


def ratio_limits(values):
    """A range of the logarithmic axis that holds all, and 1, with at least a factor of 1.5 around."""
    logs = [math.log2(v) for v in values if v > 0]
    return 2 ** (min(logs + [0]) - 0.6), 2 ** (max(logs + [0]) + 0.6)


def ratios(results, ours, path):
    columns = min(3, len(results.scenarios))
    rows = math.ceil(len(results.scenarios) / columns)
    figure, panels = plt.subplots(rows, columns, squeeze=False, sharey=True, layout="constrained",
                                  figsize=(2.6 * columns, PER_SCENARIO * rows + 0.6))
    panels = list(panels.flat)
    every = []
    for scenario, axes in zip(results.scenarios, panels):
        for i, bursts in enumerate(results.bursts):
            values = [results.get(scenario, bursts, cache, ours, "ratio")
                      for cache in results.caches]
            every += values
            axes.plot(range(len(values)), values, "os^D"[i % 4], color=COLOURS[1 - i % 2],
                      label=results.name_of(bursts))
        axes.axhline(1, color="black", linewidth=0.8)
        axes.set_yscale("log", base=2)
        axes.set_xticks(range(len(results.caches)), [str(cache) for cache in results.caches])
        axes.set_xlim(-0.5, len(results.caches) - 0.5)
        axes.set_title(scenario, loc="left")
    for axes in panels[len(results.scenarios):]:
        axes.set_visible(False)
    panels[0].set_ylim(ratio_limits(every))
    panels[0].yaxis.set_major_locator(FixedLocator([2 ** n for n in range(-6, 9)]))
    panels[0].yaxis.set_minor_locator(NullLocator())
    panels[0].yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.2g}"))
    figure.supylabel(f"{ours} : best other (more is better)", fontsize=8)
    figure.supxlabel("objects in a per-lcore cache", fontsize=8)
    legend(figure, panels[0], 2)
    finish(figure, results, path)


def draw_sharers(axes, results, title, names):
    """One panel: a group for each way to share, a bar for one lcore and one for two."""
    shown = [row for row in names if all(f"{row}, {n}" in results.sharers for n in LCORES)]
    for i, lcores in enumerate(LCORES):
        bars = axes.bar([x + (i - 0.5) * 0.4 for x in range(len(shown))],
                        [results.sharers[f"{row}, {lcores}"] for row in shown], 0.4,
                        label=lcores, color=COLOURS[1 - i])
        axes.bar_label(bars, fmt="%.0f", fontsize=7)
    axes.set_xticks(range(len(shown)), [names[row] for row in shown])
    axes.set_title(title, loc="left")
    axes.set_ylim(bottom=0)


def sharers(results, path):
    figure, panels = plt.subplots(1, 2, layout="constrained", figsize=(7.4, 2.6),
                                  gridspec_kw={"width_ratios": [4, 3]})
    for (title, names), axes in zip(SHARERS, panels):
        draw_sharers(axes, results, title, names)
    panels[0].set_ylabel("cycles a packet, of each lcore")
    legend(figure, panels[0], 2)
    finish(figure, results, path)


def mempools(results, args):
    throughput(results, args.out / f"mempool.{args.format}")
    if args.ours in results.handlers:
        ratios(results, args.ours, args.out / f"mempool-ratio.{args.format}")
    else:
        print(f"figures: no mempool-ratio: no {args.ours} in {args.json}, see --ours")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("json", help="what mext-bench --json has written")
    parser.add_argument("--out", default=".", type=pathlib.Path, help="folder for the figures")
    parser.add_argument("--ours", default="mext_depot",
                        help="handler of the ratios (default: %(default)s)")
    parser.add_argument("--format", default="svg", choices=["svg", "png"])
    args = parser.parse_args()

    try:
        results = Results(args.json)
    except (OSError, ValueError, KeyError) as error:
        sys.exit(f"figures: {args.json}: not the JSON of mext-bench: {error}")
    if not results.rows and not results.sharers:
        sys.exit(f"figures: {args.json}: no rows of mempool/* or sharers/scaling, nothing to draw")
    args.out.mkdir(parents=True, exist_ok=True)
    with plt.rc_context(STYLE):
        if results.rows:
            mempools(results, args)
        if results.sharers:
            sharers(results, args.out / f"sharers.{args.format}")


if __name__ == "__main__":
    main()
