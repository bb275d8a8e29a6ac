"""Draw how K-Means finds a palette: the figures of a textbook, of any picture.

All start from random centroids, as textbooks do and ``kmcodec.encode`` does only if asked to, since
that is where there is something to see. Takes ``pip install 'kmcodec[report]'``.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from ...atomic import atomic_file
from ...checks import check_integer
from ...format import MAX_COLORS
from ...images.pixels import ImageLike, read_image
from ...options import Progress
from ...stages import Stages
from ..pictures import in_color
from .steps import Run, follow_colors, follow_example

try:
    from . import beside, cloud, moving, plane
except ModuleNotFoundError as error:
    fault = f"figures take {error.name}: pip install 'kmcodec[report]'"
    raise ModuleNotFoundError(fault, name=error.name) from None

Draw = Callable[[IO[bytes]], None]

FIGURES: Final = (
    "1-centroids.png",
    "2-assignment.png",
    "3-moved.png",
    "4-paths.png",
    "5-cloud.png",
    "6-clustered.png",
    "7-beside.png",
)
"""What ``write_figures`` writes."""

ANIMATIONS: Final = ("example.gif", "colors.gif")
"""What ``write_animations`` writes."""


def write_figures(
    image: ImageLike,
    colors: int,
    folder: str | os.PathLike[str],
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[Path]:
    """Draw K-Means on the colors of a picture, and what comes of it, as PNG.

    The figures are: random initial centroids, the assignment of colors to them, the moved
    centroids, and their paths, all in the plane of the two principal axes of the colors; the colors
    in three dimensions, and as they are clustered; the original beside what a .kmq gives back.

    Args:
        image: as for ``kmcodec.encode``.
        colors: how many clusters, 1..65536, if there are as many colors.
        folder: where ``FIGURES`` are written; it is made if it is not there, and files of these
            names are replaced.
        seed: for all that is drawn at random, at least 0. The same seed gives the same figures.
        progress: called with "figures", and how many are done and in all.

    Returns:
        Their paths.

    Raises:
        OSError: a figure cannot be written.
        TypeError, ValueError: an argument cannot be used.
    """
    pixels = _read_pixels(image)
    run = _follow(pixels, colors, seed)
    draws: list[Draw] = [
        lambda file: plane.draw_step(run, 0, None).savefig(file),
        lambda file: plane.draw_step(run, 0, 0).savefig(file),
        lambda file: plane.draw_step(run, 1, 0).savefig(file),
        lambda file: plane.draw_paths(run).savefig(file),
        lambda file: cloud.draw_cloud(run, clustered=False).savefig(file),
        lambda file: cloud.draw_cloud(run, clustered=True).savefig(file),
        lambda file: beside.draw_beside(image, pixels, colors).savefig(file),
    ]
    return _write(dict(zip(FIGURES, draws, strict=True)), folder, "figures", progress)


def write_animations(
    image: ImageLike,
    colors: int,
    folder: str | os.PathLike[str],
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[Path]:
    """Draw K-Means as it converges, step by step, as animated GIF.

    One is of an example in two dimensions, the other of the colors of a picture. Each step is a
    frame: points go to their nearest centroid, or centroids to the mean of their points.

    Arguments, result and errors are those of ``write_figures``, but that the files are
    ``ANIMATIONS``, and ``progress`` is told "animations".
    """
    of_colors = _follow(_read_pixels(image), colors, seed)

    def draw(run: Run) -> Draw:
        return lambda file: moving.draw_steps(run, file)

    draws = map(draw, (follow_example(seed), of_colors))
    return _write(dict(zip(ANIMATIONS, draws, strict=True)), folder, "animations", progress)


def _read_pixels(image: ImageLike) -> NDArray[np.uint8]:
    """Return the pixels of a picture, in RGB or RGBA."""
    return in_color(read_image(image).pixels)


def _follow(pixels: NDArray[np.uint8], colors: int, seed: int) -> Run:
    """Run K-Means on the colors of pixels, as the caller asks for."""
    check_integer("colors", colors, 1, MAX_COLORS)
    return follow_colors(pixels, colors, check_integer("seed", seed, 0))


def _write(
    draws: dict[str, Draw],
    folder: str | os.PathLike[str],
    stage: str,
    progress: Progress | None,
) -> list[Path]:
    """Write files, each whole or not at all."""
    made = []
    stages = Stages(progress)
    Path(folder).mkdir(parents=True, exist_ok=True)
    with stages(stage, len(draws)):
        for name, draw in draws.items():
            made.append(Path(folder, name))
            with atomic_file(made[-1]) as file:
                draw(file)
            stages.step()
    return made
