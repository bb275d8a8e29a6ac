"""Read palettes from the command line, and from files of other programs."""

import argparse
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from PIL import ImageColor

from kmcodec.conversion.faults import Exit, FileError, explain, plural
from kmcodec.format import MAX_COLORS

Color = tuple[int, ...]
"""Red, green, blue and alpha, 0..255."""

MAX_BYTES: Final = 1 << 22
"""More than any palette of ``MAX_COLORS`` takes, comments included."""

_COLOR: Final = re.compile(r"[^\s,(]+(?:\([^)]*\))?")  # as #fff, red and rgb(1, 2, 3)
_COMMENT: Final = re.compile(r"(?:;|(?:^|\s)(?://|#(?=\s|$))).*")
_HEX: Final = re.compile(r"[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?")
_ARGB: Final = re.compile(r"#?[0-9a-fA-F]{8}")
_GPL_KEY: Final = re.compile(r"(Name|Columns|Channels):\s*(.*)")
_ACT_COLORS: Final = 256
_OPAQUE: Final = 255
_SHOWN: Final = 40
"""Characters of a line that a message shows."""


def read_color(text: str) -> Color:
    """Parse one color: a name, #rrggbb[aa] in all forms of Pillow's, or rrggbb[aa].

    Raises:
        ValueError: it is none.
    """
    try:
        color = ImageColor.getcolor(f"#{text}" if _HEX.fullmatch(text) else text, "RGBA")
    except ValueError:
        color = None
    if not isinstance(color, tuple) or max(color) > _OPAQUE:  # of rgb(300, 0, 0)
        raise ValueError(f"{text[:_SHOWN]!r} is no color")
    return color


def parse_colors(text: str) -> list[Color]:
    """Parse colors separated by commas or spaces.

    Raises:
        ValueError: one is none, or there are none.
    """
    if _COLOR.sub("", text).strip(" \t\n,") or not text.strip(" \t\n,"):
        raise ValueError(f"{text[:_SHOWN]!r} is no list of colors")
    return [read_color(color) for color in _COLOR.findall(text)]


def parse_palette(text: str) -> list[Color] | Path:
    """Parse an argument: colors, or the name of a file that has some."""
    try:
        return parse_colors(text)
    except ValueError as error:
        if os.path.exists(text):  # noqa: PTH110  (which takes any text)
            return Path(text)
        raise argparse.ArgumentTypeError(f"{error}, nor is there such a file") from None


def read_palette_file(path: Path) -> list[Color]:
    """Read a palette: of text, with a color a line; of GIMP, Paint Shop Pro, paint.net, Photoshop.

    Raises:
        FileError: it cannot be read, or is none; the message tells the line.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise explain(error, str(path)) from error
    try:
        return _parse_file(data, path.suffix.lower())
    except ValueError as error:
        raise FileError(Exit.DAMAGED, str(path), str(error)) from error


def _parse_file(data: bytes, suffix: str) -> list[Color]:
    if len(data) > MAX_BYTES:
        raise ValueError(f"a palette of more than {MAX_BYTES:,} bytes")
    colors = _read_act(data) if suffix == ".act" else _read_text(data)
    if not 1 <= len(colors) <= MAX_COLORS:
        raise ValueError(f"it has {plural(len(colors), 'color')}, not 1 to {MAX_COLORS:,}")
    return colors


def _read_act(data: bytes) -> list[Color]:
    """Read a color table of Photoshop: 256 colors, and maybe how many count, and which is clear."""
    size = 3 * _ACT_COLORS
    if len(data) not in (size, size + 4):
        raise ValueError(f"a .act file of {len(data):,} bytes, not {size} or {size + 4}")
    count = int.from_bytes(data[size : size + 2]) or _ACT_COLORS
    clear = int.from_bytes(data[size + 2 :]) if data[size + 2 :] else _ACT_COLORS
    if count > _ACT_COLORS:
        raise ValueError(f"a .act file that counts {count} colors, not 1 to {_ACT_COLORS}")
    levels = zip(*[iter(data[: 3 * count])] * 3, strict=True)
    return [(*color, 0 if i == clear else _OPAQUE) for i, color in enumerate(levels)]


def _read_text(data: bytes) -> list[Color]:
    if b"\0" in data:
        raise ValueError("it is no text; --palette-from takes the palette of a picture")
    text = data.decode("utf-8-sig", "replace")  # names of colors may be in any encoding
    lines = re.split(r"\r\n|\r|\n", text)
    first = lines[0].strip()
    if first == "GIMP Palette":
        return list(_read_gimp(lines))
    if first == "JASC-PAL":
        return _read_jasc(lines)
    return list(_read_lines(lines, alpha_first=first.lower().startswith(";paint.net")))


def _read_lines(lines: list[str], *, alpha_first: bool) -> Iterator[Color]:
    """Read a color a line; comments begin with ``;``, ``//``, or ``#`` and a space."""
    for number, line in enumerate(lines, 1):
        color = _COMMENT.sub("", line).strip()
        if not color:
            continue
        try:
            parsed = read_color(color)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
        is_argb = alpha_first and _ARGB.fullmatch(color)
        yield (*parsed[1:], parsed[0]) if is_argb else parsed


def _read_gimp(lines: list[str]) -> Iterator[Color]:
    """Read a .gpl: three levels a line, or four after ``Channels: RGBA``, and a name."""
    channels = 3
    for number, line in enumerate(lines[1:], 2):
        key = _GPL_KEY.match(line)
        if key:
            channels = 4 if key.groups() == ("Channels", "RGBA") else channels
        elif line.strip() and not line.lstrip().startswith("#"):
            yield _parse_levels(number, line.split()[:channels], channels)


def _read_jasc(lines: list[str]) -> list[Color]:
    """Read a .pal of Paint Shop Pro: after three lines of head three levels a line, or four."""
    head = [line.strip() for line in lines[1:3]]
    if len(head) < 2 or head[0] != "0100" or not head[1].isdecimal():
        raise ValueError("line 2: a JASC-PAL file goes on with 0100, and the number of its colors")
    colors = []
    for number, line in enumerate(lines[3:], 4):
        levels = line.split()
        if levels:
            colors.append(_parse_levels(number, levels, 4 if len(levels) == 4 else 3))
    if str(len(colors)) != (head[1].lstrip("0") or "0"):
        raise ValueError(f"line 3: says {head[1][:_SHOWN]} colors, there are {len(colors)}")
    return colors


def _parse_levels(number: int, levels: list[str], channels: int) -> Color:
    """Parse the levels of a line."""
    is_color = len(levels) == channels and all(
        level.isascii() and level.isdecimal() and len(level) <= 3 and int(level) <= _OPAQUE
        for level in levels
    )
    if not is_color:
        fault = f"{' '.join(levels)[:_SHOWN]!r} is not {channels} levels of 0 to {_OPAQUE}"
        raise ValueError(f"line {number}: {fault}")
    return (*map(int, levels), *[_OPAQUE] * (4 - channels))
