"""Tell what ``kmq-convert`` has done, and what was lost."""

from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from kmcodec.codec import Quantized
from kmcodec.format import MAX_COLORS
from kmcodec.frames import FramesInfo
from kmcodec.images.pixels import Indexed, read_image
from kmcodec.quantizer.histogram import Histogram

from .faults import plural


class Report(NamedTuple):
    """A report of what was done, as ``--json`` tells it; all about colors is None but for .kmq."""

    input: str
    output: str
    format: str
    width: int
    height: int
    mode: str
    frames: int
    input_bytes: int
    bytes: int
    larger: bool
    """Whether the output has more bytes than the input."""
    colors: int | None
    psnr: float | None
    """In dB; None if exact, too."""
    exact: bool | None
    seconds: float

    @classmethod
    def of(cls, image: Image.Image, shown: Quantized | FramesInfo | None, **facts: Any) -> "Report":
        """Sum up what was made of an image or frames, quantized or in a format of Pillow's."""
        return cls(
            width=image.width,
            height=image.height,
            mode=image.mode,
            larger=facts["bytes"] > facts["input_bytes"],
            colors=len(shown.palette) if shown else None,
            psnr=shown.psnr if shown and not shown.is_exact else None,
            exact=shown.is_exact if shown else None,
            **facts,
        )

    def text(self) -> str:
        """Return the report as one line."""
        share = 100 * self.bytes / (3 * self.width * self.height * self.frames)
        frames = f", {plural(self.frames, 'frame')}," if self.frames > 1 else ""
        parts = [
            f"{self.width}x{self.height} {self.mode}{frames} to {self.format} of "
            f"{plural(self.bytes, 'byte')}",
            f"{share:.1f} % of 24 bits a pixel",
        ]
        if self.frames > 1:
            parts += [f"{self.bytes / self.frames:,.0f} bytes a frame"]
        if self.larger:
            parts += [f"larger than the input of {plural(self.input_bytes, 'byte')}"]
        if self.colors is not None:
            parts += [plural(self.colors, "color")]
            parts += ["exact" if self.exact else f"PSNR {self.psnr:.2f} dB"]
        return f"{', '.join(parts)}, {self.seconds:.2f} s -> {self.output}"


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
