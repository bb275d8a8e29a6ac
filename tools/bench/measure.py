"""What the benches measure: quality, time and memory."""

import contextlib
import ctypes
import re
import time
import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from kmcodec.quantizer.space import SPACES

Pixels = NDArray[np.uint8]
Call = Callable[[], object]
K = TypeVar("K")

RUNS = 3
SLOW_SECONDS = 0.3
"""A call that takes longer runs once: the noise of a machine is small beside it."""

PROCESS = Path("/proc/self")
SSIM_WINDOW = 7


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
    runs: list[tuple[object, float]] = []

    def timed() -> None:
        start = time.perf_counter()
        runs.append((call(), time.perf_counter() - start))

    mib = peak_mib(timed)
    return Run(*runs[0], mib)


def seconds(*calls: Call, runs: int) -> list[float]:
    """Median times of some calls, run in turn so that a noisy machine hits all alike."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(runs):
        for call, taken in zip(calls, times, strict=True):
            start = time.perf_counter()
            call()
            taken.append(time.perf_counter() - start)
    return [median(taken) for taken in times]


def median_seconds(calls: Mapping[K, Call], first: Mapping[K, Run]) -> dict[K, float]:
    """Median times of some calls by name; those that were slow at first are not run again."""
    again = [key for key in calls if first[key].seconds <= SLOW_SECONDS]
    times = dict(zip(again, seconds(*(calls[key] for key in again), runs=RUNS), strict=True))
    return {key: times.get(key, first[key].seconds) for key in calls}


def traced_bytes(call: Call) -> int:
    """Most memory that Python and NumPy hold at once in a call, its result included."""
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


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
