"""Recordings of a screen, made in code: text of 256 colors, with smooth edges."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from kmcodec.format import Indices

from .generated import WORDS
from .quality import Pixels

HUES, SHADES = 17, 15
"""Colors of letters, and shades of each beside the ground, which all share: 256 in all."""

LINES = 200
"""Lines of which text that is new is put together."""


class Screen(NamedTuple):
    """A screen full of text, and the pane of it that changes, which holds whole lines."""

    width: int
    height: int
    line: int
    pane: tuple[slice, slice]

    @property
    def pane_lines(self) -> int:
        """Tell how many lines the pane has."""
        return len(range(self.height)[self.pane[0]]) // self.line


LARGE = Screen(1280, 800, 20, (slice(160, 580), slice(300, 1000)))
"""In whose pane about a tenth of all pixels changes if all of its text does."""
SMALL = Screen(320, 200, 10, (slice(0, 200), slice(0, 320)))


def palette() -> Pixels:
    """Make the colors: a dark ground, and for each hue the steps from it to light letters."""
    ground = np.array((20, 24, 40))
    letters = np.random.default_rng(0).integers(120, 256, (HUES, 1, 3))
    steps = np.linspace(0, 1, SHADES + 1)[1:, np.newaxis]
    shades = ground + steps * (letters - ground)
    return np.concatenate(([ground], shades.reshape(-1, 3))).astype(np.uint8)


def write_lines(count: int, width: int, line: int) -> Indices:
    """Write lines of random words, one below the other, each of the next hue."""
    rng = np.random.default_rng(count)
    image = Image.new("L", (width, count * line))
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(0.7 * line)
    for number in range(count):
        words = rng.choice(WORDS, 1 + width // (2 * line))
        draw.text((4, number * line), " ".join(words), fill=255, font=font)
    shades = np.asarray(image) // (256 // (SHADES + 1))
    hues = np.repeat(np.arange(count) % HUES, line)[:, np.newaxis].astype(np.uint8)
    return np.where(shades, SHADES * hues + shades, np.uint8(0))


def scroll(count: int, screen: Screen = LARGE) -> Iterator[Pixels]:
    """Scroll the pane by a line each frame."""
    page = write_lines(screen.height // screen.line, screen.width, screen.line)
    pane = page[screen.pane]
    text = write_lines(count + screen.pane_lines, pane.shape[1], screen.line)
    for frame in range(count):
        top = frame * screen.line
        pane[:] = text[top : top + len(pane)]
        yield palette()[page]


def rewrite(count: int, screen: Screen = LARGE) -> Iterator[Pixels]:
    """Fill the pane with other lines each frame."""
    page = write_lines(screen.height // screen.line, screen.width, screen.line)
    pane = page[screen.pane]
    lines = write_lines(LINES, pane.shape[1], screen.line).reshape(LINES, screen.line, -1)
    rng = np.random.default_rng(0)
    for _ in range(count):
        pane[:] = lines[rng.choice(LINES, screen.pane_lines)].reshape(pane.shape)
        yield palette()[page]


def hold(count: int, screen: Screen = LARGE) -> Iterator[Pixels]:
    """Show one frame all the time."""
    (frame,) = scroll(1, screen)
    for _ in range(count):
        yield frame


def type_text(count: int, screen: Screen = SMALL, step: int = 8) -> Iterator[Pixels]:
    """Type below what has been typed, so many pixels of a line a frame."""
    steps = screen.width // step
    text = write_lines(count // steps + screen.pane_lines, screen.width, screen.line)
    for frame in range(count):
        number, place = divmod(frame, steps)
        top = number * screen.line
        page = text[top : top + screen.height].copy()
        page[-screen.line :, (place + 1) * step :] = 0
        yield palette()[page]


def changed(frames: Iterable[Pixels]) -> float:
    """Measure the share of pixels that change from frame to frame."""
    shares = []
    before: Pixels | None = None
    for frame in frames:
        if before is not None:
            shares.append(0.0 if frame is before else (frame != before).any(axis=2).mean())
        before = frame
    return float(np.mean(shares))


RECORDINGS: dict[str, tuple[Callable[[int], Iterator[Pixels]], int]] = {
    "text that scrolls": (scroll, 100),
    "text that is new": (rewrite, 100),
    "a screen that is still": (hold, 1000),
    "text that is typed": (type_text, 10_000),
}
"""Recordings and how many frames they have."""
