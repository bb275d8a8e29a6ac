"""Write the parts of a page that are charts, and the palette."""

import math
from typing import Any, Final

from .charts import Axis, Chart, paths_chart
from .cloud import Cloud
from .curve import Point
from .measure import Measures
from .numbers import swatches
from .tables import curve_table

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
        rect = f'<rect width="1" height="1" fill="{color[:7]}"{opacity}/>'
        items.append(f'<li><svg viewBox="0 0 1 1">{rect}</svg>{color} {100 * share:.2f} %</li>')
    more = len(measures.palette) - len(found)
    rest = f"<p>and {more:,} entries that show fewer pixels</p>" if more else ""
    return f'<ol class="palette">{"".join(items)}</ol>{rest}'


def kmeans_section(measures: Measures, cloud: Cloud) -> str:
    """Return the section of the iterations of K-Means."""
    steps = measures.steps
    if steps is None:
        return ""
    count = len(steps.inertia)
    iterations = "1 iteration" if count == 1 else f"{count:,} iterations"
    numbers = range(1, count + 1)
    chart = Chart(
        Axis.of("iteration", [0, count]),
        Axis.of("mean squared distance to the centroid, in levels", steps.inertia.tolist()),
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
        f"<p>The last {iterations}, from where the search for good seeds had ended; from random "
        'ones with --seeding random.</p><div class="pair">'
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
