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
from .pipelines import BASE
from .rows import Part, find, group_by, read, summed

mpl.use("Agg")
mpl.rcParams["svg.hashsalt"] = "kmcodec"  # the same figures make the same file

KINDS = {
    "photographs": ("kodak", "cq100"),
    "art": ("pixelart", "illustrations"),
    "screens": ("screens",),
    "masks": ("masks",),
}
MARKERS = {"tool": "o", "coder": "s", "lossy": "^"}
EXACT = 60.0
"""Where exact pictures stand on an axis of dB."""


class Axes(NamedTuple):
    """What an axis shows of the sets of a kind of picture at a setting."""

    label: str
    value: Callable[[Sequence[Compared]], float]


BITS = Axes("bits a pixel", lambda rows: 8 * summed(rows).bytes / summed(rows).pixels)
DECIBELS = Axes(
    f"PSNR, dB ({EXACT:g}: exact)",
    lambda rows: sum(row.psnr or EXACT for row in rows) / len(rows),
)
ENCODING = Axes(
    "encode, s/MP", lambda rows: 1e6 * summed(rows).encode_seconds / summed(rows).pixels
)
DECODING = Axes(
    "decode, s/MP", lambda rows: 1e6 * summed(rows).decode_seconds / summed(rows).pixels
)
FRONTIERS = {
    "size-psnr": (BITS, DECIBELS),
    "size-decode": (BITS, DECODING),
    "encode-size": (ENCODING, BITS),
}


def plot(part: Part, folder: Path) -> Iterator[Path]:
    """Write a plot of each frontier and kind of picture, as SVG and PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind, sets in KINDS.items():
        rows = [row for row in read(part, Compared) if row.set in sets]
        for name, (x, y) in FRONTIERS.items() if rows else ():
            figure = draw(rows, kind, x, y)
            for suffix, metadata in ((".svg", {"Date": None}), (".png", None)):
                path = folder / f"{kind}-{name}{suffix}"
                figure.savefig(path, dpi=110, metadata=metadata)
                yield path
            plt.close(figure)


def draw(rows: Sequence[Compared], kind: str, x: Axes, y: Axes) -> Figure:
    """Draw a line for each pipeline through its numbers of colors, where it has every picture."""
    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    pipelines = group_by(rows, "pipeline")
    for number, mine in enumerate(pipelines):
        name, form = mine[0].pipeline, mine[0].kind
        wholes = [find(mine, setting=setting) for setting in COLORS]
        points = [
            (x.value(found), y.value(found))
            for setting, found in zip(COLORS, wholes, strict=True)
            if sum(row.pictures for row in found)
            == sum(row.pictures for row in find(rows, setting=setting, pipeline=BASE))
        ]
        if points and not (form == "coder" and y is DECIBELS):
            axes.plot(
                *zip(*points, strict=True),
                label=name,
                marker=MARKERS[form],
                color=plt.get_cmap("tab20")(number),
                linewidth=2 if name.startswith(".kmq") else 1,
            )
    axes.set(title=f"{kind}: {', '.join(COLORS)}", xlabel=x.label, ylabel=y.label)
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
