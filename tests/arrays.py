"""Arrays that Hypothesis draws, for tests that compare with a plain form."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from numpy.typing import DTypeLike, NDArray

MOST = 400
Array = NDArray[np.number]


def or_any(few: Sequence[int], top: int = 255) -> list[int]:
    """Return values of which half are these few, and half any up to ``top``."""
    return [*few] * (-(-top // len(few))) + [*range(top + 1)]


def arrays(
    values: Sequence[float], *most: int, least: int = 1, dtype: DTypeLike = np.uint8
) -> st.SearchStrategy[Array]:
    """Draw arrays of these values, of sides from ``least`` up to ``most``, the last from 1.

    Bytes are drawn once, and as many used as are needed: to draw each value, and a strategy for
    each shape, takes Hypothesis longer than what is tested. Beyond ``MOST`` values they recur.
    """
    table = np.array(values, dtype)
    *sides, last = most
    shapes = st.tuples(*(st.integers(least, side) for side in sides), st.integers(1, last))
    return st.builds(
        lambda shape, drawn: table.take(np.resize(np.frombuffer(drawn, "<u2"), shape), mode="wrap"),
        shapes,
        st.binary(min_size=2 * MOST, max_size=2 * MOST),
    )


def pictures_and_palettes(side: int, entries: int) -> st.SearchStrategy[tuple[Array, Array]]:
    """Draw pictures up to a side, with palettes up to so many entries of as many channels."""
    values = or_any(range(10))
    return st.builds(
        lambda picture, palette: (picture, np.resize(palette, (len(palette), picture.shape[2]))),
        arrays(values, side, side, 4),
        arrays(values, entries, 4),
    )
