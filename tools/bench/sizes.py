"""Bytes of whole files beside those of other coders, of the same pixels."""

import lzma
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from .formats import jxl_lossless, kmq_decode, webp_lossless
from .generated import MADE
from .installed import is_there
from .measure import run_in_turn
from .pictures import code_exactly, open_colors, read_peers, told
from .rows import Part, column, group_by, ratio, read, record, shown, summed, table

PEERS = {
    "WebP -m6": "webp_lossless_m6",
    "JPEG XL best of -e7, -e9": "jxl_lossless_best_e7_e9",
    "oxipng -o4": "png_oxipng4",
    "GIF": "gif",
}
"""The names of peers in ``peers.json``, in the order of the columns of ``Sizes``."""


class Sizes(NamedTuple):
    """Bytes of a set."""

    set: str
    files: int
    bytes: int
    webp: int
    jxl: int
    png: int
    gif: int


def measure(folder: Path) -> Part:
    """Measure the bytes of sets, and list the files that a peer makes no larger."""
    rows = []
    lost = []
    for name, peers in read_peers(folder).items():
        for path, sizes in told([*peers.items()]):
            image = open_colors(folder / path)
            row = Sizes(
                name, 1, len(code_exactly(path, image)[0]), *(sizes[key] for key in PEERS.values())
            )
            rows.append(row)
            if row.bytes >= min(row[3:]):
                lost.append([path, row.bytes, min(row[3:]), *image.size])
    return record([summed(group) for group in group_by(rows, "set")], not_smallest=lost)


def render(part: Part) -> str:
    """Show the shares of the bytes of peers."""
    lost = [
        f"{name.rpartition('/')[2]} ({width} x {height} pixels, {size} bytes, {least})"
        for name, size, least, width, height in part["not_smallest"]
    ]
    return f"{shares(part)}\n\nA peer's file is no larger for {', '.join(lost) or 'none'}."


def shares(part: Part, form: str = ".3f") -> str:
    """Lay out the shares of each set."""
    rows = read(part, Sizes)
    return table([*rows, summed(rows)._replace(set="all, sum of bytes")], {
        "bytes by a peer's": column("set", "s"),
        "files": column("files", "d"),
        "WebP -m6": ratio("bytes", "webp", form),
        "JPEG XL best of -e7, -e9": ratio("bytes", "jxl", form),
        "oxipng -o4": ratio("bytes", "png", form),
        "GIF": ratio("bytes", "gif", form),
    })  # fmt: skip


class Made(NamedTuple):
    """A picture made in code."""

    picture: str
    width: int
    height: int
    colors: int
    bytes: int
    webp_bytes: int
    jxl_bytes: int | None
    xz_bytes: int
    decode_seconds: float


def measure_made(names: Iterable[str] = MADE) -> Part:
    """Measure pictures made in code; xz gets a byte a pixel, not colors."""
    return record([measure_one(name) for name in told([*names])])


def measure_one(name: str) -> Made:
    """Measure a picture made in code."""
    image = Image.fromarray(MADE[name]())
    data, coded = code_exactly(name, image)
    return Made(
        name,
        *image.size,
        len(coded.palette),
        len(data),
        len(webp_lossless(image)),
        len(jxl_lossless(coded.pixels)) if is_there("imagecodecs") else None,
        len(lzma.compress(coded.indices.tobytes(), preset=9 | lzma.PRESET_EXTREME)),
        run_in_turn(lambda: kmq_decode(data))[0].seconds,
    )


def render_made(part: Part) -> str:
    """Show the shares of the bytes of peers."""
    return table(read(part, Made), {
        "bytes by a peer's": column("picture", "s"),
        "size": lambda row: f"{row.width} x {row.height}",
        "colors": column("colors", "d"),
        "bytes": column("bytes", "d"),
        "WebP -m6": ratio("bytes", "webp_bytes", ".2f"),
        "JPEG XL -e9": ratio("bytes", "jxl_bytes", ".2f"),
        "xz -9e of a byte a pixel": ratio("bytes", "xz_bytes", ".2f"),
        "decode MP/s, one thread": lambda row: shown(
            row.width * row.height / row.decode_seconds / 1e6
        ),
    })  # fmt: skip
