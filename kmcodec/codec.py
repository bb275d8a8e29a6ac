"""The two staircases: pixels down to bytes, and back up."""

from collections import deque
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from .bands import (
    count_workers,
    decode_band_indices,
    decode_band_pixels,
    pack_bands,
    read_bands,
)
from .container import Band, Head, find_bands, join, read_head
from .format import (
    MAX_BAND_BYTES,
    MAX_BAND_ROWS,
    MAX_COLORS,
    Coding,
    Flags,
    Header,
    Indices,
    Mode,
    index_dtype,
)
from .indexing import index_picture, index_pictures
from .metadata import collect_metadata
from .options import Options, split_options
from .palette import color_palette
from .pixels import Indexed, read_image
from .plan import Plan, plan_file
from .quantize import Quantized

MAX_PIXELS = 2 * 89_478_485
"""Default limit of the decoder: the size at which Pillow refuses a picture."""

BAND_PIXELS = 1 << 20
"""Pixels a band is made of at most, unless the caller says otherwise."""


def encode_pieces(image: Any, colors: int = 256, **options: Any) -> Iterator[bytes | bytearray]:
    """The bytes of ``encode``, piece by piece, so that a file can be written while it is coded."""
    settings, given = split_options({"colors": colors, **options})
    source = read_image(image)  # first, as Pillow may find metadata behind the pixels
    metadata = collect_metadata(given, getattr(image, "info", {}))
    mode, results = index_picture(source, settings)
    choices = [Indexed(mode, *quantized) for quantized in results]
    keep_order = settings.palette is not None or mode in {Mode.P, Mode.P_ALPHA, Mode.PA}
    return _encode_smallest(choices, keep_order, settings, metadata)


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
        **options: ``coding``, ``slack``, ``band_rows``, ``threads`` and metadata, as for
            ``encode``.

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
    return b"".join(_encode_smallest([source], True, settings, collect_metadata(given, {})))


def quantize(image: Any, colors: int = 256, **options: Any) -> Quantized:
    """Choose a palette and map each pixel to it, as ``encode`` does, without coding.

    A file may hold the same entries in another order, unless it is of mode P or PA or the palette
    was given. With ``rate`` it holds the result of rate 0 where that is not larger; here nothing
    is coded to tell.

    Returns:
        What unpacks to a palette (K, 3 or 4) uint8 and indices (height, width) uint8, or uint16
        above 256 colors; and tells ``mse``, ``psnr``, ``iterations``, ``seconds`` by stage, and the
        ``trace`` of centroids and inertia.

    Raises:
        QualityError: ``quality`` cannot be reached with so many colors.
        TypeError, ValueError: the image or an option is none that ``encode`` takes.
    """
    settings, _ = split_options({"colors": colors, **options})
    quantized = index_picture(read_image(image), settings)[1][-1]
    return quantized.rearranged(color_palette(quantized.palette), quantized.indices)


def quantize_many(
    images: Iterable[Any], colors: int = 256, **options: Any
) -> tuple[NDArray[np.uint8], list[Indices]]:
    """Choose one palette for several images, and map the pixels of each to it.

    Args:
        images: as of ``encode``, at least one, of any sizes.
        colors: most palette entries, 1..65536.
        **options: as of ``encode``, but no ``importance``.

    Returns:
        palette (K, 3 or 4) uint8, and for each image the indices (height, width) uint8, or uint16
        above 256 colors: arguments for ``encode_indexed``.

    Raises:
        QualityError, TypeError, ValueError: as ``quantize``; or there is no image.
    """
    settings, _ = split_options({"colors": colors, **options})
    if settings.importance is not None:
        raise ValueError("importance is of one picture; it cannot be of several")
    sources = [read_image(image) for image in images]
    if not sources:
        raise ValueError("a palette needs at least one image")
    results = index_pictures(sources, settings)
    return results[0][-1].palette, [choices[-1].indices for choices in results]


def _encode_smallest(
    choices: list[Indexed], keep_order: bool, options: Options, metadata: dict[str, bytes]
) -> Iterator[bytes | bytearray]:
    """The smallest file of those for some choices, of several the first."""
    flags = Flags.METADATA if metadata else Flags(0)
    plans = [_plan(source, keep_order, flags, options) for source in choices]
    plan = min(plans, key=lambda plan: plan.size)
    payloads = plan.payloads or pack_bands(plan.header, plan.codes)
    return join(plan.header, metadata, plan.palette, payloads)


