"""Measure the .kmq file of a picture: what it takes, and what it shows, as the decoder tells."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from ..codec import encode_pieces
from ..coding.source import Source
from ..decoding import decode_indexed
from ..files import Info, info
from ..format import MAX_PIXELS, Indices
from ..images.pixels import ImageLike, read_image
from ..options import EncodeOptions, Options, Progress, split_options
from ..stages import Stages
from .costs import pixel_costs
from .curve import Point, count_colors, find_curve
from .difference import Difference, compare
from .pictures import peer_bytes, shown_image
from .steps import Steps


@dataclass(frozen=True, eq=False)
class Measures:
    """The measures of a file, and the pixels they are of.

    Attributes:
        info: what its head tells.
        palette: (K, 3 or 4) uint8, as decoded.
        indices: (height, width), as decoded; of several frames the first.
        original: (height, width, 1 to 4) uint8, of which the file was made; None if it was given.
        distinct: the number of colors of the original, or of the file.
        difference: of what the file shows from the original; None without one.
        costs: (height, width) float32, the bits that each pixel takes.
        peers: the bytes that other formats take for the same pixels; empty if there are frames.
        seconds: that stages took, of the encoder by their names, and "decoding".
        curve: of the original, or of the file's picture, in fewer and more colors; empty if there
            are frames.
        steps: what K-Means did last; None if it did nothing.
    """

    info: Info
    palette: NDArray[np.uint8]
    indices: Indices
    original: NDArray[np.uint8] | None
    distinct: int
    difference: Difference | None
    costs: NDArray[np.float32]
    peers: Mapping[str, int]
    seconds: Mapping[str, float]
    curve: Sequence[Point]
    steps: Steps | None = None

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """What is shown, (height, width, 3 or 4) uint8."""
        return self.palette[self.indices]

    @property
    def bits_per_pixel(self) -> float:
        """The bits of the file for each pixel of all frames."""
        return self.info.bits["file"] / (self.info.bits["raw"] / 24)

    @property
    def shares(self) -> NDArray[np.float64]:
        """The share of the pixels that each entry of the palette shows, (K,)."""
        counts = np.bincount(self.indices.ravel(), minlength=len(self.palette))
        return counts / self.indices.size


def measure_picture(
    image: ImageLike, /, colors: int = 256, **options: Unpack[EncodeOptions]
) -> Measures:
    """Encode a picture, decode the file, and measure both.

    Arguments and errors are those of ``kmcodec.encode``. ``progress`` is told more stages than by
    that: "decoding", "comparing", "costs", "peers" and "curve".
    """
    settings, _ = split_options(options, EncodeOptions, colors=colors)
    start = time.perf_counter()
    quantized, pieces = encode_pieces(image, colors, **options)
    file = b"".join(pieces)
    passed = time.perf_counter() - start
    measures = _measure(file, read_pixels(image, settings), settings, options, None)
    coding = passed - sum(quantized.seconds.values())
    return replace(
        measures,
        seconds={**quantized.seconds, "coding": coding, **measures.seconds},
        steps=Steps.of(quantized.trace, settings),
    )


def measure_file(
    source: Source,
    /,
    *,
    max_pixels: int | None = MAX_PIXELS,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Measures:
    """Measure a .kmq file as it is; of frames all are verified, and the first is looked at.

    Args:
        source: a path, the file's bytes, or a binary file, as for ``kmcodec.decode``.
        max_pixels: largest width times height to accept; None for any.
        threads: bands decoded and coded at once; None for one a core.
        progress: called with the name of a stage, the steps done in it, and how many there are.

    Raises:
        KmqError: the file is damaged, of another format, or above ``max_pixels``.
    """
    settings = Options(threads=threads, progress=progress)
    return _measure(source, None, settings, {}, max_pixels)


def read_pixels(image: ImageLike, settings: Options) -> NDArray[np.uint8]:
    """Return the pixels that the encoder sees of an image: (height, width, 1 to 4) uint8."""
    return read_image(image, settings.has_color).pixels


def _measure(
    source: Source,
    original: NDArray[np.uint8] | None,
    settings: Options,
    given: Mapping[str, Any],
    max_pixels: int | None,
) -> Measures:
    """Measure all that the file itself tells; ``given`` are the options of the encoder."""
    stages = Stages(settings.progress)
    facts = info(source)
    if facts.animation:  # of which only one frame is decoded below
        with stages("checking"):
            info(source, check=True, max_pixels=max_pixels, threads=settings.threads)
    with stages("decoding"):
        palette, indices = decode_indexed(source, max_pixels=max_pixels, threads=settings.threads)
    difference, pixels = None, palette[indices]
    if original is not None:
        with stages("comparing"):
            difference = compare(original, palette, indices, straight=settings.keep_hidden)
        pixels = original
    with stages("costs"):
        costs = pixel_costs(source, max_pixels=max_pixels, threads=settings.threads)
    peers, curve, distinct = {}, [], count_colors(pixels)
    if facts.animation is None:
        with stages("peers"):
            peers = peer_bytes(shown_image(palette, indices))
        curve = find_curve(pixels, distinct, settings, given, stages)
    return Measures(
        info=facts,
        palette=palette,
        indices=indices,
        original=original,
        distinct=distinct,
        difference=difference,
        costs=costs,
        peers=peers,
        seconds={"decoding": stages.seconds["decoding"]},
        curve=curve,
    )
