"""How long programs take that do next to nothing: what they import."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from PIL import Image

import kmcodec

from .measure import run_in_turn
from .rows import Part, read, record, shown, table

TOOLS = Path(__file__).resolve().parent.parent
BASE = "import numpy, PIL.Image"
CODE = (
    BASE,
    "import kmcodec",
    "import kmcodec, PIL.Image; PIL.Image.open('a.kmq').load()",
    "import kmcodec; kmcodec.decode('a.kmq')",
)
COMMANDS = ("kmq-convert --help", "kmq-info a.kmq", "kmq-convert -f a.png", "kmq-convert -f a.kmq")


class Startup(NamedTuple):
    """A program in a process of its own, and the seconds of that from start to end."""

    program: str
    seconds: float


def measure(runs: int = 20) -> Part:
    """Measure all programs on a small picture."""
    programs: dict[str, tuple[str, ...]] = {code: ("-c", code) for code in CODE}
    for command in COMMANDS:
        name, *arguments = command.split()
        programs[command] = (str(TOOLS / name), *arguments)
    with TemporaryDirectory() as folder:
        image = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8))
        image.save(Path(folder, "a.png"))
        kmcodec.save(image, Path(folder, "a.kmq"))
        calls = [partial(run, arguments, folder) for arguments in programs.values()]
        for call in calls:
            call()  # which compiles what it imports
        measured = run_in_turn(*calls, runs=runs)
    pairs = zip(programs, measured, strict=True)
    return record([Startup(program, taken.seconds) for program, taken in pairs])


def run(arguments: tuple[str, ...], folder: str) -> None:
    """Run a program by this interpreter, which keeps bytecode as it does of installed modules."""
    kept = {"PYTHONPYCACHEPREFIX": str(Path(folder, "cache"))}
    others = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    command = (sys.executable, *arguments)
    subprocess.run(command, check=True, capture_output=True, cwd=folder, env=others | kept)


def render(part: Part) -> str:
    """Show each program beside what imports NumPy and Pillow alone."""
    rows = read(part, Startup)
    base = rows[0].seconds
    return table(rows, {
        "program": lambda row: f"`{row.program}`",
        "ms": lambda row: shown(1000 * row.seconds, ".0f"),
        "ms more than the first": lambda row: shown(1000 * (row.seconds - base), ".0f"),
        "by the first": lambda row: shown(row.seconds / base, ".2f"),
    })  # fmt: skip
