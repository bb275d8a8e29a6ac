"""What the benches measure: quality, time and memory."""

import contextlib
import ctypes
import os
import platform
import re
import time
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from kmcodec.quantize.space import SPACES

Pixels = NDArray[np.uint8]
Call = Callable[[], object]
K = TypeVar("K")

SLOW_SECONDS = 1.0
"""A call that takes longer runs once: the noise of a machine is small beside it."""

PROCESS = Path("/proc/self")
SSIM_WINDOW = 7
DISTRIBUTIONS = ("kmcodec", "numpy", "pillow", "imagequant", "pyoxipng", "imagecodecs")


def mean_squared_error(a: Pixels, b: Pixels) -> float:
    """The mean over pixels and channels."""
    delta = a.astype(np.int32) - b
    return float(np.mean(delta * delta))


def psnr(error: float) -> float:
    """In dB, of a mean squared error; infinite where there is none."""
    return float(10 * np.log10(255**2 / error)) if error else float("inf")


def ssim(a: Pixels, b: Pixels) -> float | None:
    """scikit-image's structural similarity; None for pictures below its window, or without it."""
    if min(a.shape[:2]) < SSIM_WINDOW:
        return None
    try:
        from skimage.metrics import structural_similarity
    except ImportError:
        return None
    return float(structural_similarity(a, b, channel_axis=2, data_range=255))


def delta_e(a: Pixels, b: Pixels) -> float:
    """Mean distance in Oklab, times 100: lightness is then from 0 to 100."""
    to_points = SPACES["oklab"].to_points
    delta = to_points(a.reshape(-1, 3)).astype(np.float64) - to_points(b.reshape(-1, 3))
    return float(100 * np.sqrt((delta * delta).sum(axis=1)).mean() / 4080)


class Run(NamedTuple):
    """One run of a call: what it gave, and what it took."""

    value: Any
    seconds: float
    mib: float | None


def first_run(call: Call) -> Run:
    """A run whose memory is measured too."""
    values: list[object] = []
    start = time.perf_counter()
    mib = peak_mib(lambda: values.append(call()))
    return Run(values[0], time.perf_counter() - start, mib)


def median_seconds(
    calls: Mapping[K, Call], first: Mapping[K, Run], runs: int = 3
) -> dict[K, float]:
    """Median times of some calls, run in turn so that a noisy machine hits all alike.

    Those that were slow at first are not run again.
    """
    times: dict[K, list[float]] = {key: [] for key in calls if first[key].seconds <= SLOW_SECONDS}
    for _ in range(runs):
        for key, taken in times.items():
            start = time.perf_counter()
            calls[key]()
            taken.append(time.perf_counter() - start)
    return {key: median(times[key]) if key in times else first[key].seconds for key in calls}


def resident_kib(field: str) -> int:
    """``VmRSS`` or ``VmHWM``, its peak, of this process."""
    found = re.search(rf"^{field}:\s+(\d+)", (PROCESS / "status").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


def peak_mib(call: Call) -> float | None:
    """Most memory that a call holds at once beyond what was held before, in MiB.

    That is of the whole process, whoever allocates; Linux alone tells, elsewhere it is None.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    try:
        (PROCESS / "clear_refs").write_text("5")  # proc(5): the peak starts anew
    except OSError:
        call()
        return None
    before = resident_kib("VmRSS")
    call()
    return (resident_kib("VmHWM") - before) / 1024


def versions(names: tuple[str, ...]) -> dict[str, str]:
    """Versions of the installed ones of some distributions."""
    found = {}
    for name in names:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def stamp() -> dict[str, Any]:
    """When, where and with which versions figures were measured."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "versions": versions(DISTRIBUTIONS),
    }
