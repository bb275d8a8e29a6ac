"""Write and read the frames section of a head: how frames are timed, and how long each band is.

It is a string of varints (spec 6.5.1), of which a long animation has millions: NumPy handles them,
by pieces, so that memory stays a small multiple of the section.
"""

from array import array
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..animation import Animation, Runs
from ..errors import FormatError
from ..format import MAX_FRAME_COUNT, MAX_NUMBER, Coding, Header
from .sections import SectionReader, pack_length, read_length

Lengths = NDArray[np.uint32]
"""Bytes of the payload of each band of each frame: (frame_count, band_count)."""

_FIELDS: Final = ("frame_count", "loop_count", "ticks_per_second", "key_interval")
"""The numbers in front of the durations."""

_PIECE: Final = 1 << 13
"""Bytes, or numbers, that are handled at once."""

_MOST_GROUPS: Final = 5
"""Bytes of the longest varint."""

_SHIFTS: Final = np.arange(0, 7 * _MOST_GROUPS, 7, dtype=np.uint32)


def write_frames(animation: Animation, lengths: Any) -> bytes:
    """Return the bytes of the section; ``lengths`` are numbers, frame by frame.

    Raises:
        ValueError: a number is out of its range, as ``Animation.check`` has it, or there are too
            many.
    """
    animation.check()
    head = [animation.frame_count, animation.loop, animation.ticks_per_second]
    head += [animation.key_interval, *(number for run in animation.runs for number in run)]
    payload = _pack(np.array(head, np.uint32)) + _pack(np.asarray(lengths, np.uint32).ravel())
    if len(payload) > MAX_NUMBER:
        raise ValueError(f"{len(lengths)} bands of all frames are too many for a file")
    return pack_length(len(payload)) + payload


def read_frames(reader: SectionReader, header: Header) -> tuple[Animation, Lengths]:
    """Read the section; the inverse of ``write_frames``."""
    length = read_length(reader, "frames_length", MAX_NUMBER)
    start = reader.offset
    numbers = _Numbers(np.frombuffer(reader.take("frames_payload", length), np.uint8), start)
    animation = _read_animation(numbers)
    return animation, _read_lengths(numbers, animation, header)


class _Numbers:
    """The numbers of a section, and the errors of each."""

    def __init__(self, payload: NDArray[np.uint8], offset: int) -> None:
        self.values = _unpack(payload, offset)
        self._payload = payload
        self._offset = offset

    def fault(self, field: str, text: str, place: int) -> FormatError:
        """Make an error of the number at a place, or of one that is missing at the end."""
        ends = np.flatnonzero(self._payload < 128)[max(place - 1, 0) : place]
        offset = self._offset + (int(ends[0]) + 1 if place else 0)
        return FormatError(text, offset=offset, field=field)


def _read_animation(numbers: _Numbers) -> Animation:
    """Read all that is in front of the lengths."""
    size = len(numbers.values)
    if size < len(_FIELDS):
        raise numbers.fault(_FIELDS[size], f"{_FIELDS[size]} is missing", size)
    count, loop, ticks_per_second, key_interval = numbers.values[: len(_FIELDS)].tolist()
    if not 2 <= count <= MAX_FRAME_COUNT:
        text = f"frame_count {count} is not in 2..{MAX_FRAME_COUNT}"
        raise numbers.fault("frame_count", text, 0)
    durations = numbers.values[len(_FIELDS) : len(_FIELDS) + 2 * _count_pairs(numbers, count)]
    runs = Runs(array("I", durations.tobytes()))
    animation = Animation(runs, ticks_per_second, loop, key_interval)
    found = animation.find_fault()
    if found:
        raise numbers.fault(*found)
    return animation


def _count_pairs(numbers: _Numbers, count: int) -> int:
    """Return how many pairs of ticks and run there are: as many as make up all frames."""
    frames = numbers.values[len(_FIELDS) + 1 :: 2][:count]
    ends = np.cumsum(frames, dtype=np.uint64)
    pairs = int(np.searchsorted(ends, np.uint64(count))) + 1
    if not frames[:pairs].all():
        place = int(frames.argmin())
        raise numbers.fault("run", f"run {place} has 0 frames", len(_FIELDS) + 2 * place + 1)
    if pairs > len(ends):
        size = len(numbers.values)
        field = ("ticks", "run")[size % 2]
        raise numbers.fault(field, f"{field} is missing, for fewer than {count} frames", size)
    if ends[pairs - 1] != count:
        text = f"durations of more than {count} frames"
        raise numbers.fault("run", text, len(_FIELDS) + 2 * pairs - 1)
    return pairs


