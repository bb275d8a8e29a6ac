"""Rows of figures: kept in a JSON file, read from it, summed up, and laid out in tables."""

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from .installed import stamp

T = TypeVar("T")
Row = TypeVar("Row", bound=NamedTuple)
Part = dict[str, Any]


def record(rows: Sequence[NamedTuple], **more: object) -> Part:
    """Put rows together with the names of their columns, and with what they were measured."""
    if not rows:
        sys.exit("kmq-bench: there is nothing to measure")
    return {**stamp(), **more, "columns": rows[0]._fields, "rows": rows}


def read(part: Part, kind: type[Row]) -> list[Row]:
    """Read the rows of a bench."""
    if tuple(part["columns"]) != kind._fields:
        sys.exit(f"kmq-bench: columns {part['columns']} are not those of {kind.__name__}")
    return [kind._make(row) for row in part["rows"]]


def dump(figures: Part) -> str:
    """Write JSON with a row, or what else holds plain values, a line, and six digits a number."""
    digits = json.loads(json.dumps(figures), parse_float=lambda text: float(f"{float(text):.6g}"))
    return re.sub(r"[\[{][^][{}]+[]}]", on_one_line, json.dumps(digits, indent=1)) + "\n"


def on_one_line(match: re.Match[str]) -> str:
    """Join the lines of a list or an object."""
    begin, *inside, end = match[0].splitlines()
    return begin + " ".join(line.strip() for line in inside) + end.strip()


def keep(path: Path, name: str, part: Part) -> None:
    """Put the figures of one bench into a file, beside those of the others."""
    figures = json.loads(path.read_text()) if path.exists() else {}
    if "sets" in part and name in figures:
        part = merged(figures[name], part)
    path.write_text(dump({**figures, name: part}))


def merged(old: Part, new: Part) -> Part:
    """Let new sets take the place of those of the same names."""
    kept = {name: names for name, names in old["sets"].items() if name not in new["sets"]}
    rows = [row for row in old["rows"] if row[0] in kept]
    return {**new, "sets": kept | new["sets"], "rows": [*rows, *new["rows"]]}


def find(rows: Iterable[Row], **wanted: object) -> list[Row]:
    """Find the rows with some values."""
    return [row for row in rows if all(getattr(row, key) == wanted[key] for key in wanted)]


def names_of(rows: Iterable[Row], column: str) -> list[Any]:
    """List the values of a column in the order of the rows."""
    return list(dict.fromkeys(getattr(row, column) for row in rows))


def group_by(rows: Iterable[Row], *columns: str) -> list[list[Row]]:
    """Group the rows that agree in some columns, in the order of the first of each."""
    groups: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(getattr(row, column) for column in columns), []).append(row)
    return list(groups.values())


def summed(rows: Sequence[Row]) -> Row:
    """Sum up numbers, of which none may be unknown, and take texts from the first row."""
    return rows[0]._make(
        values[0] if isinstance(values[0], str) else None if None in values else sum(values)
        for values in zip(*rows, strict=True)
    )


def table(rows: Iterable[T], columns: Mapping[str, Callable[[T], str]]) -> str:
    """Lay out a table in Markdown: a line for each row, a cell by each column's function."""
    lines = [list(columns), ["---"] * len(columns)]
    lines += [[show(row) for show in columns.values()] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def shown(value: float | None, form: str = "", absent: str = "") -> str:
    """Format a number, with three digits unless told otherwise, or what stands for none."""
    if value is None:
        return absent
    form = form or (".2f" if value < 10 else ".1f" if value < 100 else ".0f")
    return format(value, form).replace("%", " %")


def column(name: str, form: str = "", absent: str = "") -> Callable[[Row], str]:
    """Make the function that shows a column."""
    return lambda row: shown(getattr(row, name), form, absent)


def ratio(of: str, by: str, form: str = "", factor: float = 1) -> Callable[[Row], str]:
    """Make the function that shows a column by another, where both are known."""

    def show(row: Row) -> str:
        value, divisor = getattr(row, of), getattr(row, by)
        known = value is not None and divisor is not None
        return shown(factor * value / divisor if known else None, form)

    return show


def megapixels_a_second(seconds: str, form: str = "") -> Callable[[Row], str]:
    """Make the function that shows a speed."""
    return ratio("pixels", seconds, form, 1e-6)
