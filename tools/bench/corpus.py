"""Pictures of all kinds to .kmq and back, and what importing kmcodec costs."""

import io
import subprocess
import sys
import warnings
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

import kmcodec  # noqa: F401  (registers the format)

from .installed import stamp
from .rows import rows_of

WRONG, UNEXPECTED = "WRONG", "UNEXPECTED"


def pictures(folder: Path) -> list[Path]:
    """All files below a folder, in order."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    if not found:
        sys.exit(f"kmq-bench: no files in {folder}")
    return found


def round_trip(path: Path, colors: int) -> str:
    """What becomes of one file."""
    try:
        with Image.open(path) as image:
            image.load()
    except (OSError, SyntaxError, ValueError) as error:
        return f"not opened by Pillow: {type(error).__name__}"
    file = io.BytesIO()
    try:
        image.save(file, "KMQ", colors=colors)
    except OSError as error:
        return f"refused: {error}"
    again = Image.open(file)
    distinct = len(np.unique(np.asarray(image.convert("RGBA")).reshape(-1, 4), axis=0))
    if again.mode == image.mode and again.tobytes() == image.tobytes():
        return "identical"
    if again.convert("RGBA").tobytes() == image.convert("RGBA").tobytes():
        return f"identical colors, mode {image.mode} became {again.mode}"
    return f"quantized, of more than {colors} colors" if distinct > colors else WRONG


def measure_corpus(folder: Path, colors: int, *, verbose: bool) -> dict[str, Any]:
    """Count what becomes of them."""
    warnings.simplefilter("ignore")
    counts: Counter[str] = Counter()
    for path in pictures(folder):
        try:
            outcome = round_trip(path, colors)
        except Exception as error:  # noqa: BLE001  (what must not happen is what is looked for)
            outcome = f"{UNEXPECTED} {type(error).__name__}: {error}"
        counts[outcome] += 1
        if verbose or outcome.startswith((WRONG, UNEXPECTED)):
            print(f"{path}: {outcome}", file=sys.stderr)
    outcomes = [[outcome, count] for outcome, count in counts.most_common()]
    return {**stamp(), "columns": ["outcome", "files"], "rows": outcomes}


def measure_import(runs: int) -> dict[str, Any]:
    """What importing kmcodec adds, in seconds."""
    code = (
        "import PIL.Image, numpy, time; start = time.perf_counter(); import kmcodec;"
        "print(time.perf_counter() - start)"
    )
    command = [sys.executable, "-P", "-c", code]
    printed = [subprocess.run(command, capture_output=True, check=True).stdout for _ in range(runs)]
    return {**stamp(), "seconds": median(map(float, printed))}


def failed(part: dict[str, Any]) -> bool:
    """Whether a picture came back wrong."""
    return any(outcome.startswith((WRONG, UNEXPECTED)) for outcome, _ in part["rows"])


def render_corpus(part: dict[str, Any]) -> str:
    """What became of how many files."""
    rows = rows_of(part)
    counts = "; ".join(f"{row['files']} {row['outcome']}" for row in rows)
    total = sum(row["files"] for row in rows)
    return f"`kmq-bench corpus`, {total} files to `.kmq` and back: {counts}."


def render_import(part: dict[str, Any]) -> str:
    """Milliseconds."""
    added = f"{1000 * part['seconds']:.0f} ms"
    return f"`kmq-bench import`: `import kmcodec` adds {added} to `PIL.Image` and `numpy`."