def _read_lengths(numbers: _Numbers, animation: Animation, header: Header) -> Lengths:
    """Read the lengths of all bands."""
    count, bands = animation.frame_count, header.band_count
    start = len(_FIELDS) + 2 * len(animation.runs)
    lengths = numbers.values[start:].copy()  # so that the others can go
    if len(lengths) != count * bands:
        text = f"{len(lengths)} lengths of bands, not {count * bands}"
        raise numbers.fault("length", text, start + min(count * bands, len(lengths)))
    lengths = lengths.reshape(count, bands)
    wrong = _find_wrong(lengths, animation, header)
    if wrong is not None:
        frame, band = divmod(wrong, bands)
        text = f"band {band} of frame {frame} of {count} is {lengths[frame, band]} bytes long"
        raise numbers.fault("length", text, start + wrong)
    return lengths


def _find_wrong(lengths: Lengths, animation: Animation, header: Header) -> int | None:
    """Return the place of a length that cannot be one, which no modelled one is (spec 6.5)."""
    if header.coding == Coding.MODELLED and header.color_count > 1:
        return None
    tops = np.arange(header.band_count, dtype=np.int64) * header.band_rows
    rows = np.minimum(header.height - tops, header.band_rows)
    wrong = lengths != (rows * header.row_bytes).astype(np.uint32)
    keys = np.zeros((len(lengths), 1), bool)
    keys[:: animation.key_interval] = True
    wrong &= (lengths != 0) | keys
    return int(wrong.argmax()) if wrong.any() else None


def _pack(numbers: NDArray[np.uint32]) -> bytes:
    """Pack numbers as varints."""
    return b"".join(
        _pack_piece(numbers[start : start + _PIECE]) for start in range(0, len(numbers), _PIECE)
    )


def _pack_piece(numbers: NDArray[np.uint32]) -> bytes:
    groups = numbers[:, np.newaxis] >> _SHIFTS
    more = groups > 127
    written = np.ones_like(more)
    written[:, 1:] = more[:, :-1]
    packed: NDArray[np.uint8] = ((groups & 127) + 128 * more).astype(np.uint8)
    return packed[written].tobytes()


def _unpack(payload: NDArray[np.uint8], offset: int) -> NDArray[np.uint32]:
    """Unpack varints; the inverse of ``_pack``. ``offset`` is the payload's, for errors."""
    numbers = np.empty(np.count_nonzero(payload < 128), np.uint32)
    start = done = 0
    while start < len(payload):
        piece = payload[start : start + _PIECE]
        ends = np.flatnonzero(piece < 128)
        if not len(ends):
            raise _fault("a number is not in its shortest form", offset + start)
        found = _unpack_piece(piece[: ends[-1] + 1], ends, offset + start)
        numbers[done : done + len(found)] = found
        start, done = start + int(ends[-1]) + 1, done + len(found)
    return numbers


def _unpack_piece(
    piece: NDArray[np.uint8], ends: NDArray[np.intp], offset: int
) -> NDArray[np.uint64]:
    starts = np.concatenate(([0], ends[:-1] + 1))
    sizes = ends - starts + 1
    wrong = (sizes > _MOST_GROUPS) | ((sizes > 1) & (piece[ends] == 0))
    if wrong.any():
        place = offset + int(starts[wrong.argmax()])
        raise _fault("a number is not in its shortest form", place)
    numbers = np.zeros(len(ends), np.uint64)
    for group in range(int(sizes.max())):
        longer = np.flatnonzero(sizes > group)
        bits = (piece[starts[longer] + group] & 127).astype(np.uint64)
        numbers[longer] |= bits << np.uint64(7 * group)
    if numbers.max() > MAX_NUMBER:
        wrong = numbers > MAX_NUMBER
        place = int(wrong.argmax())
        raise _fault(f"{numbers[place]} is more than {MAX_NUMBER}", offset + int(starts[place]))
    return numbers


def _fault(text: str, offset: int) -> FormatError:
    return FormatError(text, offset=offset, field="frames_payload")
