"""The two staircases: pixels down to bytes, and back up."""

from collections.abc import Iterator
from io import BytesIO
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from .container import Band, Head, find_bands, join, read_band, read_head
from .format import (
    MAX_BAND_BYTES,
    MAX_BAND_ROWS,
    MAX_COLORS,
    Flags,
    Header,
    Indices,
    Mode,
    index_dtype,
)
from .metadata import collect_metadata
from .options import Options, split_options
from .packed import check_indices, pack_indices, unpack_indices, unpack_pixels
from .palette import color_palette, drop_unused, sort_entries
from .pixels import Indexed, Pixels, read_image
from .quantize import quantize_pixels

MAX_PIXELS = 2 * 89_478_485
"""Default limit of the decoder: the size at which Pillow refuses a picture."""

BAND_PIXELS = 1 << 20
"""Pixels a band is made of at most, unless the caller says otherwise."""


def encode_pieces(image: Any, colors: int = 256, **options: Any) -> Iterator[bytes | bytearray]:
    """The bytes of ``encode``, piece by piece, so that a file can be written while it is coded."""
    settings, given = split_options({"colors": colors, **options})
    source = read_image(image)  # first, as Pillow may find metadata behind the pixels
    metadata = collect_metadata(given, getattr(image, "info", {}))
    return _encode_indexed(choose_palette(source, settings), settings, metadata)


def encode(image: Any, colors: int = 256, **options: Any) -> bytes:
    """Encode a picture as a .kmq file.

    Args:
        image: a Pillow image (modes 1, L, LA, P, PA, RGB and RGBA open again as themselves), or a
            uint8 array of shape (height, width) or (height, width, 2 to 4), or a bool array
            (height, width).
        colors: most palette entries, 1..65536. A picture with no more distinct colors is kept
            exactly; K-Means runs only on others.
        **options: see ``kmcodec.options.Options``; and metadata: ``exif``, ``icc_profile``,
            ``xmp``, ``dpi``, ``comment``. A Pillow image's own metadata is kept unless an option
            replaces it or, being empty, removes it.

    Raises:
        TypeError, ValueError: the image or an option is none of these.
    """
    return b"".join(encode_pieces(image, colors, **options))


def encode_indexed(palette: Any, indices: Any, **options: Any) -> bytes:
    """Encode indices as they are: exact, and the same bytes everywhere.

    Args:
        palette: (K, 3) or (K, 4) uint8, K in 1..65536. It is stored in its order, duplicates and
            unused entries included. Up to 256 colors the file opens as P, else as RGB or RGBA.
        indices: (height, width) of an integer type, each in 0..K-1.
        **options: ``coding``, ``band_rows`` and metadata, as for ``encode``.

    Raises:
        TypeError, ValueError: an array of another shape, type or range, or an unknown option.
    """
    settings, given = split_options(options)
    palette, indices = np.asarray(palette), np.asarray(indices)
    if palette.dtype != np.uint8 or palette.ndim != 2 or palette.shape[1] not in (3, 4):
        raise ValueError(f"palette of {palette.dtype} {palette.shape}; must be uint8 (K, 3 or 4)")
    if not 1 <= len(palette) <= MAX_COLORS:
        raise ValueError(f"palette of {len(palette)} colors; must be 1 to {MAX_COLORS}")
    if indices.dtype.kind not in "ui" or indices.ndim != 2 or not indices.size:
        raise ValueError(f"indices of {indices.dtype} {indices.shape}; must be integers (h, w)")
    if (indices.dtype.kind == "i" and indices.min() < 0) or indices.max() >= len(palette):
        raise ValueError(f"indices must be from 0 to {len(palette) - 1}")
    alpha = palette.shape[1] == 4
    if len(palette) <= Mode.P.max_colors:
        mode = Mode.P_ALPHA if alpha else Mode.P
    else:
        mode = Mode.RGBA if alpha else Mode.RGB
    source = Indexed(mode, palette, indices.astype(index_dtype(len(palette)), copy=False))
    return b"".join(_encode_indexed(source, settings, collect_metadata(given, {})))


def quantize(image: Any, colors: int = 256, **options: Any) -> tuple[NDArray[np.uint8], Indices]:
    """Choose a palette and map each pixel to it, as ``encode`` does, without coding.

    Returns:
        palette (K, 3 or 4) uint8, and indices (height, width) uint8, or uint16 above 256 colors.
    """
    settings, _ = split_options({"colors": colors, **options})
    source = choose_palette(read_image(image), settings)
    return color_palette(source.palette), source.indices


