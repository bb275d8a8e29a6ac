"""Lay the frames of GIF and APNG files upon one another, as browsers show them."""

from collections.abc import Iterable, Iterator
from enum import IntEnum
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kmcodec.images.pixels import Indexed, color_palette, is_opaque, read_image, to_channels


class Disposal(IntEnum):
    """What becomes of the area of a layer once it has been shown, by the numbers of APNG."""

    KEEP = 0
    CLEAR = 1
    RESTORE = 2


class Layer(NamedTuple):
    """What a file says of one frame.

    Attributes:
        image: the picture of an area; None where it is empty.
        left: the first column of it on the canvas.
        top: its first row.
        blends: whether what is beneath is seen through its transparent pixels.
        disposal: what becomes of the area afterwards.
    """

    image: Image.Image | None
    left: int
    top: int
    blends: bool
    disposal: Disposal


def compose(size: tuple[int, int], layers: Iterable[Layer], wanted: range) -> Iterator[Image.Image]:
    """Yield the wanted frames as they are seen, RGB if nothing shines through, else RGBA.

    Args:
        size: of the canvas, which is transparent at first, whatever a file calls its background.
        layers: from the first frame on; what is outside the canvas is not seen.
        wanted: numbers of frames, ascending.
    """
    canvas = np.zeros((size[1], size[0], 4), np.uint8)
    for number, layer in enumerate(islice(layers, wanted[-1] + 1)):
        area, shown = _on_canvas(canvas, layer)
        before = area.copy()
        if layer.blends and shown.size:
            below, above = (Image.fromarray(pixels) for pixels in (before, shown))
            area[...] = np.asarray(Image.alpha_composite(below, above))
        else:
            area[...] = shown
        if number in wanted:
            yield Image.fromarray(to_channels(canvas, 3) if is_opaque(canvas) else canvas.copy())
        if layer.disposal == Disposal.CLEAR:
            area[...] = 0
        elif layer.disposal == Disposal.RESTORE:
            area[...] = before


def _on_canvas(
    canvas: NDArray[np.uint8], layer: Layer
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the area of the canvas that a layer covers, and the RGBA pixels it has there."""
    if layer.image is None:
        return canvas[:0], canvas[:0]
    area = canvas[layer.top : layer.top + layer.image.height]
    area = area[:, layer.left : layer.left + layer.image.width]
    if not area.size:
        return area, area
    picture = read_image(layer.image.crop((0, 0, area.shape[1], area.shape[0])))
    if isinstance(picture, Indexed):
        return area, to_channels(color_palette(picture.palette), 4)[picture.indices]
    return area, to_channels(picture.pixels, 4)
