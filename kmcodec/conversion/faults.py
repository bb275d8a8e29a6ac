"""Say what went wrong with a file in one line, and which exit code that is."""

from enum import IntEnum
from typing import BinaryIO, Final, TextIO

from PIL import Image, UnidentifiedImageError

from kmcodec.errors import LimitError, QualityError

STANDARD: Final = "-"
"""The name of standard input and output."""
_KILLED: Final = {"BrokenProcessPool", "KilledWorker"}
"""What executors call it that a worker was lost."""


class Exit(IntEnum):
    """The exit codes of the commands."""

    OK = 0
    FAILED = 1
    USAGE = 2
    DAMAGED = 3
    REFUSED = 4
    QUALITY = 99  # as in pngquant
    SIGNALED = 128  # and the signal's number
    INTERRUPTED = 130
    BROKEN_PIPE = 141


class FileError(Exception):
    """An expected failure, with the file it is about, one sentence, and the exit code."""

    def __init__(self, code: Exit, name: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.name = name

    def __reduce__(self) -> tuple[type, tuple[Exit, str, str]]:
        """Go from process to process whole, as exceptions do by their one message."""
        return FileError, (self.code, self.name, str(self))


def explain(error: Exception, name: str) -> FileError:
    """Turn an error from reading or writing a file into what to tell the user."""
    if isinstance(error, MemoryError):
        return FileError(Exit.FAILED, name, "not enough memory")
    if isinstance(error, UnidentifiedImageError):
        return FileError(Exit.DAMAGED, name, "not an image of a format that Pillow knows")
    if isinstance(error, (LimitError, Image.DecompressionBombError)):
        return FileError(Exit.FAILED, name, str(error))
    if isinstance(error, OSError) and error.strerror:
        return FileError(Exit.FAILED, name, error.strerror)
    return FileError(Exit.DAMAGED, name, str(error) or type(error).__name__)


def explain_refusal(error: Exception, name: str) -> FileError:
    """Turn what the encoder raised of a picture or its options into what to tell the user."""
    code = Exit.QUALITY if isinstance(error, QualityError) else Exit.FAILED
    return FileError(code, name, str(error) or "not enough memory")


def explain_loss(error: BaseException, name: str) -> FileError:
    """Turn what an executor raised into what to tell of a file whose work failed there, alone."""
    if isinstance(error, Exception) and type(error).__name__ not in _KILLED:
        return FileError(Exit.FAILED, name, str(error) or type(error).__name__)
    return FileError(Exit.FAILED, name, "its process was ended, twice, as by a shortage of memory")


def opened(stream: TextIO | None) -> TextIO:
    """Return a standard stream, which is None where a shell has closed it.

    To ``print`` None means standard output, where a picture may go.
    """
    if stream is None:
        raise FileError(Exit.FAILED, "standard input or output", "it is closed")
    return stream


def binary(stream: TextIO | None) -> BinaryIO:
    """Return the bytes of standard input or output."""
    return opened(stream).buffer


def escape(text: str) -> str:
    """Escape text, so that it is one line with nothing in it that a terminal would obey."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def plural(count: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
