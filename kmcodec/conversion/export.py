"""Write pictures in formats of Pillow's, with the metadata that these have room for."""

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any, Final

from PIL import Image, PngImagePlugin, TiffImagePlugin

from kmcodec.coding.metadata import STORAGE_TAGS, decode_text
from kmcodec.format import METADATA_NAMES

EXIF_FORMATS: Final = frozenset({"AVIF", "JPEG", "MPO", "PNG", "TIFF", "WEBP"})
"""Those of Pillow's own that hold EXIF, and with it how a picture is to be turned."""

_JPEG_DPI: Final = 65535  # a larger one is written as its last 16 bits


def write_image(
    image: Image.Image, target: str, warn: Callable[[str], None], **settings: Any
) -> bytes:
    """Return a picture as a file of a format; metadata without room in it is left out.

    Args:
        image: in a mode that the format takes.
        target: the format, in Pillow's word.
        warn: is told what is left out.
        **settings: for the writer, such as those of several frames.

    Raises:
        Exception: of many kinds, if Pillow's writer cannot write the picture.
    """
    metadata: dict[str, Any] = {
        name: image.info[name] for name in METADATA_NAMES if name in image.info
    }
    bare = image.copy()  # or writers take from the picture what they are not given
    for name in METADATA_NAMES:
        bare.info.pop(name, None)
    kept: dict[str, Any] = {
        name: value for name, value in metadata.items() if has_room(name, value, target)
    }
    try:
        data = _write(bare, target, kept, settings)
    except Exception:
        if not kept:
            raise
        data, kept = _write_what_fits(bare, target, kept, settings)
    for name in sorted(metadata.keys() - kept):
        warn(f"{target} has no room for its {name}, which is left out")
    return data


def has_room(name: str, value: Any, target: str) -> bool:
    """Return whether a writer that does not check for itself can write metadata."""
    if name == "dpi" and target in {"JPEG", "MPO"}:
        return all(1 <= round(number) <= _JPEG_DPI for number in value)
    return True


def _write_what_fits(
    image: Image.Image, target: str, metadata: Mapping[str, Any], settings: Mapping[str, Any]
) -> tuple[bytes, dict[str, Any]]:
    """Find by trial what a writer takes, as each has limits of its own."""
    data, kept = _write(image, target, {}, settings), dict[str, Any]()
    for name, value in metadata.items():
        try:
            data = _write(image, target, kept | {name: value}, settings)
        except Exception:  # noqa: BLE001  (Pillow's writers raise many kinds)
            continue
        kept[name] = value
    return data, kept


def _write(
    image: Image.Image, target: str, metadata: Mapping[str, Any], settings: Mapping[str, Any]
) -> bytes:
    buffer = BytesIO()
    image.save(buffer, target, **writer_options(image, target, metadata), **settings)
    return buffer.getvalue()


def writer_options(image: Image.Image, target: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return a writer's options: to keep all, and metadata in the form that it wants."""
    options = dict(metadata)
    if target == "PNG":
        options["pnginfo"] = chunks = PngImagePlugin.PngInfo()
        if "xmp" in options:
            chunks.add_itxt("XML:com.adobe.xmp", options["xmp"])
        if "comment" in options:
            chunks.add_text("Comment", decode_text(options["comment"]))
    elif target == "TIFF" and options.keys() & {"exif", "xmp"}:
        options["exif"] = tiff_tags(options.get("exif", b""), options.get("xmp"))
    elif target == "WEBP":
        options |= {"lossless": True, "exact": True}
    elif target == "GIF":
        options["optimize"] = False  # which would reorder the palette
    elif target == "ICO":
        options["sizes"] = [image.size]
    return options


def tiff_tags(exif: bytes, xmp: bytes | None) -> Image.Exif:
    """Return what a TIFF file is to say beside its own structure."""
    tags = Image.Exif()
    tags.load(exif)
    for tag in STORAGE_TAGS:
        tags.pop(tag, None)
    if xmp is not None:
        tags[TiffImagePlugin.XMP] = xmp
    return tags
