"""Recordings made in code: frames a second, bytes, and memory, each in a process of its own."""

import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from PIL import Image

import kmcodec

from .animations import are_equal, visible
from .frames import play_kmq, seen_by_kmq, timed
from .measure import resident_bytes
from .pictures import told
from .recordings import RECORDINGS, changed
from .rows import Part, column, ratio, read, record, table

DURATION = 40
"""Milliseconds of each frame."""


class Recorded(NamedTuple):
    """A recording, its processor seconds in one thread, and MiB beyond those at the start."""

    recording: str
    frames: int
    width: int
    height: int
    changed: float
    bytes: int
    encode_seconds: float
    decode_seconds: float
    encode_mib: float | None
    decode_mib: float | None
    start_mib: float | None

    @property
    def whole_mib(self) -> float | None:
        """Tell the most memory of the process, all that it imports included."""
        known = [mib for mib in (self.encode_mib, self.decode_mib) if mib is not None]
        return None if self.start_mib is None or not known else self.start_mib + max(known)


def measure(most: int | None = None, names: Iterable[str] = RECORDINGS) -> Part:
    """Measure recordings, or so many frames of each."""
    return record([measure_apart(name, most) for name in told([*names])])


def measure_apart(name: str, most: int | None) -> Recorded:
    """Measure a recording in a new process, which holds nothing but what it imports."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(measure_one, name, most).result()


def measure_one(name: str, most: int | None) -> Recorded:
    """Measure a recording that is written to a file as it is made, and read frame by frame."""
    make, count = RECORDINGS[name]
    count = count if most is None else min(count, most)
    made = make(count)
    first = next(made)  # for which all lines are drawn
    start = resident_bytes("VmRSS")
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.kmq")
        save = partial(kmcodec.save_frames, duration=DURATION, exact=True, threads=1)
        (written,) = timed(lambda: save(chain([first], made), path), runs=1)
        (played,) = timed(lambda: play_kmq(path))
        expected = ((visible(Image.fromarray(frame)), DURATION) for frame in make(count))
        if not are_equal(seen_by_kmq(path), expected):
            sys.exit(f"kmq-bench: {name} does not come back from .kmq")
        size = path.stat().st_size
    height, width, _ = first.shape
    return Recorded(
        name, count, width, height, changed(make(count)), size,
        written.seconds, played.seconds, written.mib, played.mib,
        None if start is None else start / 2**20,
    )  # fmt: skip


def render(part: Part) -> str:
    """Show speed, bytes and memory."""
    return table(read(part, Recorded), {
        "one thread": column("recording", "s"),
        "canvas": lambda row: f"{row.width} x {row.height}",
        "frames": column("frames", "d"),
        "pixels that change": column("changed", ".1%"),
        "bytes": column("bytes", "d"),
        "encode, s": column("encode_seconds", ".1f"),
        "frames/s": ratio("frames", "encode_seconds"),
        "decode, frames/s": ratio("frames", "decode_seconds"),
        "MiB to encode": column("encode_mib", ".0f"),
        "to decode": column("decode_mib", ".0f"),
        "in all": column("whole_mib", ".0f"),
    })  # fmt: skip
