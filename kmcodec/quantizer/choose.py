"""Choose a palette: the one given, an exact one, or the best that K-Means finds."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..errors import QualityError
from ..options import Options
from ..stages import Stages
from .cloud import Cloud, row_keys, without
from .kmeans import Trace, weighted_kmeans
from .points import MAX_WEIGHT
from .rounding import keep_pure, nudge_entries, round_centroids
from .search import choose_effort, search_centroids
from .seeding import SEEDINGS

_WEIGHT_UNIT: Final = 1024  # so that shares of square roots still differ

Chosen = tuple[NDArray[np.uint8], Trace]
"""A palette, and the trace of K-Means, which has no iterations if none was needed."""


def choose_palette(cloud: Cloud, options: Options, stages: Stages) -> Chosen:
    """Choose the palette that the options ask for.

    Args:
        cloud: the colors to be shown.
        options: entries of ``palette`` and ``fixed`` have the channels of the colors.
        stages: is told what is being done.

    Raises:
        QualityError: ``options.psnr`` cannot be reached with so many colors.
    """
    if options.palette is not None:
        return options.palette, _no_trace(cloud, options.palette)
    if options.psnr is None:
        return _choose_colors(cloud, options.colors, options, stages)
    return _reach_psnr(cloud, options.psnr, options, stages)


def weigh_colors(
    colors: NDArray[np.uint8], counts: NDArray[np.int64], weighting: str
) -> NDArray[np.int64]:
    """Return the weights of distinct colors.

    Args:
        colors: (n, c) uint8.
        counts: (n,) pixels of each color, or sums of the importance of these.
        weighting: "pixels" for the counts. "roots" for weights that sum up to the square root of
            the counts in each cell of 16 levels a channel: there, a color of few pixels counts
            for more, whether the others are flat or noisy.

    Returns:
        (n,), each at least 1, ``MAX_WEIGHT`` at most together.
    """
    if weighting == "roots":
        coarse = (colors >> 4).astype(np.uint8)
        _, cells = np.unique(row_keys(coarse), return_inverse=True)
        sums = np.bincount(cells, counts)
        # Root and quotient are correctly rounded by IEEE 754, so the same everywhere.
        weights = np.rint(_WEIGHT_UNIT * counts / np.sqrt(sums)[cells])
        counts = np.maximum(weights, 1).astype(np.int64)
    surplus = -(-int(counts.sum()) // MAX_WEIGHT)
    return np.maximum(counts // surplus, 1) if surplus > 1 else counts


def _choose_colors(cloud: Cloud, k: int, options: Options, stages: Stages) -> Chosen:
    """Choose at most k distinct entries: the fixed ones, then all other colors or K-Means."""
    colors = cloud.histogram.colors
    fixed = colors[:0] if options.fixed is None else options.fixed
    for shown in (colors, cloud.seen_colors):
        others = without(shown, fixed)
        if len(fixed) + len(others) <= k:
            palette = np.vstack((fixed, others))
            return palette, _no_trace(cloud, palette)
    return _cluster_colors(cloud, k, fixed, options, stages)


def _cluster_colors(
    cloud: Cloud, k: int, fixed: NDArray[np.uint8], options: Options, stages: Stages
) -> Chosen:
    """Choose a palette by K-Means: distinct entries, the fixed first, the others all in use.

    It has k entries, or fewer if fewer show every color as it is.
    """
    points, held_points = cloud.points, cloud.space.to_points(fixed)
    held = held_points.astype(np.float64)
    k = min(k, len(fixed) + len(without(points.points[:, : points.channels], held_points)))
    if k == len(fixed):
        return fixed, _no_trace(cloud, fixed)
    pixels = int(cloud.histogram.counts.sum())
    effort = choose_effort(options.speed, k, pixels, options.starts, options.iterations)
    with stages("search", effort.starts + effort.rounds):
        if options.seeding is None:
            seeds = search_centroids(
                points,
                k,
                effort,
                pixels,
                options.seed,
                held,
                stages.step,
                outliers=not cloud.space.is_rgb,  # which is to have the least error
            )
        else:
            seeding = SEEDINGS[options.seeding]
            seeds = np.vstack((held, seeding(points, k - len(fixed), options.seed)))
        ends = cloud.ends if k > 1 else None  # one color for all keeps to no end
        if ends:
            seeds = ends.settle_seeds(seeds, len(fixed))
    with stages("kmeans", effort.iterations):
        clustering = weighted_kmeans(
            points,
            seeds,
            effort.iterations,
            fixed=len(fixed),
            ends=ends,
            tolerance=effort.tolerance,
            progress=stages.step,
        )
    with stages("rounding"):
        palette = round_centroids(cloud, clustering.centroids, fixed)
        if cloud.has_levels:
            palette = nudge_entries(cloud, palette, fixed, effort.nudges)
        if options.space != "rgb":  # which is asked for to have the least error
            palette = keep_pure(cloud, palette, fixed)
    return palette, clustering.trace


def _reach_psnr(
    cloud: Cloud, wanted_psnr: tuple[float, float], options: Options, stages: Stages
) -> Chosen:
    """Find the palette of fewest colors that reaches a PSNR, by bisection.

    PSNR may fall from one number of colors to the next, so that still fewer may reach it by
    chance; one color less than those found does not.
    """
    least, wanted = wanted_psnr
    chosen = _choose_colors(cloud, options.colors, options, stages)
    best = cloud.psnr(chosen[0])
    if best < least:
        raise QualityError(
            f"{len(chosen[0])} colors reach a PSNR of {best:.2f} dB, less than the {least:g} wanted"
        )
    failing = 0 if options.fixed is None else max(0, len(options.fixed) - 1)
    if len(np.unique(cloud.ends.kinds)) > 1:
        failing = max(failing, 1)  # as one color shows no alpha but its own
    reaching = len(chosen[0])
    while best >= wanted and reaching - failing > 1:
        colors = (failing + reaching) // 2
        fewer = _choose_colors(cloud, colors, options, stages)
        if cloud.psnr(fewer[0]) >= wanted:
            chosen, reaching = fewer, colors
        else:
            failing = colors
    return chosen


def _no_trace(cloud: Cloud, palette: NDArray[np.uint8]) -> Trace:
    return Trace.of_exact(cloud.space.to_points(palette))
