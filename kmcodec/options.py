"""The encoder's options: one list for functions, plugin and command line."""

import operator
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, get_args

from .format import MAX_BAND_ROWS, MAX_COLORS
from .metadata import METADATA_NAMES

CodingName = Literal["modelled", "packed"]
SeedingName = Literal["wu", "k-means++", "random"]


@dataclass(frozen=True, kw_only=True)
class Options:
    """Checked options of ``encode``.

    Attributes:
        colors: most palette entries, 1..65536. Pictures with no more distinct colors are exact.
        coding: how indices are coded: ``"modelled"``, which falls back to ``"packed"`` where that
            is smaller, or ``"packed"``.
        seeding: where K-Means starts: ``"wu"``, ``"k-means++"`` or ``"random"``.
        seed: of the last two seedings, at least 0. The same seed gives the same bytes.
        iterations: most K-Means iterations, at least 1.
        dither: strength of error diffusion, 0 (off) to 1.
        band_rows: rows of a band, 1..65536; None for about a megapixel a band.
        threads: bands coded at once, at least 1; None for one a core. The bytes do not depend on
            it.

    Raises:
        TypeError, ValueError: a value is of the wrong type or out of range.
    """

    colors: int = 256
    coding: CodingName = "modelled"
    seeding: SeedingName = "wu"
    seed: int = 0
    iterations: int = 100
    dither: float = 0.0
    band_rows: int | None = None
    threads: int | None = None

    def __post_init__(self) -> None:
        self._check_integer("colors", 1, MAX_COLORS)
        self._check_integer("seed", 0, None)
        self._check_integer("iterations", 1, None)
        if self.band_rows is not None:
            self._check_integer("band_rows", 1, MAX_BAND_ROWS)
        if self.threads is not None:
            self._check_integer("threads", 1, None)
        if not isinstance(self.dither, (int, float)):
            raise TypeError(f"dither is {self.dither!r}, must be a number")
        if not 0 <= self.dither <= 1:
            raise ValueError(f"dither is {self.dither}, must be from 0 to 1")
        self._check_choice("coding", get_args(CodingName))
        self._check_choice("seeding", get_args(SeedingName))

    def _check_integer(self, name: str, low: int, high: int | None) -> None:
        value = getattr(self, name)
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise TypeError(f"{name} is {value!r}, must be an integer")
        number = operator.index(value)
        if number < low or (high is not None and number > high):
            wanted = f"at least {low}" if high is None else f"from {low} to {high}"
            raise ValueError(f"{name} is {number}, must be {wanted}")
        object.__setattr__(self, name, number)

    def _check_choice(self, name: str, choices: tuple[str, ...]) -> None:
        value = getattr(self, name)
        if value not in choices:
            raise ValueError(f"{name} is {value!r}, must be one of {', '.join(choices)}")


OPTION_NAMES: Final = (*(field.name for field in fields(Options)), *METADATA_NAMES)


def split_options(options: dict[str, Any]) -> tuple[Options, dict[str, Any]]:
    """Checked coding options, and metadata options as given.

    Raises:
        TypeError: there is no such option.
    """
    unknown = [name for name in options if name not in OPTION_NAMES]
    if unknown:
        names = ", ".join(OPTION_NAMES)
        raise TypeError(f"unknown option {unknown[0]!r}; options are {names}")
    metadata = {name: options[name] for name in METADATA_NAMES if name in options}
    return Options(**{k: v for k, v in options.items() if k not in metadata}), metadata
