"""Turn arrays and Pillow images into checked uint8 pixels and their source mode, and back."""

import os
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImagePalette

from ..checks import read_array
from ..format import MAX_COLORS, Indices, Mode, find_size_fault, index_dtype, palette_colors
from .profiles import leaves_profile, to_srgb
from .transparency import key_alpha, palette_alpha

# Pillow's WebP writer converts these modes too; they can mean nothing but RGB.
_CONVERTED: Final = {
    "CMYK": "RGB",
    "YCbCr": "RGB",
    "HSV": "RGB",
    "RGBX": "RGB",
    "RGBa": "RGBA",
    "La": "LA",
}
_ARRAY_MODES: Final = {1: Mode.L, 2: Mode.LA, 3: Mode.RGB, 4: Mode.RGBA}
_PALETTE_MODES: Final = {3: Mode.P, 4: Mode.P_ALPHA}
_DIRECT_MODES: Final = {"L": Mode.L, "LA": Mode.LA, "RGB": Mode.RGB, "RGBA": Mode.RGBA}
_EMPTY: Final = "cannot write empty image as KMQ"  # in Pillow's words
WRITABLE_MODES: Final = frozenset({"1", "P", "PA", *_DIRECT_MODES, *_CONVERTED})


ImageLike = Image.Image | NDArray[np.uint8] | NDArray[np.bool_]
"""A picture in a form that ``read_image`` takes."""


class Pixels(NamedTuple):
    """A picture without palette: (height, width, channels) uint8 in the channels of its mode."""

    mode: Mode
    pixels: NDArray[np.uint8]


