"""Draw K-Means as it converges, as an animated GIF."""

from typing import IO, Final

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from numpy.typing import NDArray
from PIL import Image

from ...codec import quantize_many
from .plane import draw_step
from .steps import Run

_DPI: Final = 75
_STEP: Final = 700  # ms
_REST: Final = 2500  # of the first, and of the last


def draw_steps(run: Run, file: IO[bytes]) -> None:
    """Write a frame for each step: random centroids, then assignments and moves by turns."""
    steps: list[tuple[int, int | None]] = [(0, None)]
    for iteration in range(run.iterations):
        steps += [(iteration, iteration), (iteration + 1, iteration)]
    frames = [_render(run, *step) for step in steps]
    first, *others = _with_one_palette(frames)
    durations = [_REST, *[_STEP] * (len(frames) - 2), _REST]
    first.save(
        file, "GIF", save_all=True, append_images=others, duration=durations, loop=0, disposal=1
    )


def _render(run: Run, moved: int, assigned: int | None) -> NDArray[np.uint8]:
    """Draw a step as (height, width, 3) pixels."""
    canvas = FigureCanvasAgg(draw_step(run, moved, assigned, _DPI))
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _with_one_palette(frames: list[NDArray[np.uint8]]) -> list[Image.Image]:
    """Return frames with one palette, so that a GIF holds only what changes."""
    images = []
    for palette, indices in quantize_many(frames, 256, speed=9):
        image = Image.fromarray(indices)
        image.putpalette(palette.tobytes())
        images.append(image)
    return images
