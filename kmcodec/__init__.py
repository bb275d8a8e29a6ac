"""Read and write .kmq images: K-Means palettes, exact indices, a Pillow plugin, three commands.

Importing this package registers KMQ with Pillow, so that ``Image.open("x.kmq")`` and
``im.save("x.kmq", colors=64)`` work.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from . import libkmq as libkmq  # which refuses an installation that is not compiled
from . import options as options
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
from .KmqImagePlugin import register

if TYPE_CHECKING:
    from .codec import (
        Quantized,
        encode,
        encode_indexed,
        quantize,
        quantize_many,
    )
    from .coding.container import Encoded
    from .decoding import Frame, decode, decode_frames, decode_indexed
    from .files import Info, info, load
    from .frames import FramesInfo, encode_frames
    from .saving import save, save_frames

    __version__: str

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

# Read when a name is first used (PEP 562): all of it takes longer to import than NumPy, and
# Image.open, the commands and most programs need a part.
_MODULES: Final = {
    "Encoded": "coding.container",
    "Frame": "decoding",
    "FramesInfo": "frames",
    "Info": "files",
    "Quantized": "codec",
    "decode": "decoding",
    "decode_frames": "decoding",
    "decode_indexed": "decoding",
    "encode": "codec",
    "encode_frames": "frames",
    "encode_indexed": "codec",
    "info": "files",
    "load": "files",
    "quantize": "codec",
    "quantize_many": "codec",
    "save": "saving",
    "save_frames": "saving",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value = _installed_version()
    elif name in _MODULES:
        value = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _installed_version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # slow to import, seldom needed

    try:
        return version(__name__)
    except PackageNotFoundError:  # a checkout that is not installed
        return "0+unknown"
