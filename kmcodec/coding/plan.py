"""Plan a file: choose the order of its codes, and the smaller of modelled and packed.

Codes are what is coded in place of palette indices, in an order of their own: similar colors
should have similar codes, and the palette should be short. Which order is best depends on the
picture, so some are tried: on the whole of a small picture, on some rows of a large one. A decoder
knows nothing of this.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..format import MAX_MODELLED_CELLS, Coding, Flags, Header, Indices
from ..images.pixels import Indexed
from ..options import Options
from ..stages import Stages
from .bands import choose_band_rows, model_bands, pack_bands
from .modelled import SMALL_PIXELS, choose_sample, estimate
from .order import green_order, invert_order, split_order
from .sections import write_palette

_TINY_PIXELS: Final = 512
"""Up to so many pixels, trials would take longer than all the rest."""


class Plan(NamedTuple):
    """A file without its metadata."""

    header: Header
    palette: bytes
    """The whole palette section."""
    codes: Indices
    modelled: list[bytes] | None
    """Payloads of the bands; None where the codes are to be packed."""

    @property
    def size(self) -> int:
        """The number of bytes that depend on the plan."""
        if self.modelled is None:
            return len(self.palette) + self.header.height * self.header.row_bytes
        return len(self.palette) + sum(map(len, self.modelled))

    def payloads(self) -> Iterable[bytes | bytearray]:
        """Return the payload of each band in order, which is packed when it is taken."""
        return pack_bands(self.header, self.codes) if self.modelled is None else self.modelled


class Arrangement(NamedTuple):
    """The codes of all pixels, and the palette section that goes with them."""

    codes: Indices
    section: bytes
    flag: Flags
    """The flag that names the form of the section."""
    has_order: bool
    """Whether codes are not palette indices; they are not packed then."""
    table: Indices | None
    """The code of each palette index; None if it is its own."""


def plan_file(source: Indexed, keep_order: bool, options: Options) -> Plan:
    """Plan the smallest file for a picture, of those that are tried.

    Args:
        source: the picture.
        keep_order: whether palette and indices must be decoded as they are, not only the pixels.
        options: ``coding``, ``slack``, ``band_rows``, ``threads`` and ``progress``.
    """
    header = _make_header(source, options.band_rows)
    stages = Stages(options.progress)
    if options.coding == "packed":
        with stages("coding"):
            return Plan(header, source.palette.tobytes(), source.indices, None)
    counts = np.bincount(source.indices.ravel(), minlength=len(source.palette))
    given, arrangements = _arrangements(source, counts, keep_order)
    if source.indices.size > SMALL_PIXELS and len(arrangements) > 1:
        arrangements = [min(arrangements, key=lambda a: _estimated_size(a, header.color_count))]
    packable = [given, *(a for a in arrangements if not a.has_order)]
    best = min((_plan(header, a, None) for a in packable), key=lambda plan: plan.size)
    modelled = replace(header, coding=Coding.MODELLED)
    if header.color_count == 1 or modelled.band_cells > MAX_MODELLED_CELLS:
        arrangements = []
    with stages("coding", len(arrangements) * header.band_count or 1):
        for arrangement in arrangements:
            payloads = model_bands(
                modelled, arrangement.codes, options.slack, options.threads, stages.step
            )
            if payloads is not None:
                plan = _plan(modelled, arrangement, payloads)
                best = min(best, plan, key=lambda plan: plan.size)
    return best


class FramePlan(NamedTuple):
    """A file of frames without its metadata, and before any is coded."""

    header: Header
    palette: bytes
    """The whole palette section."""
    table: Indices | None
    """The code of each palette index; None if it is its own."""

    def codes(self, indices: Indices) -> Indices:
        """Return the codes of a frame's indices."""
        return indices if self.table is None else np.take(self.table, indices)


