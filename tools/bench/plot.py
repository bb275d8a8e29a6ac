"""Frontiers: size against PSNR, size against decode time, encode time against size."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl

from .rows import BASE, Row, find, names_of, rows_of

mpl.use("Agg")
mpl.rcParams["svg.hashsalt"] = "kmcodec"  # the same figures make the same file

import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.axis import Axis  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.ticker import LogLocator, NullFormatter  # noqa: E402

KINDS = {
    "photographs": ("kodak", "cq100"),
    "art": ("pixelart", "illustrations"),
    "screens": ("screens",),
    "masks": ("masks",),
}
EXACT = 60.0
"""Where exact pictures stand on an axis of dB."""

MARKERS = {"tool": "o", "coder": "s", "lossy": "^"}


class Frontier(NamedTuple):
    """A plot: what its axes show of the rows of a pipeline at a setting."""

    name: str
    x_label: str
    y_label: str
    x: Callable[[list[Row]], float]
    y: Callable[[list[Row]], float]
    kinds: tuple[str, ...]


def total(rows: list[Row], column: str) -> float:
    return float(sum(row[column] for row in rows))


def bits(rows: list[Row]) -> float:
    return 8 * total(rows, "bytes") / total(rows, "pixels")


def level(rows: list[Row]) -> float:
    return sum(row["psnr"] or EXACT for row in rows) / len(rows)


def encode_time(rows: list[Row]) -> float:
    return 1e6 * total(rows, "encode_seconds") / total(rows, "pixels")


def decode_time(rows: list[Row]) -> float:
    return 1e6 * total(rows, "decode_seconds") / total(rows, "pixels")


BITS = "bits a pixel"
DECIBELS = "PSNR, dB (60: exact)"
FRONTIERS = (
    Frontier("size-psnr", BITS, DECIBELS, bits, level, ("tool", "lossy")),
    Frontier(
        "size-decode", BITS, "decode, s/MP", bits, decode_time, ("tool", "coder", "lossy")
    ),
    Frontier("encode-size", "encode, s/MP", BITS, encode_time, bits, ("tool", "coder", "lossy")),
)  # fmt: skip


def plot(part: dict[str, Any], folder: Path) -> list[Path]:
    """Write a plot of each frontier and kind of picture, as SVG and PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = rows_of(part)
    written = []
    for kind, sets in KINDS.items():
        found = [row for row in rows if row["set"] in sets]
        for frontier in FRONTIERS if found else ():
            figure = draw(frontier, kind, found)
            for suffix in (".svg", ".png"):
                path = folder / f"{kind}-{frontier.name}{suffix}"
                figure.savefig(path, dpi=110, metadata={"Date": None} if suffix == ".svg" else None)
                written.append(path)
            plt.close(figure)
    return written


def whole(mine: list[Row], rows: list[Row]) -> list[list[Row]]:
    """The rows of a pipeline by number of colors, where it has every picture."""
    found = []
    for setting in names_of(rows, "setting"):
        part = find(mine, setting=setting)
        base = find(rows, setting=setting, pipeline=BASE)
        if "dB" not in setting and total(part, "pictures") == total(base, "pictures"):
            found.append(part)
    return found


def number_axis(axis: Axis, low: float, high: float) -> None:
    """Numbers that can be read beside a logarithmic axis."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 1000 * low else (1,)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def draw(frontier: Frontier, kind: str, rows: list[Row]) -> Figure:
    """A line for each pipeline through its numbers of colors."""
    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    for number, pipeline in enumerate(names_of(rows, "pipeline")):
        mine = find(rows, pipeline=pipeline)
        if mine[0]["kind"] not in frontier.kinds:
            continue
        settings = whole(mine, rows)
        points = [(frontier.x(found), frontier.y(found)) for found in settings]
        if not points:
            continue
        axes.plot(
            [x for x, _ in points],
            [y for _, y in points],
            label=pipeline,
            marker=MARKERS[mine[0]["kind"]],
            color=plt.get_cmap("tab20")(number),
            linewidth=2 if pipeline.startswith(".kmq") else 1,
        )
    axes.set(title=f"{kind}: 16, 64, 256 colors", xlabel=frontier.x_label, ylabel=frontier.y_label)
    axes.set_xscale("log")
    number_axis(axes.xaxis, *axes.get_xlim())
    if frontier.y_label != DECIBELS:
        axes.set_yscale("log")
        number_axis(axes.yaxis, *axes.get_ylim())
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right center", fontsize="small", frameon=False)
    return figure
