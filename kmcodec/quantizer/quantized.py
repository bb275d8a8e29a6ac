"""Hold the result of quantization, and compute its error."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..format import Indices
from ..images.pixels import color_palette, to_channels
from .kmeans import Trace
from .loss import NO_LOSS, Loss, pixel_loss

Arrange = Callable[[NDArray[np.uint8], Indices], tuple[NDArray[np.uint8], Indices]]


@dataclass(frozen=True, eq=False, repr=False)
class Quantized:
    """A palette and indices, which it unpacks to, and how they came about.

    Two are equal if palette and indices are.

    Attributes:
        palette: (k, c) uint8, distinct unless the caller gave it.
        indices: (height, width) uint8 if k <= 256, else uint16.
        mse: mean over pixels of the squared error, summed over the channels of the source; with
            alpha the mean of that on black and that on white, unless hidden colors are kept.
        psnr: in dB, over the same channels; infinite if exact.
        trace: of the last K-Means, in units of the space; it has no iterations if none was needed.
        seconds: by stage: "histogram", "search", "kmeans", "rounding", "mapping", "rate".
        lowered: with ``rate``, the same picture in fewer bits, as far as can be told without coding
            it; else None.
    """

    palette: NDArray[np.uint8]
    indices: Indices
    mse: float
    psnr: float
    trace: Trace
    seconds: dict[str, float] = field(default_factory=dict)
    lowered: "Quantized | None" = None

    @classmethod
    def of(
        cls,
        palette: NDArray[np.uint8],
        indices: Indices,
        loss: Loss,
        trace: Trace,
        seconds: dict[str, float],
    ) -> "Quantized":
        """Make a result from a palette (k, c) and indices (height, width)."""
        return cls(palette, indices, *loss, trace, seconds)

    @classmethod
    def of_exact(cls, palette: NDArray[np.uint8], indices: Indices) -> "Quantized":
        """Make the result of a picture that is kept with its palette."""
        return cls.of(palette, indices, NO_LOSS, Trace.of_exact(palette), {})

    def rearranged(self, arrange: Arrange) -> "Quantized":
        """Return this result with palette and indices in another form that shows the same."""
        palette, indices = arrange(self.palette, self.indices)
        lowered = self.lowered.rearranged(arrange) if self.lowered else None
        return replace(self, palette=palette, indices=indices, lowered=lowered)

    def widened(self, pixels: NDArray[np.uint8], *, straight: bool) -> "Quantized":
        """Return this result of pixels in their channels: gray as three, opaque with alpha.

        Args:
            pixels: (height, width, as many channels as the palette or more).
            straight: whether alpha is a channel as the others.
        """
        if pixels.shape[-1] == self.palette.shape[1]:
            return self
        palette = to_channels(self.palette, pixels.shape[-1])
        mse, psnr = pixel_loss(pixels, palette, self.indices, straight=straight)
        lowered = self.lowered and self.lowered.widened(pixels, straight=straight)
        return replace(self, palette=palette, mse=mse, psnr=psnr, lowered=lowered)

    def in_color(self) -> "Quantized":
        """Return what was asked for, ``lowered`` if there is one, with RGB or RGBA entries."""
        wanted = self.lowered or self
        return wanted.rearranged(lambda palette, indices: (color_palette(palette), indices))

    def __iter__(self) -> Iterator[Any]:
        """Unpack: ``palette, indices = quantized``."""
        yield self.palette
        yield self.indices

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Quantized):
            return NotImplemented
        return np.array_equal(self.palette, other.palette) and np.array_equal(
            self.indices, other.indices
        )

    def __hash__(self) -> int:
        return hash((self.palette.tobytes(), self.indices.tobytes()))

    def __repr__(self) -> str:
        height, width = self.indices.shape
        return f"<Quantized {width} x {height}, {len(self.palette)} colors, {self.psnr:.2f} dB>"

    def _repr_png_(self) -> bytes:
        """Return the picture as PNG, for notebooks."""
        file = BytesIO()
        Image.fromarray(color_palette(self.palette)[self.indices]).save(file, "PNG")
        return file.getvalue()

    @property
    def is_exact(self) -> bool:
        """Whether every pixel keeps its color, but for hidden ones unless ``keep_hidden``."""
        return self.mse == 0

    @property
    def iterations(self) -> int:
        """The number of iterations of the last K-Means."""
        return len(self.trace.inertia)
