"""Fit pictures to the modes that formats of Pillow's take, so that nothing they hold is lost.

A kind of picture is its mode in Pillow, and for palettes with alpha "P;1", of one transparent entry
and opaque ones, or "P;A", of any.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kmcodec.format import METADATA_NAMES

# By format, the kinds that its writer takes and keeps as they are, as far as the format does.
_KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AVIF": "L RGB RGBA",
        "BLP": "P",
        "BMP": "1 L P RGB",
        "DDS": "L LA RGB RGBA",
        "DIB": "1 L P RGB",
        "EPS": "L RGB",
        "GIF": "1 L P P;1",
        "ICNS": "RGB RGBA",
        "ICO": "1 L LA P RGB RGBA",
        "IM": "1 L LA P PA RGB RGBA",
        "JPEG": "L RGB",
        "JPEG2000": "L LA RGB RGBA",
        "MPO": "L RGB",
        "MSP": "1",
        "PALM": "1",
        "PCX": "1 L P RGB",
        "PDF": "1 L LA P RGB RGBA",
        "PNG": "1 L LA P P;1 P;A RGB RGBA",
        "PPM": "1 L RGB",
        "QOI": "RGB RGBA",
        "SGI": "L RGB RGBA",
        "TGA": "1 L LA P RGB RGBA",
        "TIFF": "1 L LA P PA RGB RGBA",
        "WEBP": "RGB RGBA",
        "XBM": "1",
    }
)
_OTHER_KINDS: Final = "L RGB RGBA"  # of a format that a plugin adds

# Into which kinds a picture is made where its own is not taken: the first that holds it.
_GRAY_FIRST: Final = ("1", "L", "LA", "RGB", "RGBA", "P", "P;1")
_COLOR_FIRST: Final = ("RGB", "RGBA", "P", "P;1", "L", "1")
_PALETTE_FIRST: Final = ("P", "P;1", "P;A", "RGB", "RGBA", "L", "1")
_ORDERS: Final = {"1": _GRAY_FIRST, "L": _GRAY_FIRST, "LA": _GRAY_FIRST} | dict.fromkeys(
    ("P", "P;1", "P;A", "PA"), _PALETTE_FIRST
)

Entries = tuple[NDArray[np.uint8], NDArray[Any]]
"""A palette, (K, 3) or (K, 4), and the indices of pixels, of which there may be any number."""

_ICNS_SIDES: Final = (32, 64, 128, 256, 512, 1024)
_ICO_SIDE: Final = 256


class ExportError(ValueError):
    """The format cannot hold the picture."""


def fit_image(
    image: Image.Image,
    read: Callable[[], Entries],
    target: str,
    background: tuple[int, ...] | None,
) -> Image.Image:
    """Return a picture in a mode that a format holds, with all of its colors and alpha.

    Args:
        image: of a .kmq file, its pixels read.
        read: returns its palette and indices, if they are needed.
        target: the format, in Pillow's word.
        background: the color to put the picture on, if it has alpha that the format cannot hold.

    Raises:
        ExportError: there is no such mode.
    """
    check_size(image.size, target)
    if kind_of(image) in _KINDS.get(target, _OTHER_KINDS).split():
        return image
    palette, indices = read()
    used = np.bincount(indices.ravel(), minlength=len(palette)) > 0
    made = choose_kind(kind_of(image), palette, used, target, background)(indices)
    made.info.update((name, image.info[name]) for name in METADATA_NAMES if name in image.info)
    return made


def choose_kind(
    kind: str,
    palette: NDArray[np.uint8],
    used: NDArray[np.bool_],
    target: str,
    background: tuple[int, ...] | None,
) -> Callable[[NDArray[Any]], Image.Image]:
    """Return a function that makes a picture of indices, of a kind that a format holds.

    Args:
        kind: that is to be kept if it can be.
        palette: (K, 3) or (K, 4) uint8.
        used: (K,), which entries the indices may have.
        target: the format, in Pillow's word.
        background: as for ``fit_image``.

    Raises:
        ExportError: there is no such kind.
    """
    kinds = _KINDS.get(target, _OTHER_KINDS).split()
    order = [kind, *_ORDERS.get(kind, _COLOR_FIRST)]
    candidates = [candidate for candidate in order if candidate in kinds and candidate in _MAKERS]
    palette = drop_alpha(palette, used)
    sample = np.flatnonzero(used)[np.newaxis]
    ways = [palette] if background is None else [palette, flatten(palette, background)]
    for entries in ways:
        for candidate in candidates:
            if _MAKERS[candidate](entries, sample):
                return partial(_make, candidate, entries)
    raise ExportError(find_fault(ways[-1], target, kinds))


def _make(kind: str, palette: NDArray[np.uint8], indices: NDArray[Any]) -> Image.Image:
    """Make a picture of a kind that holds it."""
    image = _MAKERS[kind](palette, indices)
    assert image
    return image


def kind_of(image: Image.Image) -> str:
    """Return the kind of a picture."""
    return "P;A" if image.mode == "P" and "transparency" in image.info else image.mode


def check_size(size: tuple[int, int], target: str) -> None:
    """Refuse a size that a writer would change.

    Raises:
        ExportError: it is one.
    """
    if target == "ICO" and max(size) > _ICO_SIDE:
        raise ExportError(f"ICO holds at most {_ICO_SIDE}x{_ICO_SIDE} pixels")
    if target == "ICNS" and (size[0] != size[1] or size[0] not in _ICNS_SIDES):
        raise ExportError(f"ICNS holds squares of {', '.join(map(str, _ICNS_SIDES))} pixels")


def find_fault(palette: NDArray[np.uint8], target: str, kinds: list[str]) -> str:
    """Say why a format holds a picture in no mode."""
    if palette.shape[1] == 4 and not ("P;1" in kinds and is_cut_out(palette)):
        partial = "partial " if "P;1" in kinds else ""
        return f"{target} holds no {partial}transparency; --background COLOR flattens it"
    if "P" in kinds:
        return f"{target} holds 256 colors, not {len(palette):,}; convert to .kmq with -k 256 first"
    return f"{target} holds nothing but black and white"


def flatten(palette: NDArray[np.uint8], background: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return a palette as it looks on a color: (K, 3)."""
    if palette.shape[1] == 3:
        return palette
    alpha = palette[:, 3:].astype(np.uint32)
    mixed = alpha * palette[:, :3] + (255 - alpha) * np.array(background[:3], np.uint32)
    return ((mixed + 127) // 255).astype(np.uint8)


def drop_alpha(palette: NDArray[np.uint8], used: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return a palette without alpha where no pixel needs it: of all entries, or of unused ones."""
    if palette.shape[1] == 3:
        return palette
    palette = palette.copy()
    palette[~used, 3] = 255
    return palette[:, :3] if (palette[:, 3] == 255).all() else palette


def is_cut_out(palette: NDArray[np.uint8]) -> bool:
    """Return whether each entry is opaque or fully transparent."""
    return palette.shape[1] == 4 and bool(np.isin(palette[:, 3], (0, 255)).all())


def _make_palette(palette: NDArray[np.uint8], indices: NDArray[Any]) -> Image.Image | None:
    """Make a picture of the file's own palette, if it has no alpha."""
    if len(palette) > 256 or palette.shape[1] == 4:
        return None
    image = Image.fromarray(indices.astype(np.uint8)).convert("L")
    image.putpalette(palette.tobytes())
    return image


def _make_cut_out(palette: NDArray[np.uint8], indices: NDArray[Any]) -> Image.Image | None:
    """Make a picture of the file's own palette, all that is transparent as the first such entry."""
    if not is_cut_out(palette):
        return None
    transparent = palette[:, 3] == 0
    first = int(transparent.argmax())
    entries = np.where(transparent, first, np.arange(len(palette)))
    merged: NDArray[np.intp] = entries[indices]
    if len(palette) > 256:
        used, merged = np.unique(merged, return_inverse=True)
        first = int(np.searchsorted(used, first))
        palette = palette[used]
    image = _make_palette(palette[:, :3], merged)
    if image:
        image.info["transparency"] = first
    return image


def _make_alpha_palette(palette: NDArray[np.uint8], indices: NDArray[Any]) -> Image.Image | None:
    image = _make_palette(palette[:, :3], indices)
    if image and palette.shape[1] == 4:
        image.info["transparency"] = palette[:, 3].tobytes()
    return image


def _make_color(palette: NDArray[np.uint8], indices: NDArray[Any]) -> Image.Image | None:
    return None if palette.shape[1] == 4 else Image.fromarray(palette[indices])


def _make_color_alpha(palette: NDArray[np.uint8], indices: NDArray[Any]) -> Image.Image | None:
    if palette.shape[1] == 3:
        palette = np.column_stack((palette, np.full(len(palette), 255, np.uint8)))
    return Image.fromarray(palette[indices])


def _make_gray(palette: NDArray[np.uint8], indices: NDArray[Any]) -> Image.Image | None:
    is_gray = palette.shape[1] == 3 and (palette == palette[:, :1]).all()
    return Image.fromarray(palette[:, 0][indices]) if is_gray else None


def _make_gray_alpha(palette: NDArray[np.uint8], indices: NDArray[Any]) -> Image.Image | None:
    is_gray = (palette[:, :3] == palette[:, :1]).all()
    image = _make_color_alpha(palette, indices)
    return image.convert("LA") if image and is_gray else None


def _make_bilevel(palette: NDArray[np.uint8], indices: NDArray[Any]) -> Image.Image | None:
    is_bilevel = np.isin(palette[np.unique(indices)], (0, 255)).all()
    image = _make_gray(palette, indices)
    return image.convert("1", dither=Image.Dither.NONE) if image and is_bilevel else None


_MAKERS: Final[Mapping[str, Callable[[NDArray[np.uint8], NDArray[Any]], Image.Image | None]]] = (
    MappingProxyType(
        {
            "1": _make_bilevel,
            "L": _make_gray,
            "LA": _make_gray_alpha,
            "P": _make_palette,
            "P;1": _make_cut_out,
            "P;A": _make_alpha_palette,
            "RGB": _make_color,
            "RGBA": _make_color_alpha,
        }
    )
)
