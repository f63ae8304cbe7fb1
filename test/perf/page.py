# SPDX-License-Identifier: BSD-3-Clause
"""The page of a throughput run: tables, figures where matplotlib is installed, and how it was run."""
import html
import io
import sys

import machine

COLOURS = {"mext-fwd": "#d55e00", "testpmd": "#0072b2"}  # of Okabe and Ito
STYLE = """body{font:15px sans-serif;max-width:60em;margin:2em auto;padding:0 1em}
table{border-collapse:collapse}td,th{padding:.2em .7em;border-bottom:1px solid #ccc;text-align:right}
td:first-child,th:first-child{text-align:left}svg{max-width:100%;height:auto}
code{white-space:pre-wrap;display:block;margin:.5em 0}"""
NO_MATPLOTLIB = ("no figures: python3-matplotlib is missing "
                 "(sudo devtools/install-packages.sh bench)")
OVERHEAD = 20  # bytes on the wire beside a frame: preamble, start of frame, gap
IMIX_BYTES = (7 * 64 + 4 * 570 + 1518) / 12


def gigabits(pps, size):
    """On the wire, of frames that long with their check sequence."""
    length = IMIX_BYTES if size == "imix" else int(size)
    return pps * (length + OVERHEAD) * 8 / 1e9


def bars(title, unit, groups, values):
    """An SVG: a group of bars for each size, one of each program. None without matplotlib."""
    try:
        import matplotlib  # noqa: PLC0415 - the rest of the page does without it
    except ImportError:
        return None
    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415 - after the choice of the backend
    names = list(values)
    with pyplot.rc_context({"font.size": 8, "svg.hashsalt": "mext", "svg.fonttype": "none"}):
        figure, axes = pyplot.subplots(figsize=(6.4, 2.8))
        width = 0.8 / len(names)
        for i, name in enumerate(names):
            places = [x + (i - (len(names) - 1) / 2) * width for x in range(len(groups))]
            axes.bar(places, values[name], width, label=name, color=COLOURS[name])
        axes.set_xticks(range(len(groups)), groups)
        axes.set(title=title, xlabel="bytes a frame, with check sequence", ylabel=unit, ylim=0)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
        text = io.StringIO()
        figure.savefig(text, format="svg", bbox_inches="tight", metadata={"Date": None})
        pyplot.close(figure)
    return text.getvalue()


def figures(data):
    """{name of the file: SVG}."""
    made = {}
    for mode, cores in dict.fromkeys((p["mode"], p["cores"]) for p in data["points"]):
        points = [p for p in data["points"] if (p["mode"], p["cores"]) == (mode, cores)]
        values = {name: [p["pps"][name] / 1e6 for p in points] for name in points[0]["pps"]}
        made[f"sweep-{mode}-{cores}.svg"] = bars(
            f"{mode}, {cores} forwarding lcore{'s' if cores > 1 else ''}: median",
            "million packets/s", [p["size"] for p in points], values)
    for mode in dict.fromkeys(s["mode"] for s in data["searches"]):
        found = {}
        for s in data["searches"]:
            if s["mode"] == mode:
                found.setdefault(s["size"], {})[s["program"]] = s["pps"] / 1e3
        names = list(dict.fromkeys(name for by in found.values() for name in by))
        made[f"no-loss-{mode}.svg"] = bars(
            f"{mode}: highest rate without a loss", "thousand packets/s", list(map(str, found)),
            {name: [by.get(name, 0) for by in found.values()] for name in names})
    return {name: svg for name, svg in made.items() if svg is not None}


def table(head, rows):
    def row(cells, kind):
        return "<tr>" + "".join(f"<{kind}>{html.escape(str(c))}</{kind}>" for c in cells) + "</tr>"
    return "<table>" + row(head, "th") + "".join(row(cells, "td") for cells in rows) + "</table>"


def sweep_rows(data):
    for p in data["points"]:
        interval = f" ({p['low']:.3f} to {p['high']:.3f})" if "low" in p else ""
        for name, pps in p["pps"].items():
            ratio = f"{p['ratio']:.3f}{interval}" if "ratio" in p and name == "mext-fwd" else ""
            yield (p["mode"], p["cores"], p["size"], name, f"{pps / 1e6:.3f}",
                   f"{gigabits(pps, p['size']):.2f}", ratio)


def search_rows(data):
    for s in data["searches"]:
        yield (s["mode"], s["size"], s["program"], s["pps"],
               f"{gigabits(s['pps'], s['size']):.3f}", len(s["trials"]), s["limit"] or "")


def body(data, drawn):
    """The parts of the page, one behind the other."""
    yield f"<p>{html.escape(machine.sentence(data['machine']))}.</p>"
    if data["note"]:
        yield f"<p>Only mext-fwd was measured: {html.escape(data['note'])}.</p>"
    if data["points"]:
        yield f"<h2>Sweep</h2><p>Medians of {data['rounds']} rounds of {data['seconds']} s; who "
        yield "was second in one round is first in the next. Gbit/s are those on a wire, with 20 "
        yield "bytes of preamble and gap a frame. The ratio is mext-fwd's rate to testpmd's.</p>"
        yield table(["mode", "lcores", "bytes", "program", "Mpps", "Gbit/s", "ratio (interval)"],
                    sweep_rows(data))
    if data["searches"]:
        yield "<h2>No loss</h2><p>The highest rate sent of which every frame arrived. "
        yield "Where the generator was too slow for more, it says nothing of who forwards.</p>"
        yield table(["mode", "bytes", "program", "packets/s", "Gbit/s", "trials", "limit"],
                    search_rows(data))
    if not drawn:
        yield f"<p>{html.escape(NO_MATPLOTLIB)}</p>"
    for svg in drawn.values():
        yield svg[svg.index("<svg"):]  # without the XML and document type before it
    if data["left_out"]:
        yield "<h2>Left out</h2>" + table(["mode", "bytes", "reason"], [
            (left["mode"], left["size"], left["reason"]) for left in data["left_out"]])
    yield "<h2>Commands</h2>" + "".join(f"<code>{html.escape(c)}</code>" for c in data["commands"])


def write(data, folder):
    """index.html and an SVG for each figure."""
    drawn = figures(data)
    if not drawn and (data["points"] or data["searches"]):
        print(f"throughput: {NO_MATPLOTLIB}", file=sys.stderr)
    for name, svg in drawn.items():
        (folder / name).write_text(svg, encoding="utf-8")
    text = ("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Throughput of "
            f"mext-fwd</title><style>{STYLE}</style></head><body><h1>Throughput of mext-fwd</h1>\n"
            + "\n".join(body(data, drawn)) + "\n</body></html>\n")
    (folder / "index.html").write_text(text, encoding="utf-8")
    print(folder / "index.html")
