"""What calls cost: time and memory."""

import contextlib
import ctypes
import math
import re
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

Call = Callable[[], object]
Clock = Callable[[], float]

SLOW_SECONDS = 0.3
"""A call that takes longer may run once: the noise of a machine is small beside it."""

PROCESS = Path("/proc/self")


class Run(NamedTuple):
    """What a call gave, the seconds it took, and the most bytes that it held at once."""

    value: Any
    seconds: float
    held: int | None

    @property
    def mib(self) -> float | None:
        """The memory in MiB."""
        return None if self.held is None else self.held / 2**20


def run_in_turn(
    *calls: Call, runs: int = 3, slow_seconds: float = math.inf, clock: Clock = time.perf_counter
) -> list[Run]:
    """Run calls in turn, so that a noisy machine hits all alike, and tell their median times.

    Memory is that of the first run. A call that was slow then is not run again. The clock
    ``time.process_time`` tells what processors do, whatever else they do meanwhile.
    """
    first = [run_once(call, clock) for call in calls]
    times = [[run.seconds] for run in first]
    for _ in range(runs - 1):
        for call, taken in zip(calls, times, strict=True):
            if taken[0] <= slow_seconds:
                start = clock()
                call()
                taken.append(clock() - start)
    return [run._replace(seconds=median(taken)) for run, taken in zip(first, times, strict=True)]


def run_once(call: Call, clock: Clock = time.perf_counter) -> Run:
    """Run a call, and measure its time and memory.

    The memory is that of the whole process beyond what was held before, whoever allocates it;
    Linux alone tells, elsewhere it is None.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    with contextlib.suppress(OSError):
        (PROCESS / "clear_refs").write_text("5")  # proc(5): the peak starts anew
    before = resident_bytes("VmRSS")
    start = clock()
    value = call()
    seconds = clock() - start
    peak = resident_bytes("VmHWM")
    return Run(value, seconds, None if before is None or peak is None else peak - before)


def traced_bytes(call: Call) -> int:
    """Measure the most memory that Python and NumPy hold at once, whatever was freed before."""
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def resident_bytes(field: str, process: Path = PROCESS) -> int | None:
    """Read ``VmRSS`` or ``VmHWM``, its peak, of a process, of this one by default."""
    try:
        status = (process / "status").read_text()
    except OSError:
        return None
    found = re.search(rf"^{field}:\s+(\d+)", status, re.MULTILINE)
    return 1024 * int(found[1]) if found else None
