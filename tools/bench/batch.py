"""Many files: what more processes gain, and what is left of runs and workers that are killed."""

import hashlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from .measure import PROCESS, resident_bytes
from .pictures import told
from .rows import Part, column, read, record, table

FILES = 20_000
KILLS = 20
SIDE = 24
COMMAND = (sys.executable, str(Path(__file__).resolve().parent.parent / "kmq-convert"), "-r")
ONE_CALL, ONE_PROGRAM = "sprites, one call", "sprites, one program"
PROGRAM = """
import sys
from pathlib import Path
import kmcodec
from PIL import Image
for path in sorted(Path(sys.argv[1]).rglob("*.png")):
    with Image.open(path) as image:
        kmcodec.save(image, Path(sys.argv[2]) / f"{path.stem}.kmq")
"""


class Batch(NamedTuple):
    """A run over many files.

    Attributes:
        what: what was run.
        files: how many there are.
        seconds: that it took.
        cpu_seconds: those of all processors; None where some are not told.
        mib: the most memory of the command's own process; None where that is not told.
        good: outputs that are as those of one process.
        begun_again: files that were begun more than once.
        done_again: files that were begun though they were done.
    """

    what: str
    files: int
    seconds: float
    cpu_seconds: float | None
    mib: float | None
    good: int
    begun_again: int = 0
    done_again: int = 0


def measure(sprites: Path, files: int, kills: int = KILLS) -> Part:
    """Convert generated files in one process and in two, through kills, and on a Dask cluster.

    Args:
        sprites: a folder of a few pictures, to be converted in one call.
        files: how many are generated.
        kills: how many runs are killed.
    """
    with TemporaryDirectory(prefix="kmq-bench-") as folder:
        root = Path(folder)
        make_files(root / "in", files)
        rows = [run(root, f"-j {jobs}", files, "-j", str(jobs)) for jobs in told((1, 2))]
        wanted = digests(root / "-j 1")
        rows.append(run_killed(root, files, kills, rows[-1].seconds))
        with cluster() as (address, worker):
            rows.append(run_on_cluster(root, files, address, worker))
        rows = [row._replace(good=count_good(root / row.what, wanted)) for row in rows]
        return record([*rows, *measure_sprites(root, sprites)])


