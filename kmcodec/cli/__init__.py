"""Define the exit codes and failures that the commands share."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from types import FrameType
from typing import Any, Final, NoReturn, TextIO

import kmcodec
from kmcodec.conversion.faults import Exit, FileError, escape, explain
from kmcodec.conversion.places import shown

EXIT_CODES: Final = """\
exit codes:
  0    ok
  1    a file cannot be read or written, is too large, or a format cannot hold it
  2    wrong usage
  3    damaged, or not a file of a known format
  4    refused: an output exists, or is an input; a link leads out of a directory
  99   the least quality asked for takes more colors
  130  interrupted (129 hung up, 143 terminated)
  141  the reader of standard output has gone
"""


_SIGNALS: Final = [s for s in signal.Signals if s.name in {"SIGHUP", "SIGINT", "SIGTERM"}]
_STANDARD_ERROR: Final = 2


def tell(command: str, name: str, message: str) -> None:
    """Write one line about a file to standard error, if anybody listens."""
    tell_all(command, f"{escape(shown(name))}: {escape(shown(message))}")


def tell_all(command: str, message: str) -> None:
    """Write one line about all files to standard error, if anybody listens."""
    if sys.stderr is not None:
        try:
            print(f"{command}: {message}", file=sys.stderr, flush=True)
        except OSError:
            _discard(sys.stderr)


class VersionAction(argparse._VersionAction):
    """Show the version, which is found only then, as that takes long."""

    def __call__(self, parser: argparse.ArgumentParser, *args: Any, **settings: Any) -> None:
        """Show it, and exit."""
        self.version = f"%(prog)s {kmcodec.__version__}"
        super().__call__(parser, *args, **settings)


def add_common_options(parser: argparse.ArgumentParser, quiet: str) -> None:
    """Add the options that all commands have."""
    parser.add_argument("-q", "--quiet", action="store_true", help=quiet)
    parser.add_argument("-V", "--version", action=VersionAction)


def run(command: str, work: Callable[[], int]) -> int:
    """Run ``work`` and return its exit code; tell expected failures in one line, no traceback."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    _occupy_standard_descriptors()
    try:
        with _signals_unwind():
            code = work()
            print(end="", flush=True)
    except FileError as error:
        tell(command, error.name, str(error))
        return error.code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        _discard(sys.stdout)
        return Exit.BROKEN_PIPE
    except (OSError, MemoryError) as error:  # those of named files are FileErrors by now
        _discard(sys.stdout)
        fault = explain(error, "standard output")
        tell(command, fault.name, str(fault))
        return Exit.FAILED
    except RuntimeError as error:
        from concurrent.futures import BrokenExecutor  # imported by now, if it is one

        if not isinstance(error, BrokenExecutor):
            raise
        tell_all(command, escape(shown(str(error))))
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
