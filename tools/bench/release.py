"""Coding of this release beside that of another one, which is installed elsewhere."""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import kmcodec

from .cases import evenly
from .formats import jxl, jxl_decode, open_colors
from .installed import stamp
from .measure import Pixels
from .worker import cpu_seconds

WORKER = Path(__file__).with_name("worker.py")
PICKLE_PROTOCOL = 4
"""The newest whose arrays NumPy 1 reads from NumPy 2."""

PHOTOS = 12
"""Most photographs of a set, unless the caller says otherwise."""

COLUMNS = [
    "set",
    "pictures",
    "pixels",
    "bytes",
    "before_bytes",
    "encode_seconds",
    "before_encode_seconds",
    "decode_seconds",
    "before_decode_seconds",
    "jxl_decode_seconds",
]
Coded = tuple[Pixels, np.ndarray]


def encoded(path: Path) -> Coded:
    """The palette and indices of the file that ``encode`` makes of a picture."""
    return kmcodec.decode_indexed(kmcodec.encode(open_colors(path)))


def quantized(path: Path, colors: int, dither: float) -> Coded:
    """A palette and indices of fewer colors, found fast."""
    palette, indices = kmcodec.quantize(open_colors(path), colors, dither=dither, speed=8)
    return palette, indices


class Set(NamedTuple):
    """Pictures below a folder, and how palettes and indices are made of them."""

    name: str
    pattern: str
    read: Callable[[Path], Coded]
    photos: bool = False


LEVELS = (
    ("K=16", "16", 16, 0),
    ("K=64", "64", 64, 0),
    ("K=64 dithered", "64d", 64, 1),
    ("K=256", "256", 256, 0),
)
SETS = (
    *(Set(f"Kodak {name}", f"indexed/*_{tag}.png", encoded, True) for name, tag, _, _ in LEVELS),
    *(
        Set(f"CQ100 {name}", "cq100/*.png", partial(quantized, colors=colors, dither=dither), True)
        for name, _, colors, dither in LEVELS
    ),
    *(Set(name, f"{name}/*.png", encoded) for name in ("screens", "masks", "palettised")),
    Set("pixelart", "pixelart/*.png", encoded),
)


class Release:
    """A release at work in a process of its own."""

    def __init__(self, python: str, process: subprocess.Popen[bytes]) -> None:
        self.python = python
        self.process = process

    def ask(self, name: str, *arguments: object) -> Any:
        """What a method of ``worker.Coder`` returns there."""
        requests, replies = self.process.stdin, self.process.stdout
        assert requests
        assert replies
        try:
            pickle.dump((name, arguments), requests, PICKLE_PROTOCOL)
            requests.flush()
            return pickle.load(replies)
        except (BrokenPipeError, EOFError):
            sys.exit(f"kmq-bench-modelled: {self.python} has ended")


@contextmanager
def release(python: str, *options: str) -> Iterator[Release]:
    """The release that an interpreter imports, until the block ends."""
    command = (python, *options, str(WORKER))
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield Release(python, process)
    finally:
        process.communicate()  # no more requests, even if it has gone before


def least_seconds(releases: list[Release], runs: int) -> list[float]:
    """Seconds to encode and to decode, of each release in turn: the least of some runs."""
    times = [[r.ask(name) for name in ("encode", "decode") for r in releases] for _ in range(runs)]
    return [min(taken) for taken in zip(*times, strict=True)]


def time_jxl(coded: Coded, runs: int) -> float:
    """Seconds that libjxl decodes its own file of the same pixels in."""
    palette, indices = coded
    data = jxl(palette[indices], lossless=True, effort=9)
    return min(cpu_seconds(lambda: jxl_decode(data)) for _ in range(runs))


def measure_picture(
    coded: Coded, releases: list[Release], runs: int, *, with_jxl: bool
) -> list[float]:
    """Pixels, bytes and seconds of a picture by all releases."""
    sizes = [r.ask("take", *coded) for r in releases]
    jxl_seconds = [time_jxl(coded, runs)] if with_jxl else []
    return [coded[1].size, *sizes, *least_seconds(releases, runs), *jxl_seconds]


def measure_release(
    folder: Path, before: str, pictures: int | None, runs: int, *, with_jxl: bool
) -> dict[str, Any]:
    """Bytes and seconds of each set by this release and by another.

    Both work in processes of their own, this one where it is imported from here, the other
    without what the environment says of modules.
    """
    rows = []
    with release(sys.executable, "-P") as ours, release(before, "-I") as other:
        versions = other.ask("versions")
        for name, pattern, read, photos in SETS:
            found = sorted(folder.glob(pattern))
            most = pictures or (PHOTOS if photos else len(found))
            timed = with_jxl and photos
            taken = [
                measure_picture(read(path), [ours, other], runs, with_jxl=timed)
                for path in evenly(found, most)
            ]
            if taken:
                sums = map(sum, zip(*taken, strict=True))
                rows.append([name, len(taken), *sums, *([] if timed else [None])])
                print(name, file=sys.stderr, flush=True)
    kernels = "SSE2" if os.environ.get("KMQ_NO_AVX2") else "all"
    return {**stamp(), "before": versions, "kernels": kernels, "columns": COLUMNS, "rows": rows}
