"""Open .kmq files as Pillow's images, whose pixels are decoded when they are asked for."""

import os
import warnings
from collections.abc import Iterator
from io import BytesIO
from operator import index
from typing import IO, Any, Final

from PIL import Image, ImageFile
from PIL._util import DeferredError

from ..coding.bands import check_bands, read_bands
from ..coding.container import find_bands, find_frames, read_head
from ..coding.frames import check_parts
from ..coding.metadata import pillow_info
from ..errors import errors_of
from ..format import FORMAT, MAGIC, Coding, Header
from ..images.pixels import pillow_palette, pillow_transparency
from ..options import Progress
from .frames import OpenFrames
from .view import Part, View

_DECODER: Final = "kmq"

# Index planes that Pillow's raw decoder reads as they lie in the file, by mode and bits.
_RAW_MODES: Final = {
    ("P", 1): "P;1",
    ("P", 2): "P;2",
    ("P", 4): "P;4",
    ("P", 8): "P",
    ("1", 1): "1",
}
_RAW_PIXELS: Final = 1 << 12  # of a band, below which a tile of Pillow's costs more than decoding
_DRAFT_MODES: Final = {"RGB": ("L",), "RGBA": ("LA",), "P": ("L", "RGB")}


def _is_same(first: Any, second: Any) -> bool:
    """Tell whether what is to be saved to is the file of a path."""
    try:
        return os.path.samefile(first, second)  # noqa: PTH121  (which may be bytes)
    except (OSError, TypeError, ValueError):
        return False


