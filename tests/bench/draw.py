#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws what launch_bench --json has measured: draw.py LAUNCH.json PICTURE.svg

Left, how long a launch takes; right, how that grows with bind mounts. Both on logarithmic scales.
"""

import json
import math
import sys
from html import escape

BARS = [  # session, row, label
    ("launch", "floor, 0 binds", "floor"),
    ("launch", "dunnage from a template, 0 binds", "from template"),
    ("launch", "dunnage, 0 binds", "dunnage"),
    ("launch", "bwrap, 0 binds", "bubblewrap"),
    ("launch", "crun run, lean, 0 binds", "crun, lean"),
    ("launch", "crun run, full, 0 binds", "crun"),
    ("launch", "lxc-start, 0 binds", "lxc"),
    ("launch", "runc run, full, 0 binds", "runc"),
    ("engines", "systemd-nspawn", "systemd-nspawn"),
    ("engines", "podman run", "podman run"),
    ("engines", "docker run", "docker run"),
]
LINES = [("floor", "floor"), ("dunnage", "ours"), ("dunnage from a template", "ours"), ("crun run, full", "peer"),
         ("bwrap", "peer")]
BINDS = [0, 1, 10, 100, 1000]
# Readable on white and on black where the media query is not looked at.
STYLE = """text{font:12px system-ui,sans-serif;fill:#6e7781}.title{font-weight:600}.end{text-anchor:end}
.middle{text-anchor:middle}.grid{stroke:#8b949e;stroke-opacity:.3}.line{fill:none;stroke-width:2}
.floor{fill:#8b949e;stroke:#8b949e}.ours{fill:#1f883d;stroke:#1f883d}.peer{fill:#bf8700;stroke:#bf8700}
.line.floor,.line.ours,.line.peer{fill:none}
@media (prefers-color-scheme:dark){text{fill:#9198a1}.ours{fill:#3fb950;stroke:#3fb950}}"""


def medians(document):
    return {(session["name"], row["name"]): row["hot"]["median_ms"]
            for session in document["sessions"] for row in session["rows"]
            if "hot" in row and row["hot"]["median_ms"] > 0}


def text(x, y, words, style=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{style}">{escape(words)}</text>'


def milliseconds(value):
    return f"{value:.2f} ms" if value < 10 else f"{value:.0f} ms"


class Scale:
    """A logarithmic axis over whole powers of ten."""

    def __init__(self, values, begin, end):
        self.low = math.floor(math.log10(min(values)))
        self.high = max(math.ceil(math.log10(max(values))), self.low + 1)
        self.begin, self.end = begin, end

    def __call__(self, value):
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.begin + share * (self.end - self.begin)

    def powers(self):
        return [10.0 ** power for power in range(self.low, self.high + 1)]


def kind_of(label):
    return "floor" if label == "floor" else "ours" if label in ("dunnage", "from template") else "peer"


def draw_bars(values):
    bars = [(label, values[session, row]) for session, row, label in BARS if (session, row) in values]
    scale = Scale([value for _, value in bars], 120, 370)
    bottom = 40 + 24 * len(bars)
    parts = [text(10, 20, "Launch to the end of a static true (log scale)", "title")]
    for power in scale.powers():
        x = scale(power)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="34" y2="{bottom}" class="grid"/>')
        parts.append(text(x, bottom + 16, f"{power:g} ms", "middle"))
    for index, (label, value) in enumerate(bars):
        y = 40 + 24 * index
        parts.append(text(112, y + 13, label, "end"))
        parts.append(f'<rect x="120" y="{y}" width="{scale(value) - 120:.1f}" height="16" rx="2" class="{kind_of(label)}"/>')
        parts.append(text(scale(value) + 6, y + 13, milliseconds(value)))
    return parts, bottom


def draw_lines(values, bottom):
    series = []
    for who, kind in LINES:
        points = [(index, values["launch", name]) for index, binds in enumerate(BINDS)
                  if ("launch", name := f"{who}, {binds} bind{'' if binds == 1 else 's'}") in values]
        if points:
            series.append((who, kind, points))
    scale = Scale([value for _, _, points in series for _, value in points], bottom, 40)
    parts = [text(480, 20, "The same with bind mounts", "title")]
    for power in scale.powers():
        y = scale(power)
        parts.append(f'<line x1="520" x2="720" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>')
        parts.append(text(512, y + 4, f"{power:g} ms", "end"))
    for index, binds in enumerate(BINDS):
        parts.append(text(520 + 50 * index, bottom + 16, f"{binds:,}", "middle"))
    taken = []
    for who, kind, points in sorted(series, key=lambda entry: entry[2][-1][1]):
        path = " ".join(f"{520 + 50 * index:.1f},{scale(value):.1f}" for index, value in points)
        parts.append(f'<polyline points="{path}" class="line {kind}"/>')
        y = scale(points[-1][1]) + 4
        if taken and taken[-1] - y < 14:
            y = taken[-1] - 14
        taken.append(y)
        parts.append(text(528 + 50 * points[-1][0], y, "from template" if "template" in who else who))
    return parts


def draw(document):
    values = medians(document)
    bars, bottom = draw_bars(values)
    parts = bars + draw_lines(values, bottom)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 850 {bottom + 30}" width="850" height="{bottom + 30}" '
            f'role="img"><title>How long a launch takes</title><style>{STYLE}</style>\n' + "\n".join(parts) + "\n</svg>\n")


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    with open(arguments[0], encoding="utf-8") as file:
        picture = draw(json.load(file))
    with open(arguments[1], "w", encoding="utf-8") as file:
        file.write(picture)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
