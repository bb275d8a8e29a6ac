"""The .kmq image format: K-Means palettes, exact indices, a Pillow plugin and two commands.

Importing this package registers KMQ with Pillow, so that ``Image.open("x.kmq")`` and
``im.save("x.kmq", colors=64)`` work.
"""

from .codec import decode, decode_indexed, encode, encode_indexed, quantize, quantize_many
from .errors import (
    ChecksumError,
    FormatError,
    KmqError,
    LimitError,
    QualityError,
    SignatureError,
    TruncatedError,
    UnsupportedError,
)
from .files import Info, info, load, save
from .KmqImagePlugin import register
from .quantizer.quantized import Quantized

__all__ = (
    "ChecksumError",
    "FormatError",
    "Info",
    "KmqError",
    "LimitError",
    "QualityError",
    "Quantized",
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
    "quantize_many",
    "register",
    "save",
)
