"""Pipelines side by side: each picture at each setting, summed up by set."""

import math
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .installed import installed
from .measure import SLOW_SECONDS, Call, Run, run_in_turn
from .pictures import Picture, read_set, told
from .pipelines import BASE, PIPELINES, Case, Pipeline, Setting, make_case
from .quality import Pixels, delta_e, mean_squared_error, psnr, ssim
from .rows import Part, group_by, record, summed

SETTINGS = (Setting(16), Setting(64), Setting(256), Setting(psnr=30), Setting(psnr=35))


class Compared(NamedTuple):
    """What a pipeline makes of the pictures of a set at a setting.

    Bytes and seconds are sums, and ``base_bytes`` those of .kmq for the same pictures. PSNR is that
    of the mean error, None where there is none; SSIM and the distance in Oklab are means; memory is
    the most.
    """

    set: str
    setting: str
    pipeline: str
    kind: str
    pictures: int
    pixels: int
    bytes: int
    base_bytes: int
    psnr: float | None
    ssim: float | None
    delta_e: float
    encode_seconds: float
    decode_seconds: float
    encode_mib: float | None
    decode_mib: float | None


def measure(folders: list[Path], pictures: int, settings: tuple[Setting, ...] = SETTINGS) -> Part:
    """Measure all pipelines that are installed over sets of pictures."""
    pipelines = installed(PIPELINES)
    rows: list[Compared] = []
    sets = {}
    for folder in folders:
        chosen = read_set(folder, pictures)
        sets[folder.name] = [picture.name for picture in chosen]
        found = [
            row
            for picture in told(chosen)
            for case in cases_of(picture, settings)
            for row in compare(folder.name, case, pipelines)
        ]
        places = [(setting.name, name) for setting in settings for name in pipelines]
        found.sort(key=lambda row: places.index((row.setting, row.pipeline)))
        rows += [sum_up(group) for group in group_by(found, "setting", "pipeline")]
    return record(rows, sets=sets)


def cases_of(picture: Picture, settings: tuple[Setting, ...]) -> Iterator[Case]:
    """Yield a picture at the settings that kmcodec reaches."""
    for setting in settings:
        case = make_case(picture, setting)
        if setting.psnr is None or case.psnr >= setting.psnr:
            yield case


def compare(name: str, case: Case, pipelines: Mapping[str, Pipeline]) -> Iterator[Compared]:
    """Put a picture through all pipelines that reach the setting."""
    prepared = {key: pipeline.prepare(case) for key, pipeline in pipelines.items()}
    encoders = {key: encode for key, encode in prepared.items() if encode}
    written = run_all(encoders)
    files = {key: run.value for key, run in written.items()}
    read = run_all({key: partial(pipelines[key].decode, files[key]) for key in files})
    for key, run in read.items():
        pipeline = pipelines[key]
        if pipeline.kind == "coder" and not np.array_equal(run.value, case.coded.pixels):
            sys.exit(f"kmq-bench: {key} changes the pixels of {case.picture.name}")
        is_command = any(need.startswith("$") for need in pipeline.needs)
        yield Compared(
            name, case.setting.name, key, pipeline.kind,
            1, case.coded.indices.size, len(files[key]), len(files[BASE]),
            *quality_of(case.picture.pixels, run.value),
            written[key].seconds, run.seconds,
            None if is_command else written[key].mib, run.mib,
        )  # fmt: skip


def run_all(calls: Mapping[str, Call]) -> dict[str, Run]:
    """Run calls in turn, slow ones once."""
    runs = run_in_turn(*calls.values(), slow_seconds=SLOW_SECONDS)
    return dict(zip(calls, runs, strict=True))


def quality_of(original: Pixels, pixels: Pixels) -> tuple[float | None, float | None, float]:
    """Measure PSNR, SSIM and the mean distance in Oklab."""
    error = mean_squared_error(original, pixels)
    if not error:
        return None, 1.0, 0.0
    return psnr(error), ssim(original, pixels), delta_e(original, pixels)


def sum_up(rows: list[Compared]) -> Compared:
    """Sum up the pictures of a set."""
    total = summed(rows)
    errors = [0 if row.psnr is None else row.pixels / 10 ** (row.psnr / 10) for row in rows]
    level = -10 * math.log10(sum(errors) / total.pixels) if any(errors) else None
    return total._replace(
        psnr=level,
        ssim=None if total.ssim is None else total.ssim / len(rows),
        delta_e=total.delta_e / len(rows),
        encode_mib=most([row.encode_mib for row in rows]),
        decode_mib=most([row.decode_mib for row in rows]),
    )


def most(values: list[float | None]) -> float | None:
    """Find the largest of those that are known."""
    return max((value for value in values if value is not None), default=None)
