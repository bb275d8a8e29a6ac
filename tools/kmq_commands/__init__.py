"""Start the commands, quietly if that is interrupted.

It is no part of kmcodec, as a package is imported before any module in it runs, and NumPy with it,
which takes long enough for a Ctrl-C to come between.
"""

import importlib
import os
import signal
from collections.abc import Callable
from typing import NoReturn

INTERRUPTED = 130


def convert() -> int:
    """Run ``kmq-convert``; its exit code."""
    return load("convert")()


def info() -> int:
    """Run ``kmq-info``; its exit code."""
    return load("info")()


def report() -> int:
    """Run ``kmq-report``; its exit code."""
    return load("report")()


def load(command: str) -> Callable[[], int]:
    """Import the main function of a command. From now on an interrupt ends the process at once.

    There is nothing to clean up until the command works, and then it sees to that itself.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, end)
    main: Callable[[], int] = importlib.import_module(f"kmcodec.cli.{command}").main
    return main


def end(*_: object) -> NoReturn:
    """End without the traceback of an import."""
    os._exit(INTERRUPTED)
