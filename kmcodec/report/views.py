"""Make the pictures of a page: as they were and are shown, where they err, and what they cost."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..format import index_dtype
from ..quantizer.histogram import index_colors
from .measure import Measures
from .pictures import HEAT, heat_map, in_color, save_image, shown_image

_MOST_ENTRIES: Final = 256
"""The colors that a PNG can have a palette of."""


class Legend(NamedTuple):
    """What the colors of a heat map mean: what is shown, and how much the lightest one is."""

    title: str
    top: str


@dataclass(frozen=True)
class View:
    """A picture of a page.

    Attributes:
        key: by which the script knows it.
        title: a few words.
        alternative: for those who cannot see it.
        image: its pixels.
        legend: of a heat map.
    """

    key: str
    title: str
    alternative: str
    image: Image.Image
    legend: Legend | None = None


def make_views(measures: Measures) -> list[View]:
    """Return the pictures that there are; the first two are the ones to compare."""
    shown = shown_image(measures.palette, measures.indices)
    size = f"{shown.width} by {shown.height} pixels"
    views = [View("decoded", "Decoded", f"The picture as decoded, {size}", shown)]
    if measures.original is not None:
        image = smallest_image(measures.original)
        views.insert(0, View("original", "Original", f"The original picture, {size}", image))
    views.append(_cost_view(measures.costs))
    if measures.difference and measures.difference.distances.any():
        views.append(_error_view(measures.difference.distances))
    return views


def _cost_view(costs: NDArray[np.float32]) -> View:
    top = max(float(np.quantile(costs, 0.995)), 0.01)
    told = f"Heat map of the bits that pixels take, {costs.mean():.3f} in the mean"
    legend = Legend("Bits of each pixel", f"{top:.2f} or more")
    return View("costs", "Bits of each pixel", told, heat_map(costs, top), legend)


def _error_view(errors: NDArray[np.float32]) -> View:
    top = float(np.quantile(errors, 0.999)) or float(errors.max())
    told = f"Heat map of the errors, {errors.mean():.4f} in the mean"
    legend = Legend("Errors, as distances in Oklab", f"{top:.3f} or more (0.02 can be seen)")
    return View("errors", "Errors", told, heat_map(errors, top), legend)


def smallest_image(pixels: NDArray[np.uint8]) -> Image.Image:
    """Return pixels (height, width, 1 to 4) with a palette if they have no more than 256 colors."""
    histogram, positions = index_colors(pixels)
    count = len(histogram.colors)
    if count > _MOST_ENTRIES:
        return Image.fromarray(in_color(pixels))
    return shown_image(in_color(histogram.colors), positions.astype(index_dtype(count)))


def choices(views: Sequence[View], chosen: int) -> str:
    """Return the options of a list of the pictures, of which one is chosen."""
    return "".join(
        f'<option value="{view.key}"{" selected" if number == chosen else ""}>{view.title}</option>'
        for number, view in enumerate(views)
    )


def figures(views: Sequence[View]) -> str:
    """Return the pictures with their titles."""
    return "".join(
        f'<figure id="view-{view.key}"><img src="{_data_uri(view.image)}" alt="{view.alternative}"'
        f' width="{view.image.width}" height="{view.image.height}">'
        f"<figcaption>{view.title}</figcaption></figure>"
        for view in views
    )


def legends(views: Sequence[View]) -> str:
    """Return what the colors of heat maps mean."""
    return "".join(
        f'<p class="legend">{view.legend.title}: 0 {heat_bar()} {view.legend.top}</p>'
        for view in views
        if view.legend
    )


def heat_bar() -> str:
    """Return the colors of heat maps from none to much."""
    steps = "".join(
        f'<rect fill="{color}" x="{x}" width="1" height="1"/>' for x, color in enumerate(HEAT)
    )
    return (
        f'<svg viewBox="0 0 {len(HEAT)} 1" preserveAspectRatio="none" aria-hidden="true">'
        f"{steps}</svg>"
    )


def _data_uri(image: Image.Image) -> str:
    return f"data:image/png;base64,{b64encode(save_image(image)).decode()}"
