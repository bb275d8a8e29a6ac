"""Pipelines side by side: each picture at each setting, summed up by set."""

import math
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import numpy as np

from .cases import Case, Picture, Setting, make_case, read_set
from .installed import stamp
from .measure import (
    Call,
    Pixels,
    delta_e,
    first_run,
    mean_squared_error,
    median_seconds,
    psnr,
    ssim,
)
from .peers import PIPELINES, Pipeline
from .rows import BASE

SETTINGS = (Setting(16), Setting(64), Setting(256), Setting(quality=30), Setting(quality=35))

COLUMNS = [
    "set",
    "setting",
    "pipeline",
    "kind",
    "pictures",
    "pixels",
    "bytes",
    "base_bytes",
    "psnr",
    "ssim",
    "delta_e",
    "encode_seconds",
    "decode_seconds",
    "encode_mib",
    "decode_mib",
]


class Result(NamedTuple):
    """One picture through one pipeline at one setting."""

    pixels: int
    size: int
    base_size: int
    error: float
    ssim: float | None
    delta_e: float
    encode_seconds: float
    decode_seconds: float
    encode_mib: float | None
    decode_mib: float | None


def installed_pipelines() -> list[Pipeline]:
    """The pipelines whose parts are all there; the others are named."""
    found = []
    for pipeline in PIPELINES:
        if missing := pipeline.missing():
            print(f"left out, for want of {', '.join(missing)}: {pipeline.name}", file=sys.stderr)
        else:
            found.append(pipeline)
    return found


def quality_of(original: Pixels, pixels: Pixels) -> tuple[float, float | None, float]:
    """Mean squared error, SSIM and mean Oklab distance."""
    error = mean_squared_error(original, pixels)
    if not error:
        return 0.0, 1.0, 0.0
    return error, ssim(original, pixels), delta_e(original, pixels)


def measure(case: Case, pipelines: Iterable[Pipeline]) -> dict[Pipeline, Result]:
    """A picture through all pipelines that reach the setting."""
    prepared = {pipeline: pipeline.prepare(case) for pipeline in pipelines}
    encoders = {pipeline: call for pipeline, call in prepared.items() if call}
    encoded = {pipeline: first_run(call) for pipeline, call in encoders.items()}
    decoders = {pipeline: decoder(pipeline, run.value) for pipeline, run in encoded.items()}
    decoded = {pipeline: first_run(call) for pipeline, call in decoders.items()}
    encode_seconds = median_seconds(encoders, encoded)
    decode_seconds = median_seconds(decoders, decoded)
    base_size = next(len(run.value) for p, run in encoded.items() if p.name == BASE)
    results = {}
    for pipeline, run in decoded.items():
        if pipeline.kind == "coder" and not np.array_equal(run.value, case.quantized):
            sys.exit(f"kmq-bench: {pipeline.name} changes the pixels of {case.picture.name}")
        results[pipeline] = Result(
            case.indices.size,
            len(encoded[pipeline].value),
            base_size,
            *quality_of(case.picture.pixels, run.value),
            encode_seconds[pipeline],
            decode_seconds[pipeline],
            None if pipeline.is_command else encoded[pipeline].mib,
            run.mib,
        )
    return results


def decoder(pipeline: Pipeline, data: bytes) -> Call:
    """The call that decodes a file."""
    return lambda: pipeline.decode(data)


def cases_of(picture: Picture) -> Iterator[Case]:
    """A picture at the settings that kmcodec reaches."""
    for setting in SETTINGS:
        case = make_case(picture, setting)
        if setting.quality is None or case.psnr >= setting.quality:
            yield case


def most(values: Iterable[float | None]) -> float | None:
    """The largest of those that are known, in whole tenths."""
    known = [value for value in values if value is not None]
    return round(max(known), 1) if known else None


def summary(results: list[Result]) -> dict[str, Any]:
    """Sums of bytes and seconds, PSNR of the mean error, means of the rest, most memory."""
    pixels = sum(result.pixels for result in results)
    level = psnr(sum(result.error * result.pixels for result in results) / pixels)
    similar = [result.ssim for result in results]
    return {
        "pictures": len(results),
        "pixels": pixels,
        "bytes": sum(result.size for result in results),
        "base_bytes": sum(result.base_size for result in results),
        "psnr": None if math.isinf(level) else round(level, 2),
        "ssim": None if None in similar else round(mean(similar), 4),
        "delta_e": round(mean(result.delta_e for result in results), 3),
        "encode_seconds": round(sum(result.encode_seconds for result in results), 6),
        "decode_seconds": round(sum(result.decode_seconds for result in results), 6),
        "encode_mib": most(result.encode_mib for result in results),
        "decode_mib": most(result.decode_mib for result in results),
    }


def compare(folders: list[Path], pictures: int) -> dict[str, Any]:
    """The table: a row for each set, setting and pipeline."""
    head = stamp()
    pipelines = installed_pipelines()
    rows = []
    sets = {}
    for folder in folders:
        chosen = read_set(folder, pictures)
        sets[folder.name] = [picture.name for picture in chosen]
        results: dict[tuple[str, Pipeline], list[Result]] = defaultdict(list)
        for picture in chosen:
            for case in cases_of(picture):
                for pipeline, result in measure(case, pipelines).items():
                    results[case.setting.name, pipeline].append(result)
            print(f"{folder.name}: {picture.name}", file=sys.stderr, flush=True)
        for setting in SETTINGS:
            for pipeline in pipelines:
                if found := results.get((setting.name, pipeline)):
                    place = [folder.name, setting.name, pipeline.name, pipeline.kind]
                    row = dict(zip(COLUMNS[:4], place, strict=True)) | summary(found)
                    rows.append([row[column] for column in COLUMNS])
    return {**head, "sets": sets, "columns": COLUMNS, "rows": rows}


def merge(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """A comparison whose sets take the place of those of the same names in another."""
    kept = {name: names for name, names in old["sets"].items() if name not in new["sets"]}
    rows = [row for row in old["rows"] if row[0] in kept]
    return {**new, "sets": kept | new["sets"], "rows": rows + new["rows"]}
