"""What becomes of alpha: of what is transparent, of what is opaque, and of soft edges."""

from collections.abc import Callable, Sequence
from statistics import mean
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .generated import cutout
from .installed import installed
from .pictures import told
from .quality import Pixels
from .quantizers import Quantizer, chosen, with_kmcodec
from .rows import Part, column, find, read, record, shown, table

COLORS = (16, 64)
CUTOUTS = 200

SYSTEMS: dict[str, Quantizer] = {
    "kmcodec": with_kmcodec(dither=0),
    'kmcodec, space="rgb"': with_kmcodec(space="rgb", dither=0),
    'kmcodec, space="oklab"': with_kmcodec(space="oklab", dither=0),
    'kmcodec, weighting="roots"': with_kmcodec(weighting="roots", dither=0),
    "kmcodec, dither=1": with_kmcodec(dither=1),
    **chosen("imagequant", "imagequant dithered", "Pillow"),
}


class Kept(NamedTuple):
    """What becomes of the alpha of one picture.

    Attributes:
        transparent: pixels whose alpha is 0.
        seen: those of them that come back with another.
        most_seen: the most alpha that these have.
        opaque: pixels whose alpha is 255.
        thinned: those of them that come back with another.
        least_thinned: the least alpha that these have.
        on_black: MSE of what is seen on black, over pixels and channels.
        on_white: MSE of what is seen on white.
    """

    transparent: int
    seen: int
    most_seen: int
    opaque: int
    thinned: int
    least_thinned: int
    on_black: float
    on_white: float


class Alpha(NamedTuple):
    """What a system makes of the alpha of many pictures: shares of pixels, extremes, mean MSE."""

    colors: int
    system: str
    pictures: int
    seen: float
    most_seen: int
    thinned: float
    least_thinned: int
    on_black: float
    on_white: float


def kept(before: Pixels, after: Pixels) -> Kept:
    """Compare the alpha of (height, width, 4) pixels, and what is seen of them."""
    alpha = after[:, :, 3]
    clear, solid = (alpha[before[:, :, 3] == level] for level in (0, 255))
    errors = [np.mean((laid_on(level, before) - laid_on(level, after)) ** 2) for level in (0, 255)]
    return Kept(
        clear.size, int(np.count_nonzero(clear)), int(clear.max(initial=0)),
        solid.size, int(np.count_nonzero(solid != 255)), int(solid.min(initial=255)),
        *map(float, errors),
    )  # fmt: skip


def laid_on(level: int, pixels: Pixels) -> NDArray[np.float64]:
    """Lay (height, width, 4) pixels on a gray."""
    share = pixels[:, :, 3:] / 255
    return np.asarray(pixels[:, :, :3] * share + level * (1 - share), np.float64)


def measure(colors: Sequence[int] = COLORS, cutouts: int = CUTOUTS) -> Part:
    """Measure all systems on discs and sprites."""
    pictures = [cutout(seed) for seed in range(cutouts)]
    tasks = [(number, each) for number in colors for each in installed(SYSTEMS).items()]
    return record([alpha_of(*task, pictures) for task in told(tasks)])


def alpha_of(colors: int, system: tuple[str, Quantizer], pictures: Sequence[Image.Image]) -> Alpha:
    """Sum up what a system makes of pictures."""
    name, quantizer = system
    found = []
    for picture in pictures:
        palette, indices = quantizer.reduce(picture, colors)
        found.append(kept(np.asarray(picture), palette[indices]))
    clear, seen, most, solid, thinned, least, black, white = zip(*found, strict=True)
    return Alpha(
        colors, name, len(pictures), sum(seen) / sum(clear), max(most),
        sum(thinned) / sum(solid), min(least), mean(black), mean(white),
    )  # fmt: skip


def render(part: Part) -> str:
    """Show shares and extremes, and errors by those of imagequant where it is installed."""
    rows = read(part, Alpha)
    return table(rows, {
        f"{rows[0].pictures} discs and sprites": lambda row: f"{row.colors} colors, {row.system}",
        "transparent pixels that are seen": column("seen", ".2%"),
        "most alpha": column("most_seen", "d"),
        "opaque pixels that are not": column("thinned", ".2%"),
        "least alpha": column("least_thinned", "d"),
        "MSE on black": column("on_black", ".1f"),
        "by imagequant's": by_imagequant(rows, "on_black"),
        "MSE on white": column("on_white", ".1f"),
        "by that of imagequant": by_imagequant(rows, "on_white"),
    })  # fmt: skip


def by_imagequant(rows: Sequence[Alpha], error: str) -> Callable[[Alpha], str]:
    """Make the function that shows an error by that of imagequant in as many colors."""
    peers = {row.colors: getattr(row, error) for row in find(rows, system="imagequant")}
    return lambda row: shown(getattr(row, error) / peers[row.colors] if peers else None)
