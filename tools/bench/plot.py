"""Frontiers: size against PSNR, size against decode time, encode time against size."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from .compare import Compared
from .compare_tables import COLORS
from .rows import Part, group_by, read

mpl.use("Agg")
mpl.rcParams["svg.hashsalt"] = "kmcodec"  # the same figures make the same file

MARKERS = {"tool": "o", "coder": "s", "lossy": "^"}
EXACT = 60.0
"""Where exact pictures stand on an axis of dB."""


class Axes(NamedTuple):
    """What an axis shows of a pipeline."""

    label: str
    value: Callable[[Compared], float]


BITS = Axes("bits a pixel", lambda row: 8 * row.bytes / row.pixels)
DECIBELS = Axes(f"PSNR, dB ({EXACT:g}: exact)", lambda row: row.psnr or EXACT)
ENCODING = Axes("encode, s/MP", lambda row: 1e6 * row.encode_seconds / row.pixels)
DECODING = Axes("decode, s/MP", lambda row: 1e6 * row.decode_seconds / row.pixels)
FRONTIERS = {
    "size-psnr": (BITS, DECIBELS),
    "size-decode": (BITS, DECODING),
    "encode-size": (ENCODING, BITS),
}


def plot(part: Part, folder: Path) -> Iterator[Path]:
    """Write a plot of each frontier and set, as SVG and PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    for rows in group_by(read(part, Compared), "set"):
        for name, (x, y) in FRONTIERS.items():
            figure = draw(rows, x, y)
            for suffix, metadata in ((".svg", {"Date": None}), (".png", None)):
                path = folder / f"{rows[0].set}-{name}{suffix}"
                figure.savefig(path, dpi=110, metadata=metadata)
                yield path
            plt.close(figure)


def draw(rows: Sequence[Compared], x: Axes, y: Axes) -> Figure:
    """Draw a line for each pipeline through its numbers of colors, where it has every picture."""
    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    every = max(row.pictures for row in rows)
    for number, mine in enumerate(group_by(rows, "pipeline")):
        name, kind = mine[0].pipeline, mine[0].kind
        whole = [row for row in mine if row.setting in COLORS and row.pictures == every]
        if whole and not (kind == "coder" and y is DECIBELS):
            axes.plot(
                [x.value(row) for row in whole],
                [y.value(row) for row in whole],
                label=name,
                marker=MARKERS[kind],
                color=plt.get_cmap("tab20")(number),
                linewidth=2 if name.startswith(".kmq") else 1,
            )
    axes.set(title=f"{rows[0].set}: {', '.join(COLORS)}", xlabel=x.label, ylabel=y.label)
    axes.set_xscale("log")
    number_axis(axes.xaxis, *axes.get_xlim())
    if y is not DECIBELS:
        axes.set_yscale("log")
        number_axis(axes.yaxis, *axes.get_ylim())
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right center", fontsize="small", frameon=False)
    return figure


def number_axis(axis: Axis, low: float, high: float) -> None:
    """Put numbers that can be read beside a logarithmic axis."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 1000 * low else (1,)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())
