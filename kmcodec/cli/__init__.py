"""Define the exit codes and failures that ``kmq-convert`` and ``kmq-info`` share."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from importlib.metadata import PackageNotFoundError, version
from io import TextIOWrapper
from types import FrameType
from typing import BinaryIO, Final, NoReturn, TextIO

from PIL import Image, UnidentifiedImageError

from kmcodec.errors import LimitError

STANDARD: Final = "-"
"""The name of standard input and output."""


class Exit(IntEnum):
    """The exit codes of both commands."""

    OK = 0
    FAILED = 1
    USAGE = 2
    DAMAGED = 3
    REFUSED = 4
    QUALITY = 99  # as in pngquant
    SIGNALED = 128  # and the signal's number
    INTERRUPTED = 130
    BROKEN_PIPE = 141


EXIT_CODES: Final = """\
exit codes:
  0    ok
  1    a file cannot be read or written, is too large, or a format cannot hold it
  2    wrong usage
  3    damaged, or not a file of a known format
  4    refused: the output exists, or is the input (kmq-convert)
  99   the least quality asked for takes more colors (kmq-convert)
  130  interrupted (129 hung up, 143 terminated)
  141  the reader of standard output has gone
"""


_SIGNALS: Final = [s for s in signal.Signals if s.name in {"SIGHUP", "SIGINT", "SIGTERM"}]
_STANDARD_ERROR: Final = 2


class CommandError(Exception):
    """An expected failure, with the file it is about, one sentence, and the exit code."""

    def __init__(self, code: Exit, name: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.name = name


def explain(error: Exception, name: str) -> CommandError:
    """Turn an error from reading or writing a file into what to tell the user."""
    if isinstance(error, MemoryError):
        return CommandError(Exit.FAILED, name, "not enough memory")
    if isinstance(error, UnidentifiedImageError):
        return CommandError(Exit.DAMAGED, name, "not an image of a format that Pillow knows")
    if isinstance(error, (LimitError, Image.DecompressionBombError)):
        return CommandError(Exit.FAILED, name, str(error))
    if isinstance(error, OSError) and error.strerror:
        return CommandError(Exit.FAILED, name, error.strerror)
    return CommandError(Exit.DAMAGED, name, str(error) or type(error).__name__)


def opened(stream: TextIO | None) -> TextIO:
    """Return a standard stream, which is None where a shell has closed it.

    To ``print`` None means standard output, where a picture may go.
    """
    if stream is None:
        raise CommandError(Exit.FAILED, "standard input or output", "it is closed")
    return stream


def binary(stream: TextIO | None) -> BinaryIO:
    """Return the bytes of standard input or output."""
    return opened(stream).buffer


def escape(text: str) -> str:
    """Escape text, so that it is one line with nothing in it that a terminal would obey."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def tell(command: str, name: str, message: str) -> None:
    """Write one line to standard error, if anybody listens."""
    if sys.stderr is not None:
        try:
            print(f"{command}: {escape(name)}: {escape(message)}", file=sys.stderr, flush=True)
        except OSError:
            _discard(sys.stderr)


def plural(count: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def add_common_options(parser: argparse.ArgumentParser, quiet: str) -> None:
    """Add the options that both commands have."""
    try:
        number = version("kmcodec")
    except PackageNotFoundError:
        number = "(not installed)"
    parser.add_argument("-q", "--quiet", action="store_true", help=quiet)
    parser.add_argument("-V", "--version", action="version", version=f"%(prog)s {number}")


def run(command: str, work: Callable[[], int]) -> int:
    """Run ``work`` and return its exit code; tell expected failures in one line, no traceback."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    _occupy_standard_descriptors()
    try:
        with _signals_unwind():
            code = work()
            print(end="", flush=True)
    except CommandError as error:
        tell(command, error.name, str(error))
        return error.code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        _discard(sys.stdout)
        return Exit.BROKEN_PIPE
    except (OSError, MemoryError) as error:  # those of named files are CommandErrors by now
        _discard(sys.stdout)
        fault = explain(error, "standard output")
        tell(command, fault.name, str(fault))
        return Exit.FAILED
    return code


def _occupy_standard_descriptors() -> None:
    """Open what a shell has closed of descriptors 0 to 2, so that no file of ours gets its number.

    Libraries in C write their messages there. Nothing can be written to what is opened here.
    """
    with suppress(OSError):
        while (number := os.open(os.devnull, os.O_RDONLY)) <= _STANDARD_ERROR:
            pass
        os.close(number)


@contextmanager
def _signals_unwind() -> Iterator[None]:
    """Let the first signal that ends the command remove temporary files.

    Others that follow are ignored, as they would cut that short.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        for other in previous:
            signal.signal(other, signal.SIG_IGN)
        raise SystemExit(Exit.SIGNALED + number)

    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    previous = {n: old for n, old in handlers.items() if old not in (signal.SIG_IGN, None)}
    for number in previous:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, old in previous.items():
            signal.signal(number, old)


def _discard(stream: TextIO) -> None:
    """Keep the interpreter from failing once more when it flushes a stream at its end."""
    with suppress(OSError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
