"""What holds modelled coding back: where decoding spends its time, and what detail costs."""

import math
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from unittest import mock

from PIL import ImageFilter

import kmcodec
from kmcodec.format import index_bits
from kmcodec.libkmq import binding

from .cases import Case, Picture, Setting, make_case, read_set
from .formats import avif_opened, indexed, opened, saved
from .installed import is_there, stamp
from .lossy import avif_lossy, least_level
from .measure import seconds

SETTINGS = (Setting(16), Setting(64), Setting(256))
RUNS = 5


class Profile(NamedTuple):
    """Figures of a picture, all of which can be summed."""

    pictures: int
    pixels: int
    index_bits: int
    decode_seconds: float
    kernel_seconds: float
    png_decode_seconds: float
    quantize_seconds: float
    code_seconds: float
    bytes: int
    smooth_bytes: int
    avif_bytes: int
    smooth_avif_bytes: int


COLUMNS = ["colors", "model", *Profile._fields]


class Watch:
    """The decoding kernel, with its time and the payload it was last given."""

    def __init__(self, decode: Callable[..., int]) -> None:
        self.decode = decode
        self.times: list[float] = []
        self.payload = b""

    def __call__(self, payload: bytes, *rest: Any) -> int:
        """Decode a band."""
        start = time.perf_counter()
        status = self.decode(payload, *rest)
        self.times.append(time.perf_counter() - start)
        self.payload = payload
        return status


def model_of(payload: bytes) -> str:
    """The model of a band (spec 6.3); the first bit of a payload tells the first decision."""
    return "graphics" if payload[0] < 0x80 else "photo"


def measure(case: Case) -> tuple[str, Profile]:
    """The model and the figures of a picture of one band."""

    def code() -> bytes:
        return kmcodec.encode_indexed(case.palette, case.indices, coding="modelled", threads=1)

    data = code()
    png = saved(indexed(case.palette, case.indices), "PNG")
    watch = Watch(binding.decode_band)
    with mock.patch.object(binding, "decode_band", watch):
        decode, png_decode, quantize, encode = seconds(
            lambda: kmcodec.decode(data, threads=1),
            lambda: opened(png),
            lambda: make_case(case.picture, case.setting),
            code,
            runs=RUNS,
        )
    level = least_level(case, avif_lossy, avif_opened)
    if level is None:
        sys.exit(f"kmq-bench: AVIF does not reach {case.psnr:.2f} dB on {case.picture.name}")
    smooth = Picture("smooth", case.picture.image.filter(ImageFilter.MedianFilter(3)))
    pixels, bits = case.indices.size, index_bits(len(case.palette))
    return model_of(watch.payload), Profile(
        1,
        pixels,
        pixels * bits,
        decode,
        median(watch.times),
        png_decode,
        quantize,
        encode,
        len(data),
        len(kmcodec.encode(smooth.image, **case.setting.options)),
        len(avif_lossy(case.picture, level)),
        len(avif_lossy(smooth, level)),
    )


def profile(folder: Path, pictures: int) -> dict[str, Any]:
    """A row for each number of colors and model of the pictures of a folder, summed up."""
    if not is_there("PIL:avif"):
        sys.exit("kmq-bench: this Pillow has no AVIF")
    head = stamp()
    found: dict[tuple[int, str], list[Profile]] = defaultdict(list)
    for picture in read_set(folder, pictures):
        for setting in SETTINGS:
            case = make_case(picture, setting)
            if not math.isinf(case.psnr):
                model, figures = measure(case)
                found[setting.colors, model].append(figures)
        print(picture.name, file=sys.stderr, flush=True)
    rows = [[*key, *map(sum, zip(*figures, strict=True))] for key, figures in sorted(found.items())]
    return {**head, "set": folder.name, "columns": COLUMNS, "rows": rows}
