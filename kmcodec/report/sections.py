"""Write the parts of a page that are charts, and the palette."""

import math
from typing import Any, Final

import numpy as np

from .charts import Axis, Chart, paths_chart
from .cloud import Cloud
from .curve import Point
from .measure import Measures
from .numbers import swatches
from .tables import curve_table

_FEWEST_FRAMES: Final = 2
_MOST_FRAMES: Final = 400
_MOST_POINTS: Final = 400
"""The colors behind paths."""


def summary(measures: Measures) -> str:
    """Say in one line what the file is."""
    header, animation = measures.info.header, measures.info.animation
    frames = f", {animation.frame_count:,} frames, of which the first is shown" if animation else ""
    return (
        f"{header.width:,} x {header.height:,} pixels, mode {header.mode.name}, "
        f"{header.coding.name.lower()}{frames}"
    )


def swatch_list(measures: Measures) -> str:
    """Return the palette: each color, with its name and its share of the pixels."""
    found = swatches(measures)
    items = []
    for color, share in found:
        opacity = f' fill-opacity="{int(color[7:], 16) / 255:.3g}"' if color[7:] else ""
        swatch = (
            '<svg viewBox="0 0 1 1" aria-hidden="true">'
            f'<rect width="1" height="1" fill="{color[:7]}"{opacity}/></svg>'
        )
        items.append(f"<li>{swatch}{color} {100 * share:.2f} %</li>")
    more = len(measures.palette) - len(found)
    rest = f"<p>and {more:,} entries that show fewer pixels</p>" if more else ""
    return f'<ol class="palette">{"".join(items)}</ol>{rest}'


def frames_section(measures: Measures) -> str:
    """Return the section of the bytes of each frame; nothing of a still picture."""
    sizes = np.array(measures.info.frame_bytes)
    if len(sizes) < _FEWEST_FRAMES:
        return ""
    groups = np.array_split(sizes, min(len(sizes), _MOST_FRAMES))
    largest = [int(group.max()) for group in groups]
    starts = np.cumsum([0, *map(len, groups[:-1])]).tolist()
    chart = Chart(
        Axis.of("frame", [0, len(sizes) - 1]),
        Axis.of("bytes", [0, *largest]),
        f"Bytes of each of {len(sizes):,} frames, from {sizes.min():,} to {sizes.max():,}",
    )
    chart.line(list(zip(starts, largest, strict=True)))
    some = ", the largest of each few" if len(groups) < len(sizes) else ""
    return (
        '<section aria-labelledby="frames-title"><h2 id="frames-title">Frames</h2>'
        f"<p>{len(sizes):,} frames, {sizes.mean():,.0f} bytes each in the mean.</p>"
        f'<div class="pair"><figure>{chart.svg()}<figcaption>Bytes of each frame{some}</figcaption>'
        "</figure></div></section>"
    )


def kmeans_section(measures: Measures, cloud: Cloud) -> str:
    """Return the section of the iterations of K-Means."""
    steps = measures.steps
    if steps is None:
        return ""
    count = len(steps.inertia)
    iterations = "1 iteration" if count == 1 else f"{count:,} iterations"
    start = ", from where the search for good seeds has ended; see also --seeding random"
    numbers = range(1, count + 1)
    chart = Chart(
        Axis.of("iteration", [0, count]),
        Axis.of("mean squared distance to the centroid, in squared levels", steps.inertia.tolist()),
        f"Inertia by iteration: from {steps.inertia[0]:.2f} to {steps.inertia[-1]:.2f} in {count}",
    )
    points = list(zip(numbers, steps.inertia.tolist(), strict=True))
    chart.line(points)
    for number, inertia in points:
        chart.dot(number, inertia, f"iteration {number}: {inertia:.3f}")
    shown = steps.paths.shape[1]
    some = f"the {shown} that went farthest" if shown < len(measures.palette) else "all"
    return (
        '<section aria-labelledby="kmeans-title"><h2 id="kmeans-title">K-Means</h2>'
        f'<p>The last {iterations}{start if steps.searched else ""}.</p><div class="pair">'
        f"<figure>{chart.svg()}<figcaption>Inertia by iteration</figcaption></figure>"
        f"<figure>{paths_chart(steps.paths, cloud.colors[:_MOST_POINTS], 'Paths of the centroids')}"
        f"<figcaption>Paths of the centroids, {some}, from the rings to the dots, in the plane in "
        "which their colors differ most</figcaption></figure></div></section>"
    )


def curve_section(measures: Measures, told: dict[str, Any]) -> str:
    """Return the section of size against quality, in fewer and more colors."""
    lossy = [point for point in measures.curve if math.isfinite(point.psnr)]
    if not lossy:
        return ""
    own = []
    if told["psnr"] is not None:
        size = told["bytes"] - told["bits"]["metadata"] // 8
        own = [Point(told["colors"], size, told["psnr"])]
    found = [*lossy, *own]
    chart = Chart(
        Axis.log("bytes, without metadata", [point.bytes for point in found]),
        Axis.of("PSNR in dB", [point.psnr for point in found]),
        f"Size against quality: from {lossy[0].bytes:,} bytes and {lossy[0].psnr:.1f} dB in "
        f"{lossy[0].colors} colors to {lossy[-1].bytes:,} bytes and {lossy[-1].psnr:.1f} dB in "
        f"{lossy[-1].colors}",
    )
    chart.line([(point.bytes, point.psnr) for point in lossy])
    for point in lossy:
        chart.dot(point.bytes, point.psnr, _told(point), label=f"{point.colors:,}")
    for point in own:
        chart.dot(point.bytes, point.psnr, f"this file: {_told(point)}", "dot this")
    note = "The large dot is this file. " if own else ""
    return (
        '<section aria-labelledby="curve-title"><h2 id="curve-title">Size against quality</h2>'
        f"<p>{note}Numbers are of colors, each chosen with the options of this file.</p>"
        f'<div class="pair">{chart.svg()}{curve_table(told)}</div></section>'
    )


def _told(point: Point) -> str:
    return f"{point.colors:,} colors, {point.bytes:,} bytes, {point.psnr:.2f} dB"
