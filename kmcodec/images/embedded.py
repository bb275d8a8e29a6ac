"""Read what a Pillow image brings along besides its pixels: metadata, as it stands there."""

import warnings
from collections.abc import Container, Mapping
from typing import Any, Final

import numpy as np
from PIL import Image

from ..format import METADATA_NAMES
from .profiles import leaves_profile

_RAW_EXIF: Final = "Raw profile type exif"  # a text in PNG files of ImageMagick and others

_SRGB_GAMMA: Final = 1 / 2.2
_SRGB_CHROMATICITY: Final = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)


def read_metadata(image: Any, given: Container[str], in_color: bool) -> dict[str, Any]:
    """Read the metadata of a loaded Pillow image by the names of sections, without checking it.

    Args:
        image: a Pillow image; or an array, which has no metadata.
        given: names that are not asked for.
        in_color: as for ``pixels.read_image``, which takes colors out of a profile; such a one is
            left out.
    """
    if not isinstance(image, Image.Image):
        return {}
    info = image.info
    found: dict[str, Any] = {
        name: info[name] for name in METADATA_NAMES if name in info and name not in given
    }
    if "Comment" in info and "comment" not in given:  # as it is called in PNG
        found.setdefault("comment", info["Comment"])
    if isinstance(found.get("xmp"), str):
        del found["xmp"]
        fault = "metadata of the picture is left out: xmp: a text, where bytes are wanted"
        warnings.warn(fault, stacklevel=3)
    if "exif" not in given:
        try:
            found["exif"] = _current_exif(image)
        except Exception as error:  # noqa: BLE001  (Pillow's readers raise many kinds)
            fault = f"metadata of the picture is left out: exif: it cannot be read: {error}"
            warnings.warn(fault, stacklevel=3)
            found.pop("exif", None)
    if leaves_profile(image, in_color):
        found.pop("icc_profile", None)
    elif not found.get("icc_profile") and "icc_profile" not in given:
        _warn_of_colors(info)
    return found


def _current_exif(image: Image.Image) -> Any:
    """Return EXIF with the changes that were made to what ``image.getexif()`` returns.

    Without any it is what the file has, byte for byte: Pillow does not write all that it reads.
    """
    stored, edited = _stored_exif(image), image._exif
    if edited is None or not edited._loaded:
        return image.getexif() if stored is None and hasattr(image, "tag_v2") else stored
    read = edited._loaded_exif
    if stored is None:
        return edited if read is None else None  # made by hand, or of TIFF; else since removed
    if read is None or not _is_changed(edited, read, image):
        return stored
    return edited


def _stored_exif(image: Image.Image) -> Any:
    """Return what stands for EXIF in ``info``, whatever it is."""
    if "exif" not in image.info and _RAW_EXIF in image.info:
        return bytes.fromhex("".join(image.info[_RAW_EXIF].split("\n")[3:]))
    return image.info.get("exif")


def _is_changed(exif: Image.Exif, read: bytes, image: Image.Image) -> bool:
    """Return whether EXIF is no longer what was read, and completed by XMP, as Pillow does.

    No tag is decoded for it that has not been before. Values are compared as they are shown, by
    which 0/0 is equal to itself.
    """
    twin = Image.new("1", (1, 1))
    twin.info = {**image.info, "exif": read}
    other = twin.getexif()
    return (
        exif.keys() != other.keys()
        or any(repr(value) != repr(other[tag]) for tag, value in exif._data.items())
        or any(repr(part) != repr(other.get_ifd(tag)) for tag, part in exif._ifds.items())
    )


def _warn_of_colors(info: Mapping[Any, Any]) -> None:
    """Warn where a PNG without a profile says that its colors are not those of sRGB.

    The tolerances are those of libpng.
    """
    if "srgb" in info:
        return
    gamma, chromaticity = info.get("gamma"), info.get("chromaticity")
    if isinstance(gamma, float) and gamma > 0 and abs(gamma / _SRGB_GAMMA - 1) > 0.05:
        differs = f"that the gamma is {gamma:g}"
    elif (
        isinstance(chromaticity, tuple)
        and len(chromaticity) == len(_SRGB_CHROMATICITY)
        and not np.allclose(chromaticity, _SRGB_CHROMATICITY, rtol=0, atol=0.01)
    ):
        differs = "what the primaries are"
    else:
        return
    fault = f"the picture says {differs}, which is left out: its colors are taken as sRGB"
    warnings.warn(fault, stacklevel=4)
