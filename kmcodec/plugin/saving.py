"""Save Pillow's images: one, or all frames of several."""

import difflib
import warnings
from collections.abc import Collection, Generator, Iterable, Iterator
from contextlib import closing
from typing import IO, Any, Final

from PIL import Image, ImageSequence

from ..codec import encode_pieces
from ..coding.source import write_pieces
from ..frame_options import FrameOptions
from ..frames import frame_pieces
from ..images.pixels import WRITABLE_MODES
from ..options import OPTION_NAMES

_FRAME_OPTION_NAMES: Final = tuple(dict.fromkeys((*OPTION_NAMES, *FrameOptions.__annotations__)))


def save(im: Image.Image, fp: IO[bytes], filename: str | bytes) -> None:  # noqa: ARG001
    """Save an image, or the current one of its frames."""
    if im.mode not in WRITABLE_MODES:
        raise OSError(f"cannot write mode {im.mode} as KMQ")
    _, pieces = encode_pieces(im, **_known_options(im, OPTION_NAMES))
    write_pieces(fp, pieces)


def save_all(im: Image.Image, fp: IO[bytes], filename: str | bytes) -> None:  # noqa: ARG001
    """Save all frames of an image, and of those in its option ``append_images``.

    They are of one size: nothing is cut off, and nothing made up around a smaller one.
    """
    others = im.encoderinfo.pop("append_images", None)
    options = _known_options(im, _FRAME_OPTION_NAMES)
    with closing(all_frames(im, () if others is None else others)) as frames:
        _, pieces = frame_pieces(frames, **options)
        write_pieces(fp, pieces)


def _known_options(im: Image.Image, names: Collection[str]) -> dict[str, Any]:
    """Return the options of these names, and warn of others."""
    options = dict(im.encoderinfo)
    for name in options.keys() - set(names):
        del options[name]
        close = difflib.get_close_matches(name, names, 1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        if name == "quality":  # 1 to 95 in other formats; obeying it would ruin labels
            hint = "; to lose no more than a PSNR in dB, say psnr"
        elif name in {"append_images", *_FRAME_OPTION_NAMES}:
            hint = "; it is for frames, which save_all=True saves"
        warnings.warn(f"KMQ has no option {name!r}, it is ignored{hint}", stacklevel=5)
    return options


def all_frames(first: Image.Image, others: Any) -> Generator[Image.Image]:
    """Yield all frames of images, one after another, as Pillow's writers take them.

    An image that has several is yielded once for each, standing there; in the end it is put back
    where it stood.

    Args:
        first: an image, of which all frames are taken.
        others: more of them, in any iterable.

    Raises:
        OSError: a frame is of a mode that cannot be written.
        TypeError: ``others`` are no images.
    """
    for image in _images(first, others):
        place = image.tell()
        try:
            for frame in ImageSequence.Iterator(image):
                if frame.mode not in WRITABLE_MODES:
                    raise OSError(f"cannot write mode {frame.mode} as KMQ")
                yield frame
        finally:
            image.seek(place)


def _images(first: Image.Image, others: Any) -> Iterator[Image.Image]:
    yield first
    if isinstance(others, (str, bytes)) or not isinstance(others, Iterable):
        raise TypeError(f"append_images is a list of images, not {type(others).__name__}")
    for image in others:
        if not isinstance(image, Image.Image):
            raise TypeError(f"append_images has a {type(image).__name__}, where an image is wanted")
        yield image
