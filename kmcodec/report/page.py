"""Make the page of a report: one HTML file that needs nothing else, and reaches for nothing."""

import os
from base64 import b64encode
from hashlib import sha256
from html import escape
from importlib import resources
from json import dumps
from pathlib import Path
from string import Template
from typing import Any, Final, Unpack

import numpy as np
from numpy.typing import NDArray

import kmcodec

from ..atomic import atomic_file
from ..conversion.faults import escape as printable
from ..images.pixels import ImageLike
from ..options import EncodeOptions
from .cloud import Cloud, make_cloud
from .measure import Measures, measure_picture
from .numbers import numbers
from .sections import curve_section, frames_section, kmeans_section, summary, swatch_list
from .tables import cards, parts_bar, parts_table, peers_table, quality_table, seconds_table
from .views import choices, figures, legends, make_views

_SIZES_A_DOUBLING: Final = 10
"""The units in which the page has the binary logarithms of numbers of pixels, of at most 2^25."""


def write_report(
    image: ImageLike,
    target: str | os.PathLike[str],
    /,
    colors: int = 256,
    *,
    name: str | None = None,
    **options: Unpack[EncodeOptions],
) -> Measures:
    """Encode a picture, and write a page about the file, with both in it.

    Args:
        image: as for ``kmcodec.encode``.
        target: a path; an old file is left in place until the new one is complete.
        colors: most palette entries, 1..65536.
        name: the title; None for the name of the file that a Pillow image was opened from.
        **options: as for ``kmcodec.encode``.

    Raises:
        OSError: the page cannot be written.
        TypeError, ValueError: the image or an option cannot be used.
    """
    if not isinstance(name, str | None):
        raise TypeError(f"name must be text or None, not {type(name).__name__}")
    measures = measure_picture(image, colors, **options)
    if name is None:
        name = Path(os.fsdecode(getattr(image, "filename", "") or "picture")).name
    page = make_page(measures, name)
    with atomic_file(target) as file:
        file.write(page)
    return measures


def make_page(measures: Measures, name: str) -> bytes:
    """Make the page about a file, in UTF-8.

    Args:
        measures: of the file.
        name: the title.
    """
    style, script = read_part("page.css"), read_part("page.js")
    told = numbers(measures, name)
    views = make_views(measures)
    cloud = make_cloud(measures)
    parts = {
        "style": style,
        "style_hash": source_hash(style),
        "script": script,
        "script_hash": source_hash(script),
        "version": escape(kmcodec.__version__),
        "name": escape(printable(name)),
        "summary": escape(summary(measures)),
        "cards": cards(told),
        "pictures_title": "The file" if measures.original is None else "Original and decoded",
        "left_choices": choices(views, 0),
        "right_choices": choices(views, 1),
        "figures": figures(views),
        "legends": legends(views),
        "parts_bar": parts_bar(told),
        "parts_table": parts_table(told),
        "peers_table": peers_table(told),
        "quality_table": quality_table(told),
        "seconds_table": seconds_table(told),
        "cloud_text": describe_cloud(cloud),
        "cloud_controls": cloud_controls(cloud, measures),
        "swatches": swatch_list(measures),
        "frames": frames_section(measures),
        "kmeans": kmeans_section(measures, cloud),
        "curve": curve_section(measures, told),
        "report_json": script_json(told),
        "cloud_json": script_json(cloud_data(cloud, measures)),
    }
    page = Template(read_part("page.html")).substitute(parts)
    return page.encode("utf-8", "backslashreplace")  # as names of files may be no text


def read_part(name: str) -> str:
    """Read a file that pages are made of."""
    return (resources.files(__package__) / name).read_text("utf-8")


def source_hash(text: str) -> str:
    """Return the source by which a Content-Security-Policy allows a script or style of the page."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def script_json(values: Any) -> str:
    """Return values as JSON that cannot end the script element it is in."""
    return dumps(values, separators=(",", ":")).replace("<", "\\u003c")


def describe_cloud(cloud: Cloud) -> str:
    """Say what points and marks are."""
    drawn = len(cloud.colors)
    every = drawn + cloud.left_out
    if not every:
        return "All pixels are transparent, so there are no colors to be seen."
    which = f"{drawn:,} of {every:,} colors, drawn at random," if cloud.left_out else "All colors"
    if cloud.transparent:
        which += " that are not transparent,"
    return (
        f"{which} as points in their own color, between black and white in the cube of red, green "
        "and blue; and as circles the entries of the palette, the larger the more pixels they show."
    )


def cloud_controls(cloud: Cloud, measures: Measures) -> str:
    """Return the controls of what there is to be seen: colors that move, and paths."""
    controls = ""
    if not np.array_equal(cloud.colors, cloud.shown):
        controls += (
            '<label class="wide">As they were <input id="moved" type="range" min="0" max="100" '
            'value="0"> as they are shown</label>'
        )
    if measures.steps:
        controls += (
            '<label><input id="ways" type="checkbox" checked> paths of the centroids</label>'
        )
    return controls


def cloud_data(cloud: Cloud, measures: Measures) -> dict[str, Any]:
    """Return what the script draws: bytes in base64."""
    steps = measures.steps
    return {
        "colors": pack(cloud.colors),
        "shown": pack(cloud.shown),
        "sizes": pack(sizes(cloud.pixels)),
        "marks": pack(cloud.marks),
        "mark_sizes": pack(sizes(cloud.mark_pixels)),
        "paths": pack(steps.paths) if steps else "",
        "path_count": steps.paths.shape[1] if steps else 0,
    }


def sizes(pixels: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return numbers of pixels as levels of 0..255, which their logarithms are."""
    levels: NDArray[np.float64] = np.rint(np.log2(pixels) * _SIZES_A_DOUBLING).clip(0, 255)
    return levels.astype(np.uint8)


def pack(values: NDArray[np.uint8]) -> str:
    """Return bytes in base64."""
    return b64encode(values.tobytes()).decode()
