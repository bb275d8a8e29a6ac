"""Take pictures down to bytes, step by step; ``decoding`` takes them back up."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Unpack

from .coding.container import Encoded, join_file
from .coding.metadata import collect_metadata
from .coding.plan import plan_file
from .images.embedded import read_metadata
from .images.pixels import (
    ImageLike,
    Indexed,
    Pixels,
    read_image,
    read_images,
    read_indexed,
)
from .options import (
    EncodeOptions,
    IndexedOptions,
    Options,
    QuantizerOptions,
    split_options,
)
from .quantizer.indexing import fit_mode, index_picture
from .quantizer.quantized import Quantized as Quantized
from .quantizer.shared import index_pictures


def encode_pieces(
    image: ImageLike, /, colors: int = 256, **options: Unpack[EncodeOptions]
) -> tuple[Quantized, Iterator[bytes | bytearray]]:
    """Return what the file of ``encode`` shows, and its pieces, which are coded when taken."""
    settings, given = split_options(options, EncodeOptions, colors=colors)
    picture = read_image(image, settings.has_color)
    found = read_metadata(image, given, settings.has_color)  # which may be behind the pixels
    metadata = collect_metadata(given, found, fit_mode(picture.mode, settings))
    return picture_pieces(picture, metadata, settings)


def picture_pieces(
    picture: Pixels | Indexed, metadata: Mapping[str, bytes], settings: Options
) -> tuple[Quantized, Iterator[bytes | bytearray]]:
    """Return what the file of a picture shows, and its pieces, which are coded when taken."""
    mode, quantized = index_picture(picture, settings)
    choices = [choice for choice in (quantized, quantized.lowered) if choice]
    keep_order = settings.palette is not None or mode.has_palette
    plans = [plan_file(Indexed(mode, *choice), keep_order, settings) for choice in choices]
    plan, chosen = min(zip(plans, choices, strict=True), key=lambda pair: pair[0].size)
    return chosen, join_file(plan.header, metadata, plan.palette, plan.payloads())


def encode(image: ImageLike, /, colors: int = 256, **options: Unpack[EncodeOptions]) -> Encoded:
    """Encode a picture as a .kmq file: bytes with the attributes ``psnr`` and ``is_exact``.

    Args:
        image: a Pillow image (modes 1, L, LA, P, PA, RGB and RGBA open again as themselves), or a
            uint8 array (height, width) or (height, width, 2 to 4), or a bool one (height, width).
        colors: most palette entries, 1..65536. A picture with no more distinct colors is kept
            exactly; K-Means runs only on others. What alpha 0 hides is kept if there is room.
        **options: see ``kmcodec.options.Options``; and metadata: ``exif``, ``icc_profile``,
            ``xmp``, ``dpi``, ``comment``. A Pillow image's own metadata is kept, as it is in
            ``info`` and ``getexif()``, unless an option replaces it or, being empty, removes it.

    Raises:
        QualityError: ``psnr``, or an ``exact`` result, takes more colors.
        TypeError, ValueError: the image or an option cannot be used.
    """
    quantized, pieces = encode_pieces(image, colors, **options)
    return Encoded.of(pieces, quantized.psnr)


def encode_indexed(palette: Any, indices: Any, /, **options: Unpack[IndexedOptions]) -> bytes:
    """Encode indices exactly, and to the same bytes everywhere; errors are those of ``encode``.

    Args:
        palette: (K, 3) or (K, 4) uint8, K in 1..65536. It is stored in its order, duplicates and
            unused entries included. Up to 256 colors the file opens as P, else as RGB or RGBA.
        indices: (height, width) of an integer type, each in 0..K-1.
        **options: as of ``encode``: ``coding``, ``slack``, ``band_rows``, ``threads``, metadata.
    """
    settings, given = split_options(options, IndexedOptions)
    picture = read_indexed(palette, indices)
    metadata = collect_metadata(given, {}, picture.mode)
    plan = plan_file(picture, True, settings)
    return b"".join(join_file(plan.header, metadata, plan.palette, plan.payloads()))


def quantize(
    image: ImageLike, /, colors: int = 256, **options: Unpack[QuantizerOptions]
) -> Quantized:
    """Choose a palette and map each pixel to it, as ``encode`` does, without coding.

    A file may hold the entries in another order, unless it is of mode P or PA or the palette was
    given; with ``rate``, it holds the result of rate 0 if that is no larger. Arguments and errors
    are those of ``encode``, without options of coding.

    Returns:
        A result that unpacks to a palette (K, 3 or 4) uint8 and indices (height, width) uint8, or
        uint16 above 256 colors; ``mse``, ``psnr``, ``iterations``, ``seconds`` and ``trace``.
    """
    settings, _ = split_options(options, QuantizerOptions, colors=colors)
    return index_picture(read_image(image, settings.has_color), settings)[1].in_color()


def quantize_many(
    images: Iterable[ImageLike], /, colors: int = 256, **options: Unpack[QuantizerOptions]
) -> list[Quantized]:
    """Choose one palette for several images, at least one, and map the pixels of each to it.

    Images of mode P that share a palette keep it if it fits, with its order and their indices. All
    is as of ``quantize``, without ``importance`` and ``exact``; ``psnr`` is that of all images.

    Returns:
        For each image what ``quantize`` returns, all with the same palette: each unpacks to
        arguments for ``encode_indexed``.
    """
    settings, _ = split_options(options, QuantizerOptions, colors=colors)
    return [
        result.in_color()
        for result in index_pictures(read_images(images, settings.has_color), settings)
    ]
