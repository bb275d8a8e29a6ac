"""Measure what a palette loses: squared errors of levels, and the PSNR.

Colors with alpha are compared as they are laid on black, and on white, and errors are the mean of
both: what shows less counts less, and colors under alpha 0 count for nothing.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..format import Indices
from .space import opaque_channels

_PIXELS_AT_ONCE: Final = 1 << 18  # pixels whose differences are held in memory


class Loss(NamedTuple):
    """What is lost.

    Attributes:
        mse: mean over pixels of the squared error, summed over channels.
        psnr: in dB, over all channels; infinite if nothing is lost.
    """

    mse: float
    psnr: float


NO_LOSS: Final = Loss(0.0, math.inf)


def color_loss(
    colors: NDArray[np.uint8],
    counts: NDArray[np.int64],
    entries: NDArray[np.uint8],
    *,
    straight: bool = False,
) -> Loss:
    """Return the loss of (n, c) colors of so many pixels each, (n,), shown as (n, c) entries.

    If ``straight``, alpha is a channel as the others, and colors under alpha 0 count too.
    """
    compared = Comparison.of(colors, straight)
    errors = compared.squared_errors(colors, entries).sum(axis=1)
    # In two parts, as 2^32 pixels of an error of 2^35 take more than 64 bits.
    error = (int(np.vdot(errors >> 16, counts)) << 16) + int(np.vdot(errors & 0xFFFF, counts))
    return compared.loss(error, int(counts.sum()))


def pixel_loss(
    pixels: NDArray[np.uint8],
    palette: NDArray[np.uint8],
    indices: Indices,
    *,
    straight: bool = False,
) -> Loss:
    """Return the loss of (height, width, c) pixels shown as ``palette[indices]``."""
    flat, picked = pixels.reshape(-1, pixels.shape[2]), indices.ravel()
    compared = Comparison.of(pixels, straight)
    return compared.loss(compared.error(flat, palette, picked), len(picked))


class Comparison(NamedTuple):
    """A comparison in so many channels, as laid on black and on white or as stored."""

    channels: int
    laid: bool

    @classmethod
    def of(cls, colors: NDArray[np.uint8], straight: bool) -> "Comparison":
        """Return that of (..., c) colors with their like."""
        opaque = opaque_channels(colors)
        laid = not straight and opaque < colors.shape[-1]
        return cls(opaque if laid else colors.shape[-1], laid)

    def squared_errors(
        self, colors: NDArray[np.uint8], entries: NDArray[np.uint8]
    ) -> NDArray[np.int64]:
        """Return squared errors, (n, channels), if laid in units of 1 / (2 * 255^2)."""
        delta = colors.astype(np.int64)
        if not self.laid:
            delta -= entries
            return delta * delta
        alpha, new_alpha = delta[:, self.channels :], entries[:, self.channels :].astype(np.int64)
        on_black = delta[:, : self.channels] * alpha - entries[:, : self.channels] * new_alpha
        on_white = on_black - 255 * (alpha - new_alpha)
        errors: NDArray[np.int64] = on_black * on_black + on_white * on_white
        return errors

    def error(self, colors: NDArray[np.uint8], palette: NDArray[np.uint8], indices: Indices) -> int:
        """Return the sum of squared errors of (n, c) colors shown as ``palette[indices]``."""
        error = 0
        for first in range(0, len(indices), _PIXELS_AT_ONCE):
            part = slice(first, first + _PIXELS_AT_ONCE)
            error += int(self.squared_errors(colors[part], palette[indices[part]]).sum())
        return error

    def loss(self, error: int, pixels: int) -> Loss:
        """Return the loss by the sum of squared errors."""
        if not error:
            return NO_LOSS
        unit = 2 * 255**2 if self.laid else 1
        most = 255**2 * self.channels * pixels * unit
        return Loss(error / (pixels * unit), 10 * math.log10(most / error))
