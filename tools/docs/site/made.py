"""Make the pictures, reports and figures that the site shows."""

import functools
import gzip
import sys
import tempfile
from pathlib import Path
from typing import Final

import texts
from PIL import Image, ImageSequence

import kmcodec
from kmcodec.report import write_report
from kmcodec.report.figures import write_animations, write_figures

sys.path.append(str(texts.ROOT / "tools"))
from bench.sprites import DURATION, MADE, cut, draw_sheet

VIEWER: Final = texts.ROOT / "tools" / "viewer"
COLORS: Final = (16, 64, 256)
ELEMENT: Final = ("kmq/kmq-img.mjs", "kmq/kmq.mjs", "kmq/kmq.wasm")
"""What a browser loads for ``<kmq-img>``."""

SHOWN: Final = ("gallery.md", "kmeans.md", "reports.md")
"""The pages in which ``{name.kmq}`` stands for the bytes of a file."""


@functools.cache
def files() -> dict[str, bytes]:
    """Return all files, by their names on the site."""
    found = {"viewer.html": (VIEWER / "index.html").read_bytes()}
    for path in sorted((VIEWER / "dist").iterdir()):
        found[f"kmq/{path.name}"] = path.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        parrots = Image.open(texts.ROOT / "tests" / "pictures" / "parrots.png").convert("RGB")
        for colors in COLORS:
            found[f"shown/parrots-{colors}.kmq"] = kmcodec.encode(parrots, colors)
        found.update(_sprites(Path(folder)))
        found.update(_kmeans(parrots, Path(folder)))
        write_report(parrots, Path(folder, "report"), 16, name="Two parrots")
        found["reports/photograph.html"] = Path(folder, "report").read_bytes()
    return found


def fill(markdown: str) -> str:
    """Put the bytes of each file where its name is in braces, and those of the element."""
    for name, data in files().items():
        markdown = markdown.replace(f"{{{name}}}", f"{len(data):,}")
    element = sum(len(gzip.compress(files()[name])) for name in ELEMENT)
    return markdown.replace("{element}", f"{element / 1000:.0f}")


def _sprites(folder: Path) -> dict[str, bytes]:
    """Make a sheet of sprites, a report of it, and what moves in it."""
    found: dict[str, bytes] = {}
    walk, coin, flame = (draw_sheet(*sprites) for sprites in MADE.values())
    found["shown/sheet.kmq"] = kmcodec.encode(walk)
    write_report(walk, folder / "report", name="A figure that walks")
    found["reports/sprites.html"] = (folder / "report").read_bytes()
    for name, sheet, places in (
        ("walk", walk, (8, 4)),
        ("coin", coin, (4, 4)),
        ("flame", flame, (4, 4)),
    ):
        frames = cut(sheet, *places)
        found[f"shown/{name}.kmq"] = kmcodec.encode_frames(frames, duration=DURATION, loop=0)
    return found


def _kmeans(picture: Image.Image, folder: Path) -> dict[str, bytes]:
    """Make the figures of K-Means, of which those that move are .kmq files too."""
    still = write_figures(picture, 16, folder)
    moving = write_animations(picture, 16, folder)
    found = {f"figures/{path.name}": path.read_bytes() for path in (*still, *moving)}
    for path in moving:
        with Image.open(path) as image:
            frames = [frame.convert("RGB") for frame in ImageSequence.Iterator(image)]
        found[f"shown/{path.stem}.kmq"] = kmcodec.encode_frames(frames)  # with their durations
    return found
