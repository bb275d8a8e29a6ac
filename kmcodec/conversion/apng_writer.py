"""Write frames as an APNG file, put together from PNG files of them."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from io import BytesIO
from typing import Final

from .apng_reader import ANIMATION, CONTROL, SIGNATURE, U32, chunk, read_chunks
from .changes import Box
from .modes import ExportError

MOST_PLAYS: Final = (1 << 31) - 1
_MOST: Final = 65535  # of a duration's numerator and denominator


def write_apng(
    frames: Iterable[tuple[Box, bytes]], durations: Iterable[Fraction], count: int, plays: int
) -> Iterator[bytes]:
    """Yield the file piece by piece.

    Args:
        frames: of each the part that is drawn in place of what is there, and a PNG file of it; of
            the first the whole, whose other chunks are kept.
        durations: of each, in milliseconds, as ``round_duration`` returns them.
        count: of frames.
        plays: how often all are shown, up to MOST_PLAYS; 0 for ever.
    """
    part = 0  # the number of the next control or piece of data
    yield SIGNATURE
    for number, ((box, png), duration) in enumerate(zip(frames, durations, strict=True)):
        chunks = list(read_chunks(BytesIO(png), len(SIGNATURE)))
        data = b"".join(data for kind, data in chunks if kind == b"IDAT")
        if not number:
            first = next(place for place, (kind, _) in enumerate(chunks) if kind == b"IDAT")
            yield from (chunk(*pair) for pair in chunks[:first])
            yield chunk(b"acTL", ANIMATION.pack(count, plays))
        seconds = duration / 1000
        size = box.right - box.left, box.bottom - box.top
        fraction = seconds.numerator, seconds.denominator
        yield chunk(b"fcTL", CONTROL.pack(part, *size, box.left, box.top, *fraction, 0, 0))
        yield chunk(b"fdAT", U32.pack(part + 1) + data) if number else chunk(b"IDAT", data)
        part += 2 if number else 1
    yield chunk(b"IEND", b"")


def round_duration(duration: Fraction) -> Fraction:
    """Return the nearest duration, in milliseconds, that has room as a fraction of a second.

    Raises:
        ExportError: it is too long.
    """
    seconds = duration / 1000
    if seconds > _MOST:
        raise ExportError(f"APNG shows a frame for at most {_MOST:,} s, not {float(seconds):,}")
    return 1000 * seconds.limit_denominator(int(_MOST / max(seconds, Fraction(1))))
