"""Draw steps of K-Means in a plane: that of an example, or of the principal axes of colors."""

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .steps import Floats, Run

DPI: Final = 120
_PLANE: Final = np.array((5.9, 4.2))  # inches
_BORDERS: Final = np.array((0.35, 0.3, 0.2, 0.4))  # left, bottom, right and top
_CURVE: Final = 2.2  # inches, right of the plane
_MARGIN: Final = 0.06
_LEAST_SPAN: Final = 4  # levels in an inch, where points are nearly one
_AREAS: Final = (9, 60)  # of a point, in square points of print: of many, and of few
_FEW: Final = 4000  # points, by which the larger area is divided
_CENTROID: Final = {
    "s": 110,
    "marker": "o",
    "edgecolors": "black",
    "linewidths": 1.6,
    "zorder": 4,
}
_RING: Final = {
    "s": 190,
    "facecolors": "none",
    "edgecolors": "white",
    "linewidths": 2,
    "zorder": 3,
}


def draw_step(run: Run, moved: int, assigned: int | None, dpi: int = DPI) -> Figure:
    """Draw a step: centroids that have moved so often, and the arrows of the last time.

    Points have the color of the cluster they are in by the centroids of the iteration
    ``assigned``, or their own if that is None.
    """
    figure, axes, project = _begin(run, dpi)
    shades = run.own if assigned is None else run.shades(moved)[run.labels[assigned]]
    axes.scatter(*project(run.points).T, c=shades, s=point_area(run), linewidths=0)
    has_moved = assigned is not None and moved > assigned
    if has_moved:
        before, after = project(run.centroids[moved - 1]), project(run.centroids[moved])
        arrows = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.004, "zorder": 5}
        axes.quiver(*before.T, *(after - before).T, **arrows)
    _mark(axes, project(run.centroids[moved]), run.shades(moved))
    axes.set_title(_tell_step(run, moved, assigned))
    return figure


def draw_paths(run: Run) -> Figure:
    """Draw the ways of centroids over all iterations, and how the inertia fell."""
    figure, axes, project = _begin(run, DPI, beside=_CURVE)
    last = run.iterations
    shades = run.shades(last)
    colors = shades[run.labels[last]]
    axes.scatter(*project(run.points).T, c=colors, s=point_area(run), linewidths=0, alpha=0.45)
    for way in np.swapaxes(project(run.centroids), 0, 1):
        axes.plot(*way.T, color="black", linewidth=1.2, marker=".", markersize=4, zorder=3)
    axes.scatter(*project(run.centroids[0]).T, marker="x", s=50, c="black", zorder=4)
    _mark(axes, project(run.centroids[last]), shades)
    axes.set_title(f"Paths of the centroids, {last} iterations (from \N{MULTIPLICATION SIGN})")
    width, height = figure.get_size_inches()
    place = (width - _CURVE + 0.5) / width, 1.2 / height, (_CURVE - 0.7) / width, 2.4 / height
    curve = figure.add_axes(place, title="Inertia, first = 1", xlabel="iteration", ylim=(0, 1.05))
    curve.plot(range(1, last + 1), run.inertia / max(run.inertia[0], 1), color="black", marker=".")
    curve.xaxis.set_major_locator(MaxNLocator(integer=True))
    curve.grid(alpha=0.3)
    return figure


def point_area(run: Run) -> float:
    """Return the area of a mark of a point, which is larger where these are few."""
    return float(np.clip(_AREAS[1] * _FEW / 100 / len(run.points), *_AREAS))


class _Projection:
    """Points to a plane: as they are in two dimensions, else along their principal axes."""

    def __init__(self, run: Run) -> None:
        channels = run.points.shape[1]
        self._middle = np.zeros(channels)
        self._axes = np.eye(channels)[:, :2]
        if channels > 2:
            self._middle = np.average(run.points, axis=0, weights=run.weights)
            apart = run.points - self._middle
            _, axes = np.linalg.eigh((apart.T * run.weights) @ apart)
            main = axes[:, :-3:-1]
            self._axes = main * np.where(main.sum(axis=0) < 0, -1, 1)  # to the right is lighter

    def __call__(self, points: Floats) -> Floats:
        """Project (..., c) points to (..., 2)."""
        projected: Floats = (points - self._middle) @ self._axes
        return projected


def _begin(run: Run, dpi: int, beside: float = 0) -> tuple[Figure, Axes, _Projection]:
    """Begin a figure whose axes are the same for all steps, with so many inches beside them."""
    corner = _BORDERS[:2]
    size = _PLANE + corner + _BORDERS[2:] + (beside, 0)
    figure = Figure(figsize=tuple(size), dpi=dpi)
    axes = figure.add_axes((*corner / size, *_PLANE / size), facecolor="#f2f2f2")
    project = _Projection(run)
    ends = project(np.vstack((run.points, *run.centroids)))
    low, high = ends.min(axis=0), ends.max(axis=0)
    # the same scale both ways
    half = _PLANE * max(*((high - low) / _PLANE), _LEAST_SPAN) * (0.5 + _MARGIN)
    (left, bottom), (right, top) = (low + high) / 2 - half, (low + high) / 2 + half
    axes.set(xlim=(left, right), ylim=(bottom, top), xticks=(), yticks=())
    if not run.is_example:
        axes.set_xlabel("first principal axis of the colors")
        axes.set_ylabel("second")
    return figure, axes, project


def _mark(axes: Axes, places: Floats, shades: Floats) -> None:
    """Mark centroids, each in its color."""
    axes.scatter(*places.T, **_RING)
    axes.scatter(*places.T, c=shades, **_CENTROID)


def _tell_step(run: Run, moved: int, assigned: int | None) -> str:
    """Return the title of a step."""
    things = "point" if run.is_example else "color"
    if assigned is None:
        return f"Random initial centroids ({len(run.centroids[0])})"
    if moved > assigned:
        return f"Iteration {moved}: each centroid to the mean of its {things}s"
    return f"Iteration {assigned + 1}: each {things} to its nearest centroid"
