"""List and check the encoder's options, once for functions, plugin and command line."""

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from numbers import Real
from typing import Any, Final, Literal, TypedDict, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .checks import check_function, check_integer, read_array
from .colors import Colors, read_colors
from .format import MAX_BAND_ROWS, MAX_COLORS, METADATA_NAMES

CodingName = Literal["modelled", "packed"]
SeedingName = Literal["wu", "k-means++", "random"]
SpaceName = Literal["blend", "rgb", "oklab"]
DitheringName = Literal["diffusion", "ordered"]
WeightingName = Literal["pixels", "roots"]
Dither = float | Literal["auto"]

Progress = Callable[[str, int, int], object]
"""Called with the name of a stage, the steps done in it and how many there are at most."""

MAX_PSNR: Final = 200
"""The highest PSNR in dB to ask for: above that of any picture that is not exact."""

_DITHERS: Final = {
    Image.Dither.NONE: (0.0, "diffusion"),
    Image.Dither.FLOYDSTEINBERG: (1.0, "diffusion"),
    Image.Dither.ORDERED: (1.0, "ordered"),
}


class QuantizerOptions(TypedDict, total=False):
    """The options of ``quantize``, which ``Options`` describes."""

    speed: int
    seeding: SeedingName | None
    seed: int
    starts: int | None
    iterations: int | None
    space: SpaceName
    weighting: WeightingName
    importance: NDArray[Any] | Image.Image | None
    palette: Colors | None
    fixed: Colors | None
    psnr: float | tuple[float, float] | None
    exact: bool
    keep_hidden: bool
    dither: Dither | Image.Dither
    dithering: DitheringName
    rate: float
    progress: Progress | None
    threads: int | None


class CodingOptions(TypedDict, total=False):
    """The options for coding indices, which ``Options`` describes."""

    coding: CodingName
    slack: float
    band_rows: int | None
    progress: Progress | None
    threads: int | None


class MetadataOptions(TypedDict, total=False):
    """The metadata to store, under the keys of Pillow's ``info``; empty or None for none."""

    comment: str | bytes | None
    dpi: tuple[float, float] | None
    exif: bytes | Image.Exif | None
    icc_profile: bytes | None
    xmp: bytes | str | None


class IndexedOptions(CodingOptions, MetadataOptions, total=False):
    """The options of ``encode_indexed``."""