def _plan(source: Indexed, keep_order: bool, flags: Flags, options: Options) -> Plan:
    height, width = source.indices.shape
    header = Header(
        coding=Coding.PACKED,
        mode=source.mode,
        flags=flags,
        width=width,
        height=height,
        color_count=len(source.palette),
        band_rows=choose_band_rows(width, height, options.band_rows),
    )
    if options.coding == "modelled":
        return plan_file(header, source, keep_order, options.slack, options.threads)
    return Plan(header, source.palette.tobytes(), source.indices, None)


def choose_band_rows(width: int, height: int, wanted: int | None) -> int:
    """Rows of a band: what the caller wants, or bands of equal height up to a megapixel.

    There are 1, 2, 4, 8 or a multiple of 8 bands, so that they keep all cores busy to the end.
    Whole bands are a multiple of 8 rows high, so that reduced sizes can be read band by band.
    """
    if wanted is not None:
        return min(wanted, height)
    bands = -(-width * height // BAND_PIXELS)
    step = min(8, 1 << (bands - 1).bit_length())
    bands = -(-bands // step) * step
    rows = -(-height // bands)
    if rows > 8:
        rows = -(-rows // 8) * 8
    return min(rows, height, MAX_BAND_ROWS, max(1, MAX_BAND_BYTES // (2 * width)))


def decode(
    data: Any,
    *,
    box: tuple[int, int, int, int] | None = None,
    max_pixels: int | None = MAX_PIXELS,
    threads: int | None = None,
) -> NDArray[np.uint8]:
    """Decode a .kmq file, or a part of it, to colors.

    Args:
        data: the file's bytes, any object with the buffer interface, or a seekable binary file.
        box: left, top, right and bottom of the part to decode, as of ``Image.crop``, within the
            picture; None for all. Bands without a row of it are neither read nor verified.
        max_pixels: largest width times height to accept; None for any.
        threads: bands decoded at once; None for one a core.

    Returns:
        (height, width, 3) uint8 RGB, or (height, width, 4) RGBA if the picture has alpha.

    Raises:
        KmqError: the data is damaged, hostile, of another format or above ``max_pixels``.
        ValueError: ``box`` is empty or not within the picture.
    """
    stream, head = _open(data, max_pixels)
    width, height = head.header.width, head.header.height
    left, top, right, bottom = (0, 0, width, height) if box is None else box
    if not (0 <= left < right <= width and 0 <= top < bottom <= height):
        raise ValueError(f"box {box} is empty or not within {width} x {height} pixels")
    palette = color_palette(head.palette)
    bands = [b for b in find_bands(stream, head) if b.bottom > top and b.top < bottom]
    pixels = np.empty((bottom - top, right - left, palette.shape[1]), np.uint8)

    def decode_band(payload: bytes, band: Band) -> None:
        whole = band.top >= top and band.bottom <= bottom and right - left == width
        if whole:
            out = pixels[band.top - top : band.bottom - top]
        else:
            out = np.empty((band.bottom - band.top, width, palette.shape[1]), np.uint8)
        decode_band_pixels(head, palette, payload, band, out)
        if not whole:
            first, last = max(band.top, top), min(band.bottom, bottom)
            rows = out[first - band.top : last - band.top]
            pixels[first - top : last - top] = rows[:, left:right]

    deque(read_bands(stream, bands, decode_band, count_workers(threads, len(bands))), 0)
    return pixels


def decode_indexed(
    data: Any, *, max_pixels: int | None = MAX_PIXELS, threads: int | None = None
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

    def decode_band(payload: bytes, band: Band) -> None:
        decode_band_indices(head, payload, band, indices[band.top : band.bottom])

    deque(read_bands(stream, bands, decode_band, count_workers(threads, len(bands))), 0)
    return color_palette(head.palette), indices


def _open(data: Any, max_pixels: int | None) -> tuple[IO[bytes], Head]:
    stream: IO[bytes] = data
    try:
        memoryview(data)  # first, as a mapped file has both interfaces
        stream = BytesIO(data)
    except TypeError:
        if not hasattr(data, "seek"):
            raise TypeError(f"data is {type(data).__name__}, must be bytes or a file") from None
    return stream, read_head(stream, max_pixels)
