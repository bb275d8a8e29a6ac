"""Register KMQ with Pillow, in the manner of its own plugins: importing this module does it.

What opens and what saves is imported when Pillow first calls for it, as few programs do both and
many that import ``kmcodec`` do neither.
"""

import mimetypes
from typing import IO, TYPE_CHECKING

from PIL import Image

from .format import EXTENSION, FORMAT, MAGIC, MIME_TYPE

if TYPE_CHECKING:
    from .plugin.opening import KmqImageFile


def _accept(prefix: bytes) -> bool:
    return prefix.startswith(MAGIC)


def _open(fp: IO[bytes], filename: str | bytes) -> "KmqImageFile":
    from .plugin.opening import KmqImageFile

    return KmqImageFile(fp, filename)


def _save(im: Image.Image, fp: IO[bytes], filename: str | bytes) -> None:
    from .plugin.saving import save

    save(im, fp, filename)


def _save_all(im: Image.Image, fp: IO[bytes], filename: str | bytes) -> None:
    from .plugin.saving import save_all

    save_all(im, fp, filename)


def register() -> None:
    """Register KMQ with Pillow, and its MIME type; doing so again is harmless.

    Importing ``kmcodec`` does it. Worker processes that are spawned start without it: give them
    this function as initializer.
    """
    Image.register_open(FORMAT, _open, _accept)
    Image.register_save(FORMAT, _save)
    Image.register_save_all(FORMAT, _save_all)
    Image.register_extension(FORMAT, EXTENSION)
    Image.register_mime(FORMAT, MIME_TYPE)
    mimetypes.add_type(MIME_TYPE, EXTENSION)


register()