def choose_palette(source: Pixels | Indexed, options: Options) -> Indexed:
    """A palette of at most ``options.colors`` entries, and the indices into it."""
    if isinstance(source, Indexed):
        if len(source.palette) <= options.colors:
            return source
        source = Indexed(source.mode, *drop_unused(source.palette, source.indices))
        if len(source.palette) <= options.colors:
            return source
        source = Pixels(source.mode, source.palette[source.indices])
    mode = source.mode
    quantized = quantize_pixels(
        source.pixels,
        min(options.colors, 256 if mode == Mode.PA else MAX_COLORS),
        seeding=options.seeding,
        seed=options.seed,
        iterations=options.iterations,
        dither=options.dither,
    )
    palette, indices = quantized.palette, quantized.indices
    if mode == Mode.BILEVEL:  # one color was asked for, of two
        palette = np.where(palette >= 128, 255, 0).astype(np.uint8)
    if mode == Mode.PA:  # so that entries of one color stand together
        palette, indices = sort_entries(palette, indices)
    return Indexed(mode, palette, indices)


def _encode_indexed(
    source: Indexed, options: Options, metadata: dict[str, bytes]
) -> Iterator[bytes | bytearray]:
    height, width = source.indices.shape
    color_count = len(source.palette)
    header = Header(
        coding=options.coding_number,
        mode=source.mode,
        flags=Flags.METADATA if metadata else Flags(0),
        width=width,
        height=height,
        color_count=color_count,
        band_rows=choose_band_rows(width, height, options.band_rows),
    )
    rows = (source.indices[slice(*header.rows_of_band(n))] for n in range(header.band_count))
    payloads = (pack_indices(np.ascontiguousarray(band), color_count) for band in rows)
    return join(header, metadata, source.palette, payloads)


def choose_band_rows(width: int, height: int, wanted: int | None) -> int:
    """Rows of a band: what the caller wants, or bands of equal height up to a megapixel.

    Whole bands are a multiple of 8 rows high, so that reduced sizes can be read band by band.
    """
    if wanted is not None:
        return min(wanted, height)
    bands = -(-width * height // BAND_PIXELS)
    rows = -(-height // bands)
    if rows > 8:
        rows = -(-rows // 8) * 8
    return min(rows, height, MAX_BAND_ROWS, max(1, MAX_BAND_BYTES // (2 * width)))


def decode(data: Any, *, max_pixels: int | None = MAX_PIXELS) -> NDArray[np.uint8]:
    """Decode a .kmq file to colors.

    Args:
        data: the file's bytes, or any object with the buffer interface.
        max_pixels: largest width times height to accept; None for any.

    Returns:
        (height, width, 3) uint8 RGB, or (height, width, 4) RGBA if the picture has alpha.

    Raises:
        KmqError: the data is damaged, hostile, of another format or above ``max_pixels``.
    """
    stream, head = _open(data, max_pixels)
    palette = color_palette(head.palette)
    bands = find_bands(stream, head)
    pixels = np.empty((head.header.height, head.header.width, palette.shape[1]), np.uint8)
    for band in bands:
        payload = read_band(stream, band)
        unpack_pixels(payload, palette, pixels[band.top : band.bottom], band.offset)
    return pixels


def decode_indexed(
    data: Any, *, max_pixels: int | None = MAX_PIXELS
) -> tuple[NDArray[np.uint8], Indices]:
    """Decode a .kmq file to its palette and indices; the inverse of ``encode_indexed``.

    Arguments and errors are those of ``decode``.

    Returns:
        palette (K, 3 or 4) uint8, and indices (height, width) uint8, or uint16 above 256 colors.
    """
    stream, head = _open(data, max_pixels)
    header = head.header
    bands = find_bands(stream, head)
    indices: Indices = np.empty((header.height, header.width), index_dtype(header.color_count))
    for band in bands:
        payload = read_band(stream, band)
        unpack_indices(payload, header.color_count, indices[band.top : band.bottom], band.offset)
    return color_palette(head.palette), indices


def check_band(stream: IO[bytes], head: Head, band: Band) -> None:
    """Verify a band without keeping its pixels.

    Raises:
        KmqError: the band is damaged.
    """
    header = head.header
    payload = read_band(stream, band)
    rows = band.bottom - band.top
    check_indices(payload, header.color_count, rows, header.width, band.offset)


def _open(data: Any, max_pixels: int | None) -> tuple[IO[bytes], Head]:
    try:
        memoryview(data)
    except TypeError:
        raise TypeError(f"data is {type(data).__name__}, must be bytes") from None
    stream = BytesIO(data)
    return stream, read_head(stream, max_pixels)
