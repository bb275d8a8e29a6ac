"""Hold the result of quantization, and compute its error."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..format import Indices
from ..images.pixels import color_palette
from .cloud import psnr_of
from .kmeans import Trace

Arrange = Callable[[NDArray[np.uint8], Indices], tuple[NDArray[np.uint8], Indices]]

_PIXELS_AT_ONCE: Final = 1 << 18  # pixels whose differences are held in memory


@dataclass(frozen=True, eq=False, repr=False)
class Quantized:
    """A palette and indices, which it unpacks to, and how they came about.

    Two are equal if palette and indices are.

    Attributes:
        palette: (k, c) uint8, distinct unless the caller gave it.
        indices: (height, width) uint8 if k <= 256, else uint16.
        mse: mean over pixels of the squared error, summed over the channels of the source.
        psnr: in dB, over all channels; infinite if exact.
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
        squared_error: int,
        trace: Trace,
        seconds: dict[str, float],
    ) -> "Quantized":
        """Make a result, and compute its errors.

        Args:
            palette: (k, c) uint8.
            indices: (height, width).
            squared_error: sum over pixels and channels.
            trace: of K-Means.
            seconds: by stage.
        """
        psnr = psnr_of(squared_error, indices.size * palette.shape[1])
        return cls(palette, indices, squared_error / indices.size, psnr, trace, seconds)

    @classmethod
    def of_exact(cls, palette: NDArray[np.uint8], indices: Indices) -> "Quantized":
        """Make the result of a picture that is kept with its palette."""
        return cls.of(palette, indices, 0, Trace.of_exact(palette), {})

    def rearranged(self, arrange: Arrange) -> "Quantized":
        """Return this result with palette and indices in another form that shows the same."""
        palette, indices = arrange(self.palette, self.indices)
        lowered = self.lowered.rearranged(arrange) if self.lowered else None
        return replace(self, palette=palette, indices=indices, lowered=lowered)

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
        """Whether every pixel keeps its color."""
        return self.mse == 0

    @property
    def iterations(self) -> int:
        """The number of iterations of the last K-Means."""
        return len(self.trace.inertia)


def squared_error(pixels: NDArray[np.uint8], palette: NDArray[np.uint8], indices: Indices) -> int:
    """Sum the squared differences to the palette over pixels and channels."""
    flat, picked = pixels.reshape(-1, pixels.shape[2]), indices.ravel()
    error = 0
    for first in range(0, len(picked), _PIXELS_AT_ONCE):
        part = slice(first, first + _PIXELS_AT_ONCE)
        delta = (flat[part].astype(np.int64) - palette[picked[part]]).ravel()
        error += int(np.vdot(delta, delta))
    return error
