"""Coding of this release beside that of another one, which is installed elsewhere."""

import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from .pictures import code_exactly, evenly, open_colors, read_peers, told
from .rows import Part, column, group_by, megapixels_a_second, ratio, read, record, summed, table

WORKER = Path(__file__).with_name("worker.py")
PICKLE_PROTOCOL = 4
"""The newest whose arrays NumPy 1 reads from NumPy 2."""


class Both(NamedTuple):
    """Bytes and seconds of a set by both releases."""

    set: str
    pictures: int
    pixels: int
    bytes: int
    before_bytes: int
    encode_seconds: float
    before_encode_seconds: float
    decode_seconds: float
    before_decode_seconds: float


class Release:
    """A release at work in a process of its own."""

    def __init__(self, python: str, process: subprocess.Popen[bytes]) -> None:
        self.python = python
        self.process = process

    def ask(self, name: str, *arguments: object) -> Any:
        """Return what a method of ``worker.Coder`` returns there."""
        requests, replies = self.process.stdin, self.process.stdout
        assert requests
        assert replies
        try:
            pickle.dump((name, arguments), requests, PICKLE_PROTOCOL)
            requests.flush()
            return pickle.load(replies)
        except (BrokenPipeError, EOFError):
            sys.exit(f"kmq-bench: {self.python} has ended")


@contextmanager
def release(python: str, *options: str) -> Iterator[Release]:
    """Run the release that an interpreter imports, until the block ends."""
    command = (python, *options, str(WORKER))
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield Release(python, process)
    finally:
        process.communicate()  # no more requests, even if it has gone before


def measure(folder: Path, before: str, pictures: int, runs: int = 5) -> Part:
    """Measure each set by this release and by that of another interpreter, the least of runs.

    Both work in processes of their own, this one where it is imported from here, the other
    without what the environment says of modules.
    """
    rows = []
    with release(sys.executable, "-P") as ours, release(before, "-I") as other:
        versions = other.ask("versions")
        sets = read_peers(folder)
        paths = [(name, path) for name in sets for path in evenly([*sets[name]], pictures)]
        for name, path in told(paths):
            _, coded = code_exactly(path, open_colors(folder / path))
            sizes = [each.ask("take", coded.palette, coded.indices) for each in (ours, other)]
            times = [
                [each.ask(way) for way in ("encode", "decode") for each in (ours, other)]
                for _ in range(runs)
            ]
            least = [min(taken) for taken in zip(*times, strict=True)]
            rows.append(Both(name, 1, coded.indices.size, *sizes, *least))
    return record([summed(group) for group in group_by(rows, "set")], before=versions)


def render(part: Part) -> str:
    """Show bytes and speed by those of the other release."""
    lines = table(read(part, Both), {
        "one thread": column("set", "s"),
        "pictures": column("pictures", "d"),
        "bytes, by the other's": ratio("bytes", "before_bytes", ".4f"),
        "decode, times as fast": ratio("before_decode_seconds", "decode_seconds"),
        "encode, times as fast": ratio("before_encode_seconds", "encode_seconds"),
        "decode MP/s": megapixels_a_second("decode_seconds"),
        "other's": megapixels_a_second("before_decode_seconds"),
        "encode MP/s": megapixels_a_second("encode_seconds"),
        "of the other": megapixels_a_second("before_encode_seconds"),
    })  # fmt: skip
    other = ", ".join(f"{name} {version}" for name, version in part["before"].items())
    return f"{lines}\n\nThe other release: {other}."
