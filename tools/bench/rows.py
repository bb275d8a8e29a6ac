"""Rows of figures: what is read from the JSON, and what is computed of them for tables."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

Row = dict[str, Any]
Part = dict[str, Any]
Merge = Callable[[Part, Part], Part]

BASE = ".kmq modelled"
"""The pipeline that others are compared with."""

PHOTOS = "kodak"
"""The set that is shown in detail."""


def dump(figures: dict[str, Any]) -> str:
    """JSON with a row, or what else holds no rows, a line, and six digits of a number."""
    lines: list[str] = []

    def short(value: Any) -> Any:
        items = value.values() if isinstance(value, dict) else value
        if not isinstance(value, dict | list):
            return value
        if not any(isinstance(item, dict | list) for item in items):
            lines.append(json.dumps(value))
            return f"line {len(lines) - 1}."
        if isinstance(value, dict):
            return {key: short(item) for key, item in value.items()}
        return [short(item) for item in value]

    text = json.dumps(short(rounded(figures)), indent=1)
    for number, line in enumerate(lines):
        text = text.replace(f'"line {number}."', line, 1)
    return text + "\n"


def rounded(value: Any) -> Any:
    """Six digits of each number that is not whole."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def keep(path: Path | None, name: str, part: Part, merge: Merge | None = None) -> None:
    """Put the figures of one bench into a file, beside those of the others."""
    if path:
        figures = json.loads(path.read_text()) if path.exists() else {}
        if merge and name in figures:
            part = merge(figures[name], part)
        path.write_text(dump({**figures, name: part}))


def rows_of(part: dict[str, Any]) -> list[Row]:
    """Rows with the names of their columns."""
    return [dict(zip(part["columns"], row, strict=True)) for row in part["rows"]]


def find(rows: Iterable[Row], **wanted: Any) -> list[Row]:
    """The rows with some values."""
    return [row for row in rows if all(row[key] == value for key, value in wanted.items())]


def versions_of(part: dict[str, Any]) -> str:
    """With what the figures were measured."""
    return ", ".join(f"{name} {version}" for name, version in part["versions"].items())


def table(heads: list[str], lines: Iterable[list[str]]) -> str:
    """A table in Markdown."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, ["---"] * len(heads), *lines))


def ratio(row: Row) -> float:
    """Bytes by those of .kmq modelled, same pictures."""
    return float(row["bytes"] / row["base_bytes"])


def speed(row: Row, direction: str) -> float:
    """Megapixels a second."""
    return float(row["pixels"] / row[f"{direction}_seconds"] / 1e6)


def figure(value: float | None, form: str, absent: str = "") -> str:
    """A number, or what stands for none."""
    return absent if value is None else format(value, form)


def short(value: float) -> str:
    """Three digits, or two below one."""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def names_of(rows: list[Row], key: str) -> list[str]:
    """The values of a column in the order of the rows."""
    return list(dict.fromkeys(row[key] for row in rows))


def slope(rows: list[Row], by: str, of: str) -> float:
    """Of a column by another, both as logarithms, by least squares."""
    points = [[np.log(row[by]), np.log(max(row[of], 1e-9))] for row in rows if row[of] is not None]
    if len(points) < 2:
        return float("nan")
    x, y = np.array(points).T
    return float(np.polyfit(x, y, 1)[0])
