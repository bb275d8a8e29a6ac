"""Many files: what more processes gain, and what is left of a run that is killed."""

import filecmp
import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from PIL import Image

from .pictures import told
from .rows import Part, read, record, table

FILES = 20_000
KILLS = 20
SPRITES = 70
COMMAND = (sys.executable, "-P", "-m", "kmcodec.cli.convert")
TOOL = Path(__file__).resolve().parent.parent / "kmq-convert"
SIDE = 24


class Batch(NamedTuple):
    """A run over many files.

    Attributes:
        what: what was run.
        files: how many.
        seconds: that it took.
        cpu: seconds of all processors.
        mib: the most memory of its largest process.
        redone: files that were converted more than once.
        good: outputs that are as they should be.
    """

    what: str
    files: int
    seconds: float
    cpu: float
    mib: float
    redone: int
    good: int


def measure(files: int = FILES, kills: int = KILLS) -> Part:
    """Convert generated files in one process and in two, through kills, and on a Dask cluster."""
    with TemporaryDirectory(prefix="kmq-bench-") as folder:
        root = Path(folder)
        make_files(root / "in", files)
        rows = []
        for jobs in told((1, 2)):
            rows.append(run(root, f"jobs {jobs}", "-j", str(jobs)))
        wanted = digests(root / "jobs 1")
        rows = [row._replace(good=count_good(root / row.what, wanted)) for row in rows]
        rows.append(run_killed(root, kills, wanted, rows[-1].seconds))
        with suppress(ImportError):
            rows.append(run_on_cluster(root, wanted))
        rows += measure_sprites(root)
    return record(rows)


def make_files(folder: Path, count: int) -> None:
    """Make small pictures, each another one, a thousand in a directory."""
    rng = np.random.default_rng(0)
    for number in range(count):
        place = folder / f"{number // 1000:03}"
        if number % 1000 == 0:
            place.mkdir(parents=True)
        colors = rng.integers(0, 256, (12, 3), np.uint8)
        blocks = rng.integers(0, 12, (SIDE // 4, SIDE // 4))
        pixels = colors[np.kron(blocks, np.ones((4, 4), int))]
        Image.fromarray(pixels).save(place / f"{number:06}.png", compress_level=1)


def measure_run(what: str, files: int, command: Sequence[str]) -> Batch:
    """Run a command to its end, and measure it with all of its processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    mib = watch(process)
    _, error = process.communicate()
    if process.returncode:
        sys.exit(f"kmq-bench: {what}: {error.decode()}")
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Batch(what, files, seconds, cpu, mib, 0, 0)
