"""Code and decode frames one after the other, the bands of each at once."""

from collections import deque
from typing import IO, Any

import numpy as np

from ..errors import errors_within
from ..format import Header, Indices, index_dtype
from ..options import Progress
from ..stages import Stages
from ..workers import count_workers, map_in_order
from .bands import CODERS, TASK_PIXELS, check_bands, read_bands
from .container import Head, read_band
from .layout import Band, Bands, Frames


class FrameEncoder:
    """An encoder that knows the frames it was given before."""

    def __init__(
        self, header: Header, key_interval: int, slack: float = 0, threads: int | None = None
    ) -> None:
        """Begin with the first frame.

        Args:
            header: the file's.
            key_interval: a frame is a key frame if its number is a multiple of this.
            slack: as of ``kmcodec.options.Options``.
            threads: bands coded at once; None for one a core.
        """
        self._header = header
        self._key_interval = key_interval
        self._slack = slack
        tasks = -(-header.width * header.height // TASK_PIXELS)
        self._workers = count_workers(threads, min(tasks, header.band_count))
        self._bands = _MovingBands(header)
        self._frame = 0

    def encode(self, codes: Indices | None) -> list[bytes]:
        """Return the payload of each band of the next frame, empty where nothing changed.

        Args:
            codes: (height, width) uint8 up to 256 colors, else uint16, each below ``color_count``;
                None if they are still those of the frame before.
        """
        header = self._header
        is_key = self._frame % self._key_interval == 0
        self._frame += 1
        if header.color_count == 1 or (codes is None and not is_key):
            return [b""] * header.band_count
        if codes is not None:
            self._codes = codes

        def encode(number: int) -> bytes:
            rows = np.ascontiguousarray(self._codes[slice(*header.rows_of_band(number))])
            payload: bytes = self._bands[number].encode(rows, is_key, self._slack)
            return payload

        return list(map_in_order(encode, range(header.band_count), self._workers))


class FrameDecoder:
    """A decoder that holds one frame, and goes to others by what lies between.

    Attributes:
        frame: number of the frame held; -1 for none.
        codes: its codes, (height, width); they change with the next ``seek``.
        changed: first row that the last ``seek`` changed, and the row after the last one.
    """

    def __init__(
        self, stream: IO[bytes], head: Head, frames: Frames, threads: int | None = None
    ) -> None:
        """Hold no frame yet.

        Args:
            stream: the seekable stream the head was read from.
            head: its head, which has an animation.
            frames: what ``find_frames`` found.
            threads: bands decoded at once; None for one a core.
        """
        assert head.animation
        self._stream = stream
        self._header = head.header
        self._animation = head.animation
        self._frames = frames
        self._threads = threads
        self._forget()

    def _forget(self) -> None:
        """Hold no frame, and nothing of one that is decoded in part."""
        header = self._header
        self._bands = _MovingBands(header)
        self.frame = -1
        self.codes: Indices = np.zeros(
            (header.height, header.width), index_dtype(header.color_count)
        )
        self.changed = 0, 0

    def seek(self, frame: int) -> None:
        """Decode a frame, from the one held or from the nearest key frame, whichever is nearer.

        Raises:
            IndexError: there is no such frame.
            KmqError: a frame is damaged; none is held then.
        """
        if not 0 <= frame < len(self._frames):
            raise IndexError(f"frame {frame} of {len(self._frames)}")
        first = self._animation.key_before(frame)
        if first <= self.frame <= frame:
            first = self.frame + 1
        self.changed = 0, 0
        for number in range(first, frame + 1):
            self._step(number)

    def _step(self, frame: int) -> None:
        """Decode one frame, all of whose references are there."""
        header = self._header
        is_key = header.color_count > 1 and self._animation.is_key(frame)
        if is_key or not self._frames.is_empty(frame):
            try:
                with errors_within(f"frame {frame} of {len(self._frames)}"):
                    self._decode(frame, is_key)
            except BaseException:
                self._forget()
                raise
        if self.frame < 0:
            self.changed = 0, header.height
        self.frame = frame

    def _decode(self, frame: int, is_key: bool) -> None:
        bands = self._frames[frame]
        changed = [band for band in bands if is_key or band.length]

        def decode(payload: bytes, band: Band) -> None:
            coder = self._bands[band.top // self._header.band_rows]
            coder.decode(payload, is_key, self.codes[band.top : band.bottom], band.offset)

        if len(changed) == 1:  # as is usual, and ten times as quick for a tiny frame
            decode(read_band(self._stream, changed[0]), changed[0])
        else:
            deque(read_bands(self._stream, bands, decode, self._threads, None), 0)
        top, bottom = changed[0].top, changed[-1].bottom
        if self.changed != (0, 0):
            top, bottom = min(top, self.changed[0]), max(bottom, self.changed[1])
        self.changed = top, bottom


class _MovingBands(dict[int, Any]):
    """The coder of each band, made when it is first needed."""

    def __init__(self, header: Header) -> None:
        super().__init__()
        self._header = header

    def __missing__(self, number: int) -> Any:
        header = self._header
        top, bottom = header.rows_of_band(number)
        coder = CODERS[header.coding].MovingBand(bottom - top, header.width, header.color_count)
        self[number] = coder
        return coder


def check_parts(
    stream: IO[bytes],
    head: Head,
    parts: Bands | Frames,
    threads: int | None = None,
    progress: Progress | None = None,
) -> None:
    """Verify the bands of a picture, or the frames of an animation, keeping no pixels.

    Raises:
        KmqError: a band is damaged.
    """
    if isinstance(parts, Bands):
        check_bands(stream, head, parts, threads, progress)
        return
    decoder = FrameDecoder(stream, head, parts, threads)
    stages = Stages(progress)
    with stages("decoding", len(parts)):
        for frame in range(len(parts)):
            decoder.seek(frame)
            stages.step()
