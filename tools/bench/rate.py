"""Rate-aware mapping (``rate``) of photographs: loss, bytes of whole files, and time."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from statistics import mean
from typing import NamedTuple
from unittest import mock

import numpy as np
from numpy.typing import NDArray

import kmcodec
from kmcodec.quantizer import rate as mapping

from .measure import run_in_turn
from .pictures import Picture, read_set, told
from .quality import mean_squared_error, psnr
from .rows import Part, column, find, read, record, summed, table

COLORS = (64, 256)
RATES = (1, 2, 4, 8, 16, 32, 64)
FEWER = (4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
"""Colors of the curve without rate."""


class Point(NamedTuple):
    """One way to encode a picture."""

    psnr: float
    bytes: int
    seconds: float


class Step(NamedTuple):
    """Means of the gains of a rate over none."""

    colors: int
    rate: float
    pictures: int
    psnr_gain: float
    bytes_gain: float
    bytes_gain_by_fewer_colors: float
    time: float
    most_time: float
    files_larger: int
    files_larger_than_before: int


def encode(picture: Picture, ways: Sequence[tuple[int, float]], runs: int = 1) -> list[Point]:
    """Encode with some colors and rates on one thread, in turn."""
    taken = run_in_turn(
        *(
            partial(kmcodec.encode, picture.image, colors, rate=rate, threads=1)
            for colors, rate in ways
        ),
        runs=runs,
    )
    return [
        Point(
            psnr(mean_squared_error(kmcodec.decode(run.value), picture.pixels)),
            len(run.value),
            run.seconds,
        )
        for run in taken
    ]


def bytes_of_fewer(curve: Sequence[Point], level: float) -> float:
    """Tell the bytes that fewer colors need for a PSNR, log-linear between those measured."""
    points = sorted(curve)
    sizes = [np.log(point.bytes) for point in points]
    return float(np.exp(np.interp(level, [point.psnr for point in points], sizes)))


def measure(folder: Path, colors: Sequence[int] = COLORS, rates: Sequence[float] = RATES) -> Part:
    """Measure the gains of each rate, and count the files that grow as the rate does."""
    steps = []
    for picture in told(read_set(folder)):
        curve = encode(picture, [(number, 0) for number in FEWER if number <= max(colors)])
        for number in colors:
            points = encode(picture, [(number, rate) for rate in (0, *rates)], runs=3)
            plain = points[0]
            for rate, (before, point) in zip(rates, pairwise(points), strict=True):
                slower, size = point.seconds / plain.seconds, point.bytes / plain.bytes
                fewer = point.bytes / bytes_of_fewer(curve, point.psnr)
                steps.append(Step(
                    number, rate, 1, point.psnr - plain.psnr, size - 1, fewer - 1, slower, slower,
                    size > 1, point.bytes > before.bytes,
                ))  # fmt: skip
    ladder = [find(steps, colors=number, rate=rate) for number in colors for rate in rates]
    return record([averaged(found) for found in ladder], set=folder.name)


def averaged(steps: Sequence[Step]) -> Step:
    """Take means of gains and times, and count the rest."""
    gains = ("psnr_gain", "bytes_gain", "bytes_gain_by_fewer_colors", "time")
    means = {name: mean(getattr(step, name) for step in steps) for name in gains}
    first, most = steps[0], max(step.most_time for step in steps)
    return summed(steps)._replace(colors=first.colors, rate=first.rate, most_time=most, **means)


def render(part: Part) -> str:
    """Show what each rate costs and gains."""
    rows = read(part, Step)
    lines = table(rows, {
        f"mean of {rows[0].pictures} pictures of {part['set']}": lambda row: f"{row.colors} colors",
        "rate": column("rate", "g"),
        "PSNR, dB": column("psnr_gain", "+.2f"),
        "bytes": column("bytes_gain", "+.0%"),
        "bytes, against fewer colors at the same PSNR": column(
            "bytes_gain_by_fewer_colors", "+.0%"
        ),
        "encoding, times": column("time", ".1f"),
    })  # fmt: skip
    return (
        f"{lines}\n\nOf these {sum(row.pictures for row in rows)} files, "
        f"{sum(row.files_larger for row in rows)} are larger than at rate 0 and "
        f"{sum(row.files_larger_than_before for row in rows)} larger than at the rate before; the "
        f"most that encoding took was {max(row.most_time for row in rows):.1f} times as long."
    )


bit_costs = mapping._bit_costs


def without_later_neighbors(counts: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Make costs in which a pixel does not care for those after it."""
    costs = bit_costs(counts)
    costs[len(mapping.WEIGHTS) :] = 0
    return 2 * costs  # so that a rate stands for about the same error


VARIANTS: dict[str, tuple[str, object]] = {
    "as it is": ("ROUNDS", mapping.ROUNDS),
    "1 round": ("ROUNDS", 1),
    "2 rounds": ("ROUNDS", 2),
    "8 rounds": ("ROUNDS", 8),
    "W and N alone": ("WEIGHTS", {(0, -1): 1, (-1, 0): 1, (-1, -1): 0, (-1, 1): 0}),
    "8 entries near": ("NEAREST", 8),
    "no later neighbors": ("_bit_costs", without_later_neighbors),
}
LOSSES = (0.05, 0.1, 0.15)
"""Losses in dB, which a rate of 64 exceeds."""


def ablate(folder: Path, colors: Sequence[int] = COLORS, rates: Sequence[float] = RATES) -> str:
    """Show the bytes at some losses of PSNR, for the mapping and for parts of it."""
    pictures = read_set(folder)
    lines = []
    for number in colors:
        for name, (constant, value) in told([*VARIANTS.items()]):
            with mock.patch.object(mapping, constant, value):
                found = [bytes_at_losses(picture, number, rates) for picture in pictures]
            shares = 100 * np.expm1(np.mean(found, axis=0))
            lines.append([f"{number} colors, {name}", *(f"{share:+.1f} %" for share in shares)])
    heads = ["bytes at a loss of", *(f"{loss} dB" for loss in LOSSES)]
    return table(lines, {head: itemgetter(place) for place, head in enumerate(heads)})


def bytes_at_losses(picture: Picture, colors: int, rates: Sequence[float]) -> NDArray[np.float64]:
    """Interpolate the logarithms of bytes, by those without rate, at the losses."""
    plain, *points = encode(picture, [(colors, rate) for rate in (0, *rates)])
    lost = [0.0, *(plain.psnr - point.psnr for point in points)]
    sizes = [0.0, *(np.log(point.bytes / plain.bytes) for point in points)]
    return np.asarray(np.interp(LOSSES, lost, sizes), np.float64)
