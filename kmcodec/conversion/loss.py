"""Say in words what colors a conversion has lost."""

import numpy as np
from PIL import Image

from kmcodec.codec import Quantized
from kmcodec.format import MAX_COLORS
from kmcodec.frames import FramesInfo
from kmcodec.images.pixels import Indexed, read_image
from kmcodec.quantizer.histogram import Histogram

from .faults import plural


def describe_loss(
    image: Image.Image, shown: Quantized | FramesInfo, frames: int, keep_hidden: bool
) -> str:
    """Say what a result that is not exact has lost, and how to keep it."""
    kept, psnr = len(shown.palette), f"PSNR {shown.psnr:.1f} dB"
    if frames > 1:  # whose colors are no longer at hand
        return f"reduced to {plural(kept, 'color')}, {psnr}; --exact refuses to lose any"
    found = count_colors(image, keep_hidden)
    if found <= kept:
        return f"not exact, {psnr}"
    hint = f"; -k {found} keeps them, --exact refuses to lose any" if found <= MAX_COLORS else ""
    return f"{plural(found, 'color')} reduced to {kept:,}, {psnr}{hint}"


def count_colors(image: Image.Image, keep_hidden: bool) -> int:
    """Count the colors to be shown, or the entries of the picture's palette that pixels use."""
    source = read_image(image)
    if isinstance(source, Indexed):
        return len(np.unique(source.indices))
    histogram = Histogram.of(source.pixels)
    return len(histogram.colors if keep_hidden else histogram.seen_colors)
