"""Define the exit codes and failures that ``kmq-convert`` and ``kmq-info`` share."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from importlib.metadata import PackageNotFoundError, version
from io import TextIOWrapper
from types import FrameType
from typing import BinaryIO, Final, NoReturn, TextIO

from PIL import Image, UnidentifiedImageError

from kmcodec.errors import LimitError


class Exit(IntEnum):
    """The exit codes of both commands."""

    OK = 0
    FAILED = 1
    USAGE = 2
    DAMAGED = 3
    REFUSED = 4
    QUALITY = 99  # as in pngquant
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    TERMINATED = 143


EXIT_CODES: Final = """\
exit codes:
  0    ok
  1    a file cannot be read or written, is too large, or a format cannot hold it
  2    wrong usage
  3    damaged, or not a file of a known format
  4    refused: the output exists, or is the input (kmq-convert)
  99   the least quality asked for takes more colors (kmq-convert)
  130  interrupted (143 terminated)
  141  the reader of standard output has gone
"""


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


def binary(stream: TextIO | None) -> BinaryIO:
    """Return the bytes of standard input or output, which is None if a shell has closed it."""
    if stream is None:
        raise CommandError(Exit.FAILED, "-", "the standard stream is closed")
    return stream.buffer


def escape(text: str) -> str:
    """Escape text, so that it is one line with nothing in it that a terminal would obey."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def tell(command: str, name: str, message: str) -> None:
    """Write one line to standard error."""
    print(f"{command}: {escape(name)}: {escape(message)}", file=sys.stderr)


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
    in_main_thread = threading.current_thread() is threading.main_thread()
    previous = signal.signal(signal.SIGTERM, _terminate) if in_main_thread else None
    try:
        code = work()
        print(end="", flush=True)
    except CommandError as error:
        tell(command, error.name, str(error))
        return error.code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return Exit.BROKEN_PIPE
    except (OSError, MemoryError) as error:  # those of named files are CommandErrors by now
        _discard_output()
        fault = explain(error, "standard output")
        tell(command, fault.name, str(fault))
        return Exit.FAILED
    finally:
        if previous is not None:
            signal.signal(signal.SIGTERM, previous)
    return code


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    """Raise ``SystemExit``, so that a temporary file is removed on the way out."""
    raise SystemExit(Exit.TERMINATED)


def _discard_output() -> None:
    """Keep the interpreter from failing once more when it flushes standard output at its end."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
