"""Draw charts as SVG, whose colors are those of the page's style sheet."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 440, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 68, 16, 16, 48
_MOST_TICKS = 6
_ROOM = 20


@dataclass(frozen=True)
class Axis:
    """One axis of a chart: what it shows, and from where to where.

    Attributes:
        title: what it shows, with its unit.
        low: the value at its start.
        high: the value at its end.
        ticks: the values that have a line.
        is_log: whether equal ratios have equal lengths.
    """

    title: str
    low: float
    high: float
    ticks: Sequence[float]
    is_log: bool = False

    @classmethod
    def of(cls, title: str, values: Sequence[float], *, margin: float = 0.04) -> "Axis":
        """Make the axis that some values fit in, with some room around."""
        low, high = min(values), max(values)
        room = margin * (high - low) or max(abs(high) * margin, 0.5)
        low, high = low - room, high + room
        step = _round_step((high - low) / _MOST_TICKS)
        first = math.ceil(low / step)
        ticks = [n * step for n in range(first, math.floor(high / step) + 1)]
        return cls(title, low, high, ticks)

    @classmethod
    def log(cls, title: str, values: Sequence[float]) -> "Axis":
        """Make an axis of ratios, with lines at 1, 2 and 5 times powers of ten."""
        low, high = min(values) / 1.15, max(values) * 1.15
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        leading = (1, 2, 5) if high / low < 200 else (1,)
        ticks = [n * 10.0**power for power in decades for n in leading]
        return cls(title, low, high, [tick for tick in ticks if low <= tick <= high], True)

    def place(self, value: float) -> float:
        """Return where a value is, from 0 at the start to 1 at the end."""
        if self.is_log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def _round_step(least: float) -> float:
    """Return the first of 1, 2 and 5 times powers of ten that is not less."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(n * power for n in (1, 2, 5, 10) if n * power >= least * (1 - 1e-9))


class Chart:
    """A chart with two axes, to which marks are added."""

    def __init__(self, across: Axis, up: Axis, alternative: str) -> None:
        """Draw axes.

        Args:
            across: from left to right.
            up: from below.
            alternative: what the chart shows, for those who cannot see it.
        """
        self._across, self._up = across, up
        self._alternative = alternative
        self._parts = list(self._grid())

    def line(self, points: Iterable[tuple[float, float]], style: str = "line") -> None:
        """Add a line through points."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (self._place(*p) for p in points))
        self._parts.append(f'<polyline class="{style}" points="{path}"/>')

    def dot(self, x: float, y: float, told: str, style: str = "dot", label: str = "") -> None:
        """Add a dot, with what is told of it, and a label beside it."""
        left, top = self._place(x, y)
        radius = 7 if style == "dot this" else 4
        self._parts.append(
            f'<circle class="{style}" cx="{left:.1f}" cy="{top:.1f}" r="{radius}">'
            f"<title>{escape(told)}</title></circle>"
        )
        if label:
            self._parts.append(
                f'<text class="label" x="{left - 8:.1f}" y="{top - 6:.1f}">{escape(label)}</text>'
            )

    def svg(self) -> str:
        """Return the chart."""
        return frame(WIDTH, HEIGHT, self._alternative, self._parts)

    def _place(self, x: float, y: float) -> tuple[float, float]:
        return (
            _LEFT + self._across.place(x) * (WIDTH - _LEFT - _RIGHT),
            HEIGHT - _BOTTOM - self._up.place(y) * (HEIGHT - _TOP - _BOTTOM),
        )

    def _grid(self) -> Iterable[str]:
        bottom, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
        for tick in self._across.ticks:
            x, _ = self._place(tick, self._up.low)
            yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{bottom}"/>'
            yield f'<text class="tick middle" x="{x:.1f}" y="{bottom + 16}">{tick:,.10g}</text>'
        for tick in self._up.ticks:
            _, y = self._place(self._across.low, tick)
            yield f'<line class="grid" x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
            yield f'<text class="tick end" x="{_LEFT - 6}" y="{y + 4:.1f}">{tick:,.10g}</text>'
        middle = (_LEFT + right) / 2
        title = self._across.title
        yield f'<text class="title middle" x="{middle}" y="{HEIGHT - 10}">{title}</text>'
        yield f'<text class="title" x="{_LEFT}" y="{_TOP - 5}">{self._up.title}</text>'


def frame(width: float, height: float, alternative: str, parts: Iterable[str]) -> str:
    """Return a picture of parts, which is as wide as there is room."""
    return (
        f'<svg role="img" aria-label="{escape(alternative)}" viewBox="0 0 {width:g} {height:g}">'
        f"{''.join(parts)}</svg>"
    )


def bar(parts: Mapping[str, float], alternative: str) -> str:
    """Return a bar of parts one after the other, numbered for their colors in the style sheet."""
    total, left, found = sum(parts.values()), 0.0, []
    for number, (name, value) in enumerate(parts.items()):
        if not value:
            continue
        width = WIDTH * value / total
        found.append(
            f'<rect class="part{number}" x="{left:.2f}" width="{width:.2f}" height="28">'
            f"<title>{escape(name)}: {100 * value / total:.1f} %</title></rect>"
        )
        left += width
    return frame(WIDTH, 28, alternative, found)


def paths_chart(paths: NDArray[np.uint8], colors: NDArray[np.uint8], alternative: str) -> str:
    """Return the paths of centroids in the plane in which colors differ most.

    Args:
        paths: (t, k, 3) uint8, of which the first are the seeds.
        colors: (n, 3) uint8, of pixels.
        alternative: for those who cannot see it.
    """
    every = np.vstack((colors, paths.reshape(-1, 3))).astype(float)
    middle = every.mean(axis=0)
    axes = np.linalg.svd(every - middle, full_matrices=False)[2][:2].T
    axes *= np.where(axes.sum(axis=0) < 0, -1, 1)  # to the right is lighter
    low, high = ((every - middle) @ axes).min(axis=0), ((every - middle) @ axes).max(axis=0)
    scale = ((WIDTH, HEIGHT) - np.array(2 * _ROOM)) / np.maximum(high - low, 1)

    def place(colors: NDArray[np.uint8]) -> NDArray[np.float64]:
        places: NDArray[np.float64] = ((colors - middle) @ axes - low) * scale.min()
        places += ((WIDTH, HEIGHT) - (high - low) * scale.min()) / 2
        return places

    parts = [
        f'<circle class="color" fill="#{bytes(color).hex()}" cx="{x:.0f}" cy="{y:.0f}" r="1.5"/>'
        for color, (x, y) in zip(colors, place(colors), strict=True)
    ]
    for path, color in zip(place(paths).transpose(1, 0, 2), paths[-1], strict=True):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in path)
        ink = f"#{bytes(color).hex()}"
        (x, y), (from_x, from_y) = path[-1], path[0]
        parts.append(
            f'<polyline class="way" points="{points}"/>'
            f'<circle class="seed" cx="{from_x:.1f}" cy="{from_y:.1f}" r="3"/>'
            f'<circle class="centroid" fill="{ink}" cx="{x:.1f}" cy="{y:.1f}" r="6"/>'
        )
    return frame(WIDTH, HEIGHT, alternative, parts)
