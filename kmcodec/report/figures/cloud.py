"""Draw the colors of a picture in three dimensions, as they are and as they are clustered."""

from itertools import combinations, product
from typing import Final

import numpy as np
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d.axes3d import Axes3D

from .plane import DPI, point_area
from .steps import Run

_SIZE: Final = (6.4, 5.8)  # inches
_VIEW: Final = {"elev": 24, "azim": -58}
_MARK: Final = (60, 500)
"""Areas of a centroid: of one without points, and what one with all has more."""


def draw_cloud(run: Run, *, clustered: bool) -> Figure:
    """Draw each color at its place in the cube, in its own color or in that of its centroid."""
    figure = Figure(figsize=_SIZE, dpi=DPI)
    axes: Axes3D = figure.add_axes((0, 0, 0.96, 0.94), projection="3d", computed_zorder=False)
    axes.view_init(**_VIEW)
    last = run.iterations
    shades = run.shades(last)
    colors = shades[run.labels[last]] if clustered else run.own
    axes.scatter(
        *run.points.T,
        c=colors,
        s=point_area(run),
        linewidths=0,
        alpha=0.6,
        zorder=4,
        depthshade=False,
    )
    if clustered:
        sizes = np.bincount(run.labels[last], run.weights, len(shades))
        areas = _MARK[0] + _MARK[1] * sizes / sizes.sum()
        axes.scatter(
            *run.centroids[last].T,
            c=shades,
            s=areas,
            edgecolors="black",
            zorder=5,
            depthshade=False,
        )
    for edge in combinations(product((0, 255), repeat=3), 2):
        if sum(low != high for low, high in zip(*edge, strict=True)) == 1:
            axes.plot(*zip(*edge, strict=True), color="#999999", linewidth=0.7)
    for name in "xyz":
        axes.set(**{f"{name}lim": (0, 255), f"{name}ticks": (0, 64, 128, 192, 255)})
    axes.set(xlabel="red", ylabel="green", zlabel="blue")
    axes.zaxis.labelpad = 10
    axes.set_box_aspect((1, 1, 1), zoom=0.92)
    title = f"The colors, clustered ({len(shades)})" if clustered else "The colors"
    figure.suptitle(title, y=0.97)
    return figure
