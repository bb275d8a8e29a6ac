"""Define the exceptions, which form this tree.

KmqError (OSError)          the data at hand is not a file this package can decode
├── SignatureError          not a .kmq file at all, which Image.open calls UnidentifiedImageError
├── UnsupportedError        a version, coding or flag of a later format
├── TruncatedError          the data ends early
├── FormatError             a field or payload breaks a rule of the specification
│   └── ChecksumError       stored and computed checksum differ
└── LimitError              valid so far, but larger or longer than the caller allows

QualityError (ValueError)   the PSNR asked for, or an exact result, takes more colors

Other mistakes of the caller (an unknown option, an array of the wrong shape) are plain
``ValueError`` and ``TypeError``.  ``KmqError`` is an ``OSError`` so that Pillow passes it
to the user with its message instead of "cannot identify image file".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class KmqError(OSError):
    """The base of all decoding errors.

    Attributes:
        offset: byte offset of the fault from the start of the data, or None.
        field: name of the field at fault as ``spec/kmq.md`` spells it, or None.
        filename: the path as the caller gave it, or None.
    """

    # In place of OSError's own, with which the message would be "[Errno None] None".
    filename: Any = None

    def __init__(self, fault: str, *, offset: int | None = None, field: str | None = None) -> None:
        where = []
        if field is not None:
            where.append(f"field {field}")
        if offset is not None:
            where.append(f"offset {offset}")
        super().__init__(f"{fault} ({', '.join(where)})" if where else fault)
        self.offset = offset
        self.field = field


class SignatureError(KmqError):
    """The data does not start with the .kmq magic."""


class UnsupportedError(KmqError):
    """A version, coding or flag that this decoder does not know."""


class TruncatedError(KmqError):
    """The data ends before the file does."""


class FormatError(KmqError):
    """A field or a payload breaks a rule of the specification."""


class ChecksumError(FormatError):
    """A stored checksum differs from the computed one."""


class LimitError(KmqError):
    """The picture has more pixels, or frames, than the caller allows."""


class QualityError(ValueError):
    """The PSNR asked for, or an exact result, takes more colors than are allowed."""


@contextmanager
def errors_of(path: Any) -> Iterator[None]:
    """Tell decoding errors, which know nothing but bytes, which file they are about."""
    try:
        yield
    except KmqError as error:
        error.filename = error.filename or path or None
        raise


@contextmanager
def errors_within(part: str) -> Iterator[None]:
    """Tell decoding errors in which part of a file they are."""
    try:
        yield
    except KmqError as error:
        error.args = (f"{part}: {error}",)
        raise
