"""Animations: bytes beside those of peers, and how long all frames take."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

import kmcodec

from .animations import (
    Animation,
    Seen,
    are_equal,
    merged,
    play_colors,
    read_animations,
    seen_by_pillow,
    visible,
)
from .formats import gifsicle, oxipng
from .installed import installed
from .measure import SLOW_SECONDS, run_in_turn
from .rows import Part, column, ratio, read, record, summed, table

NAME = "frames files"
MAX_COLORS = 1 << 16
timed = partial(run_in_turn, slow_seconds=SLOW_SECONDS, clock=time.process_time)


class Writer(NamedTuple):
    """A format that keeps all frames; None of what it cannot take."""

    encode: Callable[[Animation], bytes | None]
    needs: tuple[str, ...] = ()


WRITERS = {
    "gifsicle": Writer(
        lambda animation: gifsicle(animation.gif) if animation.gif else None, ("$gifsicle",)
    ),
    "apng": Writer(lambda animation: oxipng(animation.saved("PNG")), ("oxipng",)),
    "webp": Writer(
        lambda animation: animation.saved(
            "WEBP", lossless=True, quality=100, method=6, minimize_size=True
        ),
        ("PIL:webp",),
    ),
}

PEERS = {"gif": "GIF", "gifsicle": "gifsicle -O3", "apng": "APNG by oxipng", "webp": "WebP -m6"}
"""The names of peers, by their columns of ``Moving``."""


class Peers(NamedTuple):
    """What peers need for an animation."""

    gifsicle: int | None = None
    apng: int | None = None
    webp: int | None = None
    webp_encode_seconds: float | None = None
    webp_decode_seconds: float | None = None


class Moving(NamedTuple):
    """An animation, its bytes, and processor seconds in one thread."""

    file: str
    frames: int
    width: int
    height: int
    colors: int
    bytes: int
    encode_seconds: float
    decode_seconds: float
    gif: int | None
    gif_decode_seconds: float | None
    gifsicle: int | None = None
    apng: int | None = None
    webp: int | None = None
    webp_encode_seconds: float | None = None
    webp_decode_seconds: float | None = None

    @property
    def key(self) -> tuple[str, int]:
        """Tell which animation it is, and whether it is cut."""
        return self.file, self.frames

    @property
    def peers(self) -> Peers:
        """Tell what peers need."""
        return Peers(*(getattr(self, field) for field in Peers._fields))

    def wins(self, *peers: str) -> bool:
        """Tell whether all of these peers that are known need more bytes."""
        sizes = [getattr(self, peer) for peer in peers]
        return all(size is None or self.bytes < size for size in sizes)


def measure(folder: Path, most: int | None = None, before: Path | None = None) -> Part:
    """Measure all animations of a folder, or so many frames of each.

    What peers need is taken from the figures that were kept before, where they are of as many
    frames.
    """
    writers = installed(WRITERS)
    known, date = read_before(before) if before else ({}, None)
    rows = []
    for animation in read_animations(folder, most):
        row = measure_kmq(animation)
        peers = known.get(row.key) or measure_peers(animation, writers)
        rows.append(row._replace(**peers._asdict()))
    is_taken = any(row.key in known for row in rows)
    return record(rows, **({"peers": date} if is_taken else {}))


def read_before(path: Path) -> tuple[dict[tuple[str, int], Peers], str]:
    """Read what peers need by name and number of frames, and when that was measured."""
    part = json.loads(path.read_text())[NAME]
    known = {row.key: row.peers for row in read(part, Moving)}
    return known, part.get("peers", part["date"])


def encode(animation: Animation) -> bytes:
    """Encode all frames, exactly."""
    return kmcodec.encode_frames(
        animation.images(), MAX_COLORS, duration=animation.durations, loop=0, exact=True, threads=1
    )


def play_kmq(source: bytes | Path) -> None:
    """Decode all frames."""
    for _ in kmcodec.decode_frames(source, threads=1):
        pass


def seen_by_kmq(source: bytes | Path) -> Iterator[Seen]:
    """Yield what is seen of a .kmq."""
    for frame in kmcodec.decode_frames(source, threads=1):
        yield visible(Image.fromarray(frame.pixels)), float(frame.duration)


def measure_kmq(animation: Animation) -> Moving:
    """Measure .kmq, which must keep all frames, beside the GIF."""
    (written,) = timed(partial(encode, animation), runs=1)
    data = written.value
    if not are_equal(seen_by_kmq(data), animation.seen()):
        sys.exit(f"kmq-bench: {animation.name} does not come back from .kmq")
    calls: list[Callable[[], Any]] = [partial(play_kmq, data)]
    if animation.gif:
        calls.append(partial(play_colors, animation.gif, animation.mode))
    times = [run.seconds for run in timed(*calls)]
    return Moving(
        animation.name, len(animation.frames), *animation.frames[0].size, animation.colors,
        len(data), written.seconds, times[0],
        len(animation.gif) if animation.gif else None, times[1] if animation.gif else None,
    )  # fmt: skip


def measure_peers(animation: Animation, writers: dict[str, Writer]) -> Peers:
    """Measure the peers, which must keep what is seen."""
    peers = Peers()
    for name, writer in writers.items():
        (written,) = timed(partial(writer.encode, animation), runs=1)
        data = written.value
        if data is None:
            continue
        if not are_equal(merged(seen_by_pillow(data)), merged(animation.seen())):
            sys.exit(f"kmq-bench: {name} changes the frames of {animation.name}")
        peers = peers._replace(**{name: len(data)})
        if name == "webp":
            (played,) = timed(partial(play_colors, data, animation.mode))
            peers = peers._replace(
                webp_encode_seconds=written.seconds, webp_decode_seconds=played.seconds
            )
    return peers


def total(rows: list[Moving]) -> Moving:
    """Sum up the animations."""
    return summed(rows)._replace(file=f"{len(rows)} animations")


def render(part: Part) -> str:
    """Show bytes and times of each animation, and of all, and where .kmq wins."""
    rows = read(part, Moving)
    wins = [f"{sum(row.wins(peer) for row in rows)} than {name}'s" for peer, name in PEERS.items()]
    best = sum(row.wins(*PEERS) for row in rows)
    when = f" What peers need was measured {part['peers']}." if "peers" in part else ""
    return (
        f"{render_bytes(rows)}\n\nOf {len(rows)} animations {best} are smaller than any peer's: "
        f"{', '.join(wins)}.{when}\n\n{render_times(rows)}"
    )


def render_bytes(rows: list[Moving]) -> str:
    """Show bytes, and those of .kmq by those of peers."""
    last = total(rows)
    return table([*rows, last], {
        "bytes": column("file", "s"),
        "frames": column("frames", "d"),
        "canvas": lambda row: "" if row is last else f"{row.width} x {row.height}",
        "colors": lambda row: "" if row is last else f"{row.colors}",
        ".kmq": column("bytes", "d"),
        **{name: column(peer, "d") for peer, name in PEERS.items()},
        ".kmq by GIF": ratio("bytes", "gif"),
        "by WebP": ratio("bytes", "webp"),
    })  # fmt: skip


def render_times(rows: list[Moving]) -> str:
    """Show seconds to encode, by those of WebP, and frames decoded a second."""
    return table([*rows, total(rows)], {
        "one thread": column("file", "s"),
        "encode, s": column("encode_seconds"),
        "by WebP -m6": ratio("encode_seconds", "webp_encode_seconds"),
        "decode, frames/s": ratio("frames", "decode_seconds"),
        "GIF": ratio("frames", "gif_decode_seconds"),
        "WebP": ratio("frames", "webp_decode_seconds"),
    })  # fmt: skip
