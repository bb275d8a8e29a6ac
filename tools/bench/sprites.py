"""Sheets of sprites or tiles: as one picture, and as an animation with a frame for each."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

import kmcodec

from .animations import are_equal, visible
from .frames import MAX_COLORS, seen_by_kmq
from .pictures import open_colors
from .rows import Part, column, ratio, read, record, summed, table

DURATION = 100
"""Milliseconds of each frame."""

SIDE = 32

SHEETS = {
    "characters__alienyellow-sheet.png": (2, 1),
    "characters__soldier-sheet.png": (2, 1),
    "characters__spider-sheet.png": (2, 1),
    "default_furnace_front_active.png": (1, 8),
    "feat.png": (32, 19),
    "floor.png": (32, 30),
}
"""Pictures of the set ``pixelart`` that are sheets, with their columns and rows."""


class Sprites(NamedTuple):
    """A sheet."""

    sheet: str
    frames: int
    width: int
    height: int
    colors: int
    still_bytes: int
    bytes: int


def walk(frame: int) -> Image.Image:
    """Draw a figure that walks, a step in eight frames, in one of four directions."""
    image = Image.new("RGBA", (SIDE, SIDE))
    draw = ImageDraw.Draw(image)
    direction, step = divmod(frame, 8)
    swing = round(5 * np.sin(step * np.pi / 4))
    bob = abs(swing) // 4
    for side in (-1, 1):
        draw.line((16 + 2 * side, 20, 16 + 2 * side + side * swing, 30), "#304060", 3)
        draw.line((16 + 5 * side, 12, 16 + 5 * side - side * swing, 20), "#d0a080", 2)
    draw.rectangle((11, 11 + bob, 21, 20 + bob), "#a03030", "#501818")
    draw.ellipse((10, 1 + bob, 22, 12 + bob), "#d0a080", "#604020")
    draw.pieslice((10, 1 + bob, 22, 12 + bob), 180, 360, "#604020")
    if direction < 3:  # nobody sees eyes from behind
        for x in (14, 18) if direction == 0 else (13,) if direction == 1 else (19,):
            draw.rectangle((x, 7 + bob, x + 1, 8 + bob), "#101010")
    return image


def spin(frame: int) -> Image.Image:
    """Draw a coin that spins in sixteen frames."""
    image = Image.new("RGBA", (SIDE, SIDE))
    draw = ImageDraw.Draw(image)
    turn = np.cos(frame * np.pi / 16)
    for radius, color in ((14, "#805000"), (13, "#e0b030"), (9, "#a07010"), (8, "#f0d060")):
        width = max(1, round(radius * abs(turn)))
        draw.ellipse((16 - width, 16 - radius, 15 + width, 15 + radius), color)
    shine = round(16 + 9 * turn)
    draw.line((shine, 6, shine, 10), "#ffffff")
    return image


def burn(frame: int) -> Image.Image:
    """Draw a flame of noise, of which nothing comes again."""
    rng = np.random.default_rng(frame)
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    heat = y / SIDE - abs(x - 15.5) / SIDE + 0.5 * rng.random((SIDE, SIDE))
    colors = np.array([(0,) * 4, (96, 16, 16, 255), (208, 64, 16, 255), (255, 208, 64, 255)])
    return Image.fromarray(colors[np.digitize(heat, (0.5, 0.7, 0.9))].astype(np.uint8))


MADE: dict[str, tuple[Callable[[int], Image.Image], int, int]] = {
    "a figure that walks": (walk, 8, 4),
    "a coin that spins": (spin, 4, 4),
    "a flame of noise": (burn, 4, 4),
}
"""Sprites drawn in code, with the columns and rows of their sheets."""


def draw_sheet(draw: Callable[[int], Image.Image], columns: int, rows: int) -> Image.Image:
    """Lay sprites out in a sheet."""
    sheet = Image.new("RGBA", (columns * SIDE, rows * SIDE))
    for frame in range(columns * rows):
        row, place = divmod(frame, columns)
        sheet.paste(draw(frame), (place * SIDE, row * SIDE))
    return sheet


def cut(sheet: Image.Image, columns: int, rows: int) -> list[Image.Image]:
    """Cut a sheet into its sprites, row by row."""
    width, height = sheet.width // columns, sheet.height // rows
    return [
        sheet.crop((x * width, y * height, (x + 1) * width, (y + 1) * height))
        for y in range(rows)
        for x in range(columns)
    ]


def sheets(folder: Path) -> Iterator[tuple[str, Image.Image, int, int]]:
    """Yield the sheets that are made, and those of a folder, with their columns and rows."""
    for name, (draw, columns, rows) in MADE.items():
        yield name, draw_sheet(draw, columns, rows), columns, rows
    for name, (columns, rows) in SHEETS.items():
        if (folder / name).exists():
            yield name, open_colors(folder / name), columns, rows
        else:
            print(f"left out, for want of its picture: {name}", file=sys.stderr)


def measure(folder: Path) -> Part:
    """Measure all sheets."""
    return record([measure_sheet(*sheet) for sheet in sheets(folder)])


def measure_sheet(name: str, sheet: Image.Image, columns: int, rows: int) -> Sprites:
    """Measure a sheet as one picture, and as an animation, both exactly."""
    sprites = cut(sheet, columns, rows)
    still = kmcodec.encode(sheet, MAX_COLORS, exact=True)
    data = kmcodec.encode_frames(sprites, MAX_COLORS, exact=True, duration=DURATION)
    if not are_equal(seen_by_kmq(data), ((visible(sprite), DURATION) for sprite in sprites)):
        sys.exit(f"kmq-bench: {name} does not come back from .kmq")
    colors = len(kmcodec.decode_indexed(still)[0])
    return Sprites(name, len(sprites), *sprites[0].size, colors, len(still), len(data))


def render(part: Part) -> str:
    """Show bytes of both."""
    rows = read(part, Sprites)
    last = summed(rows)._replace(sheet="all, sum of bytes")
    return table([*rows, last], {
        "": column("sheet", "s"),
        "frames": column("frames", "d"),
        "size of each": lambda row: "" if row is last else f"{row.width} x {row.height}",
        "colors": lambda row: "" if row is last else f"{row.colors}",
        "sheet, bytes": column("still_bytes", "d"),
        "animation": column("bytes", "d"),
        "by the sheet's": ratio("bytes", "still_bytes"),
    })  # fmt: skip
