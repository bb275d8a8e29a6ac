"""How time and memory grow with pixels, colors and threads, on generated pictures."""

import sys
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

import kmcodec

from .generated import photo
from .measure import SLOW_SECONDS, run_in_turn
from .pictures import told
from .rows import Part, find, group_by, read, record, shown, table

MEGAPIXELS = (0.1, 1, 10, 100)
COLORS = (2, 16, 256, 4096, 65536)
THREADS = (1, 2)


class Scale(NamedTuple):
    """A generated picture, which belongs to the axis that varies."""

    axis: str
    megapixels: float
    colors: int
    threads: int
    bytes: int
    encode_seconds: float
    decode_seconds: float
    encode_mib: float | None
    decode_mib: float | None


def measure(megapixels: Sequence[float] = MEGAPIXELS, colors: Sequence[int] = COLORS) -> Part:
    """Measure each size at 256 colors, and each number of colors at a megapixel or less."""
    cases = [("pixels", size, 256) for size in megapixels]
    cases += [("colors", min(1, max(megapixels)), number) for number in colors]
    return record([row for case in told(cases) for row in measure_case(*case)])


def measure_case(axis: str, megapixels: float, colors: int) -> Iterator[Scale]:
    """Measure a picture with each number of threads."""
    pixels = photo(megapixels)
    encoded = run_in_turn(
        *(partial(kmcodec.encode, pixels, colors, threads=threads) for threads in THREADS),
        slow_seconds=SLOW_SECONDS,
    )
    data = encoded[0].value
    if any(run.value != data for run in encoded):
        sys.exit("kmq-bench: the number of threads changes the bytes")
    decoded = run_in_turn(
        *(partial(kmcodec.decode, data, threads=threads) for threads in THREADS),
        slow_seconds=SLOW_SECONDS,
    )
    for threads, write, read_again in zip(THREADS, encoded, decoded, strict=True):
        yield Scale(
            axis, megapixels, colors, threads, len(data),
            write.seconds, read_again.seconds, write.mib, read_again.mib,
        )  # fmt: skip


def render(part: Part) -> str:
    """Show time and memory by size, colors and threads, and the slopes."""
    rows = read(part, Scale)

    def each(column: str, form: str, pair: list[Scale]) -> str:
        return " / ".join(shown(getattr(row, column), form) for row in pair)

    lines = table(group_by(rows, "axis", "megapixels", "colors"), {
        "megapixels": lambda pair: f"{pair[0].megapixels:g}",
        "colors": lambda pair: str(pair[0].colors),
        "bits/pixel": lambda pair: f"{8 * pair[0].bytes / pair[0].megapixels / 1e6:.2f}",
        "encode s, 1 / 2 threads": partial(each, "encode_seconds", ".2f"),
        "decode s, 1 / 2 threads": partial(each, "decode_seconds", ".2f"),
        "MiB enc, 1 / 2": partial(each, "encode_mib", ".0f"),
        "MiB dec, 1 / 2": partial(each, "decode_mib", ".0f"),
    })  # fmt: skip
    slopes = [slopes_of(find(rows, axis="pixels", threads=1), "megapixels", "pixels")]
    slopes += [slopes_of(find(rows, axis="colors", threads=1), "colors", "colors")]
    return f"{lines}\n\nSlopes in log-log, one thread (1 is proportional): {'; '.join(slopes)}."


def slopes_of(rows: Sequence[Scale], by: str, name: str) -> str:
    """Say what doubling pixels or colors does."""
    columns = {
        "encode": "encode_seconds",
        "decode": "decode_seconds",
        "memory to encode": "encode_mib",
        "to decode": "decode_mib",
    }
    found = [f"{what} {slope(rows, by, column):.2f}" for what, column in columns.items()]
    return f"{', '.join(found)} by {name}"


def slope(rows: Sequence[NamedTuple], by: str, of: str) -> float:
    """Fit the slope of a column by another, both as logarithms, by least squares."""
    pairs = [(getattr(row, by), getattr(row, of)) for row in rows if getattr(row, of) is not None]
    if len(pairs) < 2:
        return float("nan")
    x, y = np.log(np.maximum(pairs, 1e-9)).T
    return float(np.polyfit(x, y, 1)[0])