class Indexed(NamedTuple):
    """A picture that has a palette: (K, channels) uint8, and (height, width) indices into it."""

    mode: Mode
    palette: NDArray[np.uint8]
    indices: Indices

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The entries that are shown, as ``Pixels`` has them; they are unpacked at every call."""
        return self.palette[self.indices]


def read_image(image: Any, in_color: bool = False) -> Pixels | Indexed:
    """Read the pixels of a Pillow image or an array.

    An image of CMYK becomes RGB through its ICC profile.

    Args:
        image: a Pillow image, or a uint8 array of shape (height, width) for gray,
            (height, width, channels) for gray and alpha, RGB or RGBA, or a bool array
            (height, width) for black and white.
        in_color: whether a gray image with an ICC profile is to be RGB through it.

    Raises:
        TypeError: it is neither of them, or an array of another type.
        ValueError: it has no pixels, a shape that is none of these, or a Pillow mode that would
            lose more than color depth (I;16, I, F, LAB).
    """
    return _read_pillow(image, in_color) if isinstance(image, Image.Image) else _read_array(image)


def _check_size(width: int, height: int) -> None:
    """Refuse a picture that no file can hold, before anything is made of it."""
    if not width * height:
        raise ValueError(_EMPTY)
    fault = find_size_fault(width, height)
    if fault:
        raise ValueError(fault[1])


def read_images(images: Any, in_color: bool = False) -> list[Pixels | Indexed]:
    """Read the pixels of several images, at least one, each as ``read_image`` does.

    Raises:
        TypeError, ValueError: as ``read_image``; or what is given is one image.
    """
    if isinstance(images, (np.ndarray, Image.Image)):
        raise TypeError("one image is given where several are wanted, in a list")
    if isinstance(images, (str, bytes)) or not isinstance(images, Iterable):
        raise TypeError(f"images are several in a list, not {type(images).__name__}")
    pictures = [read_image(image, in_color) for image in images]
    if not pictures:
        raise ValueError("a palette needs at least one image")
    return pictures


def read_indexed(palette: Any, indices: Any) -> Indexed:
    """Check a palette and indices, and take them as they are.

    Args:
        palette: (K, 3) or (K, 4) uint8, K in 1..65536.
        indices: (height, width) of an integer type, each in 0..K-1.

    Raises:
        TypeError, ValueError: an array has another shape, type or range.
    """
    palette, indices = read_array("palette", palette), read_array("indices", indices)
    if palette.dtype != np.uint8 or palette.ndim != 2 or palette.shape[1] not in (3, 4):
        raise ValueError(f"palette of {palette.dtype} {palette.shape}; must be uint8 (K, 3 or 4)")
    if not 1 <= len(palette) <= MAX_COLORS:
        raise ValueError(f"palette of {len(palette)} colors; must be 1 to {MAX_COLORS}")
    if not indices.size:
        raise ValueError("there are no indices: a picture needs at least one pixel")
    if indices.dtype.kind not in "ui" or indices.ndim != 2:
        raise ValueError(f"indices of {indices.dtype} {indices.shape}; must be integers (h, w)")
    _check_size(indices.shape[1], indices.shape[0])
    if (indices.dtype.kind == "i" and indices.min() < 0) or indices.max() >= len(palette):
        raise ValueError(f"indices must be from 0 to {len(palette) - 1}")
    modes = _PALETTE_MODES if len(palette) <= Mode.P.max_colors else _ARRAY_MODES
    dtype = index_dtype(len(palette))
    return Indexed(modes[palette.shape[1]], palette, indices.astype(dtype, copy=False))


def _read_array(image: Any) -> Pixels | Indexed:
    array = _as_array(image)
    if array.dtype == np.bool_:
        if array.ndim != 2:
            fault = f"a bool array of shape {array.shape}; black and white is (height, width)"
            raise ValueError(fault)
        _check_size(array.shape[1], array.shape[0])
        return _bilevel(array)
    if array.dtype != np.uint8:
        raise TypeError(f"an array of {array.dtype}; pixels are uint8, or bool for black and white")
    if array.ndim == 2:
        array = array[:, :, np.newaxis]
    if array.ndim != 3 or array.shape[2] not in _ARRAY_MODES:
        fault = f"an array of shape {array.shape}; a picture is (height, width) of gray,"
        raise ValueError(f"{fault} or (height, width, 1 to 4 channels)")
    _check_size(array.shape[1], array.shape[0])
    return Pixels(_ARRAY_MODES[array.shape[2]], np.ascontiguousarray(array))


def _as_array(image: Any) -> NDArray[Any]:
    """Return the array that an object is, has or lists."""
    hint = "; open it with Image.open" if isinstance(image, (str, os.PathLike)) else ""
    array = read_array("image", image)
    if array.dtype.kind not in "biufc" and array is not image:
        fault = f"a picture is a Pillow image or an array, not {type(image).__name__}"
        raise TypeError(fault + hint)
    return array


def _read_pillow(image: Image.Image, in_color: bool) -> Pixels | Indexed:
    if image.mode not in WRITABLE_MODES:
        raise ValueError(f"cannot write mode {image.mode} as KMQ")
    _check_size(image.width, image.height)
    image.load()
    if image.mode == "P":
        return _read_palette_image(image)
    if image.mode == "PA":
        return _read_palette_alpha_image(image)
    alpha = key_alpha(image)
    if image.mode == "1" and alpha is None:
        return _bilevel(np.asarray(image))
    mode = "L" if image.mode == "1" else _CONVERTED.get(image.mode, image.mode)
    if leaves_profile(image, in_color):
        image = to_srgb(image if image.mode == "CMYK" else image.convert(mode))
        mode = image.mode
    elif mode != image.mode:
        image = image.convert(mode)
    pixels = np.asarray(image).reshape(image.height, image.width, -1)
    if alpha is not None:
        mode, pixels = f"{mode}A", np.dstack((pixels, alpha))
    return Pixels(_DIRECT_MODES[mode], pixels)


def _bilevel(array: NDArray[np.bool_]) -> Indexed:
    values, indices = np.unique(array, return_inverse=True)
    palette = np.where(values, 255, 0).astype(np.uint8)[:, np.newaxis]
    return Indexed(Mode.BILEVEL, palette, indices.reshape(array.shape).astype(np.uint8))


def _read_palette_image(image: Image.Image) -> Indexed:
    indices = np.array(image)  # a copy, as the caller of quantize may change them
    palette = _pillow_palette(image, int(indices.max(initial=0)) + 1)
    alpha = palette_alpha(image, len(palette))
    if (alpha == 255).all():
        return Indexed(Mode.P, palette, indices)
    return Indexed(Mode.P_ALPHA, np.column_stack((palette, alpha)), indices)


def _read_palette_alpha_image(image: Image.Image) -> Indexed:
    planes = np.asarray(image)
    palette = _pillow_palette(image, int(planes[..., 0].max(initial=0)) + 1)
    return Indexed(Mode.PA, *alpha_entries(palette, planes[..., 0], planes[..., 1]))


def _pillow_palette(image: Image.Image, used: int) -> NDArray[np.uint8]:
    """Return the palette as RGB, with black where pixels use entries it lacks, as in Pillow."""
    stored = np.array(image.getpalette("RGB") or [], np.uint8).reshape(-1, 3)
    palette = np.zeros((max(used, len(stored)), 3), np.uint8)
    palette[: len(stored)] = stored
    return palette


def alpha_entries(
    palette: NDArray[np.uint8], indices: NDArray[np.uint8], alpha: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], Indices]:
    """Make one palette entry for each pair of palette color and alpha (spec 5, mode PA).

    Args:
        palette: (K, 3) uint8.
        indices: (height, width) uint8, below K.
        alpha: (height, width) uint8.

    Returns:
        (entries, 4) uint8 in order of palette index, then alpha, opaque where no pixel uses a
        color; and (height, width) indices into them.
    """
    pairs = indices.astype(np.uint16) << 8 | alpha
    unused = np.setdiff1d(np.arange(len(palette)), indices)
    # An opaque entry separates a color from an equal one after it, or the two would be one.
    equal = np.flatnonzero((palette[1:] == palette[:-1]).all(axis=1))
    opaque = np.union1d(unused, equal).astype(np.uint16) << 8 | 255
    entries = np.union1d(pairs, opaque)
    rgba = np.column_stack((palette[entries >> 8], (entries & 255).astype(np.uint8)))
    return rgba, np.searchsorted(entries, pairs).astype(index_dtype(len(entries)))


def unpacking_table(mode: Mode, palette: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return what each index becomes in memory in its source mode: (K, channels) uint8.

    The channels are Pillow's: an index for P, index and alpha for PA, colors for the others.
    """
    if mode in (Mode.P, Mode.P_ALPHA):
        return np.arange(len(palette), dtype=np.uint8)[:, np.newaxis]
    if mode == Mode.PA:
        groups = palette_colors(palette)
        return np.column_stack((groups.astype(np.uint8), palette[:, 3]))
    return palette