def plan_frames(
    first: Indexed, counts: NDArray[np.int64], keep_order: bool, options: Options
) -> list[FramePlan]:
    """Plan files for frames, of which the first is tried: modelled, if they may be, and packed.

    Args:
        first: the first frame.
        counts: (K,) pixels of each palette entry in all frames.
        keep_order: as for ``plan_file``.
        options: ``coding`` and ``band_rows``.
    """
    header = _make_header(first, options.band_rows)
    if options.coding == "packed":
        return [FramePlan(header, first.palette.tobytes(), None)]
    given, arrangements = _arrangements(first, counts, keep_order)
    modelled = replace(header, coding=Coding.MODELLED, flags=Flags.FRAMES)
    plans = []
    if header.color_count > 1 and not modelled.find_fault():
        best = arrangements[0]
        if len(arrangements) > 1:
            best = min(arrangements, key=lambda a: _estimated_size(a, header.color_count))
        plans.append(_plan_frames(modelled, best))
    packable = [given, *(a for a in arrangements if not a.has_order)]
    return [*plans, _plan_frames(header, min(packable, key=lambda a: len(a.section)))]


def _plan_frames(header: Header, arrangement: Arrangement) -> FramePlan:
    header = replace(header, flags=header.flags | arrangement.flag)
    return FramePlan(header, arrangement.section, arrangement.table)


def _make_header(source: Indexed, band_rows: int | None) -> Header:
    height, width = source.indices.shape
    header = Header(
        coding=Coding.PACKED,
        mode=source.mode,
        flags=Flags(0),
        width=width,
        height=height,
        color_count=len(source.palette),
        band_rows=choose_band_rows(width, height, band_rows),
    )
    header.check()  # now, not when all bands are coded
    return header


def _plan(header: Header, arrangement: Arrangement, modelled: list[bytes] | None) -> Plan:
    """Plan a file for codes that are already arranged."""
    header = replace(header, flags=header.flags | arrangement.flag)
    return Plan(header, arrangement.section, arrangement.codes, modelled)


def _arrangements(
    source: Indexed, counts: NDArray[np.integer], keep_order: bool
) -> tuple[Arrangement, list[Arrangement]]:
    """Arrange a picture's codes as its palette is, and in all orders to try."""
    given = _arrangement(source.palette, None, source.indices)
    orders = _orders(source, counts, keep_order)
    return given, [_arrange(source, order, keep_order, given) for order in orders]


def _orders(
    source: Indexed, counts: NDArray[np.integer], keep_order: bool
) -> list[NDArray[np.uint16]]:
    """Return the orders of the codes to try."""
    given = np.arange(len(source.palette), dtype=np.uint16)
    if source.mode.max_colors == 2:
        return [given]  # a bilevel palette has only one order (spec 5)
    small = source.indices.size <= SMALL_PIXELS
    tiny = source.indices.size <= _TINY_PIXELS
    orders = [given] if keep_order else [green_order(source.palette)] if small else []
    if not tiny:
        split = split_order(source.palette, counts)
        orders = [order for order in orders if (order != split).any()] + [split]
    return orders


def _estimated_size(arrangement: Arrangement, color_count: int) -> float:
    """Estimate the bytes of the palette and all codes, as if all rows were like the middle ones."""
    codes = arrangement.codes
    sample = choose_sample(codes)
    return len(arrangement.section) + estimate(sample, color_count) * codes.size / sample.size


def _arrange(
    source: Indexed, order: NDArray[np.uint16], keep_order: bool, given: Arrangement
) -> Arrangement:
    """Arrange a picture's codes in an order; ``given`` are those of its own."""
    _, palette, indices = source
    if (order == np.arange(len(order))).all():
        return given
    table = invert_order(order)
    codes = np.take(table, indices)
    if keep_order:
        return _arrangement(palette, order, codes, table)
    return _arrangement(palette[order], None, codes, table)


def _arrangement(
    palette: NDArray[np.uint8],
    order: NDArray[np.uint16] | None,
    codes: Indices,
    table: Indices | None = None,
) -> Arrangement:
    flag, section = write_palette(palette, order)
    return Arrangement(codes, section, flag, order is not None, table)
