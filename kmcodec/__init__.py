"""Read and write .kmq images: K-Means palettes, exact indices, a Pillow plugin, two commands.

Importing this package registers KMQ with Pillow, so that ``Image.open("x.kmq")`` and
``im.save("x.kmq", colors=64)`` work.
"""

from importlib.metadata import PackageNotFoundError, version

from .codec import (
    Quantized,
    decode,
    decode_indexed,
    encode,
    encode_indexed,
    quantize,
    quantize_many,
)
from .coding.container import Encoded
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
from .files import Info, info, load, save, save_frames
from .frames import Frame, FramesInfo, decode_frames, encode_frames
from .KmqImagePlugin import register

__all__ = (
    "ChecksumError",
    "Encoded",
    "FormatError",
    "Frame",
    "FramesInfo",
    "Info",
    "KmqError",
    "LimitError",
    "QualityError",
    "Quantized",
    "SignatureError",
    "TruncatedError",
    "UnsupportedError",
    "__version__",
    "decode",
    "decode_frames",
    "decode_indexed",
    "encode",
    "encode_frames",
    "encode_indexed",
    "info",
    "load",
    "quantize",
    "quantize_many",
    "register",
    "save",
    "save_frames",
)

try:
    __version__ = version("kmcodec")
except PackageNotFoundError:  # a checkout that is not installed
    __version__ = "0+unknown"