class KmqImageFile(ImageFile.ImageFile):
    """An open .kmq file, whose bands are read when the pixels are asked for.

    Of several frames, ``seek`` chooses one. Then ``info`` has its "duration" in milliseconds, and
    "loop", which is how often all are shown, 0 for ever.
    """

    format = FORMAT
    format_description = "K-Means palette image"
    threads: int | None = None
    """The number of bands decoded at once; None for one a core."""
    progress: Progress | None = None
    """A callback for bands that are decoded, as of ``kmcodec.load``."""
    takes_truncated = True
    """Whether ``ImageFile.LOAD_TRUNCATED_IMAGES`` is obeyed."""
    _frames: OpenFrames | None = None  # as of a still, and of what arrives pickled
    _frame = 0

    def _open(self) -> None:
        """Read and verify the head: header, metadata, palette."""
        if self._file.read(len(MAGIC)) != MAGIC:
            raise SyntaxError("not a KMQ file")
        with errors_of(self.filename):
            self._head = read_head(self._file, None)
        self.info.update(pillow_info(self._head.metadata))
        if self._head.animation:
            self.info["loop"] = self._head.animation.loop
            self._keep_file(self._file)
        self._show(0)

    def _keep_file(self, file: IO[bytes]) -> None:
        """Keep the file for other frames, under the name by which Pillow closes it."""
        self._fp = file
        self._close_exclusive_fp_after_loading = False
        self._frames = OpenFrames(file, self._head)

    def _show(self, frame: int) -> None:
        """Make a frame the one to be read, in the file's mode and size."""
        header, palette = self._head.header, self._head.palette
        self._frame = frame
        self._im = None
        self.palette = pillow_palette(header.mode, palette)
        if self._head.animation:
            duration = self._head.animation.duration(frame)
            is_whole = duration.denominator == 1
            self.info["duration"] = int(duration) if is_whole else float(duration)
        transparency = pillow_transparency(header.mode, palette)
        if transparency is not None:
            self.info["transparency"] = transparency
        self._take(View(self._head))

    def _take(self, view: View) -> None:
        """Take mode and size of what is to be read."""
        self._view = view
        self._mode = view.mode
        self._size = view.size
        # One tile stands for all bands until load_prepare finds them.
        self.tile = [ImageFile._Tile(_DECODER, (0, 0, *view.size), self._head.size, ())]

    @property
    def header(self) -> Header:
        """The file's header."""
        return self._head.header

    @property
    def n_frames(self) -> int:
        """The number of frames; under ``LOAD_TRUNCATED_IMAGES``, of those that are whole."""
        return self._frames.count(self._whole_only) if self._frames else 1

    @property
    def is_animated(self) -> bool:
        """Whether there are several frames."""
        return self.n_frames > 1

    @property
    def _whole_only(self) -> bool:
        return self.takes_truncated and ImageFile.LOAD_TRUNCATED_IMAGES

    @property
    def _file(self) -> IO[bytes]:
        if self.fp is None:
            raise ValueError("the file of this image is closed")
        return self.fp

    def tell(self) -> int:
        """Return the number of the current frame."""
        return self._frame

    def seek(self, frame: int) -> None:
        """Make another frame the current one; its pixels are decoded when they are asked for.

        What was done to the frame before, as by ``draft``, ends with it.

        Raises:
            EOFError: there is no such frame; the current one stays.
            ValueError: the file is closed.
        """
        frame = index(frame)
        if not 0 <= frame < self.n_frames:
            raise EOFError("attempt to seek outside sequence")  # in Pillow's words
        if frame == self._frame:
            return
        if isinstance(self._fp, DeferredError):  # as of a closed image
            raise self._fp.ex
        self.fp = self._fp
        self._show(frame)

    def release(self) -> None:
        """Let go of the file without closing it, so that no more frames can be read."""
        self.fp = None
        if self._frames:
            fault = "the file of this image is released; Image.open it for its other frames"
            self._fp = DeferredError(ValueError(fault))

    def save(self, fp: Any, format: str | None = None, **params: Any) -> None:  # noqa: A002
        """Save as ``Image.save`` does, which empties the file first, even one of these frames."""
        if self._frames and self._exclusive_fp and _is_same(fp, self.filename):
            self._hold_file()
        super().save(fp, format, **params)

    def _hold_file(self) -> None:
        """Read the file into memory, unless it is closed, so that it can change."""
        self.load()
        if not isinstance(self._fp, DeferredError):
            with self._fp as file:
                file.seek(0)
                self._keep_file(BytesIO(file.read()))

    def draft(
        self, mode: str | None, size: tuple[int, int] | None
    ) -> tuple[str, tuple[int, int, float, float]] | None:
        """Prepare to read in another mode or smaller, as close as possible above what is wanted.

        A mode costs only the palette's conversion: RGB can be read as L, RGBA as LA, and P
        without transparency as L or RGB. A size is divided by 2, 4 or 8, averaging, while bands
        are read, in every mode but 1, P and PA.
        """
        if len(self.tile) != 1:
            return None
        view = self._view
        if mode in _DRAFT_MODES.get(self.mode, ()) and "transparency" not in self.info:
            assert mode is not None
            view.convert(mode)
            self.palette = None
        if size and view.mode in {"L", "LA", "RGB", "RGBA"}:
            view.reduce(min(int(self.size[0] // size[0]), int(self.size[1] // size[1])))
        self._take(view)
        header = self._head.header
        return self.mode, (0, 0, header.width / view.scale, header.height / view.scale)

    def verify(self) -> None:
        """Verify every checksum and index, without making an image.

        Raises:
            KmqError: the file is damaged.
            RuntimeError: the file has been read, verified or closed, as for Pillow's own formats.
        """
        if self.fp is None:
            raise RuntimeError("verify must be called directly after open")
        with errors_of(self.filename):
            parts = (find_frames if self._frames else find_bands)(self.fp, self._head)
            check_parts(self.fp, self._head, parts, self.threads, self.progress)
        if self._exclusive_fp:
            self._close_fp()
        self.fp = None

    def load(self) -> Any:
        """Read the pixels."""
        with errors_of(self.filename):
            return super().load()

    def _getexif(self) -> dict[int, Any] | None:
        """Return EXIF in the form that clients older than ``getexif`` ask for."""
        return self.getexif()._get_merged_dict() if "exif" in self.info else None

    def load_seek(self, pos: int) -> None:
        """Seek in the file; as this is defined, Pillow's ``Parser`` waits for the whole file."""
        self._file.seek(pos)

    def load_prepare(self) -> None:
        """Find the bands, or decode the frame, before any pixel is allocated."""
        if self._frames:
            codes = self._frames.decode(self._frame, self._whole_only, self.threads, self.progress)
            self._set_parts(None if codes is None else self._view.look_up_bands(codes))
        else:
            self._find_bands()
        super().load_prepare()

    def _find_bands(self) -> None:
        """Find the bands of a still.

        Pillow's raw decoder checks nothing, so what it is to read is verified here.
        """
        header, view = self._head.header, self._view
        bands = find_bands(self._file, self._head, whole_only=self._whole_only)
        if len(bands) < header.band_count:
            rows = f"{bands[-1].bottom if bands else 0} of {header.height}"
            warnings.warn(f"the file is truncated: {rows} rows are whole", stacklevel=4)
        raw_mode = _RAW_MODES.get((self.mode, header.bits))
        is_raw = raw_mode and header.width * header.band_rows >= _RAW_PIXELS
        if is_raw and header.coding == Coding.PACKED:
            check_bands(self._file, self._head, bands, self.threads, self.progress)
            places = ((view.extents(band.top, band.bottom), band.offset) for band in bands)
            self.tile = [ImageFile._Tile("raw", *place, (raw_mode, 0, 1)) for place in places]
        else:
            decode = view.band_decoder()
            parts = read_bands(self._file, bands, decode, self.threads, self.progress)
            self._set_parts(parts if bands else None)

    def _set_parts(self, parts: Iterator[Part] | None) -> None:
        """Have the image filled by parts, or left blank."""
        self.tile = [] if parts is None else [self.tile[0]._replace(args=(parts,))]


class KmqDecoder(ImageFile.PyDecoder):
    """A decoder that hands Pillow the pixels of all bands, which the loading image decodes."""

    _pulls_fd = True

    def decode(self, buffer: Any) -> tuple[int, int]:  # noqa: ARG002  (the image reads the file)
        """Put each band in its place."""
        parts: Iterator[Part] = self.args[0]
        for extents, data in parts:
            self.setimage(self.im, extents)
            self.set_as_raw(data, "1;8" if self.mode == "1" else self.mode)
        return -1, 0


Image.register_decoder(_DECODER, KmqDecoder)
