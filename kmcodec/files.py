"""Load files, and tell what is in them."""

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .animation import Animation
from .coding.container import check_frame_limits, check_limit, find_bands, find_frames, open_head
from .coding.frames import check_parts
from .coding.layout import Frames, Sections
from .coding.sections import METADATA_PREFIX
from .coding.source import Source, open_source
from .errors import SignatureError
from .format import MAX_FRAMES, MAX_PIXELS, MAX_TOTAL_PIXELS, Coding, Header
from .options import Progress


def load(
    source: Source,
    /,
    *,
    max_pixels: int | None = MAX_PIXELS,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Image.Image:
    """Load a .kmq file as a Pillow image in its source mode: read all pixels, close the file.

    Of several frames it is the first; ``Image.open`` gives all, and ``decode_frames`` their pixels.

    Args:
        source: a path, the file's bytes, or a binary file, as for ``kmcodec.decode``.
        max_pixels: largest width times height to accept; None for any.
        threads: bands decoded at once; None for one a core.
        progress: called with "decoding", and the bands done and in all.

    Raises:
        KmqError: the file is damaged, of another format, or above ``max_pixels``.
        OSError: the file cannot be read.
    """
    from .plugin.opening import KmqImageFile  # here, as info needs nothing of Pillow's

    with open_source(source) as stream:
        try:
            image = KmqImageFile(stream)
        except SyntaxError:  # how a plugin tells Pillow to try another one
            raise SignatureError("not a .kmq file", offset=0, field="magic") from None
        check_limit(image.header, max_pixels)
        image.threads, image.progress = threads, progress
        image.takes_truncated = False
        image.load()
        image.release()
    return image


@dataclass(frozen=True, eq=False)
class Info:
    """The facts that a file's head and band lengths tell; two are equal if all of them are.

    Attributes:
        header: the fixed header.
        metadata: payloads by name, unknown names included.
        palette: (color_count, channels) uint8.
        sections: name, offset and size of every stretch of the file in order, without gaps; a
            frame is one.
        file_bytes: size of the file.
        animation: the timing of the frames; None of a still picture.
    """

    header: Header
    metadata: Mapping[str, bytes]
    palette: NDArray[np.uint8]
    sections: Sections
    file_bytes: int
    animation: Animation | None

    @property
    def bits(self) -> dict[str, int]:
        """The number of bits for each purpose; those of all parts add up to "file".

        "raw", which is no part, counts the pixels of all frames at 24 bits each; "indices" counts
        all payloads except the padding of packed rows; "frames" is what the head tells of them.
        """
        header, parts = self.header, self.sections.parts
        head: Counter[str] = Counter()
        for section in self.sections.head:
            is_metadata = section.name.startswith(METADATA_PREFIX)
            head["metadata" if is_metadata else section.name] += 8 * section.size
        lengths, checksums = 8 * parts.length_bytes, 8 * parts.checksum_bytes
        payloads = 8 * self.file_bytes - head.total() - lengths - checksums
        indices = payloads
        if header.coding == Coding.PACKED and header.bits:
            indices = payloads // (8 * header.row_bytes) * header.width * header.bits
        return {
            "header": head["header"],
            "metadata": head["section_count"] + head["metadata"],
            "palette": head["palette"] + head["palette_payload"],
            "frames": head["frames_length"] + head["frames_payload"],
            "indices": indices,
            "row_padding": payloads - indices,
            "lengths": head["palette_length"] + lengths,
            "checksums": head["checksum"] + checksums,
            "file": 8 * self.file_bytes,
            "raw": 24 * header.width * header.height * (len(self.frame_bytes) or 1),
        }

    @property
    def frame_bytes(self) -> Sequence[int]:
        """The bytes of each frame, checksums included; none of a still picture."""
        frames = self.sections.parts
        if not isinstance(frames, Frames):
            return ()
        offsets = np.frombuffer(frames.offsets, np.uint64)
        return array("Q", (offsets[1:] - offsets[:-1]).tobytes())

    def _key(self) -> tuple[object, ...]:
        palette = self.palette.shape, self.palette.tobytes()
        metadata = tuple(self.metadata.items())
        return self.header, metadata, palette, self.animation, self.sections

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Info) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())


def info(
    source: Source,
    /,
    *,
    check: bool = False,
    max_pixels: int | None = MAX_PIXELS,
    max_frames: int | None = MAX_FRAMES,
    max_total_pixels: int | None = MAX_TOTAL_PIXELS,
    threads: int | None = None,
) -> Info:
    """Read a file's head, which is verified, and the lengths of its bands, which are not read.

    Damage within bands is found with ``check`` only.

    Args:
        source: a path, the file's bytes, or a binary file, as for ``kmcodec.decode``.
        check: also verify the checksums and indices of all bands, as decoding does.
        max_pixels: largest width times height to check; None for any.
        max_frames: most frames to check; None for any.
        max_total_pixels: most pixels of all frames to check; None for any.
        threads: bands checked at once; None for one a core.

    Raises:
        KmqError: the file is damaged, of another format, or to be checked and above a limit.
    """
    with open_head(source, max_pixels if check else None) as (stream, head):
        parts = find_frames(stream, head) if head.animation else find_bands(stream, head)
        if check:
            check_frame_limits(head, max_frames, max_total_pixels)
            check_parts(stream, head, parts, threads)
    sections = Sections(head.sections, parts)
    size = parts.offsets[-1]
    return Info(head.header, head.metadata, head.palette, sections, size, head.animation)
