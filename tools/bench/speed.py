"""Speed and memory of coding: beside peers, with two threads, and packed."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

import kmcodec

from .formats import (
    jxl_decode,
    jxl_lossless,
    kmq_decode,
    kmq_indices,
    opened,
    oxipng,
    saved,
    webp_lossless,
)
from .generated import GRAYS, surface
from .measure import run_in_turn, traced_bytes
from .pictures import Coded, code_exactly, evenly, indexed, open_colors, read_peers, told
from .rows import Part, column, group_by, megapixels_a_second, ratio, read, record, summed, table

SETS = ("Kodak K=256", "Kodak K=64", "Kodak K=16", "masks")
RUNS = 5


class Speed(NamedTuple):
    """Seconds of a set in one thread."""

    set: str
    pictures: int
    pixels: int
    encode_seconds: float
    decode_seconds: float
    jxl_e7_decode_seconds: float | None
    jxl_least_decode_seconds: float | None
    oxipng_encode_seconds: float | None
    webp_encode_seconds: float | None


def measure(folder: Path, pictures: int) -> Part:
    """Measure sets beside WebP, JPEG XL and oxipng, and a sprite of 16 x 16 pixels."""
    sets = read_peers(folder)
    paths = [(name, path) for name in SETS for path in evenly([*sets.get(name, ())], pictures)]
    rows = [
        time_coding(name, code_exactly(path, open_colors(folder / path))[1])
        for name, path in told(paths)
    ]
    rng = np.random.default_rng(0)
    sprite = Coded(
        rng.integers(0, 256, (16, 3)).astype(np.uint8),
        (rng.integers(0, 4, (16, 16)) ** 2).astype(np.uint8),
    )
    rows.append(time_coding("sprite of 16 x 16", sprite, runs=201))
    return record([summed(group) for group in group_by(rows, "set")])


def time_coding(name: str, coded: Coded, runs: int = RUNS) -> Speed:
    """Time a picture; encoders that are slow run once."""
    data = kmq_indices(coded)
    faster, smaller = (jxl_lossless(coded.pixels, effort) for effort in (7, 9))
    least = min(faster, smaller, key=len)
    png = saved(indexed(coded.palette, coded.indices), "PNG")
    fast = (
        lambda: kmq_indices(coded),
        lambda: kmq_decode(data),
        lambda: jxl_decode(faster),
        lambda: jxl_decode(least),
    )
    slow = lambda: oxipng(png), lambda: webp_lossless(coded.image)
    taken = [*run_in_turn(*fast, runs=runs), *run_in_turn(*slow, runs=1)]
    return Speed(name, 1, coded.indices.size, *(run.seconds for run in taken))


def render(part: Part) -> str:
    """Show megapixels a second, and how many times as fast as peers."""
    return table(read(part, Speed), {
        "one thread": column("set", "s"),
        "pictures": column("pictures", "d"),
        "encode MP/s": megapixels_a_second("encode_seconds", ".1f"),
        "decode MP/s": megapixels_a_second("decode_seconds", ".1f"),
        "decode, times as fast as JPEG XL -e7": ratio("jxl_e7_decode_seconds", "decode_seconds"),
        "as the smaller of -e7, -e9": ratio("jxl_least_decode_seconds", "decode_seconds"),
        "encode, times as fast as oxipng -o4": ratio("oxipng_encode_seconds", "encode_seconds"),
        "as WebP -m6": ratio("webp_encode_seconds", "encode_seconds"),
    })  # fmt: skip


class Threads(NamedTuple):
    """What a second thread gains, and holds."""

    pixels: int
    encode_gain: float
    decode_gain: float
    thread_bytes: int


def measure_threads(size: int = 2560) -> Part:
    """Measure one thread and two on a generated picture, so many pixels on a side."""
    indices = surface(size, 256, 0.02)
    encoders = [partial(kmcodec.encode_indexed, GRAYS, indices, threads=n) for n in (1, 2)]
    data = encoders[0]()
    if encoders[1]() != data:
        sys.exit("kmq-bench: the number of threads changes the bytes")
    decoders = [partial(kmcodec.decode, data, threads=n) for n in (1, 2)]
    one, two, read_one, read_two = (run.seconds for run in run_in_turn(*encoders, *decoders))
    held = [traced_bytes(decode) for decode in decoders]
    return record([Threads(indices.size, one / two, read_one / read_two, held[1] - held[0])])


def render_threads(part: Part) -> str:
    """Say what a second thread gains, and holds."""
    (row,) = read(part, Threads)
    return (
        f"With two threads, {row.pixels / 1e6:.1f} megapixels encode {row.encode_gain:.1f} times "
        f"as fast and decode {row.decode_gain:.1f} times; the second holds "
        f"{row.thread_bytes / 2**20:.0f} MiB."
    )


class Packed(NamedTuple):
    """Packed coding at an index width."""

    bits: int
    pixels: int
    encode_seconds: float
    decode_seconds: float
    png_encode_seconds: float
    png_decode_seconds: float
    encode_bytes: int | None
    decode_bytes: int | None


def measure_packed(size: int = 2048, widths: Sequence[int] = range(1, 17)) -> Part:
    """Measure square pictures of a noisy surface, so many pixels on a side."""
    return record([measure_width(size, bits) for bits in told(widths)], size=size)


def measure_width(size: int, bits: int) -> Packed:
    """Measure a width beside PNG of 8 bits a pixel."""
    palette = np.random.default_rng(0).integers(0, 256, (1 << bits, 3)).astype(np.uint8)
    indices = surface(size, 1 << bits, 0.1)
    image = indexed(palette[:256], (indices >> max(0, bits - 8)).astype(np.uint8))
    png = saved(image, "PNG", bits=8)
    data = kmcodec.encode_indexed(palette, indices, coding="packed")
    calls = (
        lambda: kmcodec.encode_indexed(palette, indices, coding="packed", threads=1),
        lambda: kmq_decode(data),
        lambda: saved(image, "PNG", bits=8),
        lambda: opened(png),
    )
    encode, decode, png_encode, png_decode = run_in_turn(*calls, runs=7)
    return Packed(
        bits, indices.size,
        encode.seconds, decode.seconds, png_encode.seconds, png_decode.seconds,
        encode.held, decode.held,
    )  # fmt: skip


def render_packed(part: Part) -> str:
    """Show speed by Pillow's PNG, and memory, at some widths."""
    rows = [row for row in read(part, Packed) if row.bits in (1, 4, 8, 12, 16)]
    side = part["size"]
    return table(rows, {
        f"{side} x {side}: bits": column("bits", "d"),
        "encode indices, times as fast as PNG of 8 bits": ratio(
            "png_encode_seconds", "encode_seconds", ".0f"
        ),
        "decode to RGB, times as fast": ratio("png_decode_seconds", "decode_seconds", ".1f"),
        "encode MP/s": megapixels_a_second("encode_seconds", ".0f"),
        "decode MP/s": megapixels_a_second("decode_seconds", ".0f"),
        "bytes a pixel to encode": ratio("encode_bytes", "pixels", ".1f"),
        "to decode": ratio("decode_bytes", "pixels", ".1f"),
    })  # fmt: skip
