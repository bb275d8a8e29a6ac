"""The .kmq image format: K-Means palettes, exact indices, a Pillow plugin and two commands.

Importing this package registers KMQ with Pillow, so that ``Image.open("x.kmq")`` and
``im.save("x.kmq", colors=64)`` work.
"""

from .codec import decode, decode_indexed, encode, encode_indexed, quantize
from .errors import (
    ChecksumError,
    FormatError,
    KmqError,
    LimitError,
    SignatureError,
    TruncatedError,
    UnsupportedError,
)
from .files import Info, info, load, save
from .KmqImagePlugin import register

__all__ = (
    "ChecksumError",
    "FormatError",
    "Info",
    "KmqError",
    "LimitError",
    "SignatureError",
    "TruncatedError",
    "UnsupportedError",
    "decode",
    "decode_indexed",
    "encode",
    "encode_indexed",
    "info",
    "load",
    "quantize",
    "register",
    "save",
)
