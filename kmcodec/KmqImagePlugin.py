"""Adapt .kmq files to Pillow, in the order of Pillow's own plugins; importing registers KMQ."""

import difflib
import mimetypes
import warnings
from collections.abc import Iterator
from functools import partial
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from .codec import encode_pieces
from .coding.bands import CODERS, check_bands, read_bands
from .coding.container import find_bands, read_head
from .coding.layout import Band
from .coding.metadata import pillow_info
from .coding.source import write_pieces
from .errors import errors_of
from .format import EXTENSION, MAGIC, MIME_TYPE, Coding, Header
from .images.pixels import WRITABLE_MODES, pillow_palette, pillow_transparency, unpacking_table
from .options import OPTION_NAMES, Progress

FORMAT: Final = "KMQ"

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
_DRAFT_SCALES: Final = (8, 4, 2)


def _accept(prefix: bytes) -> bool:
    return prefix.startswith(MAGIC)


class KmqImageFile(ImageFile.ImageFile):
    """An open .kmq file, whose bands are read when the pixels are asked for."""

    format = FORMAT
    format_description = "K-Means palette image"
    n_frames = 1
    is_animated = False
    threads: int | None = None
    """The number of bands decoded at once; None for one a core."""
    progress: Progress | None = None
    """A callback for bands that are decoded, as of ``kmcodec.load``."""
    takes_truncated = True
    """Whether ``ImageFile.LOAD_TRUNCATED_IMAGES`` is obeyed."""

    def _open(self) -> None:
        """Read and verify the head: header, metadata, palette."""
        if not _accept(self._file.read(len(MAGIC))):
            raise SyntaxError("not a KMQ file")
        with errors_of(self.filename):
            self._head = read_head(self._file, None)
        header, palette = self._head.header, self._head.palette
        self._size = header.width, header.height
        self._mode = header.mode.pillow
        self._scale = 1
        self._table = unpacking_table(header.mode, palette)
        self.palette = pillow_palette(header.mode, palette)
        self.info.update(pillow_info(self._head.metadata))
        transparency = pillow_transparency(header.mode, palette)
        if transparency is not None:
            self.info["transparency"] = transparency
        # One tile stands for all bands until load_prepare finds them.
        self.tile = [ImageFile._Tile("kmq", (0, 0, *self._size), self._head.size, ())]

    @property
    def header(self) -> Header:
        """The file's header."""
        return self._head.header

    @property
    def _file(self) -> IO[bytes]:
        if self.fp is None:
            raise ValueError("the file of this image is closed")
        return self.fp

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
        if mode in _DRAFT_MODES.get(self.mode, ()) and "transparency" not in self.info:
            assert mode is not None
            self._convert_table(mode)
        if size and self.mode in {"L", "LA", "RGB", "RGBA"}:
            self._reduce(min(int(self.size[0] // size[0]), int(self.size[1] // size[1])))
        header = self._head.header
        return self.mode, (0, 0, header.width / self._scale, header.height / self._scale)

    def _convert_table(self, mode: str) -> None:
        palette = self._head.palette
        entries = {3: "RGB", 4: "RGBA"}[palette.shape[1]]
        strip = Image.frombytes(entries, (len(palette), 1), palette.tobytes()).convert(mode)
        self._table = np.asarray(strip).reshape(len(palette), -1)
        self._mode = mode
        self.palette = None

    def _reduce(self, most: int) -> None:
        header = self._head.header
        whole = header.band_count == 1
        for scale in _DRAFT_SCALES:
            if scale <= most and (whole or header.band_rows % scale == 0):
                self._scale = scale
                self._size = -(-header.width // scale), -(-header.height // scale)
                self.tile = [self.tile[0]._replace(extents=(0, 0, *self._size))]
                return

    def verify(self) -> None:
        """Verify every checksum and index, without making an image.

        Raises:
            KmqError: the file is damaged.
            RuntimeError: the file has been read, verified or closed, as for Pillow's own formats.
        """
        if self.fp is None:
            raise RuntimeError("verify must be called directly after open")
        with errors_of(self.filename):
            bands = find_bands(self.fp, self._head)
            check_bands(self.fp, self._head, bands, self.threads, self.progress)
        if self._exclusive_fp:
            self.fp.close()
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
        """Find the bands, before any pixel is allocated.

        Pillow's raw decoder checks nothing, so what it is to read is verified here.
        """
        truncated = self.takes_truncated and ImageFile.LOAD_TRUNCATED_IMAGES
        bands = find_bands(self._file, self._head, whole_only=truncated)
        if len(bands) < self._head.header.band_count:
            rows = f"{bands[-1].bottom if bands else 0} of {self._head.header.height}"
            warnings.warn(f"the file is truncated: {rows} rows are whole", stacklevel=3)
        header = self._head.header
        raw_mode = _RAW_MODES.get((self.mode, header.bits))
        is_raw = raw_mode and header.width * header.band_rows >= _RAW_PIXELS
        if is_raw and header.coding == Coding.PACKED:
            check_bands(self._file, self._head, bands, self.threads, self.progress)
            self.tile = [
                ImageFile._Tile("raw", self._extents(band), band.offset, (raw_mode, 0, 1))
                for band in bands
            ]
        else:
            decode = partial(self._decode_band, self._head.by_code(self._table))
            decoded = read_bands(self._file, bands, decode, self.threads, self.progress)
            parts = zip(map(self._extents, bands), decoded, strict=True)
            self.tile = [self.tile[0]._replace(args=(parts,))] if bands else []
        super().load_prepare()

    def _extents(self, band: Band) -> tuple[int, int, int, int]:
        top, bottom = band.top // self._scale, -(-band.bottom // self._scale)
        return 0, top, self.size[0], bottom

    def _decode_band(self, table: NDArray[np.uint8], payload: bytes, band: Band) -> bytes:
        width, rows = self._head.header.width, band.bottom - band.top
        pixels = np.empty((rows, width, table.shape[1]), np.uint8)
        CODERS[self._head.header.coding].decode_pixels(payload, table, pixels, band.offset)
        data = pixels.tobytes()
        if self._scale > 1:
            data = Image.frombytes(self.mode, (width, rows), data).reduce(self._scale).tobytes()
        return data


class KmqDecoder(ImageFile.PyDecoder):
    """A decoder that hands Pillow the pixels of all bands, which the loading image decodes."""

    _pulls_fd = True

    def decode(self, buffer: Any) -> tuple[int, int]:  # noqa: ARG002  (the image reads the file)
        """Put each band in its place."""
        parts: Iterator[tuple[tuple[int, int, int, int], bytes]] = self.args[0]
        for extents, data in parts:
            self.setimage(self.im, extents)
            self.set_as_raw(data, "1;8" if self.mode == "1" else self.mode)
        return -1, 0


def _save(im: Image.Image, fp: IO[bytes], filename: str | bytes) -> None:  # noqa: ARG001
    if im.mode not in WRITABLE_MODES:
        raise OSError(f"cannot write mode {im.mode} as KMQ")
    options = dict(im.encoderinfo)
    for name in options.keys() - OPTION_NAMES:
        del options[name]
        close = difflib.get_close_matches(name, OPTION_NAMES, 1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        if name == "quality":  # 1 to 95 in other formats; obeying it would ruin labels
            hint = "; to lose no more than a PSNR in dB, say psnr"
        warnings.warn(f"KMQ has no option {name!r}, it is ignored{hint}", stacklevel=3)
    _, pieces = encode_pieces(im, **options)
    write_pieces(fp, pieces)


def _save_all(im: Image.Image, fp: IO[bytes], filename: str | bytes) -> None:
    others = im.encoderinfo.pop("append_images", None) or ()
    frames = sum(getattr(frame, "n_frames", 1) for frame in (im, *others))
    if frames > 1:
        raise OSError(f"cannot write {frames} frames as KMQ, which holds one")
    _save(im, fp, filename)


def register() -> None:
    """Register KMQ with Pillow, and its MIME type; doing so again is harmless.

    Importing ``kmcodec`` does it. Worker processes that are spawned start without it: give them
    this function as initializer.
    """
    Image.register_open(FORMAT, KmqImageFile, _accept)
    Image.register_decoder("kmq", KmqDecoder)
    Image.register_save(FORMAT, _save)
    Image.register_save_all(FORMAT, _save_all)
    Image.register_extension(FORMAT, EXTENSION)
    Image.register_mime(FORMAT, MIME_TYPE)
    mimetypes.add_type(MIME_TYPE, EXTENSION)


register()
