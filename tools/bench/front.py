"""Palettes for the eye: squared error beside what people see, and bytes."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from operator import ge, lt
from pathlib import Path
from statistics import mean
from typing import NamedTuple

import kmcodec

from .installed import installed
from .pictures import Coded, Picture, read_set, told
from .quality import blurred_delta_e, delta_e, flip, mean_squared_error, psnr, ssim
from .quantizers import Quantizer, chosen, with_kmcodec
from .rows import Part, column, group_by, read, record, table

COLORS = (16, 64, 256)
PROCESSES = 2

SYSTEMS: dict[str, dict[str, Quantizer]] = {
    "imagequant": {
        "kmcodec": with_kmcodec(dither=0),
        'kmcodec, space="rgb"': with_kmcodec(space="rgb", dither=0),
        'kmcodec, space="oklab"': with_kmcodec(space="oklab", dither=0),
        'kmcodec, dither="auto"': with_kmcodec(dither="auto"),
        **chosen("imagequant", "Pillow", "OpenCV 10 iterations"),
    },
    "imagequant dithered": {
        "kmcodec, dither=1": with_kmcodec(dither=1),
        **chosen("imagequant dithered", "Pillow dithered"),
    },
}
"""The systems by the peer that they are held against."""


class Look(NamedTuple):
    """How one picture looks in few colors, and its bytes as .kmq."""

    psnr: float
    ssim: float | None
    oklab: float
    blurred: float
    flip: float | None
    bytes: int


class Front(NamedTuple):
    """Means over pictures of what a system makes of them, and how often it wins.

    A picture is won where the PSNR is at least that of the peer, and where a distance is less.
    """

    colors: int
    system: str
    peer: str
    pictures: int
    psnr: float
    ssim: float | None
    oklab: float
    blurred: float
    flip: float | None
    bytes: float
    psnr_won: int | None
    oklab_won: int | None
    blurred_won: int | None
    flip_won: int | None


WINS: dict[str, Callable[[float, float], bool]] = {
    "psnr": ge, "oklab": lt, "blurred": lt, "flip": lt,
}  # fmt: skip
"""What wins a picture, by the figure of a system and that of its peer."""


def look_at(picture: Picture, colors: int, systems: Iterable[str]) -> dict[str, Look]:
    """Quantize a picture with each system."""
    every = {name: each for group in SYSTEMS.values() for name, each in group.items()}
    return {name: look(picture, every[name], colors) for name in systems}


def look(picture: Picture, quantizer: Quantizer, colors: int) -> Look:
    """Quantize a picture, measure what is lost, and encode it."""
    coded = Coded(*quantizer.reduce(picture.image, colors))
    pair = picture.pixels, coded.pixels
    return Look(
        psnr(mean_squared_error(*pair)), ssim(*pair), delta_e(*pair), blurred_delta_e(*pair),
        flip(*pair), len(kmcodec.encode_indexed(coded.palette, coded.indices, threads=1)),
    )  # fmt: skip


def measure(folders: Sequence[Path], most: int, colors: Sequence[int] = COLORS) -> Part:
    """Measure all systems on the pictures of some folders, in two processes as no time is taken."""
    systems = {peer: list(installed(group)) for peer, group in SYSTEMS.items()}
    names = [name for group in systems.values() for name in group]
    pictures = [picture for folder in folders for picture in read_set(folder, most)]
    tasks = [(picture, number) for number in colors for picture in pictures]
    # Spawned, as a fork may take a lock along that some thread of this process holds.
    with ProcessPoolExecutor(min(PROCESSES, len(tasks)), get_context("spawn")) as pool:
        looks = pool.map(partial(look_at, systems=names), *zip(*tasks, strict=True))
        found = [seen for _, seen in zip(told(tasks), looks, strict=True)]
    rows = [
        front(number, name, peer, found[len(pictures) * place :][: len(pictures)])
        for place, number in enumerate(colors)
        for peer, group in systems.items()
        for name in group
    ]
    return record(rows, folders=[folder.name for folder in folders])


def front(colors: int, name: str, peer: str, looks: Sequence[dict[str, Look]]) -> Front:
    """Take the means of a system, and count what it wins."""
    mine = [each[name] for each in looks]
    theirs = [each[peer] for each in looks if peer in each and peer != name]
    means = [None if None in values else mean(values) for values in zip(*mine, strict=True)]
    wins = [won(metric, mine, theirs) if theirs else None for metric in WINS]
    return Front._make((colors, name, peer, len(mine), *means, *wins))


def won(metric: str, mine: Sequence[Look], theirs: Sequence[Look]) -> int | None:
    """Count the pictures on which a system is better by a metric; None if that is not known."""
    pairs = [(getattr(a, metric), getattr(b, metric)) for a, b in zip(mine, theirs, strict=True)]
    return None if None in pairs[0] else sum(WINS[metric](*pair) for pair in pairs)


def render(part: Part) -> str:
    """Show a table for each number of colors."""
    rows = read(part, Front)
    return "\n\n".join([
        *(table(group, columns_beside(group[0])) for group in group_by(rows, "colors")),
        f"Means of {rows[0].pictures} pictures of {' and '.join(part['folders'])}. Those are won "
        "whose PSNR is no less, and whose distance is less, than with imagequant; what is dithered "
        "is held against imagequant dithered.",
    ])  # fmt: skip


def columns_beside(first: Front) -> dict[str, Callable[[Front], str]]:
    """Make the columns of the table of a number of colors, with bytes by those of a row."""
    return {
        f"{first.colors} colors": column("system", "s"),
        "PSNR, dB": column("psnr", ".2f"),
        "SSIM": column("ssim", ".3f"),
        "Oklab": column("oklab", ".3f"),
        "blurred": column("blurred", ".3f"),
        "FLIP": column("flip", ".4f"),
        "bytes": lambda row: f"{row.bytes / first.bytes:.2f}",
        "won: by PSNR": column("psnr_won", "d"),
        "by Oklab": column("oklab_won", "d"),
        "by blurred": column("blurred_won", "d"),
        "by FLIP": column("flip_won", "d"),
    }
