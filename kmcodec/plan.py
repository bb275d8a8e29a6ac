"""What a file is made of: the order of its codes, and the smaller of modelled and packed.

Codes are what is coded in place of palette indices, in an order of their own: similar colors
should have similar codes, and the palette should be short. Which order is best depends on the
picture, so some are tried: on the whole of a small picture, on some rows of a large one. A decoder
knows nothing of this.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .bands import model_bands
from .coded_palette import encode_palette, invert
from .container import join_coded_palette
from .format import MAX_MODELLED_CELLS, Coding, Flags, Header, Indices, Mode
from .modelled import SMALL_PIXELS, TINY_PIXELS, choose_sample, estimate
from .palette import green_order, split_order
from .pixels import Indexed


class Plan(NamedTuple):
    """A file but for its metadata."""

    header: Header
    palette: bytes
    codes: Indices
    payloads: list[bytes] | None
    """Of the bands; None where the codes are to be packed."""

    @property
    def size(self) -> int:
        """Bytes that depend on the plan."""
        if self.payloads is None:
            return len(self.palette) + self.header.height * self.header.row_bytes
        return len(self.palette) + sum(map(len, self.payloads))


class Arrangement(NamedTuple):
    """A palette, the order of the codes if it is another one, and the codes of all pixels."""

    palette: NDArray[np.uint8]
    order: NDArray[np.uint16] | None
    codes: Indices


def plan_file(
    header: Header, source: Indexed, keep_order: bool, slack: float, threads: int | None
) -> Plan:
    """The smallest file there is for a picture, of those that are tried.

    Args:
        header: of the picture; its coding and flags are chosen here.
        source: the picture.
        keep_order: whether palette and indices must be decoded as they are, not only the pixels.
        slack: share of bytes that a large band may be longer for being decoded much faster.
        threads: bands coded at once; None for one a core.
    """
    arrangements = [_arrange(source, order, keep_order) for order in _orders(source, keep_order)]
    if source.indices.size > SMALL_PIXELS and len(arrangements) > 1:
        arrangements = [min(arrangements, key=_estimated_size)]
    given = Arrangement(source.palette, None, source.indices)
    packable = [given, *(a for a in arrangements if a.order is None)]  # no order is packed
    best = min((_join(header, a, None) for a in packable), key=lambda plan: plan.size)
    modelled = replace(header, coding=Coding.MODELLED)
    if header.color_count > 1 and modelled.band_cells <= MAX_MODELLED_CELLS:
        for arrangement in arrangements:
            payloads = model_bands(modelled, arrangement.codes, slack, threads)
            if payloads is not None:
                best = min(best, _join(modelled, arrangement, payloads), key=lambda p: p.size)
    return best


def _join(header: Header, arrangement: Arrangement, payloads: list[bytes] | None) -> Plan:
    """A file with the shorter form of the palette."""
    palette, order, codes = arrangement
    plain = palette.tobytes()
    coded = join_coded_palette(encode_palette(palette, order))
    if order is None and len(plain) <= len(coded):
        return Plan(header, plain, codes, payloads)
    header = replace(header, flags=header.flags | Flags.CODED_PALETTE)
    return Plan(header, coded, codes, payloads)


def _orders(source: Indexed, keep_order: bool) -> list[NDArray[np.uint16]]:
    """Orders of the codes to try."""
    given = np.arange(len(source.palette), dtype=np.uint16)
    if source.mode == Mode.BILEVEL:
        return [given]
    small = source.indices.size <= SMALL_PIXELS
    tiny = source.indices.size <= TINY_PIXELS
    orders = [given] if keep_order else [green_order(source.palette)] if small else []
    if not tiny:
        counts = np.bincount(source.indices.ravel(), minlength=len(source.palette))
        split = split_order(source.palette, counts)
        orders = [order for order in orders if (order != split).any()] + [split]
    return orders


def _estimated_size(arrangement: Arrangement) -> float:
    """Bytes of the palette and of all codes, if all rows are as those in the middle."""
    palette, order, codes = arrangement
    sample = choose_sample(codes)
    indices = estimate(sample, len(palette)) * codes.size / sample.size
    return len(encode_palette(palette, order)) + indices


def _arrange(source: Indexed, order: NDArray[np.uint16], keep_order: bool) -> Arrangement:
    """A picture with its codes in an order."""
    _, palette, indices = source
    if (order == np.arange(len(order))).all():
        return Arrangement(palette, None, indices)
    codes = np.take(invert(order), indices)
    if keep_order:
        return Arrangement(palette, order, codes)
    return Arrangement(palette[order], None, codes)