def pillow_palette(mode: Mode, palette: NDArray[np.uint8]) -> ImagePalette.ImagePalette | None:
    """Return the palette that a Pillow image of this mode carries, or None."""
    if mode in (Mode.P, Mode.P_ALPHA):
        return ImagePalette.raw("RGB", palette[:, :3].tobytes())
    if mode == Mode.PA:
        first = np.flatnonzero(np.diff(palette_colors(palette), prepend=-1))
        return ImagePalette.raw("RGB", palette[first, :3].tobytes())
    return None


def pillow_transparency(mode: Mode, palette: NDArray[np.uint8]) -> int | bytes | None:
    """Return a palette's alpha as ``info["transparency"]``, in the form of Pillow's PNG reader.

    It is one index if that entry alone is transparent and all others are opaque, else a byte for
    each entry; None if alpha is in the pixels, or there is none.
    """
    if mode != Mode.P_ALPHA:
        return None
    alpha = palette[:, 3]
    translucent = np.flatnonzero(alpha != 255)
    if len(translucent) == 1 and alpha[translucent[0]] == 0:
        return int(translucent[0])
    return alpha.tobytes()


def color_palette(palette: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Convert a palette of any mode to RGB or RGBA: (K, 3 or 4) uint8."""
    return to_channels(palette, palette.shape[1] + 2) if palette.shape[1] <= 2 else palette


def to_channels(values: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    """Convert entries or pixels (..., c) of gray, gray and alpha, RGB or RGBA to (..., channels).

    Gray becomes three equal channels. RGB becomes its first channel, so it should be gray. Alpha
    becomes 255 where there was none, and is left out where none is wanted.
    """
    have = values.shape[-1]
    if have == channels:
        return values
    colors = [0, 0, 0] if have <= 2 else [0, 1, 2]
    result = np.full((*values.shape[:-1], channels), 255, np.uint8)
    opaque = channels - has_alpha_channel(channels)
    result[..., :opaque] = values[..., colors[:opaque]]
    if has_alpha_channel(channels) and has_alpha_channel(have):
        result[..., -1] = values[..., -1]
    return result


def is_gray(values: NDArray[np.uint8]) -> bool:
    """Tell whether entries or pixels (..., c) have no color."""
    red, *others = np.moveaxis(values[..., :3], -1, 0)
    return values.shape[-1] <= 2 or all(np.array_equal(red, other) for other in others)


def is_opaque(values: NDArray[np.uint8]) -> bool:
    """Tell whether entries or pixels (..., c) have no alpha below 255."""
    return not has_alpha_channel(values.shape[-1]) or bool((values[..., -1] == 255).all())


def has_alpha_channel(channels: int) -> bool:
    """Tell whether the last of so many channels is alpha."""
    return channels in (2, 4)