class EncodeOptions(QuantizerOptions, CodingOptions, MetadataOptions, total=False):
    """The options of ``encode`` and ``save``."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of ``encode``, checked.

    Attributes:
        colors: most palette entries, 1..65536. Pictures with no more distinct colors are exact,
            unless ``rate`` is above 0, or ``psnr`` asks for less.
        coding: how indices are coded: ``"modelled"``, which falls back to ``"packed"`` where that
            is smaller, or ``"packed"``.
        slack: share of its bytes by which a large band may grow to be decoded several times as
            fast, 0 (the smallest file) to 1. The growth is estimated from some of its rows.
        speed: 1 (best palette) to 10 (fastest); how long palettes are searched for.
        seeding: where K-Means starts: ``"wu"``, ``"k-means++"`` or ``"random"``; it then runs once
            and nothing is searched. None to search as long as ``speed`` says.
        seed: for all that is drawn at random, at least 0. The same seed gives the same bytes.
        starts: seedings to try, at least 1; the best is kept. None for as many as ``speed`` says.
        iterations: most iterations of K-Means on all colors, at least 1; None for as many as
            ``speed`` says.
        space: where colors are compared: ``"rgb"``, which has the highest PSNR, ``"oklab"``, which
            is nearer to what people see, or ``"blend"``, which has most of both; gray needs none,
            and is then compared as it is stored. Colors with alpha are compared as they look on
            black and on white. From two colors on, pixels of alpha 0 or 255 keep it, unless
            ``palette`` or ``fixed`` leave no such entry: then they get the nearest.
        weighting: how much a color counts: by its ``"pixels"``, or by square ``"roots"`` of the
            pixels of about the same color, which keeps small areas of a color of their own.
        importance: (height, width) numbers of at least 0, or a Pillow image of mode L: how much
            each pixel counts, relative to the others.
        palette: as ``Colors``: pixels are mapped to these entries, however many, which are stored
            in this order. A picture whose own palette is this, or its beginning, keeps its indices.
        fixed: as ``Colors``: entries that are kept exactly, and are first in what ``quantize``
            returns; they count as ``colors``. A picture that keeps its own palette lacks them.
        psnr: what to reach with as few colors as it takes, in dB over the channels of color; or a
            pair, the least to accept and the one to reach. Dithering and ``rate`` lower it
            afterwards. A picture whose own palette fits keeps it.
        exact: whether to fail instead of losing anything, also what alpha 0 hides.
        keep_hidden: whether colors under alpha 0 count too, as games may blend them into edges:
            then all colors count alike, whatever their alpha, in palette, MSE and PSNR. By default
            they are kept where there is room for all, and else become one.
        dither: strength of dithering, 0 (off) to 1; ``"auto"`` for 1 in smooth gradients, which
            would show bands, and 0 elsewhere; or ``Image.Dither``.
        dithering: ``"diffusion"`` of errors; or ``"ordered"``, a pattern that repeats itself, for
            smaller files, and for frames and tiles that fit together.
        rate: squared error, summed over channels, that saving a bit of the file is worth: 0 (off)
            and up; 4 to 32 for photographs. Pixels get entries that are not the nearest but take
            fewer bits, and entries move with them. A file never gets larger by it. Pictures that
            keep their own palette (modes P and PA) and those of mode 1 are left alone. Not
            together with ``dither``, which spends bits to lower a visible error.
        progress: called with the name of a stage ("histogram", "search", "kmeans", "rounding",
            "mapping", "rate", "coding"), the steps done in it, from 0 on, and how many there are
            at most; at its end they are equal. A stage may come again. What it raises ends the
            work.
        band_rows: rows of a band, 1..65536; None for about a megapixel a band. Frames of more than
            8 bands, and one more for each half megapixel, are packed.
        threads: bands coded at once, at least 1; None for one a core. The bytes do not depend on
            it.

    Raises:
        TypeError, ValueError: a value is of the wrong type or out of range.
    """

    colors: int = 256
    coding: CodingName = "modelled"
    slack: float = 0.03
    speed: int = 5
    seeding: SeedingName | None = None
    seed: int = 0
    starts: int | None = None
    iterations: int | None = None
    space: SpaceName = "blend"
    weighting: WeightingName = "pixels"
    importance: NDArray[np.float64] | None = None
    palette: NDArray[np.uint8] | None = None
    fixed: NDArray[np.uint8] | None = None
    psnr: tuple[float, float] | None = None
    exact: bool = False
    keep_hidden: bool = False
    dither: Dither = 0.0
    dithering: DitheringName = "diffusion"
    rate: float = 0.0
    progress: Progress | None = None
    band_rows: int | None = None
    threads: int | None = None

    def __post_init__(self) -> None:
        self._check_integer("colors", 1, MAX_COLORS)
        self._check_integer("speed", 1, 10)
        self._check_integer("seed", 0, None)
        self._check_integer("starts", 1, None)
        self._check_integer("iterations", 1, None)
        self._check_integer("band_rows", 1, MAX_BAND_ROWS)
        self._check_integer("threads", 1, None)
        self._check_choice("coding", get_args(CodingName))
        self._check_choice("seeding", (None, *get_args(SeedingName)))
        self._check_choice("space", get_args(SpaceName))
        self._check_choice("weighting", get_args(WeightingName))
        self._check_dither()
        self._check_choice("dithering", get_args(DitheringName))
        self._set("slack", self._check_number("slack", self.slack, 0, 1))
        self._set("rate", self._check_number("rate", self.rate, 0, sys.float_info.max))
        if self.dither != 0 and self.rate > 0:
            raise ValueError("dither and rate exclude each other: one of them must be 0")
        self._check_flag("exact")
        self._check_flag("keep_hidden")
        if self.exact and self.rate > 0:
            raise ValueError("rate asks for loss, and exact for none")
        self._set("keep_hidden", self.keep_hidden or self.exact)
        self._set("importance", _importance(self.importance))
        self._set("palette", read_colors("palette", self.palette, MAX_COLORS))
        self._set("fixed", _distinct(read_colors("fixed", self.fixed, MAX_COLORS)))
        if self.fixed is not None and len(self.fixed) > self.colors:
            raise ValueError(f"fixed has {len(self.fixed)} colors, colors is {self.colors}")
        if self.palette is not None and self.fixed is not None:
            raise ValueError("palette and fixed exclude each other: one of them must be None")
        self._check_psnr()
        check_function("progress", self.progress)

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _check_integer(self, name: str, low: int, high: int | None) -> None:
        value = getattr(self, name)
        if value is not None or Options.__dataclass_fields__[name].default is not None:
            self._set(name, check_integer(name, value, low, high))

    def _check_flag(self, name: str) -> None:
        value = getattr(self, name)
        if not isinstance(value, bool):
            raise TypeError(f"{name} is {value!r}, must be True or False")

    def _check_choice(self, name: str, choices: tuple[str | None, ...]) -> None:
        value = getattr(self, name)
        if not (value is None or isinstance(value, str)) or value not in choices:
            names = ", ".join(choice for choice in choices if choice is not None)
            raise ValueError(f"{name} is {value!r}, must be one of {names}")

    @property
    def has_color(self) -> bool:
        """Return whether ``palette`` or ``fixed`` are not gray, so that no picture stays it."""
        given = [entries for entries in (self.palette, self.fixed) if entries is not None]
        return any(bool((entries[:, :2] != entries[:, 1:3]).any()) for entries in given)

    @staticmethod
    def _check_number(name: str, value: Any, low: float, high: float) -> float:
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError(f"{name} is {value!r}, must be a number")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not low <= number <= high:
            raise ValueError(f"{name} is {value}, must be from {low:g} to {high:g}")
        return number

    def _check_dither(self) -> None:
        if isinstance(self.dither, Image.Dither):
            if self.dither not in _DITHERS:
                raise ValueError(f"dither is {self.dither!r}, which is nothing that is done here")
            dither, dithering = _DITHERS[self.dither]
            self._set("dither", dither)
            self._set("dithering", dithering)
        elif isinstance(self.dither, str):
            if self.dither != "auto":
                raise ValueError(f"dither is {self.dither!r}, must be a number, or auto")
        else:
            self._set("dither", self._check_number("dither", self.dither, 0, 1))

    def _check_psnr(self) -> None:
        given: Any = self.psnr
        if given is None:
            return
        if self.palette is not None:
            raise ValueError("psnr chooses the colors, so it does not go with palette")
        pair = (0.0, given) if isinstance(given, Real) else given
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise TypeError(f"psnr is {given!r}, must be a number or a pair of them")
        least, wanted = (self._check_number("psnr", value, 0, MAX_PSNR) for value in pair)
        if least > wanted:
            raise ValueError(f"psnr is {least:g} to {wanted:g}, must not fall")
        self._set("psnr", (least, wanted))


