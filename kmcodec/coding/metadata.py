"""Turn metadata into section payloads, and back (spec 4).

Sections are named as Pillow's ``info`` keys, so that what was opened is saved under the same name.
"""

import math
import struct
import warnings
from collections.abc import Callable, Mapping
from numbers import Real
from types import MappingProxyType
from typing import Any, Final

from PIL import ExifTags, Image

from ..errors import FormatError
from ..format import MAX_ALL_METADATA_BYTES, MAX_METADATA_BYTES, METADATA_NAMES, Mode
from ..images.profiles import color_space, suits

_DPI: Final = struct.Struct("<2d")
_EXIF_PREFIX: Final = b"Exif\x00\x00"
_TIFF_MARKS: Final = (b"II*\x00", b"MM\x00*")
STORAGE_TAGS: Final = frozenset(
    {
        *range(254, 260),  # size, samples, compression
        *range(262, 267),  # photometric interpretation, bits
        *range(277, 282),  # samples and rows of strips, least and most sample
        *range(288, 294),  # free space, gray responses, options of fax
        *range(320, 326),  # color map, tiles
        *range(332, 340),  # inks, samples
        *range(512, 533),  # JPEG, YCbCr
        *range(32995, 32999),  # matting, data type
        273,  # strips
        284,  # planes
        317,  # predictor
        330,  # more pictures
        347,  # JPEG tables
        700,  # XMP, which is a section of its own
        34675,  # ICC profile, which is one too
        37724,  # Photoshop's layers
    }
)
"""Tags of TIFF 6.0 and its supplements that are about the file, and not about the picture."""


def collect_metadata(
    given: Mapping[str, Any], found: Mapping[str, Any], mode: Mode
) -> dict[str, bytes]:
    """Collect section payloads from save options or, if one is absent, from a picture's own.

    Args:
        given: options by name; an empty value or None leaves that section out.
        found: what the picture brings along. What of it cannot be stored is left out, with a
            warning: no picture is lost by a bad comment.
        mode: of the file, which an ICC profile has to suit.

    Raises:
        TypeError, ValueError: an option cannot be stored.
    """
    sections: dict[str, bytes] = {}
    for name, value in {**given, **{n: found[n] for n in found if n not in given}}.items():
        try:
            payload = _pack(name, value, mode)
            if sum(map(len, sections.values()), len(payload)) > MAX_ALL_METADATA_BYTES:
                fault = f"{name} of {len(payload)} bytes makes all metadata longer"
                raise ValueError(f"{fault} than {MAX_ALL_METADATA_BYTES}")  # noqa: TRY301
        except (TypeError, ValueError) as error:
            if name in given:
                raise
            warnings.warn(f"metadata of the picture is left out: {error}", stacklevel=3)
        else:
            sections[name] = payload
    return {name: sections[name] for name in METADATA_NAMES if sections.get(name)}


def pillow_info(metadata: Mapping[str, bytes]) -> dict[str, Any]:
    """Return checked section payloads as Pillow's ``info`` values, without unknown names."""
    return {name: _UNPACK[name](metadata[name]) for name in metadata if name in _UNPACK}


def check_metadata(name: str, payload: bytes, offset: int) -> None:
    """Refuse a section that does not hold what its name promises (spec 4).

    Args:
        name: the section's name; unknown ones hold anything.
        payload: its bytes.
        offset: their place in the file, for the error.

    Raises:
        FormatError: the payload is malformed.
    """
    if name == "dpi":
        if len(payload) != _DPI.size:
            fault = f"dpi of {len(payload)} bytes, not {_DPI.size}"
            raise FormatError(fault, offset=offset - 4, field="length")
        if not _are_dpi(*_DPI.unpack(payload)):
            fault = "dpi is not two positive numbers"
            raise FormatError(fault, offset=offset, field="payload")


def decode_text(text: bytes) -> str:
    """Decode text of any origin: UTF-8, or what older formats have, Latin-1."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _pack(name: str, value: Any, mode: Mode) -> bytes:
    """Pack a section's value into its payload.

    Raises:
        TypeError, ValueError: the value cannot be one; the name is told.
    """
    try:
        payload = _PACK[name](value)
    except TypeError as error:
        raise TypeError(f"{name}: {error}") from error
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    if len(payload) > MAX_METADATA_BYTES:
        raise ValueError(f"{name} of {len(payload)} bytes is longer than {MAX_METADATA_BYTES}")
    if name == "icc_profile" and not suits(payload, mode.channels):
        raise ValueError(
            f"{name} is of {color_space(payload)} colors, which those of mode {mode.pillow} are not"
        )
    return payload


def _pack_text(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else _pack_bytes(value)


def _pack_bytes(value: Any) -> bytes:
    if value is None:
        return b""
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError(f"a {type(value).__name__}, where bytes are wanted")
    return bytes(value)


def _pack_exif(value: Any) -> bytes:
    """Pack EXIF that is given as bytes or as Pillow's ``Image.Exif``."""
    if isinstance(value, Image.Exif):
        try:
            value = _without_storage(value).tobytes() if len(value) else None
        except Exception as error:  # Pillow's writers raise many kinds
            raise ValueError(f"tags have values that cannot be written: {error}") from error
    block = _pack_bytes(value).removeprefix(_EXIF_PREFIX)
    if block and not block.startswith(_TIFF_MARKS):
        raise ValueError("no TIFF structure, which EXIF has to be")
    return block


def _without_storage(exif: Image.Exif) -> Image.Exif:
    """Leave out of a TIFF file's EXIF the tags that tell how the file stores its pixels."""
    if STORAGE_TAGS.isdisjoint(exif) and not exif.bigtiff:
        return exif
    kept = Image.Exif()
    kept.endian = exif.endian
    for tag in exif.keys() - STORAGE_TAGS:
        kept[tag] = exif[tag]
        if tag in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
            kept[tag] = dict(exif.get_ifd(tag))
    details = kept.get(ExifTags.IFD.Exif, {})
    if ExifTags.IFD.Interop in details:
        details[ExifTags.IFD.Interop] = exif.get_ifd(ExifTags.IFD.Interop)
    return kept


def _unpack_exif(payload: bytes) -> bytes:
    return _EXIF_PREFIX + payload


def _pack_dpi(value: Any) -> bytes:
    if value is None or (isinstance(value, (tuple, list)) and not any(value)):
        return b""  # (0, 0) is what readers say for unknown
    if not isinstance(value, (tuple, list)) or not all(isinstance(n, Real) for n in value):
        raise TypeError(f"{value!r} is not a pair of numbers")
    try:
        numbers = [float(number) for number in value]
    except OverflowError:
        raise ValueError("a number is too large") from None
    if len(numbers) != 2 or not _are_dpi(*numbers):
        raise ValueError(f"{value!r} are not two positive numbers")
    return _DPI.pack(*numbers)


def _are_dpi(*numbers: float) -> bool:
    return all(math.isfinite(number) and number > 0 for number in numbers)


_PACK: Final[Mapping[str, Callable[[Any], bytes]]] = MappingProxyType(
    {
        "comment": _pack_text,
        "dpi": _pack_dpi,
        "exif": _pack_exif,
        "icc_profile": _pack_bytes,
        "xmp": _pack_text,
    }
)
_UNPACK: Final[Mapping[str, Callable[[bytes], Any]]] = MappingProxyType(
    {
        "comment": bytes,
        "dpi": _DPI.unpack,
        "exif": _unpack_exif,
        "icc_profile": bytes,
        "xmp": bytes,
    }
)
