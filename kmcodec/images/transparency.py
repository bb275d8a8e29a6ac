"""Read transparency, as Pillow's readers tell it in ``info``, as alpha."""

import warnings
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_KEY_SAMPLES: Final = {"1": 1, "L": 1, "RGB": 3}


def key_alpha(image: Image.Image) -> NDArray[np.uint8] | None:
    """Return alpha (height, width) by the one color that is transparent, or None without one.

    Such a color key would not survive quantization; alpha does.
    """
    key, samples = image.info.get("transparency"), _KEY_SAMPLES.get(image.mode)
    if key is None or samples is None:
        return None
    color = key if isinstance(key, (tuple, list)) else (key,)
    if len(color) != samples or not all(isinstance(v, int) and 0 <= v < 1 << 16 for v in color):
        _warn_of(key)
        return None
    pixels = np.asarray(image).reshape(image.height, image.width, samples)
    if image.mode == "1":  # white is 1 or 255, by the version of Pillow
        same = pixels == bool(color[0])
    else:
        same = pixels == np.array(color, np.uint16).astype(np.uint8)  # the low bits, as in PNG
    return np.where(same.all(axis=2), 0, 255).astype(np.uint8)


def palette_alpha(image: Image.Image, count: int) -> NDArray[np.uint8]:
    """Return alpha of each palette entry, from an RGBA palette or ``info["transparency"]``."""
    alpha = np.full(count, 255, np.uint8)
    if image.palette is not None and image.palette.mode == "RGBA":
        stored = np.array(image.getpalette("RGBA"), np.uint8)[3::4]
        alpha[: len(stored)] = stored
    transparency = image.info.get("transparency")
    if isinstance(transparency, int):
        if 0 <= transparency < count:
            alpha[int(transparency)] = 0  # True is entry 1 to Pillow, and all of them to NumPy
    elif isinstance(transparency, bytes):
        stored = np.frombuffer(transparency[:count], np.uint8)
        alpha[: len(stored)] = stored
    elif transparency is not None:
        _warn_of(transparency)
    return alpha


def _warn_of(transparency: Any) -> None:
    if isinstance(transparency, (int, tuple, list)):
        fault = "no color of it has these numbers"
    else:
        fault = f"it is a {type(transparency).__name__}"
    warnings.warn(f"transparency of the picture is left out: {fault}", stacklevel=3)
