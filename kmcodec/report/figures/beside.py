"""Draw a picture beside what its file gives back."""

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ...codec import encode
from ...decoding import decode
from ...files import info
from ...images.pixels import ImageLike
from .plane import DPI

_WIDTH: Final = 9.6  # inches
_TITLES: Final = 0.9


def draw_beside(image: ImageLike, pixels: NDArray[np.uint8], colors: int) -> Figure:
    """Draw the pixels of a picture beside those that its files give back, and tell the bits."""
    height, width = pixels.shape[:2]
    modelled = encode(image, colors)
    packed = info(encode(image, colors, coding="packed")).bits
    size = (_WIDTH, min(_WIDTH / 2 * height / width, _WIDTH) + _TITLES)
    figure = Figure(figsize=size, dpi=DPI, layout="constrained")
    left, right = figure.subplots(1, 2)
    raw, tight = packed["raw"], packed["palette"] + packed["indices"]
    _show(left, pixels, f"Original: {raw:,} bits")
    loss = "exact" if modelled.is_exact else f"{modelled.psnr:.1f} dB"
    count = len(info(modelled).palette)
    entries = "1 color" if count == 1 else f"{count} colors"
    whole = 8 * len(modelled)
    _show(
        right,
        decode(modelled),
        f"{entries}, {loss}: packed {tight:,} bits ({tight / raw:.1%})\n"
        f"modelled {whole:,} ({whole / raw:.1%}), the whole file",
    )
    return figure


def _show(axes: Axes, pixels: NDArray[np.uint8], title: str) -> None:
    """Show pixels, on white where they have alpha."""
    axes.imshow(pixels, interpolation="nearest" if max(pixels.shape) <= 256 else "antialiased")
    axes.set_title(title, fontsize=10)
    axes.set_axis_off()
