"""Animations: read from files, written by peers, and compared as they are seen."""

import io
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence

from .quality import Pixels

Seen: TypeAlias = tuple[Pixels, float]
"""RGBA of a frame, 0 where alpha is, and for how many milliseconds it is shown."""


@dataclass(frozen=True, eq=False)
class Animation:
    """All frames, whole, of at most 256 colors as P, with their durations in milliseconds.

    Peers are given the palette, which no one format then has to find by itself; P takes a third
    of the memory, too.
    """

    name: str
    frames: list[Image.Image]
    durations: list[int]
    colors: int
    gif: bytes | None

    @property
    def mode(self) -> str:
        """The mode that holds all colors: RGB, or RGBA."""
        return "RGBA" if self.frames[0].has_transparency_data else "RGB"

    def images(self) -> Iterator[Image.Image]:
        """Yield the frames as RGB or RGBA."""
        for frame in self.frames:
            yield frame.convert(self.mode)

    def seen(self) -> Iterator[Seen]:
        """Yield the frames as they are seen."""
        yield from zip(map(visible, self.frames), self.durations, strict=True)

    def saved(self, format_name: str, **options: Any) -> bytes:
        """Save all frames with Pillow."""
        file = io.BytesIO()
        first, *more = self.frames
        first.save(
            file, format_name, save_all=True, append_images=more, duration=self.durations, loop=0,
            **options,
        )  # fmt: skip
        return file.getvalue()


def visible(image: Image.Image) -> Pixels:
    """Turn to RGBA, 0 where alpha is: a color that is not seen need not come back."""
    pixels = np.array(image.convert("RGBA"))
    pixels[pixels[:, :, 3] == 0] = 0
    return pixels


def read_animation(path: Path, most: int | None = None) -> Animation | None:
    """Read an animation, or so many of its frames; None if Pillow finds no two frames."""
    try:
        with Image.open(path) as image:
            count, is_gif = getattr(image, "n_frames", 1), image.format == "GIF"
    except OSError:
        return None
    if count < 2:
        return None
    data = path.read_bytes()
    colors = find_colors(play(data, most))
    frames, durations = [], []
    for frame in play(data, most):
        durations.append(round(frame.info.get("duration", 100)))
        frames.append(reduced(visible(frame), colors))
    gif = data if is_gif and len(frames) == count else None
    return Animation(path.name, frames, durations, len(colors), gif)


def play(data: bytes, most: int | None = None) -> Iterator[Image.Image]:
    """Open all frames with Pillow, or so many, whole."""
    with Image.open(io.BytesIO(data)) as image:  # anew each time: Pillow rewinds not all formats
        for frame in islice(ImageSequence.Iterator(image), most):
            frame.load()
            yield frame


def play_colors(data: bytes, mode: str) -> None:
    """Open all frames with Pillow, as RGB or RGBA."""
    for frame in play(data):
        frame.convert(mode)


def find_colors(frames: Iterable[Image.Image]) -> NDArray[np.uint32]:
    """Find the colors that are seen, in order, each of four bytes."""
    found = np.empty(0, np.uint32)
    for frame in frames:
        found = np.union1d(found, visible(frame).view(np.uint32))
    return found


def reduced(pixels: Pixels, colors: NDArray[np.uint32]) -> Image.Image:
    """Make a picture of the mode that takes the least: P, RGB, or RGBA."""
    entries = colors.view(np.uint8).reshape(-1, 4)
    is_opaque = bool((entries[:, 3] == 255).all())
    mode, channels = ("RGB", 3) if is_opaque else ("RGBA", 4)
    if len(colors) > 256:
        return Image.fromarray(np.ascontiguousarray(pixels[:, :, :channels]))
    indices = np.searchsorted(colors, pixels.view(np.uint32)[:, :, 0])
    image = Image.fromarray(indices.astype(np.uint8))
    image.putpalette(entries[:, :channels].tobytes(), mode)
    return image


def read_animations(folder: Path, most: int | None = None) -> Iterator[Animation]:
    """Read all animations of a folder, one at a time, and tell on standard error of each."""
    found = False
    for path in sorted(folder.iterdir()):
        if animation := read_animation(path, most):
            found = True
            yield animation
            print(f"{path.name}: {len(animation.frames)} frames", file=sys.stderr, flush=True)
    if not found:
        sys.exit(f"kmq-bench: no animations in {folder}")


def seen_by_pillow(data: bytes) -> Iterator[Seen]:
    """Yield what is seen of a file that Pillow opens."""
    for frame in play(data):
        yield visible(frame), frame.info["duration"]


def merged(frames: Iterable[Seen]) -> Iterator[Seen]:
    """Join successive frames that are equal, as many a writer does."""
    held: Seen | None = None
    for pixels, duration in frames:
        if held and np.array_equal(held[0], pixels):
            held = held[0], held[1] + duration
        else:
            if held:
                yield held
            held = pixels, duration
    if held:
        yield held


def are_equal(first: Iterable[Seen], second: Iterable[Seen]) -> bool:
    """Tell whether frames and their durations are the same, pixel by pixel."""
    return all(
        one is not None
        and other is not None
        and one[1] == other[1]
        and np.array_equal(one[0], other[0])
        for one, other in zip_longest(first, second)
    )
