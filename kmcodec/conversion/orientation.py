"""Turn pictures as their metadata says, and take metadata away: ``--auto-orient``, ``--keep``."""

import warnings
from collections.abc import Iterable

from PIL import ExifTags, Image, ImageOps

from kmcodec.format import Indices


def orient_image(image: Image.Image) -> None:
    """Turn the pixels as the orientation in EXIF, or in XMP, says, and clear that in both.

    EXIF that cannot be read, or not be written without it, is left out with a warning: it might
    turn the picture once more.
    """
    try:
        ImageOps.exif_transpose(image, in_place=True)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  (Pillow's readers and writers raise many kinds)
        for name in ("exif", "Raw profile type exif"):
            image.info.pop(name, None)
        fault = f"exif is left out, as its orientation cannot be read or cleared: {error}"
        warnings.warn(fault, stacklevel=1)


def find_orientation(image: Image.Image) -> int:
    """Return how ``orient_image`` turns an image, as EXIF numbers it; 1 for not at all."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  (orient_image will tell)
        return 1


def turn(indices: Indices, orientation: int) -> Indices:
    """Turn (height, width) indices by an orientation."""
    if orientation in {5, 6, 7, 8}:
        indices = indices.T
    if orientation in {2, 3, 6, 7}:
        indices = indices[:, ::-1]
    return indices[::-1] if orientation in {3, 4, 7, 8} else indices


def strip_metadata(image: Image.Image, names: Iterable[str]) -> None:
    """Take away some metadata that Pillow's writers would find in a .kmq.

    What else is in ``info``, such as transparency, belongs to the pixels.
    """
    for name in names:
        image.info.pop(name, None)
