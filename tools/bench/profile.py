"""What holds modelled coding back: where decoding spends its time, and what detail costs."""

import math
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from unittest import mock

from PIL import ImageFilter

import kmcodec
from kmcodec.format import index_bits
from kmcodec.libkmq import binding

from .formats import CODECS, kmq_decode, kmq_indices, opened, saved
from .measure import run_in_turn
from .pictures import Picture, indexed, read_set, told
from .pipelines import Case, Setting, least_level, make_case
from .rows import Part, column, group_by, ratio, read, record, summed, table

SETTINGS = (Setting(16), Setting(64), Setting(256))
AVIF = CODECS["AVIF -s6 4:4:4"]


class Profile(NamedTuple):
    """Sums over pictures of as many colors whose band has the same model."""

    colors: int
    model: str
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


def model_of(payload: bytes) -> str:
    """Tell the model of a band (spec 6.3), which the first bit of a payload decides."""
    return "graphics" if payload[0] < 0x80 else "photo"


def measure(folder: Path, pictures: int, runs: int = 5) -> Part:
    """Measure the pictures of a folder, of one band each, by number of colors and model."""
    cases = [
        make_case(picture, setting)
        for picture in read_set(folder, pictures)
        for setting in SETTINGS
    ]
    rows = [measure_case(case, runs) for case in told(cases) if not math.isinf(case.psnr)]
    groups = group_by(sorted(rows), "colors", "model")
    totals = [summed(group)._replace(colors=group[0].colors) for group in groups]
    return record(totals, set=folder.name)


def measure_case(case: Case, runs: int) -> Profile:
    """Measure a picture."""
    coded = case.coded
    data = kmq_indices(coded, coding="modelled")
    png = saved(indexed(coded.palette, coded.indices), "PNG")
    kernel = binding.decode_band
    times: list[float] = []
    models: set[str] = set()

    def watched(payload: bytes, *rest: Any) -> int:
        start = time.perf_counter()
        status: int = kernel(payload, *rest)
        times.append(time.perf_counter() - start)
        models.add(model_of(payload))
        return status

    calls = (
        lambda: kmq_decode(data),
        lambda: opened(png),
        lambda: make_case(case.picture, case.setting),
        lambda: kmq_indices(coded, coding="modelled"),
    )
    with mock.patch.object(binding, "decode_band", watched):
        decode, png_decode, quantize, code = run_in_turn(*calls, runs=runs)
    level = least_level(AVIF, case)
    if level is None:
        sys.exit(f"kmq-bench: AVIF does not reach {case.psnr:.2f} dB on {case.picture.name}")
    smooth = Picture("smooth", case.picture.image.filter(ImageFilter.MedianFilter(3)))
    return Profile(
        case.setting.colors,
        " and ".join(models),
        1,
        coded.indices.size,
        coded.indices.size * index_bits(len(coded.palette)),
        decode.seconds,
        median(times),
        png_decode.seconds,
        quantize.seconds,
        code.seconds,
        len(data),
        len(kmcodec.encode(smooth.image, case.setting.colors, threads=1)),
        len(AVIF.encode(case.picture, level)),
        len(AVIF.encode(smooth, level)),
    )


def render(part: Part) -> str:
    """Show what decoding spends its time on, and what detail costs."""
    rows = read(part, Profile)

    lines = table(rows, {
        "colors, model": lambda row: f"{row.colors}, {row.model}",
        "pictures": column("pictures", "d"),
        "decode, ns/pixel": ratio("decode_seconds", "pixels", factor=1e9),
        "of that the kernel": ratio("kernel_seconds", "decode_seconds", ".0%"),
        "a bit of the index": ratio("kernel_seconds", "index_bits", ".0f", 1e9),
        "PNG, decode": ratio("png_decode_seconds", "pixels", factor=1e9),
        "encode: quantize": ratio("quantize_seconds", "pixels", factor=1e9),
        "encode: code": ratio("code_seconds", "pixels", factor=1e9),
    })  # fmt: skip
    shares = []
    for group in group_by(rows, "colors"):
        total = summed(group)
        own, avif = total.smooth_bytes / total.bytes, total.smooth_avif_bytes / total.avif_bytes
        shares.append(f"{own:.2f} at {group[0].colors} colors ({avif:.2f})")
    return (
        f"{lines}\n\nSmoothed by a 3 x 3 median, {part['set']} needs these shares of its bytes as "
        f".kmq (as AVIF of the same level): {', '.join(shares)}."
    )