def make_files(folder: Path, count: int) -> None:
    """Make small pictures, each another one, a thousand in a directory."""
    rng = np.random.default_rng(0)
    for number in range(count):
        place = folder / f"{number // 1000:03}"
        place.mkdir(parents=True, exist_ok=True)
        colors = rng.integers(0, 256, (12, 3), np.uint8)
        blocks = rng.integers(0, 12, (SIDE // 4, SIDE // 4))
        pixels = colors[np.kron(blocks, np.ones((4, 4), int))]
        Image.fromarray(pixels).save(place / f"{number:06}.png", compress_level=1)


def run(root: Path, what: str, files: int, *options: str, source: Path | None = None) -> Batch:
    """Convert all files to a directory."""
    folder = str(source or root / "in")
    command = (*COMMAND, "-q", folder, "--out-dir", str(root / what), *options)
    return measure_command(what, files, command)


def measure_command(what: str, files: int, command: Sequence[str]) -> Batch:
    """Run a command to its end."""
    before = getrusage(RUSAGE_CHILDREN)
    start = time.perf_counter()
    with launch(command) as process:
        mib = watch_memory(process)
    if process.returncode:
        sys.exit(f"kmq-bench: {what}: exit code {process.returncode}")
    seconds = time.perf_counter() - start
    after = getrusage(RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Batch(what, files, seconds, used, mib, 0)


def launch(command: Sequence[str], **settings: Any) -> "subprocess.Popen[bytes]":
    """Start a command that keeps bytecode, as it does of installed modules."""
    env = {name: os.environ[name] for name in os.environ if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.Popen(command, env=env, **settings)


def watch_memory(process: "subprocess.Popen[bytes]") -> float | None:
    """Wait for a process, and return the most MiB that it held."""
    most = None
    while process.poll() is None:
        held = resident_bytes("VmHWM", PROCESS.parent / str(process.pid))
        most = held / 2**20 if held else most
        time.sleep(0.05)
    return most


def run_killed(root: Path, files: int, kills: int, seconds: float) -> Batch:
    """Convert all files, in runs that are killed at random moments, and a last one."""
    what, manifest = f"-j 2, killed {kills} times", root / "manifest"
    draw = random.Random(0)
    options = ("-j", "2", "--manifest", str(manifest), "--resume")
    command = (*COMMAND, "-q", str(root / "in"), "--out-dir", str(root / what), *options)
    start = time.perf_counter()
    for _ in told(range(kills)):
        # Python's resource tracker warns of what a killed process leaves to it.
        with launch(command, stderr=subprocess.DEVNULL) as process:
            try:
                process.wait(1 + draw.random() * 2 * seconds / kills)
            except subprocess.TimeoutExpired:
                process.kill()
    last = run(root, what, files, *options)
    left = [path for path in (root / what).rglob("*") if path.suffix == ".tmp"]
    if left:
        sys.exit(f"kmq-bench: {len(left)} temporary files are left, such as {left[0]}")
    begun_again, done_again = count_again(manifest)
    taken = time.perf_counter() - start
    return last._replace(
        seconds=taken, cpu_seconds=None, begun_again=begun_again, done_again=done_again
    )


def count_again(manifest: Path) -> tuple[int, int]:
    """Count the files that a manifest tells to be begun more than once, and begun after done."""
    begun, done = set[str](), set[str]()
    begun_again = done_again = 0
    for line in manifest.read_text("ascii").splitlines():
        entry = json.loads(line)
        for name in entry.get("begun", ()):
            begun_again += name in begun
            done_again += name in done
            begun.add(name)
        if "done" in entry:
            done.add(entry["done"]["output"])
    return begun_again, done_again


@contextmanager
def cluster() -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Start a Dask scheduler and two workers, and give its address and one of them."""
    with ExitStack() as stack, TemporaryDirectory(prefix="kmq-bench-") as folder:
        file = Path(folder, "scheduler.json")

        def serve(*arguments: str) -> "subprocess.Popen[bytes]":
            command = (sys.executable, "-m", "dask", *arguments, "--scheduler-file", str(file))
            process = launch(command, stderr=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        serve("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        settings = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", folder)
        worker, _ = [serve("worker", *settings) for _ in range(2)]
        while not file.exists():
            time.sleep(0.1)
        yield json.loads(file.read_text())["address"], worker


def run_on_cluster(
    root: Path, files: int, address: str, worker: "subprocess.Popen[bytes]"
) -> Batch:
    """Convert all files on a cluster, of which one worker is killed halfway."""
    what = "Dask, 2 workers, 1 killed"
    command = (*COMMAND, "-q", str(root / "in"), "--out-dir", str(root / what))
    start = time.perf_counter()
    with launch((*command, "--cluster", address)) as process:
        while process.poll() is None:
            if worker.poll() is None and count_files(root / what) >= files // 2:
                worker.kill()
            time.sleep(0.2)
    if process.returncode:
        sys.exit(f"kmq-bench: {what}: exit code {process.returncode}")
    return Batch(what, files, time.perf_counter() - start, None, None, 0)


def count_files(folder: Path) -> int:
    """Count the outputs in a tree."""
    return sum(1 for _ in folder.rglob("*.kmq"))


def digests(folder: Path) -> dict[str, str]:
    """Return what tells apart the outputs in a tree."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def count_good(folder: Path, wanted: dict[str, str]) -> int:
    """Count the outputs that are as wanted; others than these are none."""
    found = digests(folder)
    return sum(found[name] == wanted.get(name) for name in found) - len(found.keys() - wanted)


def measure_sprites(root: Path, folder: Path) -> list[Batch]:
    """Convert a few files in one call, and by a program that saves them."""
    other = root / ONE_PROGRAM
    other.mkdir()
    program = (sys.executable, "-c", PROGRAM, str(folder), str(other))
    count = sum(1 for _ in folder.glob("*.png"))
    rows = [run(root, ONE_CALL, count, source=folder), measure_command(ONE_PROGRAM, count, program)]
    wanted = digests(other)
    return [row._replace(good=count_good(root / row.what, wanted)) for row in rows]


def render(part: Part) -> str:
    """Show time, memory and what came out, and what the targets are about."""
    rows = read(part, Batch)
    lines = table(rows, {
        "run": column("what", "s"),
        "files": column("files", "d"),
        "outputs as of one process": column("good", "d"),
        "begun again": column("begun_again", "d"),
        "done again": column("done_again", "d"),
        "seconds": column("seconds", ".1f"),
        "of processors": column("cpu_seconds", ".1f"),
        "MiB": column("mib", ".0f"),
    })  # fmt: skip
    one, two = rows[:2]
    calls = {row.what: row.cpu_seconds or 0 for row in rows}
    return (
        f"{lines}\n\nTwo processes are {one.seconds / two.seconds:.2f} times as fast as one. "
        f"Sprites in one call take {calls[ONE_CALL] / calls[ONE_PROGRAM]:.2f} of the processors' "
        "seconds of one program."
    )
