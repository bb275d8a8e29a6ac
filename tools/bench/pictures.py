"""The pictures that benches are given: read from folders, with palettes and indices."""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image

import kmcodec
from kmcodec.format import Indices

from .quality import Pixels

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture as RGB, equal to itself only."""

    name: str
    image: Image.Image

    @cached_property
    def pixels(self) -> Pixels:
        """(height, width, 3) uint8."""
        return np.asarray(self.image, np.uint8)


class Coded:
    """A palette, RGB or RGBA, and indices, and the same as other coders take it."""

    def __init__(self, palette: Pixels, indices: Indices) -> None:
        self.palette = palette
        self.indices = indices
        self.pixels: Pixels = np.asarray(palette[indices], np.uint8)
        self.image = Image.fromarray(self.pixels)


def indexed(palette: Pixels, indices: Indices) -> Image.Image:
    """Make a picture of mode P of at most 256 colors."""
    image = Image.fromarray(indices.astype(np.uint8))
    image.putpalette(palette[:, :3].tobytes())
    return image


def open_colors(path: Path) -> Image.Image:
    """Open a picture as RGB or RGBA: what peers keep is pixels, not metadata or a palette."""
    with Image.open(path) as image:
        image.load()
        alpha = "transparency" in image.info or image.mode in ("LA", "PA", "RGBA")
        colors = image.convert("RGBA" if alpha else "RGB")
    colors.info.clear()
    return colors


def read_picture(path: Path) -> Picture | None:
    """Read a picture, laid on white where it has alpha; None if Pillow cannot open it."""
    try:
        layer = open_colors(path).convert("RGBA")
    except (OSError, SyntaxError, ValueError):
        return None
    white = Image.new("RGBA", layer.size, "white")
    return Picture(path.name, Image.alpha_composite(white, layer).convert("RGB"))


def read_set(folder: Path, most: int | None = None) -> list[Picture]:
    """Read all pictures below a folder, or so many, evenly spaced in the order of their paths."""
    found = [read_picture(path) for path in sorted(folder.rglob("*")) if path.is_file()]
    pictures = [picture for picture in found if picture]
    if not pictures:
        sys.exit(f"kmq-bench: no pictures in {folder}")
    return evenly(pictures, most)


def evenly(items: Sequence[T], most: int | None) -> list[T]:
    """Choose at most so many, evenly spaced."""
    count = len(items) if most is None else min(most, len(items))
    return [items[(2 * number + 1) * len(items) // (2 * count)] for number in range(count)]


def told(items: Sequence[T]) -> Iterator[T]:
    """Yield items, and tell on standard error how many are done."""
    for number, item in enumerate(items, start=1):
        yield item
        print(f"{number} of {len(items)}", file=sys.stderr, flush=True)


def read_peers(folder: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Read ``peers.json``: by set and path of a picture, what its peers need for its pixels."""
    sets: dict[str, dict[str, dict[str, Any]]] = {}
    for name, sizes in json.loads((folder / "peers.json").read_text()).items():
        sets.setdefault(set_of(name), {})[name] = sizes
    return {name: sets[name] for name in sorted(sets, key=by_number)}


def set_of(name: str) -> str:
    """Name the set of a picture: its folder, or Kodak pictures by number of colors."""
    folder, _, file = name.partition("/")
    if folder != "indexed":
        return folder
    colors = Path(file).stem.rpartition("_")[2]
    return f"Kodak K={colors.removesuffix('d')}{' dithered' if colors.endswith('d') else ''}"


def by_number(name: str) -> list[int | str]:
    """Order names with the numbers in them by value."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def code_exactly(name: str, image: Image.Image) -> tuple[bytes, Coded]:
    """Encode a picture of few colors, which must come back, to a file, and read its parts."""
    data = kmcodec.encode(image)
    coded = Coded(*kmcodec.decode_indexed(data))
    if not np.array_equal(coded.pixels, np.asarray(image)):
        sys.exit(f"kmq-bench: {name} does not come back from .kmq")
    return data, coded