def _distinct(colors: NDArray[np.uint8] | None) -> NDArray[np.uint8] | None:
    """Return each color once, in the order in which they first occur."""
    if colors is None:
        return None
    return colors[np.sort(np.unique(colors, axis=0, return_index=True)[1])]


def _importance(given: Any) -> NDArray[np.float64] | None:
    """Return the importance as (height, width) float64."""
    if given is None:
        return None
    importance = read_array("importance", given)
    if importance.dtype.kind not in "buif":
        raise TypeError(f"importance is of {importance.dtype}, must be of numbers")
    importance = importance.astype(np.float64)
    if importance.ndim != 2 or not importance.size:
        raise ValueError(f"importance is of shape {importance.shape}, must be (height, width)")
    if not np.isfinite(importance).all() or importance.min() < 0 or importance.max() == 0:
        raise ValueError("importance must be finite, at least 0, and somewhere more")
    return importance


OPTION_NAMES: Final = (*(field.name for field in fields(Options)), *METADATA_NAMES)


def split_options(given: Any, names: Any, **others: Any) -> tuple[Options, dict[str, Any]]:
    """Check options, and separate metadata from them.

    Args:
        given: values by name.
        names: the names that apply, as keys or as a TypedDict.
        **others: more options, whose names are known to apply.

    Raises:
        TypeError: an option does not exist, or does not apply.
        ValueError: a value cannot be used.
    """
    known = (*others, *getattr(names, "__annotations__", names))
    for name in given:
        if name not in known:
            fault = "does not apply here" if name in OPTION_NAMES else "does not exist"
            raise TypeError(f"option {name!r} {fault}; options are {', '.join(known)}")
    metadata = {name: given[name] for name in METADATA_NAMES if name in given}
    return Options(**others, **{k: v for k, v in given.items() if k not in metadata}), metadata
