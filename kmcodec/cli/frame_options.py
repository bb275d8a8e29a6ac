"""Offer the options of moving pictures on a command line."""

import argparse
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

from kmcodec.format import MAX_FRAME_COUNT, MAX_NUMBER

_RATE: Final = re.compile(r"\d{1,9}(\.\d{1,9})?|\d{1,9}/\d{1,9}")


def add_frame_options(group: Any) -> None:
    """Add the options; what is not given is None."""
    add = group.add_argument
    add(
        "--frames",
        type=parse_frames,
        metavar="A:B[:STEP]",
        help="those from A to before B, from 0 on, as slices of Python: --frames :10, --frames=-5:",
    )
    add(
        "--fps",
        type=parse_rate,
        metavar="N",
        help="frames a second, as 25, 12.5 or 30000/1001 (default: the durations of IN, or 10)",
    )
    add(
        "--loop",
        type=number_from(0, MAX_NUMBER),
        metavar="N",
        help="how often all frames are shown, 0 for ever (default: as IN says, or 0)",
    )
    add(
        "--key-interval",
        type=number_from(1, MAX_FRAME_COUNT),
        metavar="N",
        help="frames from one key frame to the next, where decoding can start; for .kmq output",
    )


def parse_frames(text: str) -> slice:
    """Parse A:B or A:B:STEP, of which each may be missing."""
    try:
        start, stop, step = [int(part) if part else None for part in (text + ":").split(":")][:3]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not A:B or A:B:STEP") from None
    if text.count(":") not in (1, 2):
        raise argparse.ArgumentTypeError(f"{text!r} is not A:B or A:B:STEP")
    if step is not None and step < 1:
        raise argparse.ArgumentTypeError(f"the step of {text!r} must be at least 1")
    return slice(start, stop, step)


def parse_rate(text: str) -> Fraction:
    """Parse frames a second."""
    try:
        rate = Fraction(text) if _RATE.fullmatch(text) else Fraction(0)
    except ZeroDivisionError:
        rate = Fraction(0)
    if not rate:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0, nor a fraction")
    return rate


def number_from(least: int, most: int) -> Callable[[str], int]:
    """Return a parser of integers in a range."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is no integer") from None
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{number} is not in {least}..{most}")
        return number

    return parse
