"""Tell the measures of a file as values that JSON has.

The page has them in a script element of type application/json and id "report"::

    schema_version  1; another number if the meaning of a key changes
    name            of the picture
    width, height   in pixels
    mode            in which it opens
    frames          how many; 1 of a still picture
    colors          entries of the palette
    distinct_colors of the picture that was encoded, or of the file if that was given
    bytes           of the file
    bits            {header, metadata, palette, ..., file, raw}, as kmq-info tells them
    bits_per_pixel  of all frames
    peers           {format: bytes} of the same pixels
    mse, psnr       psnr in dB, null if nothing is lost; both null if only the file was given
    oklab           null, or {mean, largest, visible}: of the distances from the original in Oklab,
                    where white is 1 from black; visible is the share of pixels above 0.02
    seconds         {stage: seconds}
    palette         array of [color, share of the pixels], of most pixels first; at most 256
    kmeans          null, or {inertia, changed}, arrays with a number for each iteration
    curve           array of [colors, bytes without metadata, PSNR in dB or null]
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .measure import Measures

SCHEMA_VERSION: Final = 1
MOST_SWATCHES: Final = 256
VISIBLE: Final = 0.02
"""The least distance in Oklab that can be seen, about."""


def numbers(measures: Measures, name: str) -> dict[str, Any]:
    """Describe a file as the module's docstring tells."""
    facts, steps, difference = measures.info, measures.steps, measures.difference
    return {
        "schema_version": SCHEMA_VERSION,
        "name": name,
        "width": facts.header.width,
        "height": facts.header.height,
        "mode": facts.header.mode.name,
        "frames": facts.animation.frame_count if facts.animation else 1,
        "colors": facts.header.color_count,
        "distinct_colors": measures.distinct,
        "bytes": facts.file_bytes,
        "bits": facts.bits,
        "bits_per_pixel": measures.bits_per_pixel,
        "peers": dict(measures.peers),
        "mse": difference and difference.loss.mse,
        "psnr": difference and finite(difference.loss.psnr),
        "oklab": difference and _oklab(difference.distances),
        "seconds": dict(measures.seconds),
        "palette": swatches(measures),
        "kmeans": steps and {"inertia": steps.inertia.tolist(), "changed": steps.changed.tolist()},
        "curve": [[point.colors, point.bytes, finite(point.psnr)] for point in measures.curve],
    }


def swatches(measures: Measures) -> list[tuple[str, float]]:
    """Return the entries that show most pixels, as #rrggbb or #rrggbbaa, with their shares."""
    shares, entries = measures.shares, measures.palette
    order = np.argsort(-shares, kind="stable")[:MOST_SWATCHES]
    return [(f"#{bytes(entries[n]).hex()}", float(shares[n])) for n in order]


def finite(value: float) -> float | None:
    """Return a number that JSON has, or None."""
    return value if math.isfinite(value) else None


def _oklab(distances: NDArray[np.float32]) -> dict[str, float]:
    return {
        "mean": float(distances.mean(dtype=np.float64)),
        "largest": float(distances.max()),
        "visible": float((distances > VISIBLE).mean()),
    }
