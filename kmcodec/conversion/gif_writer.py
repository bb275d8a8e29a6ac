"""Write frames as a GIF file: of each what differs from the one before."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import GifImagePlugin, Image

from kmcodec.format import Indices

from .changes import Box, find_box
from .gif_reader import HAS_TABLE, LOOPING, SCREEN
from .modes import ExportError

MOST_PLAYS: Final = 1 << 16
_MOST_COLORS: Final = 256
_KEEP: Final = 1
_CLEAR: Final = 2
_SHORTEST: Final = 2  # hundredths of a second; of less, browsers make ten
_LONGEST: Final = 65535
_BLOCK_BYTES: Final = 255


class _Part(NamedTuple):
    """What is written of a frame: an area, the pixels of it that are drawn, and their colors."""

    box: Box
    entries: Indices
    drawn: NDArray[np.bool_]
    disposal: int


class _Coded(NamedTuple):
    """The same as GIF has it; ``table`` is None for that of all frames."""

    pixels: NDArray[np.uint8]
    table: NDArray[np.uint8] | None
    transparent: int | None


def write_gif(
    palette: NDArray[np.uint8],
    frames: Iterable[Indices],
    durations: Iterable[Fraction],
    plays: int,
    comment: bytes,
) -> Iterator[bytes]:
    """Yield the file piece by piece.

    Args:
        palette: (K, 3) or (K, 4) uint8, each entry opaque or fully transparent.
        frames: (height, width) each, of one size.
        durations: of each, in milliseconds.
        plays: how often all are shown, up to MOST_PLAYS; 0 for ever.
        comment: metadata, which may be empty.

    Raises:
        ExportError: a frame has too many colors, or is shown for too long.
    """
    colors, clear, merged = merge_transparent(palette)
    parts = find_parts((merged[frame] for frame in frames), clear)
    times = to_hundredths(durations)
    for number, (part, hundredths) in enumerate(zip(parts, times, strict=True)):
        if not number:
            yield from _header(part.box, colors, clear, plays, comment)
        coded = _code(part, colors, clear)
        if coded is None:
            raise ExportError(
                f"GIF holds {_MOST_COLORS} colors a frame, and frame {number} has more; convert to "
                f".kmq with -k {_MOST_COLORS} first"
            )
        yield from _frame(part, coded, hundredths)
    yield b";"


def merge_transparent(
    palette: NDArray[np.uint8],
) -> tuple[NDArray[np.uint8], int | None, NDArray[np.uint16]]:
    """Return a palette's colors, the transparent entry if there is one, and what each becomes.

    All that are transparent become the first of them.
    """
    entries = np.arange(len(palette), dtype=np.uint16)
    if palette.shape[1] == 3 or palette[:, 3].all():
        return palette[:, :3], None, entries
    clear = int((palette[:, 3] == 0).argmax())
    return palette[:, :3], clear, np.where(palette[:, 3], entries, entries.dtype.type(clear))


def find_parts(frames: Iterable[Indices], clear: int | None) -> Iterator[_Part]:
    """Find what must be drawn of each frame, and which must be cleared for the next one's sake.

    GIF draws nothing that is transparent: a pixel becomes so only when all of the frame before is
    cleared.
    """
    frames = iter(frames)
    frame: Indices | None = next(frames)
    canvas: Indices | None = None
    while frame is not None:
        following = next(frames, None)
        every = np.full(frame.shape, True)
        drawn = every if canvas is None else np.not_equal(frame, canvas)
        if clear is None or following is None or not _vanishes(frame, following, clear):
            box, disposal, after = find_box(drawn), _KEEP, frame
        else:
            box = find_box(every if canvas is None else np.not_equal(frame, clear))
            disposal, after = _CLEAR, np.full_like(frame, clear)
        yield _Part(box, frame[box.slices], drawn[box.slices], disposal)
        frame, canvas = following, after


def _vanishes(frame: Indices, following: Indices, clear: int) -> bool:
    """Return whether a pixel of a frame is transparent in the following one only."""
    return bool(np.any((following == clear) & (frame != clear)))


def to_hundredths(durations: Iterable[Fraction]) -> Iterator[int]:
    """Round milliseconds to hundredths of a second, carrying on what is lost or added.

    Raises:
        ExportError: one is too long.
    """
    owed = Fraction(0)
    for number, duration in enumerate(durations):
        owed += duration / 10
        hundredths = max(round(owed), _SHORTEST)
        if hundredths > _LONGEST:
            fault = f"GIF shows a frame for at most {_LONGEST / 100} s, not {float(duration) / 1e3}"
            raise ExportError(f"{fault} as frame {number}")
        owed -= hundredths
        yield hundredths


def _code(part: _Part, colors: NDArray[np.uint8], clear: int | None) -> _Coded | None:
    """Give each pixel its entry of a table of 256; None if there are too many colors.

    A spare entry, transparent, stands for pixels that are not drawn.
    """
    spare = _spare_entry(colors, clear)
    if spare is not None:
        pixels = np.where(part.drawn, part.entries, spare).astype(np.uint8)
        return _Coded(pixels, None, spare)
    is_drawn = part.drawn if clear is None else part.drawn & (part.entries != clear)
    if len(colors) <= _MOST_COLORS:
        return _Coded(part.entries.astype(np.uint8), None, None)
    used = np.unique(part.entries[is_drawn])
    if len(used) < _MOST_COLORS:
        pixels = np.where(is_drawn, np.searchsorted(used, part.entries), len(used))
        return _Coded(pixels.astype(np.uint8), _with_spare(colors[used]), len(used))
    used = np.unique(part.entries)
    if len(used) > _MOST_COLORS or clear in used:
        return None
    return _Coded(np.searchsorted(used, part.entries).astype(np.uint8), colors[used], None)


def _spare_entry(colors: NDArray[np.uint8], clear: int | None) -> int | None:
    """Return the transparent entry of the table of all frames, if there is one with room for it."""
    if clear is not None:
        return clear if len(colors) <= _MOST_COLORS else None
    return len(colors) if len(colors) < _MOST_COLORS else None


def _with_spare(table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.vstack((table, np.zeros((1, 3), np.uint8)))


def _header(
    box: Box, colors: NDArray[np.uint8], clear: int | None, plays: int, comment: bytes
) -> Iterator[bytes]:
    """Yield what is before the first frame, which covers the canvas."""
    table = b""
    if len(colors) <= _MOST_COLORS:
        spare = _spare_entry(colors, clear)
        table = (_with_spare(colors) if spare == len(colors) else colors).tobytes()
    size = max(1, (len(table) // 3 - 1).bit_length()) if table else 0
    flags = HAS_TABLE | size - 1 if table else 0
    yield SCREEN.pack(b"GIF89a", box.right, box.bottom, flags, 0, 0)
    yield table.ljust(3 << size if table else 0, b"\0")
    if plays != 1:
        again = max(plays - 1, 0)
        yield b"!\xff\x0b" + LOOPING + b"\x03\x01" + again.to_bytes(2, "little") + b"\0"
    if comment:
        yield b"!\xfe"
        for start in range(0, len(comment), _BLOCK_BYTES):
            block = comment[start : start + _BLOCK_BYTES]
            yield bytes([len(block)]) + block
        yield b"\0"


def _frame(part: _Part, coded: _Coded, hundredths: int) -> Iterator[bytes]:
    image = Image.fromarray(coded.pixels)
    settings = {} if coded.transparent is None else {"transparency": coded.transparent}
    if coded.table is not None:
        image.putpalette(coded.table.tobytes())
    yield from GifImagePlugin.getdata(
        image,
        (part.box.left, part.box.top),
        duration=10 * hundredths,
        disposal=part.disposal,
        include_color_table=coded.table is not None,
        **settings,
    )
