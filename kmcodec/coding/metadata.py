"""Turn Pillow's metadata into section payloads, and back (spec 4).

Sections are named as Pillow's ``info`` keys, so that what was opened is saved under the same name.
"""

import math
import struct
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from ..errors import FormatError
from ..format import MAX_METADATA_BYTES

_DPI: Final = struct.Struct("<2d")
_EXIF_PREFIX: Final = b"Exif\x00\x00"


def collect_metadata(given: Mapping[str, Any], info: Mapping[str, Any]) -> dict[str, bytes]:
    """Collect section payloads from save options or, if one is absent, from an image's ``info``.

    Args:
        given: options by name; an empty value or None leaves that section out.
        info: the ``info`` of a Pillow image, or an empty mapping.

    Raises:
        TypeError, ValueError: a value cannot be stored.
    """
    sections = {}
    for name, pack in _PACK.items():
        try:
            payload = pack(given[name] if name in given else _usable(name, info))
        except (TypeError, ValueError) as error:
            raise type(error)(f"{name}: {error}") from error
        if len(payload) > MAX_METADATA_BYTES:
            raise ValueError(f"{name} of {len(payload)} bytes is longer than {MAX_METADATA_BYTES}")
        if payload:
            sections[name] = payload
    return sections


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


def _usable(name: str, info: Mapping[str, Any]) -> Any:
    """Return what an image has under a name; a dpi that another format left unusable is None."""
    value = info.get(name)
    if name == "dpi":
        try:
            _pack_dpi(value)
        except (TypeError, ValueError):
            return None
    return value


def _pack_bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    return b"" if value is None else bytes(memoryview(value))


def _pack_exif(value: Any) -> bytes:
    """Pack EXIF that is given as bytes or as Pillow's ``Image.Exif``."""
    if hasattr(value, "tobytes") and not isinstance(value, memoryview):
        value = value.tobytes() if len(value) else None
    return _pack_bytes(value).removeprefix(_EXIF_PREFIX)


def _unpack_exif(payload: bytes) -> bytes:
    return _EXIF_PREFIX + payload


def _pack_dpi(value: Any) -> bytes:
    if not value:
        return b""
    x, y = (float(number) for number in value)
    if not _are_dpi(x, y):
        raise ValueError(f"{(x, y)} are not two positive numbers")
    return _DPI.pack(x, y)


def _are_dpi(*numbers: float) -> bool:
    return all(math.isfinite(number) and number > 0 for number in numbers)


_PACK: Final[Mapping[str, Callable[[Any], bytes]]] = MappingProxyType(
    {
        "comment": _pack_bytes,
        "dpi": _pack_dpi,
        "exif": _pack_exif,
        "icc_profile": _pack_bytes,
        "xmp": _pack_bytes,
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
