"""Tell what K-Means did, in colors and levels."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..options import Options
from ..quantizer.kmeans import Trace
from ..quantizer.space import find_space
from .pictures import in_color

_MOST_PATHS: Final = 256
_MOST_PLACES: Final = 24


@dataclass(frozen=True, eq=False)
class Steps:
    """The iterations of the last K-Means.

    Attributes:
        inertia: (t,) float64, the mean squared distance of a color to its centroid in the space
            that colors are compared in, in units of a level of 0..255.
        changed: (t,) float64, the share of the pixels that went to another centroid; at first all.
        paths: (at most 24, at most 256, 3) uint8, the colors of centroids: of the seeds first, then
            of some iterations, of the last one at last; of many centroids those that went farthest.
        searched: whether the seeds were searched for, so that little was left to be done.
    """

    inertia: NDArray[np.float64]
    changed: NDArray[np.float64]
    paths: NDArray[np.uint8]
    searched: bool

    @classmethod
    def of(cls, trace: Trace, settings: Options) -> "Steps | None":
        """Return the steps that a trace tells of; None if there are none."""
        if not len(trace.inertia):
            return None
        times, _, channels = trace.centroids.shape
        space = replace(find_space(settings.space, channels), straight=settings.keep_hidden)
        weight = float(trace.changed[0])
        chosen = np.unique(np.linspace(0, times - 1, _MOST_PLACES).round().astype(int))
        way = np.linalg.norm(np.diff(trace.centroids, axis=0), axis=2).sum(axis=0)
        far = np.sort(np.argsort(-way, kind="stable")[:_MOST_PATHS])
        colors = [in_color(space.to_colors(row[far]))[:, :3] for row in trace.centroids[chosen]]
        return cls(
            trace.inertia / weight / space.level**2,
            trace.changed / weight,
            np.array(colors),
            settings.seeding is None,
        )
