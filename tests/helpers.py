"""Pictures made in code, for all tests."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from kmcodec.animation import Animation
from kmcodec.coding.container import join_frames
from kmcodec.coding.frames import FrameEncoder
from kmcodec.format import Header, Indices, index_dtype
from kmcodec.options import Options
from kmcodec.quantizer.pictures import quantize_pictures
from kmcodec.quantizer.quantized import Quantized

KINDS = ("flat", "noise", "dithered", "tiled", "gradient")


def picture(
    width: int, height: int, colors: int, channels: int = 3, seed: int = 0
) -> NDArray[np.uint8]:
    """Make a (height, width, channels) picture with exactly that many distinct colors.

    Of one channel it is (height, width), as Pillow makes and takes it. It is noise, which no
    coding makes shorter than packed.
    """
    assert colors <= min(width * height, 256**channels)
    rng = np.random.default_rng(seed)
    numbers = rng.choice(256**channels, colors, replace=False).astype("<u4")
    palette = numbers[:, np.newaxis].view(np.uint8)[:, :channels]
    rest = rng.integers(0, colors, width * height - colors)
    indices = rng.permutation(np.concatenate((np.arange(colors), rest)))
    pixels = palette[indices].reshape(height, width, channels)
    return pixels[..., 0] if channels == 1 else pixels


def noise(shape: tuple[int, ...], seed: int = 0) -> NDArray[np.uint8]:
    """Make random levels of any shape."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def photo(width: int, height: int, seed: int = 0) -> NDArray[np.uint8]:
    """Make a smooth, noisy (height, width, 3) picture with many colors."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    waves = rng.uniform(1, 7, (3, 2))
    smooth = [np.sin(a * x + b * y) + np.cos(b * x - a * y * y) for a, b in waves]
    pixels = 128 + 60 * np.stack(smooth, axis=-1) + rng.normal(0, 4, (height, width, 3))
    return pixels.clip(0, 255).astype(np.uint8)


def surface(width: int, height: int, channels: int = 3) -> NDArray[np.uint8]:
    """Smooth, noisy pixels from integers alone, the same on every machine."""
    y, x, c = np.mgrid[0:height, 0:width, 0:channels]
    noise = (x * 7919 + y * 104729 + c * 1299709) ** 2 // 64 % 13
    return ((x * (3 + c) + y * (5 - c) + x * y // 16) // 4 % 240 + noise).astype(np.uint8)


def gradient(width: int, height: int) -> NDArray[np.uint8]:
    """Make a smooth (height, width, 3) picture of few colors, which is modelled well."""
    y, x = np.mgrid[0:height, 0:width]
    level = (x + 2 * y) * 16 // (width + 2 * height)
    return np.stack((7 * level, 15 * level, 100 + 3 * level), axis=-1).astype(np.uint8)


def drawing(width: int, height: int, seed: int = 0) -> NDArray[np.uint8]:
    """Make a (height, width, 3) picture of flat areas and marks that recur, of up to 8 colors."""
    rng = np.random.default_rng(seed)
    colors = rng.integers(0, 256, (8, 3)).astype(np.uint8)
    indices = np.zeros((height, width), np.uint8)
    indices[height // 3 :, width // 4 :] = 1
    mark = rng.integers(2, 8, (4, 4))
    for y, x in rng.integers(0, (max(1, height - 4), max(1, width - 4)), (width * height // 60, 2)):
        part = indices[y : y + 4, x : x + 4]
        part[:] = mark[: part.shape[0], : part.shape[1]]
    return colors[indices]


def quantize_pixels(pixels: NDArray[np.uint8], options: Options) -> Quantized:
    """Palette and indices of one picture in its own channels; those for ``rate``, if asked for."""
    (result,) = quantize_pictures([pixels], options)
    return result.lowered or result


def may_show(colors: NDArray[np.uint8], palette: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return whether each of (n, c) colors may be shown by each of (k, c) entries: (n, k).

    What has alpha 0 or 255 is shown by entries of that alpha, if there are any.
    """
    allowed = np.ones((len(colors), len(palette)), bool)
    for end in (0, 255) if colors.shape[1] in (2, 4) else ():
        of_end = palette[:, -1] == end
        if of_end.any():
            allowed[colors[:, -1] == end] = of_end
    return allowed


def plane(kind: str, shape: tuple[int, int], colors: int, seed: int = 0) -> Indices:
    """Make indices of one of ``KINDS``, of ``shape`` (rows, width)."""
    rng = np.random.default_rng(seed)
    y, x = np.indices(shape)
    ramp = (x + 2 * y) * (colors - 1) / (shape[1] + 2 * shape[0])
    indices = {
        "flat": lambda: np.full(shape, rng.integers(colors)),
        "noise": lambda: rng.integers(0, colors, shape),
        "dithered": lambda: np.floor(ramp + rng.random(shape)),
        "tiled": lambda: rng.integers(0, colors, (5, 7))[y % 5, x % 7],
        "gradient": lambda: np.floor(ramp),
    }[kind]()
    return indices.astype(index_dtype(colors))


def distance(
    to_points: Callable[[NDArray[np.uint8]], NDArray[np.uint16]],
    first: tuple[int, ...],
    second: tuple[int, ...],
) -> float:
    """Return the distance of the points of two colors."""
    points = to_points(np.array([first, second], np.uint8)).astype(float)
    return float(np.linalg.norm(points[0] - points[1]))


def moving_codes(header: Header, count: int, seed: int = 0) -> list[Indices]:
    """Make codes of frames, of which each differs in one band from that before, or in none."""
    rng = np.random.default_rng(seed)
    shape = header.height, header.width
    frames = [rng.integers(0, header.color_count, shape).astype(index_dtype(header.color_count))]
    for number in range(1, count):
        frame = frames[-1].copy()
        top = number % (header.band_count + 1) * header.band_rows  # beyond all: nothing changes
        frame[top : top + 1] = (frame[top : top + 1].astype(int) + 1) % header.color_count
        frames.append(frame)
    return frames


def animation_file(header: Header, frames: list[Indices], key_interval: int) -> bytes:
    """Make a file of the codes of frames, with a palette of as many colors, 40 ms each."""
    encoder = FrameEncoder(header, key_interval)
    payloads = [payload for frame in frames for payload in encoder.encode(frame)]
    size = header.color_count * header.mode.channels
    palette = np.arange(size).astype(np.uint8).tobytes()
    animation = Animation.of([Fraction(40)] * len(frames), 0, key_interval)
    lengths = [len(payload) for payload in payloads]
    return b"".join(join_frames(header, {}, palette, animation, lengths, payloads))
