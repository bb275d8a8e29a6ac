"""Tell the space of color profiles (ICC), and take pictures out of theirs."""

import warnings
from io import BytesIO
from typing import Any, Final

from PIL import Image

_SPACE: Final = slice(16, 20)  # ICC.1, 7.2.6: data color space
_SIGNATURE: Final = slice(36, 40)  # 7.2.9: profile file signature
_GRAY_MODES: Final = frozenset({"L", "LA", "La"})  # black and white look alike in all profiles


def color_space(profile: Any) -> str | None:
    """Return the space that a profile is of: RGB, GRAY, CMYK ...; None if it tells none."""
    if not isinstance(profile, bytes) or profile[_SIGNATURE] != b"acsp":
        return None
    return profile[_SPACE].decode("latin-1").strip()


def suits(profile: bytes, channels: int) -> bool:
    """Return whether a profile can describe pixels of so many channels, 1 and 2 being gray.

    A profile of RGB describes gray pixels too: as colors of three equal samples.
    """
    return color_space(profile) in ({None, "RGB", "GRAY"} if channels <= 2 else {None, "RGB"})


def leaves_profile(image: Image.Image, in_color: bool) -> bool:
    """Return whether a picture is saved in another color space than its own.

    Args:
        image: any image.
        in_color: whether gray pictures are saved in color.
    """
    gray = image.mode in _GRAY_MODES and color_space(image.info.get("icc_profile")) == "GRAY"
    return image.mode == "CMYK" or (gray and in_color)


def to_srgb(image: Image.Image) -> Image.Image:
    """Convert a picture of mode CMYK, L or LA to sRGB by its profile, as RGB or RGBA.

    Without a profile that can be used it is converted as Pillow does, and a profile that is there
    is warned of.
    """
    from PIL import ImageCms  # here, as few pictures have such a profile

    alpha = image.getchannel("A") if image.mode == "LA" else None
    colors = image.getchannel("L") if alpha else image
    profile = image.info.get("icc_profile")
    converted = None
    if profile:
        try:
            converted = ImageCms.profileToProfile(
                colors,
                ImageCms.ImageCmsProfile(BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                outputMode="RGB",
            )
        except (ImageCms.PyCMSError, ImportError, OSError, TypeError) as error:
            fault = f"icc_profile of the picture cannot be used and is left out: {error}"
            warnings.warn(fault, stacklevel=2)
    converted = converted or colors.convert("RGB")
    if alpha is not None:
        converted.putalpha(alpha)
    return converted
