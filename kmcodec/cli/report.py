"""Tell what ``kmq-convert`` has done, and what was lost."""

from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from kmcodec.codec import Quantized
from kmcodec.format import MAX_COLORS
from kmcodec.images.pixels import Indexed, read_image
from kmcodec.quantizer.histogram import Histogram

from . import plural


class Report(NamedTuple):
    """A report of what was done, as ``--json`` tells it; all about colors is None but for .kmq."""

    input: str
    output: str
    format: str
    width: int
    height: int
    mode: str
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
    def of(cls, image: Image.Image, quantized: Quantized | None, **facts: Any) -> "Report":
        """Sum up what was made of an image, quantized or in a format of Pillow's."""
        return cls(
            width=image.width,
            height=image.height,
            mode=image.mode,
            larger=facts["bytes"] > facts["input_bytes"],
            colors=len(quantized.palette) if quantized else None,
            psnr=quantized.psnr if quantized and not quantized.is_exact else None,
            exact=quantized.is_exact if quantized else None,
            **facts,
        )

    def text(self) -> str:
        """Return the report as one line."""
        share = 100 * self.bytes / (3 * self.width * self.height)
        parts = [
            f"{self.width}x{self.height} {self.mode} to {self.format} of "
            f"{plural(self.bytes, 'byte')}",
            f"{share:.1f} % of 24 bits a pixel",
        ]
        if self.larger:
            parts += [f"larger than the input of {plural(self.input_bytes, 'byte')}"]
        if self.colors is not None:
            parts += [plural(self.colors, "color")]
            parts += ["exact" if self.exact else f"PSNR {self.psnr:.2f} dB"]
        return f"{', '.join(parts)}, {self.seconds:.2f} s -> {self.output}"


def describe_loss(image: Image.Image, quantized: Quantized, keep_hidden: bool) -> str:
    """Say what a result that is not exact has lost, and how to keep it."""
    found, kept = count_colors(image, keep_hidden), len(quantized.palette)
    psnr = f"PSNR {quantized.psnr:.1f} dB"
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
